use std::{thread, time::Duration};

use tokio::time::Instant;
use tracing::Span;

use super::{
    cancel::{AtDeadline, Cancelled, Cancelling},
    long_poll::{Fallback, LongPolls},
    meter::Meter,
    pace::{PACING, Pace, paced},
    settings::{Settings, Setup},
    step::{End, Started, Step},
};
use crate::{
    Any, OperationName, Status,
    chance::Chance,
    pacing::{Finish, Moment},
    rules::{Age, Call, Expiry, Known, Limit, Next, Reply, Seen, Tally, Trouble, guard, stopped},
    telemetry,
};

/// The state of a wait that has begun. It neither sleeps nor makes calls.
pub(crate) struct Progress {
    pub(crate) span: Span,
    pub(super) meter: Meter,
    began: Instant,
    /// When the next call is due, regardless of the deadline.
    pub(crate) due: Age,
    /// Before when the server wants no call for the state of the operation.
    floor: Age,
    /// When the last call ended.
    pub(crate) elapsed: Age,
    pub(crate) tally: Tally,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) cancelling: Cancelling,
    /// Whether a starting call returned the operation.
    started: bool,
    long_polls: LongPolls,
    /// Whether the schedule still belongs to a pacing that the caller has replaced.
    pub(crate) is_outpaced: bool,
    pace: Pace,
    chance: Chance,
}

