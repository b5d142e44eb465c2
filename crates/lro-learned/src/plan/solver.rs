//! The cheapest polls under a distribution.

use crate::distribution::{Distribution, MIN_GAP};

/// From each cell of a distribution, the move of the least expected cost: `price * polls + delay`, in seconds.
///
/// A poll brings no news but "not yet", so the whole plan can be computed in advance (Barlow, Hunter and Proschan
/// 1963). A share `g_i` of the operations is running at `t_i`; those pay for the next poll and wait for it. Without the
/// expected duration, which no plan changes, the cost is
///
/// ```text
/// v_i = min over j > i of  g_i (price + t_j - t_i) + v_j
/// ```
///
/// That is the lower envelope of the lines `t_j g + v_j`, queried at rising `g`: linear time, where the table of all
/// pairs takes quadratic time. Within one cell, k polls may be evenly spaced instead: a hazard rate h asks for the
/// density `sqrt(h / (2 price))` (Keller 1974).
#[derive(Debug)]
pub(crate) struct Solver<'a> {
    times: &'a [f64],
    done: &'a [f64],
    cost: Vec<f64>,
    moves: Vec<Move>,
    envelope: Vec<usize>,
}

/// A step from the beginning of one cell to that of another, by evenly spaced polls of which the last is at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) to: usize,
    pub(crate) polls: u32,
}

impl<'a> Solver<'a> {
    pub(crate) fn new(distribution: &'a Distribution, price: f64) -> Self {
        let (times, done) = distribution.cells();
        let (cost, moves) = (vec![0.0; times.len()], vec![Move { to: 0, polls: 1 }; times.len()]);
        let mut solver = Self { times, done, cost, moves, envelope: Vec::with_capacity(times.len()) };
        solver.solve(price);
        solver
    }

    /// Finds the cheapest moves at a positive price, in seconds per poll.
    pub(crate) fn solve(&mut self, price: f64) {
        let last = self.times.len() - 1;
        self.envelope.clear();
        self.envelope.push(last);
        let (mut front, mut added) = (0, last);
        for i in (0..last).rev() {
            while added > i + 1 && self.times[added - 1] >= self.times[i] + MIN_GAP {
                added -= 1;
                self.add(front, added);
            }
            let running = 1.0 - self.done[i];
            let line = |j: usize| self.times[j] * running + self.cost[j];
            while front + 1 < self.envelope.len()
                && line(self.envelope[front + 1]) <= line(self.envelope[front])
            {
                front += 1;
            }
            let to = self.envelope[front];
            self.cost[i] = running * (price + self.times[to] - self.times[i]) + self.cost[to];
            self.moves[i] = Move { to, polls: 1 };
            self.fill(i, added, price);
        }
    }

    /// The expected number of polls.
    pub(crate) fn polls(&self) -> f64 {
        self.path().map(|(from, by)| f64::from(by.polls) * self.running(from, by)).sum()
    }

    /// The expected time, in seconds, from the end to the poll that sees it.
    pub(crate) fn delay(&self) -> f64 {
        self.path()
            .map(|(from, by)| {
                let cells = self.times[from..=by.to].windows(2).zip(self.done[from..=by.to].windows(2));
                let running = self.running(from, by);
                cells
                    .map(|(time, done)| (time[1] - time[0]) * (running - 1.0 + 0.5 * (done[0] + done[1])))
                    .sum::<f64>()
            })
            .sum()
    }

