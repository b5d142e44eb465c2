use std::collections::VecDeque;

/// A limit on the calls in some time.
#[derive(Clone, Copy, Debug)]
pub enum Quota {
    /// No limit.
    None,
    /// A token bucket: `rate` tokens a second, at most `burst`.
    Bucket {
        /// Tokens a second.
        rate: f64,
        /// The most tokens.
        burst: f64,
    },
    /// So many calls in any period of `seconds`.
    Sliding {
        /// The calls.
        calls: usize,
        /// The period.
        seconds: f64,
    },
    /// So many calls in each period of `seconds`; periods begin at multiples of it.
    Fixed {
        /// The calls.
        calls: usize,
        /// The period.
        seconds: f64,
    },
}

/// The state of a quota.
#[derive(Debug)]
pub(super) struct Meter {
    quota: Quota,
    tokens: f64,
    filled_at: f64,
    /// The latest calls of a sliding window.
    taken: VecDeque<f64>,
    /// The calls of the current fixed window, and its end.
    count: usize,
    window_end: f64,
}

impl Meter {
    pub(super) fn new(quota: Quota) -> Self {
        let tokens = if let Quota::Bucket { burst, .. } = quota { burst } else { 0.0 };
        Self { quota, tokens, filled_at: 0.0, taken: VecDeque::new(), count: 0, window_end: 0.0 }
    }

    /// Counts a call that arrives at `at`, while `capacity` of the quota is left by other clients.
    ///
    /// # Errors
    ///
    /// The time at which there is room. The call does not count.
    pub(super) fn take(&mut self, at: f64, capacity: f64) -> Result<(), f64> {
        match self.quota {
            Quota::None => Ok(()),
            Quota::Bucket { rate, burst } => self.take_token(at, rate * capacity, burst),
            Quota::Sliding { calls, seconds } => {
                self.taken.truncate(calls);
                self.take_of_sliding(at, scaled(calls, capacity), seconds)
            }
            Quota::Fixed { calls, seconds } => self.take_of_fixed(at, scaled(calls, capacity), seconds),
        }
    }

    fn take_token(&mut self, at: f64, rate: f64, burst: f64) -> Result<(), f64> {
        self.tokens = burst.min(self.tokens + (at - self.filled_at) * rate);
        self.filled_at = at;
        if self.tokens < 1.0 {
            return Err(at + (1.0 - self.tokens) / rate);
        }
        self.tokens -= 1.0;
        Ok(())
    }

    fn take_of_sliding(&mut self, at: f64, calls: usize, seconds: f64) -> Result<(), f64> {
        match self.taken.get(calls - 1) {
            Some(oldest) if oldest + seconds > at => return Err(oldest + seconds),
            _ => self.taken.push_front(at),
        }
        Ok(())
    }

    fn take_of_fixed(&mut self, at: f64, calls: usize, seconds: f64) -> Result<(), f64> {
        if at >= self.window_end {
            self.window_end = ((at / seconds).floor() + 1.0) * seconds;
            self.count = 0;
        }
        if self.count >= calls {
            return Err(self.window_end);
        }
        self.count += 1;
        Ok(())
    }
}

fn scaled(calls: usize, capacity: f64) -> usize {
    ((calls as f64 * capacity) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calls that are admitted of one each 10 ms.
    fn admitted(quota: Quota, seconds: usize) -> usize {
        let mut meter = Meter::new(quota);
        (0..seconds * 100).filter(|call| meter.take(*call as f64 / 100.0, 1.0).is_ok()).count()
    }

    #[test]
    fn a_quota_admits_what_it_says() {
        assert_eq!(admitted(Quota::None, 10), 1_000);
        let bucket = admitted(Quota::Bucket { rate: 10.0, burst: 5.0 }, 10);
        assert!((103..=105).contains(&bucket), "{bucket}");
        assert_eq!(admitted(Quota::Sliding { calls: 60, seconds: 60.0 }, 120), 120);
        assert_eq!(admitted(Quota::Fixed { calls: 60, seconds: 60.0 }, 120), 120);
    }

    #[test]
    fn a_refusal_says_when_there_is_room() {
        for quota in [
            Quota::Bucket { rate: 2.0, burst: 1.0 },
            Quota::Sliding { calls: 1, seconds: 0.5 },
            Quota::Fixed { calls: 1, seconds: 0.5 },
        ] {
            let mut meter = Meter::new(quota);
            assert_eq!(meter.take(0.0, 1.0), Ok(()));
            assert_eq!(meter.take(0.25, 1.0), Err(0.5), "{quota:?}");
            assert_eq!(meter.take(0.5, 1.0), Ok(()), "{quota:?}");
        }
    }
}
