use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use fastrand::Rng;

use crate::{
    classic,
    distribution::{Distribution, interval::Interval},
    history::KindHistory,
    learned::{Budget, Settings},
    ledger::Ledger,
    plan::{Plan, ranking::KindRanking},
    progress::{Estimate, Estimates, ProgressModel},
};

/// What is known of one kind of operation.
pub(crate) struct Kind {
    budget: Budget,
    jitter: f64,
    rng: Rng,
    /// In seconds.
    longest_delay: f64,
    /// The longest age, in seconds, at which an operation of this process was seen running or done.
    longest_seen: f64,
    /// The last operations, the latest at the back.
    intervals: VecDeque<Interval>,
    /// Surprises in a row: late ones if positive, early ones if negative.
    surprises: i8,
    pub(crate) ledger: Ledger,
    /// That of the last plan, in seconds: the search for the next one starts from it.
    price: f64,
    progress: ProgressModel,
    /// The number of the plan, from 1 on; it changes whenever something is learned.
    version: u32,
    plan: Option<Arc<Plan>>,
    /// Owned by the waits that report progress, which use it at each poll: it is larger than everything else here.
    distribution: Weak<Distribution>,
    /// Owned by the fleets that rank operations by it.
    ranking: Weak<KindRanking>,
    /// The ages, in seconds, before and after which an end is a surprise. Known once the distribution was computed.
    usual: Option<(f64, f64)>,
}

impl Kind {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            budget: settings.budget,
            jitter: settings.jitter,
            rng: settings.seed.map_or_else(Rng::new, Rng::with_seed),
            longest_delay: settings.longest_delay.as_secs_f64(),
            longest_seen: 0.0,
            intervals: VecDeque::new(),
            surprises: 0,
            ledger: Ledger::new(),
            price: 0.0,
            progress: ProgressModel::UNKNOWN,
            version: 1,
            plan: None,
            distribution: Weak::new(),
            ranking: Weak::new(),
            usual: None,
        }
    }

    /// Draws the jitter of an operation, from -1 to 1.
    pub(crate) fn draw_jitter(&mut self) -> f64 {
        if self.jitter > 0.0 { 2.0 * self.rng.f64() - 1.0 } else { 0.0 }
    }

    /// The factor on the times of the plan for an operation of this jitter.
    pub(crate) fn stretch(&self, jitter: f64) -> f64 {
        1.0 + self.jitter * jitter
    }

    /// Replaces what is known by a saved history. Waits that are running follow the new plan.
    pub(crate) fn remember(&mut self, history: &KindHistory) {
        let intervals = history.intervals.iter();
        self.intervals = intervals.map(|(ln_lo, ln_hi)| Interval::new(*ln_lo, *ln_hi)).collect();
        self.surprises = history.surprises.clamp(-i64::from(RUN), i64::from(RUN)) as i8;
        self.price = 0.0;
        self.progress = history.progress.map_or(ProgressModel::UNKNOWN, ProgressModel::saved);
        self.ledger.remember(f64::from(history.tokens));
        self.invalidate();
    }

    /// Begins with what another kind knows.
    pub(crate) fn adopt(&mut self, other: &Self) {
        self.remember(&other.history());
        self.longest_seen = other.longest_seen;
    }

    /// Returns what is saved.
    pub(crate) fn history(&self) -> KindHistory {
        KindHistory {
            intervals: self.intervals.iter().map(Interval::bounds).collect(),
            tokens: self.ledger.settled() as f32,
            surprises: i64::from(self.surprises),
            progress: self.progress.to_save(),
        }
    }

    /// Notes that an operation was seen, running or done, at an age in seconds.
    pub(crate) fn saw(&mut self, age: f64) {
        self.longest_seen = self.longest_seen.max(age);
    }

    /// The latest age, in seconds, to which the next poll of an operation of the age `now` may be put off.
    pub(crate) fn latest(&self, now: f64) -> f64 {
        self.longest_seen.max(now) + self.longest_delay
    }

    /// The number of the plan: another one whenever something was learned.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Whether a ledger limits the polls: not where each has a price.
    pub(crate) fn has_ledger(&self) -> bool {
        matches!(self.budget, Budget::Share(_))
    }

    /// How many polls the ledger allows for each of the usual backoff's: one, or the multiple that the budget is.
    pub(crate) fn share_of_classic(&self) -> f64 {
        match self.budget {
            Budget::Share(share) => share.clamp(1.0, LARGEST_SHARE),
            Budget::Price(_) => 1.0,
        }
    }

    /// When to poll the next operation; `None` as long as none has ended.
    pub(crate) fn plan(&mut self) -> Option<Arc<Plan>> {
        if self.plan.is_none() {
            let distribution = self.distribution()?;
            let plan = match self.budget {
                Budget::Price(price) => Plan::at_price(&distribution, price),
                Budget::Share(share) => {
                    let economy = LEAST_ECONOMY + (1.0 - LEAST_ECONOMY) * self.ledger.fullness();
                    let classic = distribution.polls(classic::instants());
                    self.ledger.allow_for(self.share_of_classic() * classic);
                    Plan::with_polls(&distribution, share * economy * classic, self.price)
                }
            };
            self.price = plan.price();
            self.plan = Some(Arc::new(plan));
        }
        self.plan.clone()
    }

    /// The ranking of operations by what is known; `None` as long as none has ended. It is computed once for as long as
    /// somebody owns it.
    pub(crate) fn ranking(&mut self) -> Option<Arc<KindRanking>> {
        if let Some(ranking) = self.ranking.upgrade() {
            return Some(ranking);
        }
        let price = self.plan()?.price();
        let ranking = Arc::new(KindRanking::new(self.distribution()?, price));
        self.ranking = Arc::downgrade(&ranking);
        Some(ranking)
    }

    /// The distribution to combine with the progress of an operation; `None` until an operation that reported progress
    /// is done.
    pub(crate) fn distribution_for_progress(&mut self) -> Option<Arc<Distribution>> {
        self.progress.is_known().then(|| self.distribution())?
    }

    /// When to poll an operation that is running at the age `now`, in seconds, by its last progress.
    pub(crate) fn plan_by_progress(
        &self,
        distribution: &Distribution,
        now: f64,
        estimate: Estimate,
    ) -> Option<Plan> {
        let posterior = self.progress.posterior(distribution, now, estimate)?;
        Some(Plan::at_price(&posterior, self.price))
    }

    /// Learns how well the progress of an operation predicted that it took `duration` seconds.
    pub(crate) fn learn_progress(&mut self, estimates: &Estimates, duration: f64) {
        self.progress.learn(estimates, duration.max(SHORTEST));
    }

    /// Learns that an operation ended between two ages, or that its wait was given up after the first; in seconds.
    pub(crate) fn learn(&mut self, running: f64, done: Option<f64>) {
        self.saw(done.unwrap_or(running));
        let Some(done) = done else {
            if running > SHORTEST {
                self.surprises = 0;
                self.push(Interval::new(running.ln() as f32, None));
            }
            return;
        };
        let running = running_or_guess(running, done);
        let middle = (running * done.max(SHORTEST)).sqrt();
        if self.usual.is_none() {
            self.distribution();
        }
        self.surprises = match self.usual {
            Some((early, _)) if middle <= early => self.surprises.min(0) - 1,
            Some((_, late)) if middle > late => self.surprises.max(0) + 1,
            _ => 0,
        };
        if self.surprises.abs() >= RUN && self.intervals.len() > RUN as usize {
            // The kind has changed. Of what was before, only the other surprises are of the present.
            self.intervals.drain(..self.intervals.len() + 1 - RUN as usize);
            self.surprises = 0;
        }
        let done = done.max(running * NARROWEST_INTERVAL);
        self.push(Interval::new(running.ln() as f32, Some(done.ln() as f32)));
    }

    /// The distribution of the next duration; `None` as long as no operation has ended. It is computed once for as long
    /// as somebody owns it.
    pub(crate) fn distribution(&mut self) -> Option<Arc<Distribution>> {
        if let Some(distribution) = self.distribution.upgrade() {
            return Some(distribution);
        }
        let distribution = Arc::new(Distribution::new(self.intervals.make_contiguous())?);
        self.distribution = Arc::downgrade(&distribution);
        self.usual = Some(distribution.usual(TAIL));
        Some(distribution)
    }

    fn push(&mut self, interval: Interval) {
        if self.intervals.len() >= MOST_OPERATIONS {
            self.intervals.pop_front();
        }
        self.intervals.push_back(interval);
        self.invalidate();
    }

    fn invalidate(&mut self) {
        self.plan = None;
        self.distribution = Weak::new();
        self.ranking = Weak::new();
        self.usual = None;
        self.version = self.version.wrapping_add(1);
    }
}

