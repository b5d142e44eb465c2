use super::Failure;
use crate::Dice;

/// The states of a whole service over time.
#[derive(Clone, Copy, Debug)]
pub enum Weather {
    /// Up at all times.
    Fair,
    /// In another mode from a time until another.
    During {
        /// The start.
        from: f64,
        /// The end.
        until: f64,
        /// The mode.
        mode: Mode,
    },
    /// The share of the quota that is left from each time on.
    Steps(&'static [(f64, f64)]),
    /// Up and `UNAVAILABLE` in turns of so many seconds.
    Flapping(f64),
    /// A share of the quota between 0.4 and 1, another each 0.2 s.
    Noisy,
    /// A share of the quota that rises from 0.05 to 1 in 57 s.
    Rising,
}

/// The state of a whole service.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Up. Other clients leave this share of the quota.
    Up(f64),
    /// Each call fails, and asks for a delay if that is more than 0.
    Down(Failure, f64),
    /// This share of the calls fails with `INTERNAL`.
    Brownout(f64),
}

/// The modes by the time of their start.
#[derive(Debug)]
pub(super) struct Forecast {
    modes: Vec<(f64, Mode)>,
    current: usize,
}

impl Forecast {
    pub(super) fn new(weather: Weather, until: f64, dice: &mut Dice) -> Self {
        let up = |(from, share)| (from, Mode::Up(share));
        let modes = match weather {
            Weather::Fair => vec![up((0.0, 1.0))],
            Weather::During { from, until, mode } => vec![up((0.0, 1.0)), (from, mode), up((until, 1.0))],
            Weather::Steps(steps) => steps.iter().copied().map(up).collect(),
            Weather::Flapping(seconds) => {
                (0..=(until / seconds) as u32).map(|turn| flap(turn, seconds)).collect()
            }
            Weather::Noisy => (0..=(until / NOISE) as u32)
                .map(|turn| up((f64::from(turn) * NOISE, 0.4 + 0.6 * dice.share())))
                .collect(),
            Weather::Rising => (0..=60)
                .map(|second| up((f64::from(second), (0.05 + f64::from(second) / 60.0).min(1.0))))
                .collect(),
        };
        Self { modes, current: 0 }
    }

    /// Returns the mode at a time that is not before that of the call before.
    pub(super) fn at(&mut self, at: f64) -> Mode {
        while self.modes.get(self.current + 1).is_some_and(|(from, _)| *from <= at) {
            self.current += 1;
        }
        self.modes[self.current].1
    }
}

fn flap(turn: u32, seconds: f64) -> (f64, Mode) {
    let mode = if turn.is_multiple_of(2) { Mode::Up(1.0) } else { Mode::Down(Failure::Unavailable, 0.0) };
    (f64::from(turn) * seconds, mode)
}

/// The seconds between two changes of [`Weather::Noisy`].
const NOISE: f64 = 0.2;
