//! Decides what follows each call of a wait. For authors of drivers; code that awaits operations does not need it.
//!
//! A *driver* waits for operations: it reads the clock, sleeps, makes the calls and stores the state.
//! [`poll_until_done`](crate::poll_until_done) is a driver, a fleet of operations is another. All drivers share this
//! module.
//!
//! The module is pure: it has no clock, no transport, no lock and no source of randomness.
//! Times are [ages](Age), and random numbers are passed in.
//! The only code of the caller that runs here is the pace and the predicate of the [`Tolerance`].
//! A driver therefore takes the state of an operation out of its locks before it calls [`Rules::step`].
//!
//! ```
//! use std::time::Duration;
//! use lro::{Operation, Pacing};
//! use lro::rules::{Call, Known, Next, Reply, Rules, Tally};
//!
//! let rules = Rules::default();
//! let mut schedule = Pacing::default().schedule();
//! let (mut tally, mut trouble, mut metadata) = (Tally::default(), None, None);
//!
//! let call = Call::new(Duration::from_secs(60), Duration::from_secs(60));
//! let known = Known { name: "operations/1", tally: &mut tally, trouble: &mut trouble, metadata: &mut metadata };
//! let reply = Reply::Returned(Ok(Operation::running("operations/1")));
//! let next = rules.step(known, call, reply, |moment, _| Ok(schedule.delay(moment)), 0.5);
//! assert!(matches!(next, Next::Ask { at, .. } if at == Duration::from_secs(66)));
//! ```

mod call;
mod ending;
mod guard;
mod retry;
mod saved;
mod step;
mod tally;
mod tolerance;

use std::time::Duration;

pub(crate) use self::guard::caught;
pub use self::{
    call::{Call, Limit, Reply},
    ending::Ending,
    guard::{guard, guard_call},
    retry::{FailedCall, Retry},
    saved::{Requests, Saved},
    step::{Expiry, Known, Next, Seen, stopped},
    tally::{Tally, Trouble},
    tolerance::Tolerance,
};

/// A point in time, as the duration since the wait for the operation began.
pub type Age = Duration;

/// The settings that decide about the calls of a wait.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Which failed calls are retried. Default: [`Tolerance::default`].
    pub tolerance: Tolerance,
    /// The longest time for one call. Default: 30 s.
    pub attempt_timeout: Duration,
    /// The least delay from a successful reply to the next call, if the pacing returns a shorter one. Default: 10 ms.
    pub least_delay: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tolerance: Tolerance::default(), attempt_timeout: ATTEMPT_TIMEOUT, least_delay: LEAST_DELAY }
    }
}

/// Ten times the duration of a slow reply (3 s). A shorter one counts slow replies as failures. At 60 s, many proxies
/// cut the call first.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// A pacing that returns zero by mistake makes at most a hundred calls a second. A longer delay would slow down the
/// pacing of an operation that takes some milliseconds.
const LEAST_DELAY: Duration = Duration::from_millis(10);
