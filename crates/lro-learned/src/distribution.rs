//! The distribution of the next duration.

mod bandwidth;
pub(crate) mod interval;

use self::{
    bandwidth::set_bandwidths,
    interval::{Interval, Sample},
};

/// The distribution of the duration of the next operation: the share done at ascending ages, linear between them.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    /// Seconds; the first is 0.
    times: Vec<f64>,
    /// The share done by then: from 0 to 1.
    done: Vec<f64>,
}

impl Distribution {
    /// Predicts it from the operations that are remembered; `None` if there are none.
    ///
    /// It is a kernel estimate in ln of seconds, mixed with a broad prior. It is computed twice: the first one says
    /// where in its interval each operation is likely to have ended (one step of self-consistency: Efron 1967, Turnbull
    /// 1976).
    pub(crate) fn new(ring: &[Interval]) -> Option<Self> {
        if ring.is_empty() {
            return None;
        }
        let mut samples: Vec<Sample> = ring.iter().map(Sample::from).collect();
        let (points, shares) = estimate(&mut samples);
        for sample in &mut samples {
            sample.refine(&points, &shares);
        }
        let (points, mut shares) = estimate(&mut samples);

        let times = [0.0].into_iter().chain(points.into_iter().map(f64::exp)).collect();
        let mut most = 0.0_f64;
        for share in &mut shares {
            // Rounding must not make it fall.
            most = most.max(*share);
            *share = most;
        }
        let done = [0.0].into_iter().chain(shares).collect();
        Some(Self { times, done })
    }

    /// The distribution for an operation that is running at the age `now` and takes `duration` by another estimate,
    /// whose logarithm has the standard deviation `deviation`. `None` where nothing is left of it.
    ///
    /// It is Bayes' rule with a lognormal likelihood, of which a [small part](WRONG) is uniform: the estimate may be
    /// plainly wrong.
    pub(crate) fn posterior(&self, now: f64, duration: f64, deviation: f64) -> Option<Self> {
        let middle = duration.ln();
        let steps = -(DEVIATIONS * STEPS)..=DEVIATIONS * STEPS;
        let near = steps.map(|step| (middle + deviation * f64::from(step) / f64::from(STEPS)).exp());
        let mut times: Vec<f64> = self.times.iter().copied().chain(near).chain([now]).collect();
        let end = self.times[self.times.len() - 1];
        times.retain(|time| (now..=end).contains(time));
        times.sort_unstable_by(f64::total_cmp);
        times.dedup();

        let (mut done, mut cell) = (Vec::with_capacity(times.len() + 1), 0);
        let mut before = None;
        let mut sum = 0.0;
        for &time in &times {
            while self.times.get(cell + 1).is_some_and(|&end| end <= time) {
                cell += 1;
            }
            let share = self.share_within(cell, time).unwrap_or(1.0);
            if let Some((then, share_then)) = before.replace((time, share)) {
                let z = ((0.5 * (then + time)).ln() - middle) / deviation;
                sum += (share - share_then) * (WRONG + (1.0 - WRONG) * (-0.5 * z * z).exp());
            }
            done.push(sum);
        }
        if sum <= 0.0 || !sum.is_finite() {
            return None;
        }
        done.iter_mut().for_each(|share| *share /= sum);
        if times[0] > 0.0 {
            times.insert(0, 0.0);
            done.insert(0, 0.0);
        }
        Some(Self { times, done })
    }

    /// The share of operations done by the end of the cell of an age in seconds.
    #[cfg(test)]
    pub(crate) fn share_done(&self, seconds: f64) -> f64 {
        let cell = self.times.partition_point(|&time| time < seconds);
        self.done[cell.min(self.done.len() - 1)]
    }

    /// The ages, in seconds, until which less than a tail is done and after which less than a tail is left.
    pub(crate) fn usual(&self, tail: f64) -> (f64, f64) {
        // Nothing is done at the first time.
        let last = |cells: usize| self.times[cells.saturating_sub(1)];
        let early = last(self.done.partition_point(|&done| done < tail));
        (early, last(self.done.partition_point(|&done| done <= 1.0 - tail)))
    }

