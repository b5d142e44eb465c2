use crate::{chance::Chance, dip::ROUND_LEAST, round::Round};

/// What a round shows, before anything is tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Finding {
    /// Too few calls in too short a time.
    Nothing,
    /// Chance does not explain this share of the calls that it leaves.
    Excess(f64),
    /// Chance explains what is refused.
    Calm {
        /// No call fails any more, although a share of chance was known.
        is_over: bool,
        /// The round has calls enough.
        is_complete: bool,
    },
}

/// What a round shows. While far fewer calls are made than of late, refusals do not depend on the rate and are no excess.
pub(crate) fn finding(round: &Round, chance: &Chance, is_idle: bool, now: f64, rtt: f64) -> Finding {
    let (n, bad, time) = (round.tally.calls(), round.tally.bad(), round.lasted(now));
    if n < ROUND_FEW || time < ROUND_TIME.max(2.0 * rtt) {
        return Finding::Nothing;
    }
    let expected = n * chance.share();
    let excess = chance.excess(round.tally.share());
    let is_beyond_chance = bad >= expected + SIGMAS * expected.sqrt() + SURE;
    if !is_idle && n >= ROUND_LEAST && excess > EXCESS_HIGH && is_beyond_chance {
        return Finding::Excess(excess);
    }
    let is_over = bad == 0.0 && expected >= OVER;
    let has_chance = chance.share() > 0.0 && !is_over;
    let is_clean = !has_chance && bad == 0.0 && n >= ROUND_LEAST;
    let most = if has_chance { 2.0 * ROUND_MOST } else { ROUND_MOST };
    Finding::Calm { is_over, is_complete: is_clean || n >= most || time >= ROUND_LONGEST }
}

/// Below this share an excess is none, and the rate may grow.
pub(crate) const EXCESS_LOW: f64 = 0.01;
/// 100 calls can show 4 %, no more: 4 refusals and 4 sigma.
pub(crate) const EXCESS_HIGH: f64 = 0.04;
const SIGMAS: f64 = 4.0;
const SURE: f64 = 4.0;
/// If 3 failures are expected, none occurs by chance once in e^3 = 20 rounds.
const OVER: f64 = 3.0;
/// Seconds. Below two round trips a round would hold the replies of its first calls alone.
const ROUND_TIME: f64 = 0.25;
/// Fewer calls are noise.
pub(crate) const ROUND_FEW: f64 = 10.0;
/// 2 % of 200 calls are 4 refusals. 20 clean calls exclude 14 % refused at 95 %.
const ROUND_MOST: f64 = 200.0;
/// Seconds; few calls are made.
pub(crate) const ROUND_LONGEST: f64 = 5.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// The finding of a round of one second with these calls.
    fn of(calls: usize, bad: usize, chance: f64, is_idle: bool) -> Finding {
        let mut round = Round::from(10.0);
        (0..calls).for_each(|call| round.tally.count(call >= bad));
        let mut known = Chance::default();
        known.found(chance);
        finding(&round, &known, is_idle, 11.0, 0.01)
    }

    #[test]
    fn few_calls_show_nothing() {
        assert_eq!(of(9, 9, 0.0, false), Finding::Nothing);
        assert_eq!(finding(&Round::from(10.0), &Chance::default(), false, 11.0, 0.01), Finding::Nothing);
    }

    #[test]
    fn an_excess_is_more_than_chance_explains() {
        for (calls, bad, chance, is_excess) in [
            (100, 4, 0.0, false), // no more than 4 %
            (100, 5, 0.0, true),
            (40, 3, 0.0, false),   // three refusals are not enough
            (100, 30, 0.2, false), // 20 expected, and 4 sigma
            (100, 42, 0.2, true),
        ] {
            let found = matches!(of(calls, bad, chance, false), Finding::Excess(_));
            assert_eq!(found, is_excess, "{bad} of {calls}, {chance}");
        }
        assert!(matches!(of(100, 42, 0.2, true), Finding::Calm { .. }));
    }

    #[test]
    fn a_round_is_complete_soon_if_clean_and_late_with_chance() {
        for (calls, bad, chance, complete) in [
            (19, 0, 0.0, false),
            (20, 0, 0.0, true),
            (199, 1, 0.0, false),
            (200, 1, 0.0, true),
            (399, 40, 0.1, false),
            (400, 40, 0.1, true),
        ] {
            let expected = Finding::Calm { is_over: false, is_complete: complete };
            assert_eq!(of(calls, bad, chance, false), expected, "{bad} of {calls}, {chance}");
        }
    }

    #[test]
    fn chance_is_over_once_three_were_expected_and_none_failed() {
        assert_eq!(of(29, 0, 0.1, false), Finding::Calm { is_over: false, is_complete: false });
        assert_eq!(of(31, 0, 0.1, false), Finding::Calm { is_over: true, is_complete: true });
    }
}
