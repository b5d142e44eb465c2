//! The optimal schedule for a known distribution of durations.
//!
//! It is the inspection schedule of Barlow, Hunter and Proschan (1963), by dynamic programming over a sample. It shares no code with
//! the library.

/// A sample of durations as a distribution, in seconds.
#[derive(Clone, Debug)]
pub struct Sample {
    sorted: Vec<f64>,
    times: Vec<f64>,
    /// The share of operations that are done at each time.
    shares: Vec<f64>,
    /// The sum of the durations of that share, divided by the number of all operations.
    means: Vec<f64>,
}

/// The average cost of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Average {
    /// The polls for each operation.
    pub polls: f64,
    /// The delay from the end of an operation to the reply that reports it, in seconds.
    pub delay: f64,
}

impl Average {
    /// Returns polls and delay as one cost, at a price of a poll in seconds.
    pub fn cost(&self, price: f64) -> f64 {
        price * self.polls + self.delay
    }
}

impl Sample {
    /// Creates a distribution from a sample: a grid of its quantiles, and each of its longest durations.
    pub fn new(mut durations: Vec<f64>) -> Self {
        durations.sort_by(f64::total_cmp);
        let last = durations.len() - 1;
        let mut times = vec![0.0];
        times.extend((0..=CELLS).map(|cell| durations[cell * last / CELLS]));
        times.extend(&durations[durations.len().saturating_sub(60)..]);
        times.sort_by(f64::total_cmp);
        times.dedup();
        let all = durations.len() as f64;
        let mut sums = vec![0.0];
        for duration in &durations {
            sums.push(sums[sums.len() - 1] + duration);
        }
        let ended = |time: &f64| durations.partition_point(|duration| duration <= time);
        let shares = times.iter().map(|time| ended(time) as f64 / all).collect();
        let means = times.iter().map(|time| sums[ended(time)] / all).collect();
        Self { sorted: durations, times, shares, means }
    }

    /// Returns the schedule with the least `price * polls + delay`, where a call takes `round_trip`.
    pub fn best(&self, price: f64, round_trip: f64) -> Average {
        let plan = self.plan(price);
        let count = self.sorted.len() as f64;
        let (mut polls, mut delay, mut next) = (0.0, 0.0, 0);
        for duration in &self.sorted {
            while next + 1 < plan.len() && plan[next] < *duration {
                next += 1;
            }
            polls += next as f64 + 1.0;
            delay += (plan[next] + round_trip / 2.0 - duration).max(round_trip / 2.0);
        }
        Average { polls: polls / count, delay: delay / count }
    }

    /// Returns the price at which the best schedule makes this many polls on average.
    pub fn price_of(&self, polls: f64, round_trip: f64) -> f64 {
        let (mut low, mut high) = (1e-4_f64, 1e4_f64);
        while high / low > 1.01 {
            let middle = (low * high).sqrt();
            if self.best(middle, round_trip).polls > polls { low = middle } else { high = middle }
        }
        (low * high).sqrt()
    }

    fn plan(&self, price: f64) -> Vec<f64> {
        let (times, shares, means) = (&self.times, &self.shares, &self.means);
        let end = times.len() - 1;
        let mut costs = vec![0.0; times.len()];
        let mut steps = vec![(end, 1.0); times.len()];
        for from in (0..end).rev() {
            let running = 1.0 - shares[from];
            let mut best = (f64::INFINITY, end, 1.0);
            for to in from + 1..=end {
                if times[to] < times[from] + LEAST_GAP && to < end {
                    continue;
                }
                let late = times[to] * (shares[to] - shares[from]) - (means[to] - means[from]);
                let cost = price * running + late + costs[to];
                if cost < best.0 {
                    best = (cost, to, 1.0);
                }
            }
            // Evenly spaced polls up to the next time.
            let (width, part) = (times[from + 1] - times[from], shares[from + 1] - shares[from]);
            let polls = (part * width / (2.0 * price * (running - part / 2.0).max(1e-12))).sqrt().round();
            let polls = polls.min((width / LEAST_GAP).floor());
            if polls > 1.0 {
                let cost =
                    price * (polls * running - part * (polls - 1.0) / 2.0) + part * width / (2.0 * polls);
                if cost + costs[from + 1] < best.0 {
                    best = (cost + costs[from + 1], from + 1, polls);
                }
            }
            (costs[from], steps[from]) = (best.0, (best.1, best.2));
        }
        let (mut plan, mut from) = (Vec::new(), 0);
        while from < end {
            let (to, polls) = steps[from];
            let width = times[to] - times[from];
            plan.extend((1..=polls as usize).map(|poll| times[from] + width * poll as f64 / polls));
            from = to;
        }
        plan
    }
}

const CELLS: usize = 700;
const LEAST_GAP: f64 = 1e-3;