    /// The age, in seconds, at which half of the operations are done that are running at the age `now`. `now` itself if none is.
    pub(crate) fn median_after(&self, now: f64) -> f64 {
        let cell = self.times.partition_point(|&time| time <= now).saturating_sub(1);
        let share = self.share_within(cell, now).unwrap_or(1.0);
        let half = 0.5 * (1.0 + share);
        let end = self.done.partition_point(|&done| done < half).clamp(1, self.done.len() - 1);
        let (from, to) = (self.done[end - 1], self.done[end]);
        let part = if to > from { ((half - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
        (self.times[end - 1] + part * (self.times[end] - self.times[end - 1])).max(now)
    }

    /// The expected number of polls of a schedule of ascending ages in seconds. The poll that finds the operation done
    /// counts.
    ///
    /// It reads a [limited](MOST_INSTANTS) number of ages, and assumes that the last gap repeats for ever.
    pub(crate) fn polls(&self, instants: impl IntoIterator<Item = f64>) -> f64 {
        let mut polls = 1.0;
        let (mut cell, mut last, mut gap, mut running) = (0, 0.0_f64, 0.0, 1.0);
        for instant in instants.into_iter().take(MOST_INSTANTS) {
            // `max` ignores NaN, and an age before the last one.
            let instant = instant.max(last);
            (gap, last) = (instant - last, instant);
            while self.times.get(cell + 1).is_some_and(|&end| end <= instant) {
                cell += 1;
            }
            let Some(share) = self.share_within(cell, instant) else { return polls };
            running = 1.0 - share;
            if running <= 0.0 {
                return polls;
            }
            polls += running;
        }
        polls + (self.running_time(cell, last) / gap.max(MIN_GAP) - 0.5 * running).max(0.0)
    }

    /// The ages in seconds, of which the first is 0, and the share done by each.
    pub(crate) fn cells(&self) -> (&[f64], &[f64]) {
        (&self.times, &self.done)
    }

    /// The share done at an age within the cell that begins at `times[cell]`; `None` past the last cell.
    fn share_within(&self, cell: usize, instant: f64) -> Option<f64> {
        let (from, to) = (self.times[cell], *self.times.get(cell + 1)?);
        let (done, then) = (self.done[cell], self.done[cell + 1]);
        Some(done + (instant - from) / (to - from) * (then - done))
    }

    /// The expected time in seconds for which the operation is running after an age within a cell.
    fn running_time(&self, cell: usize, instant: f64) -> f64 {
        let mut sum = 0.0;
        let mut last = (instant, self.share_within(cell, instant).unwrap_or(1.0));
        for (&time, &done) in self.times.iter().zip(&self.done).skip(cell + 1) {
            sum += (time - last.0) * (1.0 - 0.5 * (last.1 + done));
            last = (time, done);
        }
        sum
    }
}

/// One pass: the ascending points, in ln of seconds, and the share done by each.
fn estimate(samples: &mut [Sample]) -> (Vec<f64>, Vec<f64>) {
    samples.sort_unstable_by(|one, other| one.at.total_cmp(&other.at));
    set_bandwidths(samples);
    let points = grid(samples);
    let shares = smooth(samples, &points);
    (points, shares)
}

/// The points at which the distribution is evaluated: dense where samples are, with some before and after them.
fn grid(samples: &[Sample]) -> Vec<f64> {
    let lowest = samples.iter().map(|sample| sample.at - REACH * sample.band).fold(f64::INFINITY, f64::min);
    let highest =
        samples.iter().map(|sample| sample.at + REACH * sample.band).fold(f64::NEG_INFINITY, f64::max);
    let each = (POINTS / samples.len()).max(FEWEST_POINTS);
    let start = (lowest - 1.0).min(FIRST_POINT);

    let mut points = Vec::with_capacity(BEFORE + each * samples.len() + AFTER);
    points.extend((0..BEFORE).map(|step| start + (lowest - start) * step as f64 / BEFORE as f64));
    for sample in samples {
        let reach = KERNEL_END * sample.band;
        points.extend((0..each).map(|step| sample.at + reach * ((2 * step + 1) as f64 / each as f64 - 1.0)));
    }
    points.extend((1..=AFTER).map(|step| highest + TAIL * step as f64 / AFTER as f64));
    points.sort_unstable_by(f64::total_cmp);
    points
}

/// The share done at each point: a kernel for each sample (Epanechnikov's, of unit variance) and a prior, which is a
/// logistic distribution around the median with the weight of a few samples.
fn smooth(samples: &[Sample], points: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; points.len()];
    // How many kernels end at each point and count as 1 from there on.
    let mut ends = vec![0_u32; points.len() + 1];
    for sample in samples {
        let scale = 1.0 / (sample.band * 5_f64.sqrt());
        let from = points.partition_point(|point| (point - sample.at) * scale <= -1.0);
        let to = from + points[from..].partition_point(|point| (point - sample.at) * scale < 1.0);
        for (share, point) in shares[from..to].iter_mut().zip(&points[from..to]) {
            let z = (point - sample.at) * scale;
            *share += 0.25 * (2.0 + z * (3.0 - z * z));
        }
        ends[to] += 1;
    }

    let n = samples.len() as f64;
    let prior = (PRIOR_SHARE * n).max(LEAST_PRIOR);
    let median = median(samples);
    let mut whole = 0;
    for ((share, point), ended) in shares.iter_mut().zip(points).zip(ends) {
        whole += ended;
        *share = (*share + f64::from(whole) + prior / (1.0 + ((median - point) / PRIOR_SCALE).exp()))
            / (n + prior);
    }
    if let Some(last) = shares.last_mut() {
        *last = 1.0;
    }
    shares
}

/// Of at least one sample, in ascending order.
fn median(samples: &[Sample]) -> f64 {
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 {
        return samples[middle].at;
    }
    0.5 * (samples[middle].at + samples[middle - 1].at)
}

/// In seconds: the shortest time between two polls of a plan. It is the round trip to a service nearby: polling faster
/// saves less delay than a call takes.
pub(crate) const MIN_GAP: f64 = 0.05;
/// The points shared among the samples, and the fewest of each: a kernel is a cubic, which straight
/// pieces between four points follow within 3 %.
const POINTS: usize = 128;
const FEWEST_POINTS: usize = 4;
/// The points before and after those, where the prior alone matters: it is smooth, so the cost of a plan depends little
/// on them.
const BEFORE: usize = 24;
const AFTER: usize = 32;
/// Where a kernel ends, in bandwidths: the root of 5, rounded down so that the outermost points are within it.
const KERNEL_END: f64 = 2.236;
/// Where the points of the samples end, in bandwidths: just outside the kernel.
const REACH: f64 = 2.3;
/// The first point in ln of seconds, or one before the lowest sample if that is earlier: 50 ms, before which nothing is
/// polled.
const FIRST_POINT: f64 = -3.0;
/// How far the last point is after the samples, in ln of seconds: a factor of 25. The prior leaves 4 % beyond it, which
/// count as done there; a plan ends there and goes on by a rule of its own.
const TAIL: f64 = 3.2;
/// The weight of the prior: as many samples as one in twenty, or one. It is the insurance against what was never seen.
/// Measured: at 0.1, the cost is 1.16 of the optimum instead of 1.13; at 0.02, it is 1.12, but the first delays after a
/// change to three times the duration are a third longer. With two samples at least, the cost after one operation is 1.63
/// instead of 1.58, and its worst kind, whose durations hardly vary, 5.76 instead of 4.88.
const PRIOR_SHARE: f64 = 0.05;
const LEAST_PRIOR: f64 = 1.0;
/// The scale of the prior in ln of seconds: 90 % of it are within a factor of 19 of the median on either side.
/// Measured: at the double, the cost after one operation is 1.64 of the optimum instead of 1.58, and its worst kind
/// 5.97 instead of 4.88.
const PRIOR_SCALE: f64 = 1.0;
/// The part of the likelihood that is uniform. Polls are made for that case, too: where age alone predicts nothing, a
/// good progress bar saves 25 % of the polls at a twentieth, 54 % at a hundredth, and 71 % at a five-hundredth. The
/// smaller it is, the later an end is noticed that the bar did not announce.
const WRONG: f64 = 0.01;
/// The points for the likelihood: five a standard deviation, to three on both sides, beyond which its uniform part is
/// larger.
const STEPS: i32 = 5;
const DEVIATIONS: i32 = 3;
/// The ages of a schedule that are read: with gaps of a minute they reach three days, after which the last gap says it
/// all.
const MOST_INSTANTS: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::{num, prelude::*};

    use super::*;
    use crate::distribution::interval::strategies::rings;

    #[test]
    fn is_none_without_a_history() {
        assert!(Distribution::new(&[]).is_none());
    }

    #[test]
    fn counts_the_polls_beyond_those_it_reads() {
        let month = Interval::new(14.7, Some(14.71));
        let distribution = Distribution::new(&[month; 20]).unwrap();
        let slow = distribution.polls((1..).map(|tick| f64::from(tick) * 3600.0));
        let fast = distribution.polls((1..).map(|tick| f64::from(tick) * 60.0));
        assert!((fast / slow / 60.0 - 1.0).abs() < 2e-3, "{fast} against {slow}");
        assert!(distribution.polls([]) > 1.0);
        assert!(distribution.polls(std::iter::repeat(0.0)).is_finite());
        assert!(distribution.polls([f64::NAN, f64::INFINITY]).is_finite());
    }

    proptest! {
        #[test]
        fn rises_from_nothing_to_all(ring in rings(), seconds in num::f64::ANY) {
            let distribution = Distribution::new(&ring).unwrap();
            let (times, done) = distribution.cells();
            prop_assert_eq!((times[0], done[0], *done.last().unwrap()), (0.0, 0.0, 1.0));
            prop_assert!(times.iter().all(|time| time.is_finite()) && times.is_sorted());
            prop_assert!(done.is_sorted());
            prop_assert!((0.0..=1.0).contains(&distribution.share_done(seconds)));
            let (early, late) = distribution.usual(0.1);
            for time in times {
                prop_assert_eq!(*time <= early, distribution.share_done(*time) < 0.1);
                prop_assert_eq!(*time > late, distribution.share_done(*time) > 0.9);
            }
            let polls = distribution.polls((0..).map(|tick| f64::from(tick) * 60.0));
            prop_assert!(polls.is_finite() && polls >= 1.0);
        }
    }
}
