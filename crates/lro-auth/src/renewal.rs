use std::time::Duration;

use lro::Status;
use tokio::time::Instant;

use crate::Token;

/// The current token, and when the next one may be fetched. It reads no clock and calls no code of the caller.
///
/// Two kinds of setback delay the next fetch, both with a pause that doubles: fetches that failed, and tokens that were
/// refused soon after they were fetched.
#[derive(Debug, Default)]
pub(crate) struct Renewal {
    token: Option<Token>,
    fetched_at: Option<Instant>,
    /// When a call starts to renew the token in the background. `None` while that runs.
    renew_at: Option<Instant>,
    not_before: Option<Instant>,
    failures: u32,
    refusals: u32,
    last_failure: Option<Status>,
}

impl Renewal {
    /// Returns the token if it is valid, and whether its renewal is due. A token that does not expire needs no clock.
    pub(crate) fn at_hand(&self, clock: impl FnOnce() -> Instant) -> Option<(Token, bool)> {
        let token = self.token.as_ref()?;
        let Some(expires_at) = token.expires_at() else {
            return Some((token.clone(), false));
        };
        let now = clock();
        let is_due = self.renew_at.is_some_and(|at| at <= now);
        (now < expires_at).then(|| (token.clone(), is_due))
    }

    /// Whether this is the current token, valid or not.
    pub(crate) fn is_current(&self, token: &Token) -> bool {
        self.token.as_ref() == Some(token)
    }

    /// Returns when the next fetch may start. `None`: at once.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Returns the last failure if the pause after it is too long to wait for its end.
    pub(crate) fn failing(&self, now: Instant) -> Option<Status> {
        let is_long = self.not_before.is_some_and(|end| end.saturating_duration_since(now) > PATIENCE);
        self.last_failure.as_ref().filter(|_| is_long).cloned()
    }

    /// Marks the renewal as running. Returns false if none is due, such as when another call was first.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        self.renew_at.take_if(|at| *at <= now).is_some()
    }

    /// Stores the result of a fetch. Returns the failure that it replaces: its destructor may be code of the caller.
    pub(crate) fn store(&mut self, fetched: &Result<Token, Status>, now: Instant) -> Option<Status> {
        match fetched {
            Ok(token) => {
                self.renew_at = token.renew_at();
                // A closure with a cache of its own returns the same token several times.
                if !self.is_current(token) {
                    self.fetched_at = Some(now);
                }
                self.token = Some(token.clone());
                self.not_before = None;
                self.failures = 0;
                self.last_failure.take()
            }
            Err(failure) => {
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(now + pause(self.failures));
                self.renew_at = self.not_before;
                self.last_failure.replace(failure.clone())
            }
        }
    }

    /// Drops the token if it is the one that a server refused.
    ///
    /// The next token is fetched at once after the first refusal, and after that of a token that lasted. Other refusals
    /// are followed by a pause: another fetch is then unlikely to help.
    pub(crate) fn refuse(&mut self, refused: &Token, now: Instant) {
        if !self.is_current(refused) {
            return;
        }
        self.token = None;
        let fetched_at = self.fetched_at.unwrap_or(now);
        let is_fresh = now.saturating_duration_since(fetched_at) < LONGEST_PAUSE;
        self.refusals = if is_fresh { self.refusals.saturating_add(1) } else { 1 };
        self.not_before = self.not_before.max(Some(fetched_at + pause(self.refusals - 1)));
    }
}

/// The pause after so many setbacks in a row.
fn pause(setbacks: u32) -> Duration {
    match setbacks {
        0 => Duration::ZERO,
        _ => FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(setbacks - 1)).min(LONGEST_PAUSE),
    }
}

/// The shortest delay of a wait after a first failure, so that its next call finds the pause over. A shorter pause fetches
/// more often than that.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Calls that wait for a token wait this long at most, well within the attempt timeout of 30 s. A longer pause would end
/// them, a shorter one burdens a token server that is down.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A call waits out a pause of at most this length. In a longer one it fails at once with the last failure. A longer
/// patience hides that failure behind short attempt timeouts, a shorter one ends calls that a second fetch would serve.
const PATIENCE: Duration = Duration::from_secs(1);
