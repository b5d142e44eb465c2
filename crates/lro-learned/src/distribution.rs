//! When the next operation of a kind will finish.

mod bandwidth;
pub(crate) mod interval;

use self::{
    bandwidth::set_bandwidths,
    interval::{Interval, Sample},
};

/// The distribution of the next duration: the share done at ascending times, linear between them.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    /// Seconds; the first is 0.
    times: Vec<f64>,
    /// The share done by then: from 0 to 1.
    done: Vec<f64>,
}

impl Distribution {
    /// The distribution predicted by the operations remembered, or `None` if there are none.
    ///
    /// A kernel estimate in ln of seconds beside a broad prior, made twice: the first tells where in its interval each
    /// operation is likely to have finished (one step of self-consistency: Efron 1967, Turnbull 1976).
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
            // Rounding must not take back what is done.
            most = most.max(*share);
            *share = most;
        }
        let done = [0.0].into_iter().chain(shares).collect();
        Some(Self { times, done })
    }

    /// The distribution of an operation that still runs at `now`, of which something else tells that it takes about
    /// `duration`, give or take a factor of `exp(deviation)`: Bayes' rule with a lognormal likelihood, of which a
    /// hundredth is left for a tale that is wrong. `None` where nothing is left.
    pub(crate) fn given(&self, now: f64, duration: f64, deviation: f64) -> Option<Self> {
        let middle = duration.ln();
        let near = (-15..=15).map(|step| (middle + deviation * f64::from(step) / 5.0).exp());
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

    /// The share of operations done within the cell of a time in seconds.
    #[cfg(test)]
    pub(crate) fn share_done(&self, seconds: f64) -> f64 {
        let cell = self.times.partition_point(|&time| time < seconds);
        self.done[cell.min(self.done.len() - 1)]
    }

    /// The times in seconds until which less than a tail is done, and after which less than a tail is left.
    pub(crate) fn usual(&self, tail: f64) -> (f64, f64) {
        // Nothing is done at the first time.
        let last = |cells: usize| self.times[cells.saturating_sub(1)];
        let early = last(self.done.partition_point(|&done| done < tail));
        (early, last(self.done.partition_point(|&done| done <= 1.0 - tail)))
    }

    /// The expected number of polls of a schedule: ascending instants in seconds, the one that finds it done included.
    ///
    /// It reads no more than 4096 instants, and supposes that the last gap goes on for ever.
    pub(crate) fn polls(&self, instants: impl IntoIterator<Item = f64>) -> f64 {
        let mut polls = 1.0;
        let (mut cell, mut last, mut gap, mut running) = (0, 0.0_f64, 0.0, 1.0);
        for instant in instants.into_iter().take(4096) {
            // `max` turns a step back and NaN into a stay.
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

    /// Seconds, the first 0, and the share done by each.
    pub(crate) fn cells(&self) -> (&[f64], &[f64]) {
        (&self.times, &self.done)
    }

    /// The share done at an instant of the cell that begins at `times[cell]`, or `None` past the last.
    fn share_within(&self, cell: usize, instant: f64) -> Option<f64> {
        let (from, to) = (self.times[cell], *self.times.get(cell + 1)?);
        let (done, then) = (self.done[cell], self.done[cell + 1]);
        Some(done + (instant - from) / (to - from) * (then - done))
    }

    /// The expected time in seconds, after an instant of a cell, for which it still runs.
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

/// The points, in ln of seconds and ascending, and the share done by each: one pass.
fn estimate(samples: &mut [Sample]) -> (Vec<f64>, Vec<f64>) {
    samples.sort_unstable_by(|one, other| one.at.total_cmp(&other.at));
    set_bandwidths(samples);
    let points = grid(samples);
    let shares = smooth(samples, &points);
    (points, shares)
}

/// Where the distribution is evaluated: close together where samples are, with some points before and after.
fn grid(samples: &[Sample]) -> Vec<f64> {
    let lowest = samples.iter().map(|sample| sample.at - 2.3 * sample.band).fold(f64::INFINITY, f64::min);
    let highest =
        samples.iter().map(|sample| sample.at + 2.3 * sample.band).fold(f64::NEG_INFINITY, f64::max);
    let each = (SPREAD_OVER / samples.len()).max(4);
    let start = (lowest - 1.0).min(-3.0);

    let mut points = Vec::with_capacity(BEFORE + each * samples.len() + AFTER);
    points.extend((0..BEFORE).map(|step| start + (lowest - start) * step as f64 / BEFORE as f64));
    for sample in samples {
        let reach = 2.236 * sample.band;
        points.extend((0..each).map(|step| sample.at + reach * ((2 * step + 1) as f64 / each as f64 - 1.0)));
    }
    points.extend((1..=AFTER).map(|step| highest + 3.2 * step as f64 / AFTER as f64));
    points.sort_unstable_by(f64::total_cmp);
    points
}

/// The share done at each point: a kernel for each sample (Epanechnikov's, of unit variance) and, with the weight of a
/// few samples, a logistic distribution about their median against surprises.
fn smooth(samples: &[Sample], points: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; points.len()];
    // How many samples end their reach, and count as 1 from there on.
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
    let prior = (PRIOR_SHARE * n).max(1.0);
    let median = median(samples);
    let mut whole = 0;
    for ((share, point), ended) in shares.iter_mut().zip(points).zip(ends) {
        whole += ended;
        *share = (*share + f64::from(whole) + prior / (1.0 + (median - point).exp())) / (n + prior);
    }
    if let Some(last) = shares.last_mut() {
        *last = 1.0;
    }
    shares
}

/// Of samples in ascending order, at least one.
fn median(samples: &[Sample]) -> f64 {
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 {
        return samples[middle].at;
    }
    0.5 * (samples[middle].at + samples[middle - 1].at)
}

/// In seconds: the shortest time between two polls of a plan.
pub(crate) const MIN_GAP: f64 = 0.05;
/// Points shared out among the samples, and those before and after them.
const SPREAD_OVER: usize = 128;
const BEFORE: usize = 24;
const AFTER: usize = 32;
/// The likelihood of any duration where the tale is wrong. Polls are made for that case, too: of work that tells nothing by
/// its age a good bar saves 25 % of the polls at a twentieth, 54 % at a hundredth, 71 % at a five-hundredth. The less it
/// is, the longer those who are told nonsense for once wait.
const WRONG: f64 = 0.01;
/// The weight of the prior per sample.
const PRIOR_SHARE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use proptest::{num, prelude::*};

    use super::*;
    use crate::distribution::interval::strategies::rings;

    #[test]
    fn knows_nothing_of_no_history() {
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
