//! How well operations tell how much of them is done.

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

/// A kind of progress bar: bent, and read with noise.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// What it is called in the table.
    pub name: &'static str,
    curvature: f64,
    noise: f64,
}

impl Bar {
    /// What the operation of such a number tells at a poll, by the share of its time that has passed:
    /// `share ^ exp(curvature * z)`, give or take the noise, where z is normal and the operation's own.
    pub fn told(&self, operation: u64, poll: u32, share: f64) -> f64 {
        let own = normal(operation, 0);
        let read = normal(operation, u64::from(poll) + 1);
        (share.powf((self.curvature * own).exp()) + self.noise * read).clamp(0.0, 0.999)
    }
}

/// By how exact they are.
pub const ALL: [Bar; 3] = [
    Bar { name: "good (5 %, 1 %)", curvature: 0.05, noise: 0.01 },
    Bar { name: "fair (20 %, 3 %)", curvature: 0.2, noise: 0.03 },
    Bar { name: "poor (60 %, 10 %)", curvature: 0.6, noise: 0.1 },
];

fn normal(operation: u64, draw: u64) -> f64 {
    StdRng::seed_from_u64(operation << 20 | draw).sample(StandardNormal)
}
