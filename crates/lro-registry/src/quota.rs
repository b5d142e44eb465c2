use lro_control::Rate;

use crate::{Error, limits, store::Bucket};

/// A quota of calls that all workers on a store share.
///
/// No second holds more calls than the [`Rate`] allows, by the clock of the store and by that of the service, however many
/// workers there are. At least 80 % of the rate is used while enough operations are due.
/// All workers must state the same rate for a quota key.
///
/// ```
/// use lro_registry::{Quota, Rate};
///
/// let quota = Quota::new("workspaceevents.googleapis.com", Rate::per_minute(600));
/// assert_eq!(quota.key(), "workspaceevents.googleapis.com");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    key: String,
    rate: Rate,
}

impl Quota {
    /// Creates a quota. Services with the same key share it.
    pub fn new(key: impl Into<String>, rate: Rate) -> Self {
        Self { key: key.into(), rate }
    }

    /// Returns the quota key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the rate.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        limits::check_text("quota key", &self.key, limits::LONGEST_WORD)
    }

    /// Returns the bucket whose tokens keep to the rate.
    ///
    /// A claim takes a token, and the call is made within [`USED_WITHIN`] `d`. The calls of one second therefore belong to
    /// claims of `1 + d` seconds, in which a bucket of the capacity `C` and the refill `r` gives out at most
    /// `floor(C + r (1 + d))` tokens.
    pub(crate) fn bucket(&self) -> Bucket {
        let rate = self.rate.calls_per_second();
        let (refill, capacity) = if rate < SMALL_RATE {
            (rate * SMALL_REFILL, 1.0)
        } else {
            let refill = rate * LARGE_REFILL;
            (refill, (rate - refill * (1.0 + USED_WITHIN)).max(1.0))
        };
        Bucket { quota: self.key.clone(), capacity, refill }
    }
}

/// In seconds: how long after a claim its calls may reach the service.
const USED_WITHIN: f64 = 0.1;
/// Below this rate, in calls a second, one token at a time is enough: a claim costs far less than the time between two tokens.
const SMALL_RATE: f64 = 10.0;
/// `1 + 0.9 (1 + d) R < R + 1` for every rate `R`, so a bucket of one token keeps to it.
const SMALL_REFILL: f64 = 0.9;
/// At least 80 % of the rate is to be used. The rest, less the share of `d`, is the capacity: what collects between two claims.
const LARGE_REFILL: f64 = 0.82;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_rate_and_most_of_it_is_used() {
        for calls in (1..=2_000).chain([10_000, 1_000_000]) {
            let rate = Rate::per_second(calls);
            let Bucket { capacity, refill, .. } = Quota::new("key", rate).bucket();
            let most = (capacity + refill * (1.0 + USED_WITHIN) + 1e-9).floor();
            assert!(most <= f64::from(calls), "{calls}: {most}");
            assert!(refill >= 0.8 * f64::from(calls), "{calls}: {refill}");
            // A lone operation does not wait longer than (1 + d) / rate + 50 ms.
            assert!(1.0 / refill <= (1.0 + USED_WITHIN) / f64::from(calls) + 0.05, "{calls}");
        }
    }

    #[test]
    fn a_rate_by_the_minute_gives_one_token_at_a_time() {
        let bucket = Quota::new("key", Rate::per_minute(30)).bucket();
        assert_eq!((bucket.capacity, bucket.refill), (1.0, 0.45));
    }
}
