use std::{mem, thread, time::Duration};

use tokio::time::Instant;
use tracing::{Span, debug, debug_span, error};

use super::{
    cancel::{AtDeadline, Cancelled, Cancelling},
    settings::{Settings, Setup},
};
use crate::{
    Any, Capabilities, OperationName, Outcome, Status,
    chance::Chance,
    pacing::{Finish, Moment, Schedule},
    rules::{Age, Call, Expiry, Known, Limit, Next, Reply, Seen, Tally, Trouble, guard, stopped},
};

/// The state of a wait that has begun. It neither sleeps nor calls.
pub(crate) struct Progress {
    pub(crate) span: Span,
    began: Instant,
    /// When the next call is due, the deadline aside.
    pub(crate) due: Age,
    /// When the last call ended.
    pub(crate) elapsed: Age,
    pub(crate) tally: Tally,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) cancelling: Cancelling,
    /// Whether the service turned out to have no call that waits.
    lacks_wait: bool,
    /// Whether the pacing was replaced, and the schedule is still that of the old one.
    pub(crate) is_outpaced: bool,
    pace: Pace,
    chance: Chance,
}

/// What a starting call has just answered: the operation is running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    /// How long the server asked to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// What one step brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A good reply: the operation is running.
    Running,
    /// Nothing to report: a failed call that is survived, or a request to cancel.
    Silent,
    /// The end; no call is made any more.
    Ended,
}

/// How a wait ends: with the outcome of the operation, or with a failure of the wait.
pub(crate) type End = Result<Outcome, Status>;

/// The schedule of a wait, and where it began.
struct Pace {
    schedule: Box<dyn Schedule>,
    /// Whether the schedule gets notice of the end: once, unless it has panicked or paces a cancellation.
    gets_notice: bool,
    from: Age,
    /// The replies before it began.
    replies_before: u32,
}

