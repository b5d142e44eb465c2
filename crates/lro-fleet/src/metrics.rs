mod histogram;

use std::{fmt, time::Duration};

use lro::Code;
use tracing::{debug, warn};

pub use self::histogram::Histogram;

/// The counters of a fleet since it started. From [`Fleet::metrics`](crate::Fleet::metrics).
///
/// Once a minute, while calls are made, they are also a `tracing` event of level DEBUG, and one of level WARN while operations are
/// [held](Self::held) back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// The calls made: gets and lists.
    pub polls: u64,
    /// The calls that failed, by the number of their [`Code`].
    pub failures: [u64; 17],
    /// The gets that were not answered in time. A get that had its whole timeout also counts as `DEADLINE_EXCEEDED`.
    pub unanswered: u64,
    /// The calls in flight now.
    pub in_flight: usize,
    /// The operations that the fleet waits for now.
    pub pending: usize,
    /// The operations whose poll is due and has not been sent.
    pub due: usize,
    /// Those of them that wait for room: too many completions have not been [taken](crate::Fleet::completions).
    pub held: usize,
    /// The operations that are done, with a response or an error.
    pub finished: u64,
    /// The waits that ended before their operation did.
    pub given_up: u64,
    /// The watches and registrations that joined an existing wait.
    pub shared: u64,
    /// The list calls that replaced gets.
    pub sweeps: u64,
    /// The polls that these list calls replaced: operations in a list whose poll was due.
    pub swept: u64,
    /// The delays from the due time of a poll until its call was made.
    pub late: Histogram,
    /// The average delay from the end of an operation until a poll found it done, estimated as half the time between the last two
    /// polls.
    pub notice_delay: Duration,
    pub(crate) notice_seconds: f64,
}

impl Metrics {
    /// Returns the number of calls that failed.
    pub fn failed(&self) -> u64 {
        self.failures.iter().sum()
    }

    /// Returns the number of calls that failed with a code.
    pub fn failures_of(&self, code: Code) -> u64 {
        usize::try_from(code.number()).ok().and_then(|code| self.failures.get(code)).copied().unwrap_or(0)
    }

    pub(crate) fn count_failure(&mut self, code: Code) {
        let code = usize::try_from(code.number()).ok();
        if let Some(count) = code.and_then(|code| self.failures.get_mut(code)) {
            *count += 1;
        }
    }

    /// Counts an operation that a poll found done after `done` seconds, and the poll before found running after `running` seconds.
    pub(crate) fn count_finish(&mut self, running: f64, done: f64) {
        self.finished += 1;
        self.notice_seconds += (done - running).max(0.0) / 2.0;
        let mean = self.notice_seconds / self.finished as f64;
        self.notice_delay = Duration::try_from_secs_f64(mean).unwrap_or_default();
    }

    /// Emits the counters as an event.
    pub(crate) fn trace(&self) {
        debug!(
            polls = self.polls,
            failed = self.failed(),
            unanswered = self.unanswered,
            in_flight = self.in_flight,
            pending = self.pending,
            due = self.due,
            held = self.held,
            finished = self.finished,
            given_up = self.given_up,
            shared = self.shared,
            sweeps = self.sweeps,
            swept = self.swept,
            late_p99_ms = self.late.quantile(0.99).as_millis(),
            notice_delay_ms = self.notice_delay.as_millis(),
            "metrics of a fleet"
        );
        if self.held > 0 {
            warn!(held = self.held, "operations are not polled until completions of the fleet are taken");
        }
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} pending, {} due, {} in flight; {} polls, {} failed; {} finished, {} given up, noticed {:.1?} \
             after their end; {} shared, {} polls replaced by {} lists; 99 % of the calls within {:?} of their due time",
            self.pending,
            self.due,
            self.in_flight,
            self.polls,
            self.failed(),
            self.finished,
            self.given_up,
            self.notice_delay,
            self.shared,
            self.swept,
            self.sweeps,
            self.late.quantile(0.99),
        )
    }
}
