//! Kinds that were not used when the learned pacing was designed: durations that depend on each other, have a pattern, are cut off, or
//! are whole seconds.

use std::f64::consts::TAU;

use rand::{Rng, rngs::StdRng};
use rand_distr::{Distribution, Gamma};

use super::{Family, exponential, lognormal, normal};

/// The kinds of the table of `--more`.
pub const UNSEEN: [Family; 20] = [
    Family { name: "correlated, AR(1) .9", draw: |random, before| follows(random, before, 0.9, 0.22) },
    Family { name: "random walk of 10 %", draw: |random, before| follows(random, before, 1.0, 0.1) },
    Family {
        name: "by the time of day",
        draw: |random, before| {
            lognormal(random, 60.0 * (0.7 * (TAU * before.len() as f64 / 48.0).sin()).exp(), 0.15)
        },
    },
    Family {
        name: "10 % cold starts",
        draw: |random, _| lognormal(random, 6.0, 0.2) + if random.random_bool(0.1) { 45.0 } else { 0.0 },
    },
    Family { name: "pareto 1.1 from 5s", draw: |random, _| 5.0 * random.random::<f64>().powf(-1.0 / 1.1) },
    Family { name: "whole seconds, 12s", draw: |random, _| lognormal(random, 12.0, 0.3).round() },
    Family { name: "always 45s", draw: |_, _| 45.0 },
    Family {
        name: "30s, 1 % of it x100",
        draw: |random, _| if random.random_bool(0.01) { 3000.0 } else { 30.0 },
    },
    Family { name: "trimodal 3s/40s/400s", draw: |random, _| one_of(random, &[3.0, 40.0, 400.0]) },
    Family {
        name: "ramp down 600s->60s",
        draw: |random, before| lognormal(random, (600.0 - 9.0 * before.len() as f64).max(60.0), 0.1),
    },
    Family {
        name: "regimes 5s/30s/180s",
        draw: |random, before| match before.last() {
            Some(&last) if random.random_bool(0.95) => {
                let regime = [5.0, 30.0, 180.0_f64]
                    .into_iter()
                    .min_by(|one, other| (one / last).ln().abs().total_cmp(&(other / last).ln().abs()));
                lognormal(random, regime.unwrap_or(30.0), 0.15)
            }
            _ => one_of(random, &[5.0, 30.0, 180.0]),
        },
    },
    Family {
        name: "30 % at once, or .3s",
        draw: |random, _| if random.random_bool(0.3) { 0.0 } else { lognormal(random, 0.3, 0.8) },
    },
    Family {
        name: "builds: cached, failed",
        draw: |random, _| match random.random::<f64>() {
            share if share < 0.2 => lognormal(random, 15.0, 0.2),
            share if share < 0.3 => random.random_range(20.0..420.0),
            _ => lognormal(random, 420.0, 0.25),
        },
    },
    Family { name: "gamma 2, mean 90s", draw: |random, _| gamma(random, 2.0, 45.0) },
    Family {
        name: "20s, ever more of 300s",
        draw: |random, before| {
            let is_long = random.random_bool((before.len() as f64 / 70.0).min(1.0));
            lognormal(random, if is_long { 300.0 } else { 20.0 }, 0.2)
        },
    },
    Family { name: "uniform 10s to 100s", draw: |random, _| random.random_range(10.0..100.0) },
    Family {
        name: "alternating 5s/500s",
        draw: |random, before| lognormal(random, if before.len() % 2 == 0 { 5.0 } else { 500.0 }, 0.05),
    },
    Family { name: "lognormal 4h s=.5", draw: |random, _| lognormal(random, 14_400.0, 0.5) },
    Family { name: "exp 100s, cut at 300s", draw: |random, _| (100.0 * exponential(random)).min(300.0) },
    Family {
        name: "40s, each tenth x4",
        draw: |random, before| lognormal(random, if before.len() % 10 == 9 { 160.0 } else { 40.0 }, 0.1),
    },
];

/// Draws a duration whose logarithm, relative to a minute, keeps `share` of the one before.
fn follows(random: &mut StdRng, before: &[f64], share: f64, deviation: f64) -> f64 {
    let last = before.last().map_or(0.0, |last| (last / 60.0).ln());
    60.0 * (share * last + deviation * normal(random)).exp()
}

fn one_of(random: &mut StdRng, medians: &[f64]) -> f64 {
    let median = medians[random.random_range(0..medians.len())];
    lognormal(random, median, 0.15)
}

/// Draws from a gamma distribution with a shape, and a scale in seconds.
fn gamma(random: &mut StdRng, shape: f64, scale: f64) -> f64 {
    Gamma::new(shape, scale).map_or(scale, |distribution| distribution.sample(random))
}
