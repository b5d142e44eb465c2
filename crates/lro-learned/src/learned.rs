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
    schedule::{KindSchedule, OperationSchedule},
};

/// A pacing that learns: the durations of the last 64 operations of a kind decide when the next one is polled.
///
/// The durations are smoothed into a distribution of the next one. The polls that the usual backoff (1 s, doubling up
/// to 60 s) would spend are spent where they are most likely to catch the end. The plan has the least expected delay
/// for that number of polls (the inspection schedules of Barlow, Hunter and Proschan, 1963, by dynamic programming).
///
/// - A kind without a history is polled as by the usual backoff, at the same times; the first poll comes after 1 s.
/// - After three surprises in a row on the same side, the kind forgets what it learned before them.
/// - A ledger for each kind limits its polls: they are never more than 16 ahead of the usual backoff's, or of the
///   multiple of those that a [budget](Self::budget) above 1 allows.
/// - Every wait that ends is learned from. A wait that was given up shows that its operation ran for longer.
/// - Where the metadata reports how much is done ([`Wait::pace_by_progress`](lro::Wait::pace_by_progress)), each poll is planned by it,
///   once an operation of the kind that reported it is done.
/// - A delay that the server asks for (`Retry-After`) is a floor under every delay, as with any pacing.
///
/// A clone shares what is learned. So do all pacings of a kind, and waits that run at the same time learn from each
/// other. A kind takes at most 4 KB, and 5 KB more while a wait for it reports progress.
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

/// The kinds by name, each with the number of the request that used it last.
#[derive(Default)]
struct Kinds {
    requests: u64,
    by_name: HashMap<String, (u64, Arc<Mutex<Kind>>)>,
    /// The number of kinds from which on [`make_room`](Self::make_room) looks for one to evict. It grows where more
    /// kinds than may be kept are in use, so that a new kind does not cost a search each time.
    search_at: usize,
}

/// What the polls may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// A multiple of the polls that the usual backoff makes.
    Share(f64),
    /// What a poll is worth, in seconds of delay.
    Price(f64),
}

/// The pacing of one kind. The kind is looked up when a schedule is made, so it can be evicted before.
struct KindPolicy {
    learned: Learned,
    name: String,
}

impl Learned {
    /// Creates one that has learned nothing.
    pub fn new() -> Self {
        Self::of(Settings {
            budget: Budget::Share(1.0),
            jitter: 0.0,
            seed: None,
            longest_delay: LONGEST_DELAY,
            most_kinds: MOST_KINDS,
        })
    }

    /// Sets the polls to spend, as a multiple of the usual backoff's: 0.5 is half of them. Default: 1.
    ///
    /// The polls of a kind are never more than 16 ahead of that multiple, or of the usual backoff's own number if the
    /// multiple is below 1. A number that is not positive and finite counts as 1.
    pub fn budget(self, share: f64) -> Self {
        let share = if share.is_finite() && share > 0.0 { share } else { 1.0 };
        self.with(Settings { budget: Budget::Share(share), ..self.0.settings })
    }

    /// Sets what a poll is worth, instead of a budget: polls are made as long as one more saves this much delay on
    /// average.
    ///
    /// A price has no ledger: the number of polls is not limited by the usual backoff's.
    pub fn price(self, delay: Duration) -> Self {
        self.with(Settings { budget: Budget::Price(delay.as_secs_f64()), ..self.0.settings })
    }

    /// Sets how many kinds are kept. Default: 256.
    ///
    /// The least recently used kind is evicted first. A kind that a wait or a fleet is using is never evicted: if more
    /// than this number are in use, all of them are kept, and up to a quarter as many others.
    pub fn most_kinds(self, most: usize) -> Self {
        self.with(Settings { most_kinds: most.max(1), ..self.0.settings })
    }

    /// Sets the jitter: by which share of its age, at most, an operation is polled sooner or later than planned.
    /// Default: 0.
    ///
    /// It keeps operations that start together from being polled together. 0.05 (5 %) costs next to nothing. One share
    /// is drawn for each operation. It applies neither to the usual backoff of a kind without a history nor to a plan
    /// by the progress. The largest share is 0.5; a number below zero counts as 0, and so does NaN.
    pub fn jitter(self, share: f64) -> Self {
        // Not `clamp`, which lets NaN pass.
        let jitter = if share > 0.0 { share.min(LARGEST_JITTER) } else { 0.0 };
        self.with(Settings { jitter, ..self.0.settings })
    }

    /// Seeds the jitter: the n-th operation of a kind always has the same. Default: drawn for each kind.
    pub fn seed(self, seed: u64) -> Self {
        self.with(Settings { seed: Some(seed), ..self.0.settings })
    }

    /// Sets how late a poll may be planned, whatever a [loaded](Self::remember) history says. Default: 10 minutes.
    ///
    /// The delay counts from the longest age at which this process has seen an operation of the kind running or done
    /// ([`expect`](Self::expect) included), or from the present age of the operation if that is later.
    ///
    /// The ledger may put that poll off by another minute. Less than a minute counts as a minute.
    pub fn longest_delay(self, delay: Duration) -> Self {
        self.with(Settings { longest_delay: delay.max(SHORTEST_LONGEST_DELAY), ..self.0.settings })
    }

