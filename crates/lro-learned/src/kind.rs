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
    plan::{Plan, ranking::LearnedRanking},
    progress::{Estimate, Estimates, ProgressModel},
};

/// What is known of one kind of operation.
pub(crate) struct Kind {
    budget: Budget,
    jitter: f64,
    /// In seconds.
    longest_delay: f64,
    chance: Rng,
    /// The longest age, in seconds, at which an operation of this process was seen running or done.
    longest_seen: f64,
    ring: VecDeque<Interval>,
    /// Surprises in a row: later than expected above zero, sooner below.
    surprises: i8,
    pub(crate) ledger: Ledger,
    price: f64,
    progress: ProgressModel,
    /// Changes with the plan: from 1 on.
    edition: u32,
    plan: Option<Arc<Plan>>,
    /// Kept by the waits that tell their progress, who ask for it at each poll: it is larger than all else here.
    distribution: Weak<Distribution>,
    /// Kept by the drivers that rank operations by it.
    ranking: Weak<LearnedRanking>,
    /// The times, in seconds, outside of which the next one is a surprise; known since the distribution was drawn.
    usual: Option<(f64, f64)>,
}

impl Kind {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            budget: settings.budget,
            jitter: settings.jitter,
            longest_delay: settings.longest_delay.as_secs_f64(),
            chance: settings.seed.map_or_else(Rng::new, Rng::with_seed),
            longest_seen: 0.0,
            ring: VecDeque::new(),
            surprises: 0,
            ledger: Ledger::new(),
            price: 0.0,
            progress: ProgressModel::UNKNOWN,
            edition: 1,
            plan: None,
            distribution: Weak::new(),
            ranking: Weak::new(),
            usual: None,
        }
    }

    /// The lot of the next operation, from -1 to 1.
    pub(crate) fn draw(&mut self) -> f64 {
        if self.jitter > 0.0 { 2.0 * self.chance.f64() - 1.0 } else { 0.0 }
    }

    /// By what the times of the plan are multiplied for an operation of this lot.
    pub(crate) fn stretch(&self, lot: f64) -> f64 {
        1.0 + self.jitter * lot
    }

    /// Replaces what is known. Waits that run go on, by a new plan.
    pub(crate) fn remember(&mut self, memory: &KindHistory) {
        self.ring = memory.intervals.iter().map(|(ln_lo, ln_hi)| Interval::new(*ln_lo, *ln_hi)).collect();
        self.surprises = memory.surprises.clamp(-i64::from(RUN), i64::from(RUN)) as i8;
        self.price = 0.0;
        self.progress =
            memory.progress.map_or(ProgressModel::UNKNOWN, |(variance, operations)| ProgressModel {
                variance: if variance.is_finite() {
                    f64::from(variance).clamp(0.0, 100.0)
                } else {
                    ProgressModel::UNKNOWN.variance
                },
                operations,
            });
        self.ledger.remember(f64::from(memory.tokens));
        self.invalidate();
    }

    /// Begins with what another one knows.
    pub(crate) fn adopt(&mut self, other: &Self) {
        self.remember(&other.memory());
        self.longest_seen = other.longest_seen;
    }

    /// An operation was seen running or done at an age in seconds.
    pub(crate) fn saw(&mut self, age: f64) {
        self.longest_seen = self.longest_seen.max(age);
    }

    /// The latest age, in seconds, at which the next poll is made of an operation of the age `now`.
    pub(crate) fn latest(&self, now: f64) -> f64 {
        self.longest_seen.max(now) + self.longest_delay
    }

    pub(crate) fn memory(&self) -> KindHistory {
        let progress = Some(self.progress).filter(|progress| progress.operations > 0);
        let progress = progress.map(|progress| (progress.variance as f32, progress.operations));
        let intervals = self.ring.iter().map(Interval::bounds).collect();
        let surprises = i64::from(self.surprises);
        KindHistory { intervals, tokens: self.ledger.settled() as f32, surprises, progress }
    }

    /// A number that is another one whenever something was learned.
    pub(crate) fn edition(&self) -> u32 {
        self.edition
    }

    /// Whether its polls are held against those of the classic backoff: not where each has a price.
    pub(crate) fn has_ledger(&self) -> bool {
        matches!(self.budget, Budget::Share(_))
    }

    /// How many polls the ledger allows for each of the classic backoff: as many, or the multiple that the budget is.
    pub(crate) fn share_of_classic(&self) -> f64 {
        match self.budget {
            Budget::Share(share) => share.clamp(1.0, LARGEST_SHARE),
            Budget::Price(_) => 1.0,
        }
    }

    /// When to ask about the next operation; `None` as long as none has finished.
    pub(crate) fn plan(&mut self) -> Option<Arc<Plan>> {
        if self.plan.is_none() {
            let distribution = self.distribution()?;
            let plan = match self.budget {
                Budget::Price(price) => Plan::at_price(&distribution, price),
                Budget::Share(share) => {
                    let thrift = 0.6 + 0.4 * self.ledger.fullness();
                    let classic = distribution.polls(classic::instants());
                    self.ledger.allow_for(self.share_of_classic() * classic);
                    Plan::with_polls(&distribution, share * thrift * classic, self.price)
                }
            };
            self.price = plan.price();
            self.plan = Some(Arc::new(plan));
        }
        self.plan.clone()
    }

    /// When operations are likely to finish; `None` as long as none has. It is made once for as long as anyone keeps it.
    pub(crate) fn ranking(&mut self) -> Option<Arc<LearnedRanking>> {
        if let Some(kept) = self.ranking.upgrade() {
            return Some(kept);
        }
        let price = self.plan()?.price();
        let ranking = Arc::new(LearnedRanking::new(self.distribution()?, price));
        self.ranking = Arc::downgrade(&ranking);
        Some(ranking)
    }

    /// The distribution that the progress of an operation bends; `None` as long as none that told its own has finished.
    pub(crate) fn curve_to_bend(&mut self) -> Option<Arc<Distribution>> {
        self.progress.is_known().then(|| self.distribution())?
    }

    /// When to ask about an operation that is running at `now`, in seconds, by what it told last.
    pub(crate) fn plan_given(
        &self,
        distribution: &Distribution,
        now: f64,
        estimate: Estimate,
    ) -> Option<Plan> {
        Some(Plan::at_price(&self.progress.bent(distribution, now, estimate)?, self.price))
    }

    /// Learns how well an operation that took `duration` seconds had told its progress.
    pub(crate) fn learn_progress(&mut self, estimates: &Estimates, duration: f64) {
        self.progress.learn(estimates, duration.max(SHORTEST));
    }

    /// Learns that an operation finished between two times, or was given up after the first; in seconds.
    pub(crate) fn learn(&mut self, running: f64, done: Option<f64>) {
        self.saw(done.unwrap_or(running));
        let Some(done) = done else {
            if running > SHORTEST {
                self.surprises = 0;
                self.push(Interval::new(running.ln() as f32, None));
            }
            return;
        };
        let running = running.max(done / 8.0).max(SHORTEST);
        let middle = (running * done.max(SHORTEST)).sqrt();
        if self.usual.is_none() {
            self.distribution();
        }
        self.surprises = match self.usual {
            Some((early, _)) if middle <= early => self.surprises.min(0) - 1,
            Some((_, late)) if middle > late => self.surprises.max(0) + 1,
            _ => 0,
        };
        if self.surprises.abs() >= RUN && self.ring.len() > RUN as usize {
            // It has changed: what was before tells nothing.
            self.ring.drain(..self.ring.len() + 1 - RUN as usize);
            self.surprises = 0;
        }
        self.push(Interval::new(running.ln() as f32, Some(done.max(running * 1.0005).ln() as f32)));
    }

    fn push(&mut self, interval: Interval) {
        if self.ring.len() >= MOST {
            self.ring.pop_front();
        }
        self.ring.push_back(interval);
        self.invalidate();
    }

    fn invalidate(&mut self) {
        self.plan = None;
        self.distribution = Weak::new();
        self.ranking = Weak::new();
        self.usual = None;
        self.edition = self.edition.wrapping_add(1);
    }

    /// When the next operation will finish; `None` as long as none has. It is drawn once for as long as anyone keeps it.
    pub(crate) fn distribution(&mut self) -> Option<Arc<Distribution>> {
        if let Some(kept) = self.distribution.upgrade() {
            return Some(kept);
        }
        let distribution = Arc::new(Distribution::new(self.ring.make_contiguous())?);
        self.distribution = Arc::downgrade(&distribution);
        self.usual = Some(distribution.usual(TAIL));
        Some(distribution)
    }
}

/// The operations that are remembered.
pub(crate) const MOST: usize = 64;
/// The surprises in a row after which the past is forgotten.
const RUN: i8 = 3;
/// Any poll is allowed for far less.
const LARGEST_SHARE: f64 = 1e6;
/// What is less likely is a surprise.
const TAIL: f64 = 0.1;
/// In seconds; what is shorter is all the same.
const SHORTEST: f64 = 1e-3;
