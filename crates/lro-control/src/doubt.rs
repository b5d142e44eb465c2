use crate::{Reply, time::seconds};

/// Is the service down? A counter that rises only if more than two of three *different* operations fail.
///
/// A failed call of an operation that had failed before is a sign of that operation, and is not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doubt {
    level: u32,
    /// How many of the failures were refusals.
    refusals: u32,
    /// The shortest hint of a refusal, in seconds; infinite without one.
    hint: f64,
    draw_until: f64,
}

impl Doubt {
    pub(crate) fn new() -> Self {
        Self { level: 0, refusals: 0, hint: f64::INFINITY, draw_until: f64::NEG_INFINITY }
    }

    /// The doubt that is left when a key opens again.
    pub(crate) fn reopened(now: f64, by_quota: bool) -> Self {
        let refusals = if by_quota { LEFT } else { 0 };
        Self { level: LEFT, refusals, hint: f64::INFINITY, draw_until: now + DRAW_FOR }
    }

    pub(crate) fn level(&self) -> u32 {
        self.level
    }

    pub(crate) fn good(&mut self) {
        self.level = self.level.saturating_sub(GOOD_WEIGHS);
        if self.level == 0 {
            self.hint = f64::INFINITY;
            self.refusals = 0;
        }
    }

    pub(crate) fn bad(&mut self, now: f64, reply: Reply) {
        self.level = self.level.saturating_add(1);
        if self.level >= DRAW {
            self.draw_until = now + DRAW_FOR;
        }
        if reply.is_refusal() {
            self.refusals = self.refusals.saturating_add(1);
            self.hint = reply.hint().map_or(self.hint, |hint| self.hint.min(seconds(hint)));
        }
    }

    /// Whether the next operations are drawn at random.
    ///
    /// What happens to stand in front of the line then cannot look like an outage.
    pub(crate) fn draws(&self, now: f64) -> bool {
        self.level >= DRAW || now < self.draw_until
    }

    /// Whether the service is taken to be down; `crowd` is the number of operations.
    pub(crate) fn is_outage(&self, in_flight: u32, crowd: usize) -> bool {
        let shuts_at = SHUT.max(f64::from(in_flight) / 2.0).min((crowd as f64).max(CROWD_LEAST));
        f64::from(self.level) >= shuts_at
    }

    /// Whether most failures were refusals: a quota is used up, and the service is not down.
    pub(crate) fn is_quota(&self) -> bool {
        u64::from(self.refusals) * 2 > u64::from(self.level)
    }

    /// The shortest hint of a refusal in seconds.
    pub(crate) fn hint(&self) -> Option<f64> {
        self.hint.is_finite().then_some(self.hint)
    }
}

/// The doubt drifts up only beyond two thirds of failures, so that half of the calls may fail at full speed. (The throttling
/// of the SRE book, K = 2, would begin there.)
pub(crate) const GOOD_WEIGHS: u32 = 2;
/// Four different operations in a row: below 1 % by chance if up to 30 % of all fail.
const DRAW: u32 = 4;
/// Seconds in which operations are drawn even without doubt. Without it a block of operations that hang stops the rest.
const DRAW_FOR: f64 = 1.0;
/// With half of the calls failing at random the walk gets there once in 1.618^24 = 100,000 excursions, with 30 % never. An outage
/// costs 24 calls and the calls in flight.
///
/// With many calls in flight it is half of them: refusals come back sooner than good replies of a server with a queue (10 ms
/// against 110 ms), so that 24 in a row mean nothing with 512 in flight.
const SHUT: f64 = 24.0;
/// With fewer operations than this the backoff of each is enough.
const CROWD_LEAST: f64 = 4.0;
/// Half of what shuts: if the outage goes on it takes twelve calls to see it.
const LEFT: u32 = 12;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const REFUSED: Reply = Reply::Refused { hint: None };

    fn after(replies: impl IntoIterator<Item = Reply>) -> Doubt {
        let mut doubt = Doubt::new();
        for reply in replies {
            if reply.is_good() { doubt.good() } else { doubt.bad(1.0, reply) }
        }
        doubt
    }

    #[test]
    fn two_thirds_of_failures_are_no_outage() {
        let mix = [Reply::Failed, Reply::Failed, Reply::Good].into_iter().cycle().take(3_000);
        assert_eq!(after(mix).level(), 0);
        let worse = [Reply::Failed, Reply::Failed, Reply::Failed, Reply::Good].into_iter().cycle().take(100);
        assert!(after(worse).is_outage(10, 1_000));
    }

    #[test]
    fn the_doubt_that_shuts_depends_on_the_calls_in_flight_and_on_the_crowd() {
        let is_outage = |level, in_flight, crowd| {
            after([Reply::Failed; 300].into_iter().take(level)).is_outage(in_flight, crowd)
        };
        for (level, in_flight, crowd) in [(24, 0, 1_000), (256, 512, 1_000), (10, 0, 10), (4, 0, 1)] {
            assert!(is_outage(level, in_flight, crowd), "{level} {in_flight} {crowd}");
            assert!(!is_outage(level - 1, in_flight, crowd), "{level} {in_flight} {crowd}");
        }
    }

    #[test]
    fn operations_are_drawn_from_four_failures_on_and_for_a_second_more() {
        let mut doubt = after([Reply::Failed; 3]);
        assert!(!doubt.draws(1.0));
        doubt.bad(1.0, Reply::Failed);
        assert!(doubt.draws(1.0));
        doubt.good();
        doubt.good();
        assert!(doubt.draws(1.9));
        assert!(!doubt.draws(2.0));
    }

    #[test]
    fn mostly_refusals_are_a_quota_with_the_shortest_hint() {
        let hinted = |seconds| Reply::Refused { hint: Some(Duration::from_secs(seconds)) };
        let doubt = after([hinted(9), REFUSED, hinted(3), Reply::Failed]);
        assert!(doubt.is_quota());
        assert_eq!(doubt.hint(), Some(3.0));
        assert!(!after([REFUSED, Reply::Failed]).is_quota());
        assert_eq!(after([hinted(9), Reply::Good]).hint(), None);
    }
}
