//! Kinds of operations, by the distribution of their durations in seconds.

mod unseen;

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Exp1, StandardNormal, Weibull};

pub use self::unseen::UNSEEN;

/// A kind of operation.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The name in the table.
    pub name: &'static str,
    /// Draws the next duration. It may depend on those before it.
    draw: fn(&mut StdRng, &[f64]) -> f64,
}

impl Family {
    /// Returns the durations of `count` operations, in order.
    pub fn durations(&self, seed: u64, count: usize) -> Vec<f64> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut durations = Vec::with_capacity(count);
        while durations.len() < count {
            durations.push((self.draw)(&mut random, &durations).clamp(SHORTEST, LONGEST));
        }
        durations
    }
}

/// Kinds whose distribution does not change.
pub const STEADY: [Family; 16] = [
    Family { name: "lognormal 2s s=.3", draw: |random, _| lognormal(random, 2.0, 0.3) },
    Family { name: "lognormal 5s s=.2", draw: |random, _| lognormal(random, 5.0, 0.2) },
    Family { name: "lognormal 60s s=.1", draw: |random, _| lognormal(random, 60.0, 0.1) },
    Family { name: "lognormal 60s s=.3", draw: |random, _| lognormal(random, 60.0, 0.3) },
    Family { name: "lognormal 60s s=1", draw: |random, _| lognormal(random, 60.0, 1.0) },
    Family { name: "lognormal 300s s=.3", draw: |random, _| lognormal(random, 300.0, 0.3) },
    Family { name: "lognormal 1800s s=.3", draw: |random, _| lognormal(random, 1800.0, 0.3) },
    Family { name: "normal 120s cv 2%", draw: |random, _| (120.0 * (1.0 + 0.02 * normal(random))).max(1.0) },
    Family { name: "exponential 60s", draw: |random, _| 60.0 * exponential(random) },
    Family { name: "exponential 1800s", draw: |random, _| 1800.0 * exponential(random) },
    Family { name: "floor 30s + exp 20s", draw: |random, _| 30.0 + 20.0 * exponential(random) },
    Family { name: "weibull k=3 60s", draw: |random, _| weibull(random, 60.0, 3.0) },
    Family { name: "weibull k=.7 60s", draw: |random, _| weibull(random, 60.0, 0.7) },
    Family {
        name: "bimodal 8s/120s",
        draw: |random, _| {
            let middle = if random.random_bool(0.7) { 8.0 } else { 120.0 };
            lognormal(random, middle, 0.2)
        },
    },
    Family { name: "pareto 1.5 from 10s", draw: |random, _| 10.0 * random.random::<f64>().powf(-1.0 / 1.5) },
    Family {
        name: "2% outliers x20",
        draw: |random, _| {
            let middle = if random.random_bool(0.02) { 900.0 } else { 45.0 };
            lognormal(random, middle, 0.15)
        },
    },
];

/// Kinds whose distribution changes at operation 60.
pub const DRIFTING: [Family; 5] = [
    Family { name: "x3 slower (60->180s)", draw: |random, before| changed(random, before, 60.0, 180.0) },
    Family { name: "/4 faster (120->30s)", draw: |random, before| changed(random, before, 120.0, 30.0) },
    Family { name: "/10 faster (300->30s)", draw: |random, before| changed(random, before, 300.0, 30.0) },
    Family {
        name: "ramp x3 over 60 ops",
        draw: |random, before| {
            let share = ((before.len() as f64 - 30.0) / 60.0).clamp(0.0, 1.0);
            lognormal(random, 60.0 * 3_f64.powf(share), 0.2)
        },
    },
    Family {
        name: "flips 20s/200s every 30",
        draw: |random, before| lognormal(random, if before.len() / 30 % 2 == 0 { 20.0 } else { 200.0 }, 0.2),
    },
];

fn changed(random: &mut StdRng, before: &[f64], first: f64, then: f64) -> f64 {
    lognormal(random, if before.len() < 60 { first } else { then }, 0.2)
}

fn lognormal(random: &mut StdRng, median: f64, sigma: f64) -> f64 {
    median * (sigma * normal(random)).exp()
}

fn normal(random: &mut StdRng) -> f64 {
    StandardNormal.sample(random)
}

fn exponential(random: &mut StdRng) -> f64 {
    Exp1.sample(random)
}

/// Draws from a Weibull distribution with a scale in seconds and a shape.
fn weibull(random: &mut StdRng, scale: f64, shape: f64) -> f64 {
    Weibull::new(scale, shape).map_or(scale, |distribution| distribution.sample(random))
}

/// The shortest duration, in seconds.
const SHORTEST: f64 = 1e-3;
const LONGEST: f64 = 86_400.0;
