//! The reference: what follows from a call, by the words of the specification and of the documentation.
//!
//! It shares no code with the library and reads the events as data. Statuses and [`Next`] are only written down.

use std::time::Duration;

use lro::{
    Code, Origin, Status,
    pacing::Moment,
    rules::{Age, Expiry, Limit, Next, Retry, Seen},
};

use crate::rules::{
    events::{Answer, Event, Failure, NAME, Pace, State},
    settings::{Chance, Choice, Setting, When},
};

/// What is known of an operation after some calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    pub(crate) polls: u32,
    pub(crate) replies: u32,
    /// When it was last seen running.
    pub(crate) seen_running: Age,
    /// The failed calls in a row that count.
    pub(crate) counted: u32,
    /// All failed calls in a row.
    pub(crate) in_a_row: u32,
    /// Whether a credential was refused since the last good reply.
    pub(crate) was_refused: bool,
    /// Whether NOT_FOUND and PERMISSION_DENIED were survived within their windows.
    pub(crate) was_hidden: [bool; 2],
    /// All failed calls.
    pub(crate) failed: u32,
    pub(crate) last_failure: Option<Failed>,
    pub(crate) metadata: Option<&'static str>,
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Failed {
    Returned(Failure),
    Unanswered(Duration),
}

/// What is expected of a step.
#[derive(Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) next: Next,
    /// What the pace is asked, if it is asked.
    pub(crate) paced: Option<(Moment, Option<&'static str>)>,
}

/// What is said of a failed call before budget and window are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    MayPass,
    /// Survived once between good replies.
    OnceMore,
    /// Survived within the window.
    Hidden,
    Final,
}

impl Model {
    pub(crate) fn after(&mut self, setting: &Setting, event: &Event, when: When, chance: Chance) -> Expected {
        self.polls = self.polls.saturating_add(1);
        let failed = match event.answer {
            Answer::State(state) => return self.after_state(setting, event, state, when),
            Answer::Failed(failure) => Failed::Returned(failure),
            // SPEC 26, 35
            Answer::Cut(Limit::Attempt) => Failed::Unanswered(setting.attempt),
            Answer::Cut(Limit::Deadline) => return expired(Expiry::DeadlineDuringCall, Seen::Nothing),
            Answer::Cut(Limit::Grace) => return expired(Expiry::LastCallUnanswered, Seen::Nothing),
        };
        let next = match self.after_failure(setting, failed, when.ended, event.counts, chance) {
            Retry::After(pause) => ask(when, when.ended.saturating_add(pause), Seen::Failed),
            Retry::Exhausted(status) | Retry::Final(status) => Next::Failed { status, seen: Seen::Failed },
        };
        Expected { next, paced: None }
    }

    fn after_state(&mut self, setting: &Setting, event: &Event, state: State, when: When) -> Expected {
        // SPEC 7: a reply may leave the name out.
        if ![NAME, ""].contains(&state.name) {
            let message = format!(
                "the reply for {NAME} names another operation, {}, which was not followed",
                state.name
            );
            return failed(status(Code::Internal, &message, Origin::MalformedReply));
        }
        self.replies = self.replies.saturating_add(1);
        // SPEC 10
        self.metadata = state.metadata.or(self.metadata);
        // SPEC 3, 4, 5
        if let Some(end) = state.done {
            return Expected { next: Next::Done(end.outcome()), paced: None };
        }
        // SPEC 27, 30
        (self.counted, self.in_a_row, self.was_refused, self.was_hidden) = (0, 0, false, [false; 2]);
        // A held call is answered when the server has looked, any other on the way back.
        let took = if event.held { Duration::ZERO } else { when.ended - when.asked };
        self.seen_running = stored(if event.held { when.ended } else { when.asked + took / 2 });
        let moment = Moment::new(when.ended, self.replies).with_round_trip(took);
        let next = match state.pace {
            Pace::After(delay) => {
                let at = after_reply(setting, event.held, state.wish, when, delay);
                ask(when, at, Seen::Running)
            }
            // SPEC 37: past its deadline a wait ends because of the deadline, whatever the pacing says.
            Pace::GivesUp if when.deadline.is_some_and(|deadline| when.ended >= deadline) => {
                Next::Expired { why: Expiry::Deadline, seen: Seen::Running }
            }
            Pace::GivesUp => Next::Expired { why: Expiry::Pacing, seen: Seen::Running },
            Pace::Fails => {
                let status = status(Code::DataLoss, "lost the pace", Origin::StoppedAsking);
                Next::Failed { status, seen: Seen::Running }
            }
            Pace::Panics => Next::Failed { status: panicked("the pacing"), seen: Seen::Running },
        };
        Expected { next, paced: Some((moment, state.metadata)) }
    }

