use std::{collections::VecDeque, time::Duration};

/// A quota of calls, as the service states it.
///
/// No second holds more calls than the quota of a second, rounded up to a whole number. No tenth of a second holds more than a tenth
/// of it, if that is a whole number. Calls are spread evenly, in batches of up to 50 ms and up to 1,024 calls.
///
/// ```
/// use lro_control::Rate;
///
/// let rate = Rate::per_minute(600); // Google Workspace Events, a project
/// assert_eq!(rate, Rate::per_second(10));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    calls: u32,
    per: Duration,
}

/// A rate as a hard bound: the calls that were made last, and when the next one may be made.
///
/// A call counts at the time at which it leaves, not at the time at which it was decided: take the time after the lock.
///
/// ```
/// use std::time::Duration;
///
/// use lro_control::{Rate, Window};
///
/// let mut window = Window::new(Rate::per_second(10));
/// window.count(Duration::from_secs(1));
/// assert_eq!(window.opens_at(), Duration::from_millis(1_100));
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    batch: usize,
    /// The least time in which a batch is sent.
    span: Duration,
    sent: VecDeque<Duration>,
}

impl Rate {
    /// This many calls a second, at least one.
    pub fn per_second(calls: u32) -> Self {
        Self { calls: calls.max(1), per: Duration::from_secs(1) }
    }

    /// This many calls a minute, at least one.
    pub fn per_minute(calls: u32) -> Self {
        Self { calls: calls.max(1), per: Duration::from_secs(60) }
    }

    /// The calls a second.
    pub fn calls_per_second(&self) -> f64 {
        f64::from(self.calls) / self.per.as_secs_f64()
    }

    /// The most calls in a batch.
    ///
    /// A whole number of such batches fills a tenth of a second, or else a second, so that no window of that length holds
    /// more than the rate allows.
    fn batch(&self) -> u32 {
        let whole = |seconds_tenths: u32| {
            let calls = u64::from(self.calls) * u64::from(seconds_tenths);
            let tenths = self.per.as_secs() * 10;
            (calls % tenths == 0).then_some((calls / tenths) as u32)
        };
        let most = ((self.calls_per_second() * AT_ONCE.as_secs_f64()) as u32).min(MOST_AT_ONCE);
        let Some(window) = whole(1).or_else(|| whole(10)) else {
            return 1;
        };
        (1..=most).rev().find(|batch| window % batch == 0).unwrap_or(1)
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        u128::from(self.calls) * other.per.as_nanos() == u128::from(other.calls) * self.per.as_nanos()
    }
}

impl Window {
    /// The bound of a rate under which no call was made yet.
    pub fn new(rate: Rate) -> Self {
        let batch = rate.batch();
        let micros = (rate.per.as_micros() * u128::from(batch)).div_ceil(u128::from(rate.calls));
        let span = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        Self { batch: batch as usize, span, sent: VecDeque::new() }
    }

    /// When the next call may be made. Zero for at once.
    pub fn opens_at(&self) -> Duration {
        match self.sent.front() {
            Some(first) if self.sent.len() >= self.batch => first.saturating_add(self.span),
            _ => Duration::ZERO,
        }
    }

    /// How many calls may be made at `now`.
    pub fn room(&self, now: Duration) -> usize {
        let over = self.sent.partition_point(|sent| sent.saturating_add(self.span) <= now);
        self.batch.saturating_sub(self.sent.len() - over)
    }

    /// When the last call was made, or will be: a caller may count a call ahead. `None` if none was.
    pub fn latest(&self) -> Option<Duration> {
        self.sent.back().copied()
    }

    /// Whether the window is as good as new: no earlier call delays the next one.
    pub fn is_over(&self, now: Duration) -> bool {
        self.sent.back().is_none_or(|last| last.saturating_add(self.span) <= now)
    }

    /// Counts a call that is made at `now`. A time before the last call counts as the time of the last call.
    pub fn count(&mut self, now: Duration) {
        let now = self.sent.back().map_or(now, |last| now.max(*last));
        if self.sent.len() >= self.batch {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }
}

/// How much of the rate is a batch: fewer wake-ups than a call each, and no tenth of a second is full at its beginning.
const AT_ONCE: Duration = Duration::from_millis(50);
/// The most calls of a batch at any rate. The window stores the time of each.
const MOST_AT_ONCE: u32 = 1_024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The calls of a client that looks at these moments and always calls when it may.
    fn sent(rate: Rate, moments: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut window = Window::new(rate);
        let mut sent = Vec::new();
        for moment in moments {
            let now = Duration::from_micros(moment);
            while window.opens_at() <= now {
                window.count(now);
                sent.push(moment);
            }
        }
        sent
    }

    fn most_within(sent: &[u64], micros: u64) -> usize {
        let mut first = 0;
        let within = sent.iter().enumerate().map(|(last, at)| {
            first += sent[first..].iter().take_while(|from| **from + micros <= *at).count();
            last - first + 1
        });
        within.max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_rate(
            calls in 1_u32..3_000, a_minute: bool, gaps in prop::collection::vec(1_u64..80_000, 1..200),
        ) {
            let rate = if a_minute { Rate::per_minute(calls) } else { Rate::per_second(calls) };
            let moments = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) });
            let sent = sent(rate, moments);
            prop_assert!(most_within(&sent, 1_000_000) <= rate.calls_per_second().ceil() as usize);
        }

        #[test]
        fn no_tenth_of_a_second_holds_more_than_a_tenth(tens in 1_u32..300, gaps in prop::collection::vec(1_u64..80_000, 1..200)) {
            let moments = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) });
            let sent = sent(Rate::per_second(10 * tens), moments);
            prop_assert!(most_within(&sent, 100_000) <= tens as usize);
        }
    }

    #[test]
    fn a_rate_without_bound_costs_no_more_than_another() {
        for rate in [Rate::per_second(u32::MAX), Rate::per_minute(u32::MAX), Rate::per_second(u32::MAX - 5)] {
            let mut window = Window::new(rate);
            assert!(window.batch <= MOST_AT_ONCE as usize);
            assert!(window.sent.capacity() == 0);
            window.count(Duration::from_micros(1));
            assert!(window.opens_at() <= Duration::from_micros(1_000));
        }
    }

    #[test]
    fn all_of_the_rate_can_be_used() {
        for calls in [1, 3, 7, 10, 40, 90, 97, 100, 1_000, 2_000] {
            let sent = sent(Rate::per_second(calls), (0..10_000).map(|milli| milli * 1_000));
            let share = sent.len() as f64 / (10.0 * f64::from(calls));
            assert!(share > 0.9, "{share} of {calls} a second");
        }
    }
}
