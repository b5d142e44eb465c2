//! The same history gives the same plan as the reference implementation: `testdata/README.md` describes the cases.

use serde::Deserialize;

use crate::{
    distribution::{Distribution, interval::Interval},
    plan::Plan,
};

#[derive(Deserialize)]
struct Case {
    name: String,
    ring: Vec<(f32, f32)>,
    done: Vec<(f64, f64)>,
    classic: f64,
    share: Option<f64>,
    start: Option<f64>,
    price_given: Option<f64>,
    price: f64,
    polls: f64,
    delay: f64,
    count: u32,
    every: usize,
    instants: Vec<f64>,
}

#[test]
fn computes_the_distribution_of_the_reference() {
    for case in cases() {
        let distribution = case.distribution();
        for &(seconds, share) in &case.done {
            assert_close(distribution.share_done(seconds), share, 1e-6, &case.name);
        }
        assert_close(distribution.polls(classic()), case.classic, 1e-6, &case.name);
    }
}

#[test]
fn plans_as_the_reference_does() {
    for case in cases() {
        let plan = case.plan(&case.distribution());
        assert_close(plan.price(), case.price, 1e-6, &case.name);
        assert_close(plan.polls(), case.polls, 1e-6, &case.name);
        assert_close(plan.delay(), case.delay, 1e-5, &case.name);

        assert_eq!(plan.instant(case.count), None, "{}", case.name);
        assert!(plan.instant(case.count - 1).is_some(), "{}", case.name);
        for (poll, &instant) in (0..).step_by(case.every).zip(&case.instants) {
            assert_close(plan.instant(poll).unwrap(), instant, 1e-5, &case.name);
        }
    }
}

impl Case {
    fn distribution(&self) -> Distribution {
        let ring: Vec<_> =
            self.ring.iter().map(|&(ln_lo, ln_hi)| Interval::new(ln_lo, Some(ln_hi))).collect();
        Distribution::new(&ring).unwrap()
    }

    fn plan(&self, distribution: &Distribution) -> Plan {
        match (self.price_given, self.share, self.start) {
            (Some(price), ..) => Plan::at_price(distribution, price),
            (None, Some(share), Some(start)) => {
                Plan::with_polls(distribution, share * distribution.polls(classic()), start)
            }
            _ => panic!("{} has neither price nor share", self.name),
        }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("testdata/cases.json")).unwrap()
}

/// 1 s, doubled up to 60 s.
fn classic() -> impl Iterator<Item = f64> {
    std::iter::successors(Some((1.0, 1.0)), |&(at, gap)| {
        let gap = f64::min(2.0 * gap, 60.0);
        Some((at + gap, gap))
    })
    .map(|(at, _)| at)
}

#[track_caller]
fn assert_close(ours: f64, theirs: f64, relative: f64, name: &str) {
    let apart = (ours - theirs).abs() / theirs.abs().max(f64::MIN_POSITIVE);
    assert!(apart <= relative, "{name}: {ours} instead of {theirs}, {apart:e} apart");
}