    /// The move from each cell but the last, whether a plan leads there or not.
    pub(crate) fn moves(&self) -> impl Iterator<Item = (usize, Move)> + '_ {
        self.moves.iter().copied().enumerate().take(self.times.len() - 1)
    }

    /// The moves from the beginning to the end, each with the cell that it starts from.
    pub(crate) fn path(&self) -> impl Iterator<Item = (usize, Move)> {
        let last = self.times.len() - 1;
        let first = (last > 0).then(|| (0, self.moves[0]));
        std::iter::successors(first, move |(_, by)| (by.to < last).then(|| (by.to, self.moves[by.to])))
    }

    /// Spaces polls evenly from the beginning of a cell to `to`, if that is cheaper. `to` is the end of the first cell
    /// that is wide enough for a poll: where operations took equally long, the cells before it have hardly any width.
    fn fill(&mut self, i: usize, to: usize, price: f64) {
        let gap = self.times[to] - self.times[i];
        let ended = self.rate(to) * gap;
        let hazard = ended / (1.0 - self.done[to] + 0.5 * ended).max(LEAST_RUNNING);
        let polls = (hazard * gap / (2.0 * price)).sqrt().round().min(gap / MIN_GAP).min(MOST);
        let by = Move { to, polls: polls as u32 };
        if by.polls < 2 {
            return;
        }
        let cost = self.running(i, by) * (price * f64::from(by.polls) + gap) + self.cost[to];
        if cost < self.cost[i] {
            self.cost[i] = cost;
            self.moves[i] = by;
        }
    }

    /// The share that is running when the polls of a move become due, on average: all but the first become due in the
    /// last cell.
    fn running(&self, from: usize, Move { to, polls }: Move) -> f64 {
        let first = 1.0 - self.done[from];
        if polls < 2 {
            return first;
        }
        let others = 1.0 - self.done[to] + 0.5 * self.rate(to) * (self.times[to] - self.times[from]);
        (first + f64::from(polls - 1) * others) / f64::from(polls)
    }

    /// The share that ends in each second of the cell before `to`.
    fn rate(&self, to: usize) -> f64 {
        (self.done[to] - self.done[to - 1]) / (self.times[to] - self.times[to - 1])
    }

    /// Adds a line, flatter than those before, to the part of the envelope from `front` on.
    fn add(&mut self, front: usize, line: usize) {
        let (t, v) = (self.times[line], self.cost[line]);
        while let [.., back] = self.envelope[front..] {
            let (back_t, back_v) = (self.times[back], self.cost[back]);
            if t == back_t && v > back_v {
                return;
            }
            let below = match self.envelope[front..] {
                _ if t == back_t => true,
                // The line at the back is never the lowest if it crosses its predecessor after the new line does.
                [.., before, _] => {
                    (back_v - self.cost[before]) * (back_t - t)
                        >= (v - back_v) * (self.times[before] - back_t)
                }
                _ => false,
            };
            if !below {
                break;
            }
            self.envelope.pop();
        }
        self.envelope.push(line);
    }
}

/// The most polls in one cell: more would be one each 50 ms for over an hour.
const MOST: f64 = 100_000.0;
/// The least share that counts as running, so that the hazard of the last cell is finite.
const LEAST_RUNNING: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distribution::interval::strategies::rings;

    /// The least cost from the beginning, by trying every move from every cell.
    fn least_cost(solver: &Solver<'_>, price: f64) -> f64 {
        let (times, done) = (solver.times, solver.done);
        let last = times.len() - 1;
        let mut cost = vec![0.0; times.len()];
        for i in (0..last).rev() {
            let running = 1.0 - done[i];
            cost[i] = (i + 1..=last)
                .filter(|&j| j == last || times[j] >= times[i] + MIN_GAP)
                .map(|j| running * (price + times[j] - times[i]) + cost[j])
                .fold(f64::INFINITY, f64::min);
            let wide = (i + 1..=last).find(|&j| times[j] >= times[i] + MIN_GAP);
            let filled = wide.and_then(|to| Some(filled(solver, i, to, price)? + cost[to]));
            cost[i] = cost[i].min(filled.unwrap_or(f64::INFINITY));
        }
        cost[0]
    }

    /// The cost of polls evenly spaced from a cell's beginning to another's, one by one, if there are any.
    fn filled(solver: &Solver<'_>, from: usize, to: usize, price: f64) -> Option<f64> {
        let (times, done) = (solver.times, solver.done);
        let gap = times[to] - times[from];
        let slope = (done[to] - done[to - 1]) / (times[to] - times[to - 1]);
        let even = slope * gap * gap / (2.0 * price * (1.0 - done[to] + 0.5 * slope * gap).max(1e-12));
        let polls = (even.sqrt() + 0.5).min(gap / MIN_GAP).min(MOST).floor();
        let running = |poll: f64| match poll {
            0.0 => 1.0 - done[from],
            _ => 1.0 - done[to] + slope * gap * (1.0 - poll / polls),
        };
        let sum: f64 = (0..polls as u32).map(|poll| running(f64::from(poll))).sum();
        (polls > 1.0).then(|| sum * (price + gap / polls))
    }

    proptest! {
        #[test]
        fn costs_what_the_cheapest_of_all_moves_do(ring in rings(), ln_price in -9.0..7.0) {
            let distribution = Distribution::new(&ring).unwrap();
            let price = f64::exp(ln_price);
            let solver = Solver::new(&distribution, price);
            let least = least_cost(&solver, price);
            prop_assert!((solver.cost[0] / least - 1.0).abs() < 1e-9, "{} against {least}", solver.cost[0]);

            let mean: f64 = (solver.times.windows(2).zip(solver.done.windows(2)))
                .map(|(time, done)| (time[1] - time[0]) * (1.0 - 0.5 * (done[0] + done[1])))
                .sum();
            let sum = price * solver.polls() + solver.delay() + mean;
            prop_assert!((sum / least - 1.0).abs() < 1e-9, "{sum} against {least}");
        }
    }
}
