use std::time::Duration;

use lro_control::Rate;

use crate::{Error, limits, store::Bucket};

/// A quota of calls that all workers on a store share.
///
/// No second holds more calls than the [`Rate`] allows, by the clock of the store and by that of the service, however many
/// workers there are. About 80 % of the rate is used while enough operations are due, and less if claims are slow.
/// All workers must state the same rate for a quota key. The bound needs transports that
/// [take permits](lro::LroTransport::takes_permits), as those of this workspace do: the calls of others count when they are begun, and a
/// connection or a credential may delay them. A transport that makes further calls in a poll, such as an `HttpTransport` that reads
/// targets, makes them beside the rate.
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

    /// Returns how late after its claim a call may reach the service, if as much of the rate as possible is to be used.
    ///
    /// A low rate leaves time to open a connection: a second has one call at most in any case.
    pub(crate) fn used_within(&self) -> Duration {
        let rate = self.rate.calls_per_second();
        let window = rate.max(1.0) * SMALL_SHARE / (rate * SMALL_USE);
        let late = Duration::try_from_secs_f64(window - 1.0).unwrap_or_default();
        late.clamp(USED_WITHIN, LONGEST_USE)
    }

    /// Returns the bucket whose tokens keep to the rate, if the calls of a claim reach the service within `used_within` of it.
    ///
    /// The calls of one second then belong to claims of `1 + d` seconds, in which a bucket of the capacity `C` and the refill `r`
    /// gives out at most `floor(C + r (1 + d))` tokens.
    pub(crate) fn bucket(&self, used_within: Duration) -> Bucket {
        let rate = self.rate.calls_per_second();
        let window = 1.0 + used_within.as_secs_f64();
        let (refill, capacity) = if rate < SMALL_RATE {
            let most = rate.max(1.0);
            ((rate * SMALL_USE).min(most * SMALL_SHARE / window), 1.0)
        } else {
            let refill = rate * LARGE_SHARE / window;
            (refill, (rate - refill * window).max(1.0))
        };
        Bucket { quota: self.key.clone(), capacity, refill }
    }
}

/// Below this rate, in calls a second, one token at a time is enough: a claim costs far less than the time between two tokens.
const SMALL_RATE: f64 = 10.0;
/// Of the rate: at most 0.9 can be used by a bucket of one token.
const SMALL_USE: f64 = 0.9;
/// How late calls may come, if claims are fast and the rate is not low.
const USED_WITHIN: Duration = Duration::from_millis(100);
/// A store that takes two seconds for a claim is as good as away. A connection takes less than that.
pub(crate) const LONGEST_USE: Duration = Duration::from_secs(4);
/// Of the rate in a window. `1 + 0.99 R < R + 1` for every rate `R`, so a bucket of one token keeps to it.
const SMALL_SHARE: f64 = 0.99;
/// Of the rate in a window. The rest is the capacity: what collects between two claims. At most 0.909 of the rate can be used if calls
/// come up to 100 ms late; 0.8 is to be used.
const LARGE_SHARE: f64 = 0.902;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_rate_and_most_of_it_is_used() {
        for calls in (1..=2_000).chain([10_000, 1_000_000]) {
            let rate = Rate::per_second(calls);
            for late in [100, 250, 1_000, 4_000] {
                let late = Duration::from_millis(late);
                let Bucket { capacity, refill, .. } = Quota::new("key", rate).bucket(late);
                let most = (capacity + refill * (1.0 + late.as_secs_f64()) + 1e-9).floor();
                assert!(most <= f64::from(calls), "{calls}: {most}");
            }
            let Bucket { refill, .. } = Quota::new("key", rate).bucket(USED_WITHIN);
            assert!(refill >= 0.8 * f64::from(calls), "{calls}: {refill}");
            // A lone operation does not wait longer than (1 + d) / rate + 50 ms.
            assert!(1.0 / refill <= (1.0 + USED_WITHIN.as_secs_f64()) / f64::from(calls) + 0.05, "{calls}");
        }
    }

    #[test]
    fn a_rate_by_the_minute_gives_one_token_at_a_time() {
        let bucket = Quota::new("key", Rate::per_minute(30)).bucket(USED_WITHIN);
        assert_eq!((bucket.capacity, bucket.refill), (1.0, 0.45));
        let seldom = Quota::new("key", Rate::per_minute(1));
        assert_eq!(seldom.used_within(), LONGEST_USE);
        assert!((seldom.bucket(LONGEST_USE).refill - 0.015).abs() < 1e-9);
    }
}
