//! The least delay of a pacing at each number of polls.

use crate::optimum::Average;

/// The averages of one pacing at several prices of a poll, ordered by the number of polls.
#[derive(Clone, Debug)]
pub struct Frontier(Vec<Average>);

impl Frontier {
    /// Creates a frontier from averages in any order.
    pub fn new(mut averages: Vec<Average>) -> Self {
        averages.sort_by(|one, other| one.polls.total_cmp(&other.polls));
        Self(averages)
    }

    /// Returns the points, by ascending polls.
    pub fn points(&self) -> &[Average] {
        &self.0
    }

    /// Returns the delay in seconds at a number of polls. Between two points the logarithms are interpolated linearly.
    pub fn delay_at(&self, polls: f64) -> f64 {
        let points = self.0.iter().map(|point| (point.polls, point.delay)).collect();
        interpolated(points, polls)
    }

    /// Returns the polls at a delay in seconds, at least one.
    pub fn polls_at(&self, delay: f64) -> f64 {
        let points = self.0.iter().rev().map(|point| (point.delay, point.polls)).collect();
        interpolated(points, delay).max(1.0)
    }
}

/// Returns the geometric mean.
pub fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value.ln(), count + 1.0));
    (sum / count).exp()
}

/// Interpolates linearly. Beyond the points the outermost line is extended.
fn interpolated(points: Vec<(f64, f64)>, at: f64) -> f64 {
    let above = points.iter().position(|point| point.0 > at).unwrap_or(points.len() - 1);
    let (one, other) = (points[above.max(1) - 1], points[above.max(1)]);
    let share = (at / one.0).ln() / (other.0 / one.0).ln().max(1e-9);
    (one.1.ln() + share * (other.1 / one.1).ln()).exp()
}
