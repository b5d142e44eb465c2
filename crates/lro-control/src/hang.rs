use crate::outage::PROBES;

/// When calls are answered, and so which of those in flight hang.
///
/// As in RACK (RFC 8985): if a call that was sent later has been answered, it is the earlier call that hangs and not the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hang {
    /// The smoothed time to a good reply; 0 before the first.
    rtt: f64,
    /// The longest time to a good reply of late.
    slowest: f64,
    /// When the newest call that was answered well had been sent.
    newest: f64,
    last_reply: f64,
    last_cut: f64,
}

impl Hang {
    pub(crate) fn new() -> Self {
        Self {
            rtt: 0.0,
            slowest: 0.0,
            newest: f64::NEG_INFINITY,
            last_reply: 0.0,
            last_cut: f64::NEG_INFINITY,
        }
    }

    pub(crate) fn rtt(&self) -> f64 {
        self.rtt
    }

    /// A call ended by itself, well or not.
    pub(crate) fn ended(&mut self, now: f64) {
        self.last_reply = now;
    }

    pub(crate) fn was_cut(&mut self, now: f64) {
        self.last_cut = now;
    }

    pub(crate) fn good(&mut self, sent_at: f64, now: f64) {
        let rtt = (now - sent_at).max(0.0);
        self.rtt = if self.rtt == 0.0 { rtt } else { self.rtt + RTT_GAIN * (rtt - self.rtt) };
        self.slowest = rtt.max(self.slowest * SLOWEST_KEPT);
        self.newest = self.newest.max(sent_at);
    }

    /// Whether a call that was sent a second later has been answered. Then a missing reply is a sign of the operation alone.
    pub(crate) fn is_passed(&self, sent_at: f64) -> bool {
        self.newest >= sent_at + PATIENCE
    }

    /// When the oldest call in flight may be cut short, while its slot is wanted.
    pub(crate) fn cut_at(&self, oldest: f64, now: f64) -> f64 {
        let patience = PATIENCE.max(PATIENCE_SLOWEST * self.slowest);
        if self.newest >= oldest + patience {
            return now;
        }
        // The service answers no call any more: a few slots are used to ask other operations.
        (self.last_reply.max(oldest) + patience).max(self.last_cut + patience / f64::from(PROBES))
    }
}

/// Seconds. The pause of a garbage collector is shorter. It only matters while all slots are taken.
const PATIENCE: f64 = 1.0;
/// A service that became slow as a whole is not cut.
const PATIENCE_SLOWEST: f64 = 4.0;
/// The gain of RFC 6298.
const RTT_GAIN: f64 = 0.125;
/// The slowest of some thousand replies.
const SLOWEST_KEPT: f64 = 0.999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_cut_once_one_sent_a_second_later_was_answered() {
        let mut hang = Hang::new();
        hang.good(10.0, 10.1);
        hang.ended(10.1);
        assert!((hang.cut_at(9.5, 10.2) - 11.1).abs() < 1e-9);
        hang.good(10.6, 10.7);
        assert_eq!(hang.cut_at(9.5, 10.8), 10.8);
        assert!(hang.is_passed(9.5));
        assert!(!hang.is_passed(9.7));
    }

    #[test]
    fn a_slow_service_has_four_times_its_slowest_reply() {
        let mut hang = Hang::new();
        hang.good(10.0, 13.0);
        hang.good(12.0, 13.0);
        assert!(hang.cut_at(5.0, 13.0) > 16.9);
    }

    #[test]
    fn if_nothing_is_answered_eight_calls_a_second_are_cut() {
        let mut hang = Hang::new();
        hang.ended(20.0);
        assert_eq!(hang.cut_at(19.0, 20.5), 21.0);
        hang.was_cut(21.0);
        assert_eq!(hang.cut_at(19.1, 21.0), 21.125);
    }
}
