use std::time::Duration;

use super::Time;

/// The grid of points in time at which a fleet makes calls, so that one wake-up makes many calls.
///
/// A wake-up costs more than a poll in memory. Polls that are spread evenly over time cost two to four times the CPU of
/// polls that come together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticks {
    /// The interval of the grid in microseconds. Zero is no grid.
    tick: u64,
    /// The offset of the grid in this process, in microseconds, so that many processes do not poll at the same time.
    phase: u64,
}

impl Ticks {
    /// Creates a grid. `chance` is uniform in `0.0..1.0`.
    pub(crate) fn new(tick: Duration, chance: f64) -> Self {
        let tick = u64::try_from(tick.as_micros()).unwrap_or(u64::MAX);
        Self { tick, phase: (tick as f64 * chance) as u64 }
    }

    /// Returns the tick at or after a due time that was set `pace` before it.
    ///
    /// The grid is halved until it delays the due time by at most a fortieth of the pace.
    pub(crate) fn round_up(self, due: Time, pace: Duration) -> Time {
        let most = u64::try_from(pace.as_micros() / 40).unwrap_or(u64::MAX);
        let mut grain = self.tick;
        while grain > most {
            grain /= 2;
        }
        if grain < FINEST || due == Time::NEVER {
            return due;
        }
        let shifted = due.micros().saturating_add(grain - self.phase % grain);
        due.after(Duration::from_micros((grain - shifted % grain) % grain))
    }
}

/// The finest interval, in microseconds: the resolution of tokio's timers.
const FINEST: u64 = 1_000;
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_due_time_is_shifted_by_a_fortieth_of_the_pace_and_a_tick_at_most(
            due in 0_u64..10_000_000_000, pace in 0_u64..100_000_000, tick in 0_u64..200_000, chance in 0.0..1.0_f64,
        ) {
            let ticks = Ticks::new(Duration::from_micros(tick), chance);
            let due = Time::from_micros(due);
            let rounded = ticks.round_up(due, Duration::from_micros(pace));
            prop_assert!(rounded >= due);
            let shift = rounded.since(due);
            prop_assert!(shift <= Duration::from_micros(pace / 40) && shift <= Duration::from_micros(tick));
        }

        #[test]
        fn those_of_a_long_pace_come_together(dues in prop::collection::vec(0_u64..50_000, 1..20), chance in 0.0..1.0_f64) {
            let ticks = Ticks::new(Duration::from_millis(50), chance);
            let round = |due| ticks.round_up(Time::from_micros(due), Duration::from_secs(2));
            let mut rounded: Vec<_> = dues.iter().copied().map(round).collect();
            rounded.sort_unstable();
            rounded.dedup();
            prop_assert!(rounded.len() <= 2);
            prop_assert!(rounded.windows(2).all(|pair| pair[1].since(pair[0]) == Duration::from_millis(50)));
        }
    }
}