    /// Returns the pacing of a kind of operations: those that take a similar time, such as those of one method.
    pub fn pacing(&self, kind: impl Into<String>) -> Pacing {
        Pacing::custom(KindPolicy { learned: self.clone(), name: kind.into() })
    }

    /// States how long an operation of a kind is expected to take. It counts as one operation that took that long.
    pub fn expect(&self, kind: &str, duration: Duration) {
        let seconds = duration.as_secs_f64();
        lock(&self.kind(kind)).learn(seconds, Some(seconds));
    }

    /// Returns how long an operation of a kind that is running at this age still takes: the median of the prediction. `None` as
    /// long as no operation of the kind has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use lro_learned::Learned;
    ///
    /// let learned = Learned::new();
    /// assert_eq!(learned.time_left("report", Duration::ZERO), None);
    /// for _ in 0..20 {
    ///     learned.expect("report", Duration::from_secs(90));
    /// }
    /// let left = learned.time_left("report", Duration::from_secs(60)).unwrap();
    /// assert!(left > Duration::from_secs(20) && left < Duration::from_secs(40), "{left:?}");
    /// ```
    pub fn time_left(&self, kind: &str, age: Duration) -> Option<Duration> {
        let kind = Arc::clone(&self.kinds().by_name.get(kind)?.1);
        let age = age.as_secs_f64();
        let end = lock(&kind).distribution()?.median_after(age);
        Duration::try_from_secs_f64(end - age).ok()
    }

    /// Returns what was learned, for saving.
    pub fn history(&self) -> History {
        let kinds = self.kinds();
        History::of(kinds.by_name.iter().map(|(name, (_, kind))| (name.clone(), lock(kind).history())))
    }

    /// Loads a saved history. It replaces what is known of its kinds. Waits that are running follow the new plans.
    pub fn remember(&self, history: &History) {
        // More kinds than are kept would be planned in vain.
        for (name, history) in history.kinds().iter().take(self.0.settings.most_kinds) {
            lock(&self.kind(name)).remember(history);
        }
    }

    fn of(settings: Settings) -> Self {
        Self(Arc::new(Shared { settings, kinds: Mutex::default() }))
    }

    /// Creates another one with these settings that begins with what this one knows. The clones of this one do not
    /// change.
    fn with(&self, settings: Settings) -> Self {
        let other = Self::of(settings);
        let kinds = self.kinds();
        let mut by_use: Vec<_> = kinds.by_name.iter().collect();
        by_use.sort_unstable_by_key(|(_, (used, _))| *used);
        for (name, (_, kind)) in by_use {
            lock(&other.kind(name)).adopt(&lock(kind));
        }
        drop(kinds);
        other
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        lock(&self.0.kinds)
    }

    fn kind(&self, name: &str) -> Arc<Mutex<Kind>> {
        let kinds = &mut *self.kinds();
        kinds.requests += 1;
        if let Some((used, kind)) = kinds.by_name.get_mut(name) {
            *used = kinds.requests;
            return Arc::clone(kind);
        }
        kinds.make_room(self.0.settings.most_kinds);
        let kind = Arc::new(Mutex::new(Kind::new(&self.0.settings)));
        kinds.by_name.insert(name.to_owned(), (kinds.requests, Arc::clone(&kind)));
        kind
    }
}

impl Kinds {
    /// Evicts the least recently used kinds, so that there is room for one more.
    ///
    /// A kind that a wait or a fleet refers to stays: evicted, it would learn for no later wait.
    fn make_room(&mut self, most: usize) {
        let len = self.by_name.len();
        if len < most.max(self.search_at) {
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
        self.search_at = if left < most { 0 } else { left + left / 4 + 1 };
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
        Box::new(OperationSchedule::new(self.learned.kind(&self.name)))
    }

    /// How long the work takes says nothing of how long its cancellation takes.
    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        Pacing::default().schedule()
    }

    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        Some(Arc::new(KindSchedule(self.learned.kind(&self.name))))
    }
}

impl fmt::Debug for KindPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Learned").field(&self.name).finish()
    }
}

/// Takes a lock that a panic may have poisoned. No state is half changed then, and no code of the caller runs under it:
/// only arithmetic does.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More than the methods that a program calls. At 4 KB a kind it is 1 MB at most, if kinds are named after something
/// that never repeats.
const MOST_KINDS: usize = 256;
/// Ten gaps of the usual backoff. A stale or hostile history costs at most this delay; a shorter one adds polls to a
/// plan of hours that is loaded in a new process.
const LONGEST_DELAY: Duration = Duration::from_secs(600);
/// The longest gap of the usual backoff: with a smaller bound a loaded history would cost more polls than that.
const SHORTEST_LONGEST_DELAY: Duration = Duration::from_secs(60);
/// Beyond a half, an operation is polled so far from its plan that the plan is worth nothing.
const LARGEST_JITTER: f64 = 0.5;
