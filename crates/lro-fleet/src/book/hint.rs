use std::time::Duration;

/// A pause that a server asked for, in a byte: rounded up by an eighth at most. Zero if it asked for none.
///
/// It is a floating-point number with three bits of fraction, in eighths of a second: 60 s are `15 << 5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint(u8);

impl Hint {
    pub(crate) fn new(pause: Duration) -> Self {
        let units = u64::try_from(pause.as_micros().div_ceil(UNIT)).unwrap_or(u64::MAX);
        let exponent = (u64::BITS - units.leading_zeros()).saturating_sub(4);
        let fraction = units.div_ceil(1 << exponent);
        Self(u8::try_from(8 * u64::from(exponent) + fraction).unwrap_or(u8::MAX))
    }

    /// Returns the pause, some sixty years at most.
    pub(crate) fn pause(self) -> Duration {
        let (exponent, fraction) = match self.0 {
            few @ 0..8 => (0, few),
            many => (many / 8 - 1, 8 + many % 8),
        };
        Duration::from_micros((u64::from(fraction) << exponent) * UNIT as u64)
    }
}

/// In microseconds. Servers ask for whole seconds.
const UNIT: u128 = 125_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn none_and_the_longest_are_kept() {
        assert_eq!(Hint::new(Duration::ZERO).pause(), Duration::ZERO);
        assert_eq!(Hint::new(Duration::from_secs(60)).pause(), Duration::from_secs(60));
        assert!(Hint::new(Duration::MAX).pause() > Duration::from_secs(60 * 365 * 86_400));
    }

    proptest! {
        #[test]
        fn a_pause_is_rounded_up_by_an_eighth_at_most(micros in 0..60_000_000_000_000_u64) {
            let pause = Duration::from_micros(micros);
            let kept = Hint::new(pause).pause();
            prop_assert!(kept >= pause);
            prop_assert!(kept <= (pause + pause / 8).max(pause + Duration::from_micros(125_000)));
        }
    }
}
