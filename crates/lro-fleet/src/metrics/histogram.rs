use std::time::Duration;

/// The counts of durations by upper bounds, which are powers of two in milliseconds, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    sum: Duration,
}

impl Histogram {
    /// Returns the buckets, the shortest first: the upper bound, and the number of durations in the bucket.
    ///
    /// The last bound is [`Duration::MAX`].
    pub fn counts(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let bound = |bucket: usize| match bucket + 1 {
            BUCKETS => Duration::MAX,
            _ => Duration::from_millis(1 << bucket),
        };
        self.counts.iter().enumerate().map(move |(bucket, count)| (bound(bucket), *count))
    }

    /// Returns the number of durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the sum of the durations, at most [`Duration::MAX`]. `sum() / count()` is their mean.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Returns the least bound below which this share of the durations lies. Returns zero if there are no durations.
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.count() as f64 * share.clamp(0.0, 1.0)).ceil() as u64;
        let mut seen = 0;
        for (bound, count) in self.counts() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return bound;
            }
        }
        Duration::ZERO
    }

    pub(crate) fn add(&mut self, duration: Duration) {
        let millis = u64::try_from(duration.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - millis.saturating_sub(1).leading_zeros()) as usize;
        self.counts[bucket.min(BUCKETS - 1)] += 1;
        self.sum = self.sum.saturating_add(duration);
    }
}

const BUCKETS: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_lies_under_its_bound() {
        for (millis, bound) in [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1_000, 1_024)] {
            let mut histogram = Histogram::default();
            histogram.add(Duration::from_millis(millis));
            assert_eq!(histogram.quantile(0.5), Duration::from_millis(bound), "{millis}");
        }
        let mut histogram = Histogram::default();
        histogram.add(Duration::MAX);
        assert_eq!(histogram.quantile(1.0), Duration::MAX);
        assert_eq!(Histogram::default().quantile(0.5), Duration::ZERO);
    }

    #[test]
    fn the_sum_is_exact_until_it_overflows() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.sum(), Duration::ZERO);
        histogram.add(Duration::from_micros(1_500));
        histogram.add(Duration::from_secs(3));
        assert_eq!((histogram.sum(), histogram.count()), (Duration::from_micros(3_001_500), 2));
        histogram.add(Duration::MAX);
        assert_eq!(histogram.sum(), Duration::MAX);
    }
}