impl Progress {
    /// Begins a wait.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    pub(crate) fn begin(
        name: &OperationName,
        setup: Setup<'_>,
        started: Option<Started>,
    ) -> Result<Box<Self>, Status> {
        let pacing = setup.pacing();
        // As after a first poll.
        let answered = started.map(|_| Moment::new(Duration::ZERO, 1));
        let (schedule, first) = guard(PACING, || paced(pacing.schedule(), answered))?;
        let least = setup.settings.rules.hint(started.and_then(|started| started.retry_after));
        Ok(Box::new(Self {
            span: debug_span!("lro.wait", operation = %name),
            began: Instant::now(),
            due: first.max(least),
            elapsed: Duration::ZERO,
            tally: Tally::default(),
            trouble: None,
            cancelling: Cancelling::default(),
            lacks_wait: false,
            is_outpaced: false,
            pace: Pace { schedule, gets_notice: true, from: Duration::ZERO, replies_before: 0 },
            chance: setup.settings.seed.map_or_else(Chance::drawn, Chance::seeded),
        }))
    }

    /// The present age.
    pub(crate) fn now(&self) -> Age {
        self.began.elapsed()
    }

    /// The instant of an age; one in thirty years for what the clock cannot express.
    pub(crate) fn instant(&self, age: Age) -> Instant {
        self.began.checked_add(age).unwrap_or_else(|| self.began + NEVER)
    }

    /// A call that ends now.
    pub(crate) fn ended(&self, asked: Age, settings: &Settings) -> Call {
        Call { deadline: self.deadline(settings), ..Call::new(asked, self.now()) }
    }

    /// When the wait ends at the latest.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Age> {
        Some(settings.deadline?.saturating_add(self.cancelling.extension()))
    }

    /// When the next call is made: at the deadline at the latest.
    pub(crate) fn due(&self, settings: &Settings) -> Age {
        let least = if self.cancelling.is_unwished() { settings.not_before } else { Duration::ZERO };
        let due = self.due.max(least);
        self.deadline(settings).map_or(due, |deadline| due.min(deadline))
    }

    /// Paces the wait by another pacing from now on.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    pub(crate) fn repace(&mut self, setup: Setup<'_>) -> Result<(), Status> {
        let pacing = setup.pacing();
        self.is_outpaced = false;
        self.finish(None);
        let is_cancelling = self.cancelling.is_accepted();
        let moment = Moment::new(self.elapsed, self.tally.replies);
        let answered = (self.tally.replies > 0).then(|| self.pace.moment(moment));
        let (schedule, delay) = guard(PACING, || {
            let schedule = if is_cancelling { pacing.schedule_of_cancelling() } else { pacing.schedule() };
            paced(schedule, answered)
        })?;
        self.pace = Pace { schedule, gets_notice: !is_cancelling, ..self.pace };
        if self.is_well() && !self.cancelling.is_due() {
            self.due = self.elapsed.saturating_add(delay);
        }
        Ok(())
    }

    /// Seeds the jitter anew.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.chance = Chance::seeded(seed);
    }

    /// Whether the server may hold the next call: not where it is to show why the server refused to cancel, nor after a
    /// failed call, because a proxy may cut each that takes long.
    pub(crate) fn may_hold(&self, Setup { settings, transport, .. }: Setup<'_>) -> bool {
        let has_wait = settings.long_poll && !self.lacks_wait && transport.capabilities().wait;
        has_wait && self.is_well() && !self.cancelling.is_refused()
    }

    /// Whether the last call succeeded.
    fn is_well(&self) -> bool {
        self.trouble.as_ref().is_none_or(|trouble| trouble.setbacks() == 0)
    }

    /// Wishes to cancel, by the caller.
    pub(crate) fn wish_cancel(&mut self) {
        if self.cancelling.wish() {
            self.due = self.now();
        }
    }

    /// Keeps how a call for the state of the operation ended.
    pub(crate) fn keep(
        &mut self,
        name: &OperationName,
        metadata: &mut Option<Any>,
        setup: Setup<'_>,
        call: Call,
        reply: Reply,
    ) -> Result<Step, End> {
        if call.held && lacks_wait(&reply) {
            debug!(parent: &self.span, "no call that waits; going on with get");
            self.count(call);
            self.lacks_wait = true;
            return Ok(Step::Silent);
        }
        let seen = match self.step(name, metadata, setup.settings, call, reply) {
            Next::Ask { at, seen } => {
                self.due = at;
                Ok(seen)
            }
            Next::Expired { why, seen } => Err((why, seen)),
            Next::Done(outcome) => {
                debug!(parent: &self.span, poll = self.tally.polls, done = true, "operation polled");
                self.finish(Some(call.looked()));
                return Err(Ok(outcome));
            }
            Next::Failed(status) => {
                self.trace_failure();
                return Err(Err(status));
            }
        };
        let (Ok(brought) | Err((_, brought))) = seen;
        match brought {
            Seen::Running => {
                debug!(parent: &self.span, poll = self.tally.polls, done = false, "operation polled");
            }
            Seen::Nothing => self.trace_failure(),
        }
        if brought == Seen::Running && self.cancelling.is_refused_at_deadline() {
            return Err(Err(stopped("the deadline passed, and the server refused to cancel the operation")));
        }
        if let Err((why, _)) = seen {
            self.expire(why, setup).map_err(Err)?;
        }
        Ok(if brought == Seen::Running { Step::Running } else { Step::Silent })
    }

    /// Keeps how a request to cancel ended.
    pub(crate) fn keep_cancelled(
        &mut self,
        setup: Setup<'_>,
        call: Call,
        reply: Result<Result<(), Status>, Limit>,
    ) -> Result<Step, End> {
        self.count(call);
        debug!(parent: &self.span, poll = self.tally.polls, accepted = matches!(reply, Ok(Ok(()))), "cancel requested");
        let trouble = self.trouble.get_or_insert_default();
        let had_reply = self.tally.replies > 0;
        let chance = self.chance.next();
        match self.cancelling.replied(&setup.settings.rules, trouble, call, had_reply, reply, chance) {
            Cancelled::Accepted => self.begin_anew(setup).map_err(Err)?,
            Cancelled::Refused => self.due = self.elapsed,
            Cancelled::Again(at) => self.due = at,
            Cancelled::Stop(status) => return Err(Err(status)),
        }
        Ok(Step::Silent)
    }

    fn step(
        &mut self,
        name: &OperationName,
        metadata: &mut Option<Any>,
        settings: &Settings,
        call: Call,
        reply: Reply,
    ) -> Next {
        self.elapsed = call.ended;
        let Self { tally, trouble, pace, chance, .. } = self;
        let known = Known { name: name.as_str(), tally, trouble, metadata };
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let share = match (&settings.share, fresh) {
                (Some(share), Some(metadata)) => guard("the progress closure", || (share.0)(metadata))?,
                _ => None,
            };
            pace.delay(moment.with_progress(share))
        };
        settings.rules.step(known, call, reply, pace, chance.next())
    }

    /// The time of the wait is used up: does what the caller chose for the deadline.
    ///
    /// # Errors
    ///
    /// The status with which the wait ends, if nothing is left to do.
    fn expire(&mut self, why: Expiry, Setup { settings, transport, .. }: Setup<'_>) -> Result<(), Status> {
        let wants_cancel = settings.at_deadline != AtDeadline::Leave && why != Expiry::Pacing;
        if wants_cancel && self.cancelling.extension().is_zero() && !transport.capabilities().cancel {
            return Err(stopped(format_args!("{why}; the service has no call to cancel the operation")));
        }
        let late = self.elapsed.saturating_sub(settings.deadline.unwrap_or_default());
        if why == Expiry::Pacing || !self.cancelling.expire(settings.at_deadline, late) {
            return Err(why.status());
        }
        self.due = self.elapsed;
        Ok(())
    }

    /// The server accepted to cancel: the pace begins anew, because that takes another time than the work.
    fn begin_anew(&mut self, setup: Setup<'_>) -> Result<(), Status> {
        // To the old schedule the operation was given up: how long it would have taken is not known.
        self.finish(None);
        let pacing = setup.pacing();
        let schedule = guard(PACING, || pacing.schedule_of_cancelling())?;
        // A reply like any other: the operation is there, and the budget of failures is full again.
        self.tally.replies = self.tally.replies.saturating_add(1);
        self.pace =
            Pace { schedule, gets_notice: false, from: self.elapsed, replies_before: self.tally.replies };
        self.trouble.iter_mut().for_each(Trouble::refill);
        self.due = self.elapsed;
        Ok(())
    }

    /// Counts a call that says nothing about the operation.
    fn count(&mut self, call: Call) {
        self.tally.polls = self.tally.polls.saturating_add(1);
        self.elapsed = call.ended;
    }

    fn trace_failure(&self) {
        if let Some(failure) = self.trouble.as_ref().and_then(Trouble::last_failure) {
            debug!(parent: &self.span, poll = self.tally.polls, code = %failure.code(), "poll failed");
        }
    }

    /// Lets the schedule know how the wait ended, once; `done` is when the operation was seen done.
    fn finish(&mut self, done: Option<Age>) {
        let replies = self.tally.replies - self.pace.replies_before;
        self.pace.finish(&Finish::new(self.tally.running(), done, replies), &self.span);
    }
}

