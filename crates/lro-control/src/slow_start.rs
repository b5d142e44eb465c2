use crate::doubt::GOOD_WEIGHS;

/// How many calls may be in flight. The width grows by 1 with each good reply (slow start, RFC 5681).
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowStart {
    /// Infinite once as many calls as the caller allows may be in flight.
    width: f64,
}

impl SlowStart {
    /// A stated rate is believed. Without a rate the calls in flight double with each round trip at first.
    pub(crate) fn new(has_rate: bool) -> Self {
        Self { width: if has_rate { f64::INFINITY } else { FIRST } }
    }

    pub(crate) fn reopened(most: u32) -> Self {
        Self { width: REOPENED.min(f64::from(most)) }
    }

    /// `None` if nothing is limited.
    pub(crate) fn width(&self) -> Option<f64> {
        self.width.is_finite().then_some(self.width)
    }

    /// Whether no fewer calls may be in flight than at first.
    pub(crate) fn is_as_new(&self) -> bool {
        self.width >= FIRST
    }

    pub(crate) fn is_full(&self, in_flight: u32) -> bool {
        f64::from(in_flight) >= self.width
    }

    pub(crate) fn good(&mut self, most: u32) {
        self.width += 1.0;
        if self.width >= f64::from(most) {
            self.width = f64::INFINITY;
        }
    }

    pub(crate) fn bad(&mut self) {
        self.width = (self.width - 1.0 / f64::from(GOOD_WEIGHS)).max(1.0);
    }
}

/// Three round trips to 64 in flight.
const FIRST: f64 = 16.0;
/// A service that comes back has all of its clients at once.
const REOPENED: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widens_by_good_replies_until_nothing_is_limited() {
        let mut start = SlowStart::new(false);
        assert!(!start.is_full(15));
        assert!(start.is_full(16));
        (0..47).for_each(|_| start.good(64));
        assert_eq!(start.width(), Some(63.0));
        start.good(64);
        assert_eq!(start.width(), None);
        assert_eq!(SlowStart::new(true).width(), None);
    }

    #[test]
    fn narrows_by_half_a_call_and_never_below_one() {
        let mut start = SlowStart::reopened(64);
        start.bad();
        assert_eq!(start.width(), Some(1.5));
        start.bad();
        start.bad();
        assert_eq!(start.width(), Some(1.0));
    }
}
