use std::time::Duration;

use lro_registry::StoreError;
use tokio::time::Instant;

/// Since when the database has been away, and when the next connection is tried.
#[derive(Debug, Default)]
pub(super) struct Outage(Option<Away>);

#[derive(Debug)]
struct Away {
    since: Instant,
    until: Instant,
    pause: Duration,
    cause: StoreError,
}

/// A restart of a server that has nothing to recover takes about this time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The database is found again within this time. One try in it, for each process, is no load.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

impl Outage {
    /// Lets one caller try a connection, and gives the others the cause of the outage.
    pub(super) fn admit(&mut self, now: Instant, longest_try: Duration) -> Result<(), StoreError> {
        let Some(away) = &mut self.0 else { return Ok(()) };
        if now < away.until {
            let seconds = now.duration_since(away.since).as_secs();
            let message = format!("the database has been away for {seconds} s: {}", away.cause);
            return Err(StoreError::new(away.cause.kind(), message).with_source(away.cause.clone()));
        }
        away.until = now + longest_try;
        Ok(())
    }

    pub(super) fn failed(&mut self, now: Instant, cause: &StoreError) {
        let (since, pause) = match &self.0 {
            Some(away) => (away.since, (away.pause * 2).min(LONGEST_PAUSE)),
            None => (now, FIRST_PAUSE),
        };
        // Processes that lost the database together do not come back together.
        let until = now + pause.mul_f64(0.5 + 0.5 * fastrand::f64());
        self.0 = Some(Away { since, until, pause, cause: cause.clone() });
    }

    pub(super) fn ended(&mut self) {
        self.0 = None;
    }
}