    pub(crate) fn after_failure(
        &mut self,
        setting: &Setting,
        failed: Failed,
        age: Age,
        counts: bool,
        chance: Chance,
    ) -> Retry {
        self.last_failure = Some(failed);
        self.failed = self.failed.saturating_add(1);
        let status = failed.status();
        // SPEC 61
        if setting.choice == Choice::Panics {
            return Retry::Final(panicked("the predicate of the tolerance"));
        }
        let verdict = verdict(setting.choice, failed);
        // SPEC 31: before the first good reply only.
        let window = if failed.code() == Code::NotFound { setting.window } else { setting.denied };
        if verdict == Verdict::Hidden && self.replies > 0 {
            return Retry::Final(match failed.code() {
                Code::NotFound => status.in_context("the operation has expired or was deleted"),
                _ => status,
            });
        }
        let is_over = match verdict {
            Verdict::MayPass => false,
            // SPEC 28
            Verdict::Final => true,
            // SPEC 30
            Verdict::OnceMore => self.was_refused,
            // SPEC 31
            Verdict::Hidden => age >= window,
        };
        if is_over {
            return Retry::Final(status);
        }
        // SPEC 30, 31: the window bounds what is hidden, and a credential is refreshed once, whatever the budget.
        let of_the_service = !counts;
        let counts = counts && !matches!(verdict, Verdict::Hidden | Verdict::OnceMore);
        // SPEC 27
        if counts && setting.failures.is_some_and(|budget| self.counted >= budget) {
            return Retry::Exhausted(status.in_context(&match self.counted {
                0 => "gave up after a failed call".to_owned(),
                survived => format!("gave up after {} failed calls in a row", survived.saturating_add(1)),
            }));
        }
        // What fails while the service is known to be down lengthens no delay.
        if !of_the_service || self.in_a_row == 0 {
            self.in_a_row = self.in_a_row.saturating_add(1);
        }
        self.counted = self.counted.saturating_add(counts.into());
        // SPEC 32
        let wish = failed.wish().min(setting.longest_wish);
        let pause = if failed.is_refusal() && !self.was_refused {
            self.was_refused = true;
            // SPEC 30: the next call carries another credential.
            wish
        } else {
            drawn(setting.delays, self.in_a_row, chance).max(wish)
        };
        if verdict == Verdict::Hidden {
            self.was_hidden[usize::from(failed.code() != Code::NotFound)] = true;
        }
        // SPEC 31: the last poll is made when a window ends in which something was hidden, whatever failed since.
        let mut next = age.saturating_add(pause);
        for (window, was_hidden) in [setting.window, setting.denied].into_iter().zip(self.was_hidden) {
            if self.replies == 0 && was_hidden && age < window && window < next {
                next = window;
            }
        }
        Retry::After(if next == age.saturating_add(pause) { pause } else { next - age })
    }
}

impl Failed {
    /// With what a wait ends that ends so: a transport speaks of its call alone.
    pub(crate) fn status(self) -> Status {
        match self {
            // SPEC 20
            Self::Returned(failure) if failure.origin == Origin::MalformedReply => failure.status(),
            Self::Returned(failure) => failure.status().with_origin(Origin::CallFailed),
            Self::Unanswered(limit) => {
                let message = format!("a call was not answered in {limit:?}");
                status(Code::DeadlineExceeded, message, Origin::CallFailed)
            }
        }
    }

    /// Whether it may pass by itself, whatever was before. A status that is no failed call does not.
    pub(crate) fn may_pass(self, choice: Choice) -> bool {
        let is_of_a_call = matches!(self, Self::Returned(Failure { origin: Origin::CallFailed, .. }));
        let is_decided = matches!(choice, Choice::Survive)
            || matches!(self, Self::Returned(Failure { transient: Some(true), .. }));
        choice != Choice::Panics && (is_of_a_call || is_decided) && verdict(choice, self) == Verdict::MayPass
    }

    fn code(self) -> Code {
        match self {
            // SPEC 25: and a failure is never OK.
            Self::Returned(Failure { code, .. }) => {
                Code::ALL.into_iter().skip(1).find(|known| *known as i32 == code).unwrap_or(Code::Unknown)
            }
            Self::Unanswered(_) => Code::DeadlineExceeded,
        }
    }

    /// SPEC 20, 30: a malformed reply refuses nothing, whatever its code.
    fn is_refusal(self) -> bool {
        let is_malformed = matches!(self, Self::Returned(Failure { origin: Origin::MalformedReply, .. }));
        self.code() == Code::Unauthenticated && !is_malformed
    }

