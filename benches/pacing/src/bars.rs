//! The progress that operations report, with its errors.

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

/// A kind of reported progress: a curve over the elapsed share, with noise.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// The name in the table.
    pub name: &'static str,
    curvature: f64,
    noise: f64,
}

impl Bar {
    /// Returns the progress that an operation reports at a poll, when `share` of its duration has passed.
    ///
    /// It is `share ^ exp(curvature * z)` plus noise. `z` has the normal distribution, and is constant for an operation.
    pub fn told(&self, operation: u64, poll: u32, share: f64) -> f64 {
        let own = normal(operation, 0);
        let read = normal(operation, u64::from(poll) + 1);
        (share.powf((self.curvature * own).exp()) + self.noise * read).clamp(0.0, 0.999)
    }
}

/// All kinds, the most exact first.
pub const ALL: [Bar; 3] = [
    Bar { name: "good (5 %, 1 %)", curvature: 0.05, noise: 0.01 },
    Bar { name: "fair (20 %, 3 %)", curvature: 0.2, noise: 0.03 },
    Bar { name: "poor (60 %, 10 %)", curvature: 0.6, noise: 0.1 },
];

fn normal(operation: u64, draw: u64) -> f64 {
    StdRng::seed_from_u64(operation << 20 | draw).sample(StandardNormal)
}
