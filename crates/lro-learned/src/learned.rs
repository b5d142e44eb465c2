use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lro::pacing::{CompactSchedule, Pacing, PacingByKind, PacingPolicy, Schedule};

use crate::{
    History,
    kind::Kind,
    schedule::{LearnedCompact, LearnedSchedule},
};

/// A pacing that learns: what the last 64 operations of a kind took tells when to ask about the next.
///
/// Their times of finishing, smoothed, are a distribution of when the next one will finish; the polls that the classic backoff
/// (1 s, doubling up to 60 s) would spend are spent where they are likeliest to catch the end. The plan is that of the
/// least expected delay for that number of polls (the inspection schedules of Barlow, Hunter and Proschan, 1963, by
/// dynamic programming).
///
/// - A kind without a history is paced by the classic backoff, tick for tick; its first poll comes after 1 s.
/// - Three surprises in a row on the same side, and what was learned before them is forgotten.
/// - A ledger for each kind keeps its polls from ever being more than 16 ahead of the classic backoff's, or of the
///   multiple of them that a [budget](Self::budget) above 1 allows.
/// - It learns from each wait that ends: from one that was given up only that the operation ran for longer.
/// - Where the metadata tells how much is done ([`Wait::pace_by_progress`](lro::Wait::pace_by_progress)), each poll is planned anew by it,
///   once an operation of the kind that told it has finished.
/// - A server's wish (`Retry-After`) is a floor, as with any pacing.
///
/// Cloning shares what is learned; so do the pacings of a kind, and waits that run at the same time learn from each
/// other. A kind takes at most 4 KB, and 5 KB more while a wait for it tells its progress.
///
/// ```
/// # use lro::{Operation, OperationName, Status, poll_until_done, transport_fn};
/// # use lro_learned::Learned;
/// # async fn example(name: OperationName) -> Result<(), Status> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let learned = Learned::new(); // one for the program
/// let report: serde_json::Value = poll_until_done(&jobs, name).pacing(learned.pacing("jobs/report")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Learned(Arc<Shared>);

struct Shared {
    settings: Settings,
    kinds: Mutex<Kinds>,
}

/// How to learn, as the caller chose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) budget: Budget,
    pub(crate) jitter: f64,
    pub(crate) seed: Option<u64>,
    pub(crate) longest_delay: Duration,
    most_kinds: usize,
}

/// The kinds, and how often any was asked for.
#[derive(Default)]
struct Kinds {
    used: u64,
    /// While more kinds than may be kept are in use, the number at which they are looked through again: a quarter more than
    /// the last time, so that many kinds in use do not make each new one slow.
    scan_at: usize,
    by_name: HashMap<String, (u64, Arc<Mutex<Kind>>)>,
}

/// What the polls may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// A share of the polls that the classic backoff would make.
    Share(f64),
    /// What a poll is worth, in seconds of delay.
    Price(f64),
}

/// The pacing of one kind.
struct KindPolicy {
    learned: Learned,
    name: String,
}

impl Learned {
    /// One that has learned nothing, for up to 256 kinds, with the classic backoff's number of polls.
    pub fn new() -> Self {
        Self::of(Settings {
            budget: Budget::Share(1.0),
            jitter: 0.0,
            seed: None,
            longest_delay: LONGEST_DELAY,
            most_kinds: MOST_KINDS,
        })
    }

    /// Sets the polls to spend as a share of the classic backoff's: half of them at 0.5. Above 1 they are never more than
    /// that multiple of the classic backoff's plus 16, at 1 and below never more than those plus 16. What is no positive
    /// number counts as 1. Default: 1.
    pub fn budget(self, share: f64) -> Self {
        let share = if share.is_finite() && share > 0.0 { share } else { 1.0 };
        self.with(Settings { budget: Budget::Share(share), ..self.0.settings })
    }

    /// Sets what a poll is worth instead: polls are made as long as one brings the end forward by so much, on average.
    /// There is no ledger then.
    pub fn price(self, delay: Duration) -> Self {
        self.with(Settings { budget: Budget::Price(delay.as_secs_f64()), ..self.0.settings })
    }

    /// Sets how many kinds are remembered. The one that was not used for the longest is forgotten first, but none that a
    /// wait or a fleet is using: if those are more, all of them are kept, and up to a quarter as many others. Default: 256.
    pub fn most_kinds(self, most: usize) -> Self {
        self.with(Settings { most_kinds: most.max(1), ..self.0.settings })
    }

    /// Sets by which share of the time since the begin, at most, polls come sooner or later than planned: up to 5 % at
    /// 0.05, which costs next to nothing. So operations that start together are not asked about together. One share is
    /// drawn for each operation; neither the classic backoff of a kind without a history nor a plan by the progress has
    /// any. What is no number from 0 to 0.5 counts as the nearest that is, or as 0. Default: 0.
    pub fn jitter(self, share: f64) -> Self {
        // Not `clamp`, which lets NaN pass.
        let jitter = if share > 0.0 { share.min(0.5) } else { 0.0 };
        self.with(Settings { jitter, ..self.0.settings })
    }