    /// SPEC 32: the longer of the two; the past is ignored.
    fn wish(self) -> Duration {
        let Self::Returned(Failure { retry_info, retry_after, .. }) = self else {
            return Duration::ZERO;
        };
        let info = retry_info.map_or(0, |seconds| seconds.max(0).unsigned_abs());
        retry_after.unwrap_or_default().max(Duration::from_secs(info))
    }
}

fn verdict(choice: Choice, failed: Failed) -> Verdict {
    let code = failed.code();
    // SPEC 28
    let chosen = match choice {
        Choice::Survive => Some(true),
        Choice::Refuse => Some(false),
        Choice::ByCode if code == Code::PermissionDenied => Some(true),
        Choice::ByCode if code == Code::Unavailable => Some(false),
        Choice::Unset | Choice::Abstain | Choice::ByCode | Choice::Panics => None,
    };
    let Failed::Returned(failure) = failed else {
        return if chosen == Some(false) { Verdict::Final } else { Verdict::MayPass };
    };
    match chosen.or(failure.transient) {
        Some(true) => return Verdict::MayPass,
        Some(false) => return Verdict::Final,
        None => {}
    }
    // SPEC 20
    if failure.origin == Origin::MalformedReply {
        return Verdict::Final;
    }
    match code {
        // SPEC 26
        Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::Aborted => {
            Verdict::MayPass
        }
        // SPEC 29
        Code::ResourceExhausted => match (failure.reason, failure.retry_info) {
            (None | Some("RATE_LIMIT_EXCEEDED"), _) | (_, Some(_)) => Verdict::MayPass,
            (Some(_), None) => Verdict::Final,
        },
        // SPEC 30
        Code::Unauthenticated => Verdict::OnceMore,
        // SPEC 31
        Code::NotFound | Code::PermissionDenied => Verdict::Hidden,
        // SPEC 28
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::AlreadyExists
        | Code::Cancelled
        | Code::Ok => Verdict::Final,
    }
}

/// When the next call is due after a good reply.
fn after_reply(setting: &Setting, held: bool, wish: Option<Duration>, when: When, delay: Duration) -> Age {
    // SPEC 32
    let earliest = when.ended.saturating_add(wish.unwrap_or_default().min(setting.longest_wish));
    let paced = if held {
        // SPEC 40: the time for which the server held the call is part of the pause.
        when.asked.saturating_add(delay.max(Duration::from_millis(100)))
    } else {
        when.ended.saturating_add(delay.max(setting.least))
    };
    paced.max(earliest)
}

/// SPEC 33: doubled after each further failure, drawn between half of it and all of it.
pub(crate) fn drawn((first, longest): (Duration, Duration), in_a_row: u32, chance: Chance) -> Duration {
    let mut whole = first.min(longest);
    for _ in 1..in_a_row {
        if whole == longest || whole.is_zero() {
            break;
        }
        whole = whole.saturating_mul(2).min(longest);
    }
    match chance {
        Chance::Least => whole / 2,
        Chance::Most => whole,
    }
}

/// SPEC 35: at the deadline at the latest, and never once it has passed.
fn ask(when: When, at: Age, seen: Seen) -> Next {
    match when.deadline {
        None => Next::Ask { at, seen },
        Some(deadline) if when.ended < deadline => Next::Ask { at: at.min(deadline), seen },
        Some(_) => Next::Expired { why: Expiry::Deadline, seen },
    }
}

/// SPEC 35: until when a call may take, and why it ends then.
pub(crate) fn limit(attempt: Duration, asked: Age, deadline: Option<Age>) -> (Age, Limit) {
    let patience = asked.saturating_add(attempt);
    let grace = asked.saturating_add(Duration::from_secs(2));
    match deadline {
        None => (patience, Limit::Attempt),
        // It was reached with no call in flight.
        Some(deadline) if asked >= deadline => (patience.min(grace), Limit::Grace),
        Some(deadline) if patience <= deadline => (patience, Limit::Attempt),
        Some(deadline) => (deadline, Limit::Deadline),
    }
}

/// An age as it is kept: whole microseconds in 64 bits.
fn stored(age: Age) -> Age {
    Duration::from_micros(age.as_micros().min(u64::MAX.into()) as u64)
}

fn expired(why: Expiry, seen: Seen) -> Expected {
    Expected { next: Next::Expired { why, seen }, paced: None }
}

fn failed(status: Status) -> Expected {
    Expected { next: Next::Failed { status, seen: Seen::Nothing }, paced: None }
}

fn panicked(whose: &str) -> Status {
    status(Code::Internal, format!("stopped asking: {whose} panicked: boom"), Origin::StoppedAsking)
}

fn status(code: Code, message: impl Into<String>, origin: Origin) -> Status {
    Status::new(code, message).with_origin(origin)
}