impl Pace {
    /// The delay to the next call, `None` to give up.
    fn delay(&mut self, moment: Moment) -> Result<Option<Duration>, Status> {
        let moment = self.moment(moment);
        let delay = guard(PACING, || self.schedule.delay(&moment));
        self.gets_notice &= delay.is_ok();
        delay
    }

    /// A moment of the wait as the schedule counts it.
    fn moment(&self, moment: Moment) -> Moment {
        Moment {
            elapsed: moment.elapsed.saturating_sub(self.from),
            polls: moment.polls.saturating_sub(self.replies_before),
            ..moment
        }
    }

    fn finish(&mut self, finish: &Finish, span: &Span) {
        if mem::take(&mut self.gets_notice)
            && let Err(panicked) = guard(PACING, || self.schedule.finished(finish))
        {
            error!(parent: span, %panicked, "the pacing panicked at the end of a wait");
        }
    }
}

/// A schedule, and the delay to its first poll, or from the reply of this moment to the next.
fn paced(mut schedule: Box<dyn Schedule>, answered: Option<Moment>) -> (Box<dyn Schedule>, Duration) {
    let first = schedule.delay(&Moment::new(Duration::ZERO, 0)).unwrap_or_default();
    let delay = match answered {
        // It knows already when the operation will end.
        Some(moment) if moment.elapsed.is_zero() && !first.is_zero() => first,
        Some(moment) => schedule.delay(&moment).unwrap_or_default(),
        None => first,
    };
    (schedule, delay)
}

/// Whether a held call shows that the server has none, or does not heed the timeout of the request.
fn lacks_wait(reply: &Reply) -> bool {
    match reply {
        Reply::Returned(Err(status)) => Capabilities::lack_wait(status),
        Reply::Cut(limit) => *limit == Limit::Attempt,
        Reply::Returned(Ok(_)) => false,
    }
}

/// A wait that is dropped was given up. While a thread unwinds no code of the caller runs.
impl Drop for Progress {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.finish(None);
        }
    }
}

const PACING: &str = "the pacing";

/// Thirty years: what is farther off than a clock can express.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