impl Progress {
    /// Begins a wait now.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    pub(crate) fn begin(
        name: &OperationName,
        setup: Setup<'_>,
        started: Option<&Started>,
    ) -> Result<Box<Self>, Status> {
        // The starting call counts as the first poll.
        let answered = started.map(|_| Moment::new(Duration::ZERO, 1));
        let (schedule, first) = paced(|| setup.pacing().schedule(), answered)?;
        let floor = setup.settings.rules.hint(started.and_then(|started| started.retry_after));
        let beside = started.and_then(|started| started.running_error.as_deref());
        Ok(Box::new(Self {
            span: telemetry::span(name),
            meter: Meter::begin(setup),
            began: Instant::now(),
            due: first.max(floor),
            floor,
            elapsed: Duration::ZERO,
            tally: Tally::default(),
            trouble: beside.cloned().map(Trouble::of_running),
            cancelling: Cancelling::default(),
            started: started.is_some(),
            long_polls: LongPolls::default(),
            is_outpaced: false,
            pace: Pace { schedule, gets_notice: true, from: Duration::ZERO, replies_before: 0 },
            chance: setup.settings.seed.map_or_else(Chance::drawn, Chance::seeded),
        }))
    }

    /// Returns the current age of the wait.
    pub(crate) fn now(&self) -> Age {
        self.began.elapsed()
    }

    /// Returns the instant of an age, or one in thirty years if the clock cannot express it.
    pub(crate) fn instant(&self, age: Age) -> Instant {
        self.began.checked_add(age).unwrap_or_else(|| self.began + NEVER)
    }

    /// Returns the times of a call that was made at `asked` and ends now.
    pub(crate) fn ended(&self, asked: Age, settings: &Settings) -> Call {
        Call { deadline: self.deadline(settings), started: self.started, ..Call::new(asked, self.now()) }
    }

    /// Returns the deadline, with the extension for a cancellation.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Age> {
        Some(settings.deadline?.saturating_add(self.cancelling.extension()))
    }

    /// Returns when the next call is made, at most the deadline.
    pub(crate) fn due(&self, settings: &Settings) -> Age {
        let least = if self.cancelling.is_unwished() { settings.not_before } else { Duration::ZERO };
        let due = self.due.max(least);
        self.deadline(settings).map_or(due, |deadline| due.min(deadline))
    }

    /// Replaces the schedule by one of the pacing that is now in force.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    pub(crate) fn repace(&mut self, setup: Setup<'_>) -> Result<(), Status> {
        self.is_outpaced = false;
        self.meter.set_kind(setup);
        self.finish(None);
        let is_cancelling = self.cancelling.is_accepted();
        let moment = Moment::new(self.elapsed, self.tally.replies);
        let answered = (self.tally.replies > 0).then(|| self.pace.moment(moment));
        let schedule = || match setup.pacing() {
            pacing if is_cancelling => pacing.schedule_of_cancelling(),
            pacing => pacing.schedule(),
        };
        let (schedule, delay) = paced(schedule, answered)?;
        self.pace = Pace { schedule, gets_notice: !is_cancelling, ..self.pace };
        if self.is_well() && !self.cancelling.is_due() {
            self.due = self.elapsed.saturating_add(delay);
        }
        Ok(())
    }

    /// Restarts the jitter from a seed.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.chance = Chance::seeded(seed);
    }

    /// Returns how long the server may hold the next call, which is cut after `time`. `None` for a get.
    ///
    /// `is_watched` means that the caller reads the snapshots. The server then holds the call for the delay of the
    /// pacing at most, so that they arrive as often as by get.
    ///
    /// The server does not hold the call after a failed request to cancel, because the reply must show the state at
    /// once. It does not hold the call after a failed call, because a proxy may cut every long call.
    pub(crate) fn patience(
        &self,
        Setup { settings, transport, .. }: Setup<'_>,
        is_watched: bool,
        time: Duration,
        limit: Limit,
    ) -> Option<Duration> {
        let has_wait = settings.long_poll && self.long_polls.is_on() && transport.capabilities().wait;
        if !has_wait || !self.is_well() || self.cancelling.has_failed() {
            return None;
        }
        let patience = limit.patience(time)?;
        if is_watched { Some(patience.min(self.long_polls.pause()?)) } else { Some(patience) }
    }

    /// Returns whether the last call succeeded.
    fn is_well(&self) -> bool {
        self.trouble.as_ref().is_none_or(|trouble| trouble.setbacks() == 0)
    }

    /// Makes a request to cancel due, on behalf of the caller.
    pub(crate) fn wish_cancel(&mut self) {
        if self.cancelling.wish() {
            self.due = self.now();
        }
    }

    /// Stores the result of a call for the state of the operation.
    ///
    /// # Errors
    ///
    /// The end of the wait.
    pub(crate) fn keep(
        &mut self,
        name: &OperationName,
        metadata: &mut Option<Any>,
        setup: Setup<'_>,
        call: Call,
        reply: Reply,
    ) -> Result<Step, End> {
        self.meter.polled(&reply);
        if let Some(fallback) = self.long_polls.replied(&call, &reply) {
            if fallback == Fallback::Missing {
                setup.transport.disable_wait();
            }
            self.count(call);
            let failure = match reply {
                Reply::Returned(Err(status)) => status,
                _ => Status::unanswered(call.ended.saturating_sub(call.asked)),
            };
            self.trace(name, setup, |about, observer| {
                telemetry::failed(about, observer, &failure, Some(self.due.saturating_sub(call.ended)));
            });
            return Ok(Step::Silent);
        }
        let next = self.step(name, metadata, setup, call, reply);
        let is_running = next.seen() == Seen::Running;
        let end = match &next {
            Next::Failed { status, .. } => Some(self.cancelling.failed(status.clone())),
            Next::Ask { .. } | Next::Expired { .. }
                if is_running && self.cancelling.has_failed_at_deadline() =>
            {
                Some(self.cancelling.expired(Expiry::Deadline))
            }
            Next::Expired { why, .. } => self.expire(*why, setup).err(),
            Next::Ask { at, .. } => {
                self.due = *at;
                None
            }
            Next::Done(_) => None,
        };
        let is_over = end.is_some() || matches!(next, Next::Done(_));
        let pause = (!is_over).then(|| self.due.saturating_sub(self.elapsed));
        self.trace(name, setup, |about, observer| {
            telemetry::called(about, observer, (call, &next), self.trouble.as_ref(), pause);
        });
        match (next, end) {
            (Next::Done(outcome), _) => {
                self.meter.noticed(&call, &self.tally);
                self.finish(Some(call.looked()));
                Err(Ok(outcome))
            }
            (_, Some(status)) => Err(Err(status)),
            (_, None) if is_running => {
                self.long_polls.paused(&call, self.due);
                Ok(Step::Running)
            }
            (_, None) => Ok(Step::Silent),
        }
    }

    /// Stores the result of a request to cancel.
    ///
    /// # Errors
    ///
    /// The end of the wait.
    pub(crate) fn keep_cancelled(
        &mut self,
        name: &OperationName,
        setup: Setup<'_>,
        call: Call,
        reply: Result<Result<(), Status>, Limit>,
    ) -> Result<Step, End> {
        self.count(call);
        self.trace(name, setup, |about, _| match &reply {
            Ok(reply) => telemetry::cancel_requested(about, reply.as_ref().copied()),
            Err(_) => telemetry::cancel_requested(about, Err(&Status::unanswered(call.ended - call.asked))),
        });
        let trouble = self.trouble.get_or_insert_default();
        let had_reply = self.tally.replies > 0;
        let chance = self.chance.next();
        match self.cancelling.replied(&setup.settings.rules, trouble, call, had_reply, reply, chance) {
            Cancelled::Accepted => self.begin_anew(setup).map_err(Err)?,
            Cancelled::Failed => self.due = self.elapsed.max(self.floor),
            Cancelled::Again(at) => self.due = at,
            Cancelled::Stop(status) => return Err(Err(status)),
        }
        Ok(Step::Silent)
    }

    fn step(
        &mut self,
        name: &OperationName,
        metadata: &mut Option<Any>,
        setup: Setup<'_>,
        call: Call,
        reply: Reply,
    ) -> Next {
        self.elapsed = call.ended;
        self.floor = setup.settings.rules.floor(call, &reply);
        let Self { tally, trouble, pace, chance, .. } = self;
        let known = Known { name: name.as_str(), tally, trouble, metadata };
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let share = fresh.map(|metadata| setup.progress(metadata)).transpose()?;
            pace.delay(moment.with_progress(share.flatten()))
        };
        setup.settings.rules.step(known, call, reply, pace, chance.next())
    }

    /// Applies the caller's choice for the deadline after the wait has expired.
    ///
    /// # Errors
    ///
    /// The status of the wait, if it ends now.
    fn expire(&mut self, why: Expiry, Setup { settings, transport, .. }: Setup<'_>) -> Result<(), Status> {
        let wants_cancel = settings.at_deadline != AtDeadline::Leave && why != Expiry::Pacing;
        if wants_cancel && self.cancelling.extension().is_zero() && !transport.capabilities().cancel {
            return Err(stopped(format_args!("{why}; the service has no call to cancel the operation")));
        }
        let late = self.elapsed.saturating_sub(settings.deadline.unwrap_or_default());
        if why != Expiry::Pacing && self.cancelling.expire(settings.at_deadline, late) {
            self.due = self.elapsed;
            return Ok(());
        }
        Err(self.cancelling.expired(why))
    }

    /// Starts a new schedule after the server accepted to cancel, because a cancellation takes another time than the
    /// work.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    fn begin_anew(&mut self, setup: Setup<'_>) -> Result<(), Status> {
        // The old schedule receives an end without `done`, because the duration of the work remains unknown.
        self.finish(None);
        let schedule = guard(PACING, || setup.pacing().schedule_of_cancelling())?;
        // The acceptance counts as a successful reply: the operation exists, and the budget of failures is restored.
        self.tally.replies = self.tally.replies.saturating_add(1);
        self.pace =
            Pace { schedule, gets_notice: false, from: self.elapsed, replies_before: self.tally.replies };
        self.trouble.iter_mut().for_each(Trouble::refill);
        self.due = self.elapsed.max(self.floor);
        Ok(())
    }

    /// Counts a call that does not return the state of the operation.
    fn count(&mut self, call: Call) {
        self.tally.polls = self.tally.polls.saturating_add(1);
        self.elapsed = call.ended;
    }

    /// Reports the end of the wait to the schedule, once. `done` is when the operation was seen done.
    fn finish(&mut self, done: Option<Age>) {
        let replies = self.tally.replies - self.pace.replies_before;
        self.pace.finish(&Finish::new(self.tally.running(), done, replies), &self.span);
    }
}

/// Reports the end of a wait that is dropped. While the thread unwinds, no code of the caller runs.
impl Drop for Progress {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.finish(None);
        }
    }
}

/// Thirty years, as in tokio's timers: a hundred years overflow the clock of FreeBSD, a thousand that of macOS.
/// A much shorter time comes within the life of a process.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
