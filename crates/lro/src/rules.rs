//! What happens after a call: the decisions of a wait, for drivers.
//!
//! A *driver* is what waits for operations: it reads the clock, sleeps, makes the calls and keeps the state.
//! [`poll_until_done`](crate::poll_until_done) is one, a fleet of operations is another. This module is what all drivers
//! have in common. Those who await operations do not need it.
//!
//! Everything here is pure: there is no clock, no transport, no lock and no source of randomness. Times are [ages](Age),
//! chance is passed in, and the only code of the caller that runs is the pace and the predicate of the [`Tolerance`].
//! A driver takes the state of an operation out of its locks before it calls [`Rules::step`].
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
mod guard;
mod retry;
mod saved;
mod step;
mod tally;
mod tolerance;

use std::time::Duration;

pub use self::{
    call::{Call, Limit, Reply},
    guard::guard,
    retry::{FailedCall, Retry},
    saved::Saved,
    step::{Expiry, Known, Next, Seen, stopped},
    tally::{Tally, Trouble},
    tolerance::Tolerance,
};

/// A time as the time since the wait for the operation began.
pub type Age = Duration;

/// What holds for the waits of a driver.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Which failed calls are survived.
    pub tolerance: Tolerance,
    /// The longest time for one call.
    pub attempt_timeout: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tolerance: Tolerance::default(), attempt_timeout: ATTEMPT_TIMEOUT }
    }
}

/// Ten times what a slow reply takes, and below the minute at which many proxies cut a call.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
