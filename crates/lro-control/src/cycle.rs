/// What a quota over a window of time gave from one opening of the key to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cycle {
    /// Whether the key was shut by refusals twice in a row.
    is_window: bool,
    goods: u32,
    began: f64,
}

impl Cycle {
    pub(crate) fn good(&mut self) {
        self.goods = self.goods.saturating_add(1);
    }

    pub(crate) fn shut(&mut self, is_window: bool) {
        self.is_window = is_window;
    }

    /// The key opens. Returns the good replies a second of the cycle that ends, if a window's quota had shut the key.
    ///
    /// A cycle of too few good replies goes on.
    pub(crate) fn reopen(&mut self, now: f64) -> Option<f64> {
        if self.is_window && self.goods < GOODS_LEAST {
            return None;
        }
        let rate = self.is_window.then(|| f64::from(self.goods) / (now - self.began).max(TIME_LEAST));
        *self = Self { is_window: self.is_window, goods: 0, began: now };
        rate
    }
}

/// Ten good replies give the rate to a third.
const GOODS_LEAST: u32 = 10;
/// Seconds, no window is shorter.
const TIME_LEAST: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_gives_what_one_cycle_gave() {
        let mut cycle = Cycle::default();
        cycle.good();
        assert_eq!(cycle.reopen(10.0), None);
        (0..600).for_each(|_| cycle.good());
        cycle.shut(true);
        assert_eq!(cycle.reopen(70.0), Some(10.0));
    }

    #[test]
    fn a_cycle_of_few_replies_goes_on() {
        let mut cycle = Cycle::default();
        cycle.shut(true);
        (0..9).for_each(|_| cycle.good());
        assert_eq!(cycle.reopen(10.0), None);
        cycle.good();
        assert_eq!(cycle.reopen(20.0), Some(0.5));
    }
}