/// The age, in seconds, at which an operation done at the age `done` was last seen running, or a guess if it never was.
pub(crate) fn running_or_guess(running: f64, done: f64) -> f64 {
    running.max(done / WIDEST_INTERVAL).max(SHORTEST)
}

/// The operations that are remembered. Measured: with 32, the cost is 1.15 of the optimum in the long run instead of
/// 1.13. More cost a longer computation for each operation that ends.
pub(crate) const MOST_OPERATIONS: usize = 64;
/// The surprises in a row after which the past is forgotten. Two happen by chance once in 50 operations at a tail of a
/// tenth. Measured: with two, a kind that does not change costs 1.17 of the optimum instead of 1.13; with four, the
/// delay of the first operations after a change to a third or a fourth of the speed is up to 1.4 times as long.
const RUN: i8 = 3;
/// An end in the first or the last tenth of the distribution is a surprise. Measured: at 0.2, a kind that does not
/// change costs 1.16 of the optimum instead of 1.13; at 0.05, a slow drift is missed and doubles the delay after it.
const TAIL: f64 = 0.1;
/// The share of the budget that is spent when the ledger is empty. Below 1, a kind whose plans keep costing more than
/// the usual backoff saves up again instead of being held back poll by poll. Measured: at 1, the delay is 0.29 of the
/// usual backoff's instead of 0.26 in the long run.
const LEAST_ECONOMY: f64 = 0.6;
/// In seconds. What ends sooner is over before a first poll can matter, and its logarithm would dominate the others.
const SHORTEST: f64 = 1e-3;
/// An operation that was never seen running counts as running until an eighth of the age at which it was done, because the
/// logarithm of zero is infinite. Measured: with a thirty-second, the first delays after durations fall to a fourth are 1.39
/// of the usual backoff's instead of 0.94.
const WIDEST_INTERVAL: f64 = 8.0;
/// The least ratio of the two ends of an interval: no duration is measured to better than one part in 2,000.
const NARROWEST_INTERVAL: f64 = 1.0005;
/// More polls than any plan can hold are allowed with it. It keeps the ledger's sums within the precision of an `f32`.
const LARGEST_SHARE: f64 = 1e6;