    /// Seeds the jitter: the n-th operation of a kind always has the same. Default: drawn for each kind.
    pub fn seed(self, seed: u64) -> Self {
        self.with(Settings { seed: Some(seed), ..self.0.settings })
    }

    /// Sets the longest delay past what was learned in this process: whatever a [loaded](Self::remember) history says, no
    /// poll is planned later than that past the longest age at which an operation of the kind was seen, running or done, or
    /// was [expected](Self::expect) to be done; or past the present age, if that is later. A poll that the ledger puts off
    /// may come a minute later. Less than a minute counts as one. Default: 10 minutes.
    pub fn longest_delay(self, delay: Duration) -> Self {
        self.with(Settings { longest_delay: delay.max(SHORTEST_LONGEST_DELAY), ..self.0.settings })
    }

    /// The pacing of operations of a kind: alike in how long they take, such as those of a method. The name is the
    /// caller's own.
    pub fn pacing(&self, kind: impl Into<String>) -> Pacing {
        Pacing::custom(KindPolicy { learned: self.clone(), name: kind.into() })
    }

    /// Says how long an operation of a kind is expected to take. It counts as one that took so long.
    pub fn expect(&self, kind: &str, duration: Duration) {
        let seconds = duration.as_secs_f64();
        lock(&self.state(kind)).learn(seconds, Some(seconds));
    }

    /// What was learned, to be saved.
    pub fn history(&self) -> History {
        let kinds = self.kinds();
        History::of(kinds.by_name.iter().map(|(name, (_, kind))| (name.clone(), lock(kind).memory())))
    }

    /// Goes on from a saved history. Kinds that are known already are replaced; waits that run go by what is known then.
    pub fn remember(&self, history: &History) {
        for (name, memory) in history.kinds() {
            lock(&self.state(name)).remember(memory);
        }
    }

    fn of(settings: Settings) -> Self {
        Self(Arc::new(Shared { settings, kinds: Mutex::default() }))
    }

    /// Another one, which begins with what this one knows; its clones stay as they are.
    fn with(&self, settings: Settings) -> Self {
        let other = Self::of(settings);
        let kinds = self.kinds();
        let mut by_use: Vec<_> = kinds.by_name.iter().collect();
        by_use.sort_unstable_by_key(|(_, (used, _))| *used);
        for (name, (_, kind)) in by_use {
            lock(&other.state(name)).adopt(&lock(kind));
        }
        drop(kinds);
        other
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        lock(&self.0.kinds)
    }

    fn state(&self, name: &str) -> Arc<Mutex<Kind>> {
        let kinds = &mut *self.kinds();
        kinds.used += 1;
        if let Some((used, kind)) = kinds.by_name.get_mut(name) {
            *used = kinds.used;
            return Arc::clone(kind);
        }
        kinds.make_room(self.0.settings.most_kinds);
        let kind = Arc::new(Mutex::new(Kind::new(&self.0.settings)));
        kinds.by_name.insert(name.to_owned(), (kinds.used, Arc::clone(&kind)));
        kind
    }
}

impl Kinds {
    /// Evicts the kinds that were not used for the longest, so that there is room for one more.
    ///
    /// A kind that a wait or a fleet refers to stays: evicted, it would learn for no later wait.
    fn make_room(&mut self, most: usize) {
        let len = self.by_name.len();
        if len < most.max(self.scan_at) {
            return;
        }
        let in_use = |kind: &Arc<_>| Arc::strong_count(kind) > 1;
        let unused = self.by_name.values().filter(|(_, kind)| !in_use(kind));
        let mut unused: Vec<u64> = unused.map(|(used, _)| *used).collect();
        unused.sort_unstable();
        if let Some(last) = unused.get(..unused.len().min(len + 1 - most)).and_then(<[u64]>::last) {
            self.by_name.retain(|_, (used, kind)| in_use(kind) || *used > *last);
        }
        let left = self.by_name.len();
        self.scan_at = if left < most { 0 } else { left + left / 4 + 1 };
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learned")
            .field("settings", &self.0.settings)
            .field("kinds", &self.kinds().by_name.len())
            .finish_non_exhaustive()
    }
}

impl PacingByKind for Learned {
    fn pacing(&self, kind: &str) -> Pacing {
        Self::pacing(self, kind)
    }
}

impl PacingPolicy for KindPolicy {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(LearnedSchedule::new(self.learned.state(&self.name)))
    }

    /// How long the work takes tells nothing of how long it takes to cancel it.
    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        Pacing::default().schedule()
    }

    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        Some(Arc::new(LearnedCompact(self.learned.state(&self.name))))
    }
}

impl fmt::Debug for KindPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Learned").field(&self.name).finish()
    }
}

/// Nothing is half done when a thread panics with the lock: it is held over arithmetic alone.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enough for every method of the services that a program calls, and 1 MB at most.
const MOST_KINDS: usize = 256;
/// Ten gaps of the classic backoff: long enough for a plan of hours, and short enough not to lose a day by a history that is
/// of another time or another hand.
const LONGEST_DELAY: Duration = Duration::from_secs(600);
/// The longest gap of the classic backoff, which no plan may be held to undercut.
const SHORTEST_LONGEST_DELAY: Duration = Duration::from_secs(60);
