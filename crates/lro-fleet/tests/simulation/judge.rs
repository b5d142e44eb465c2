//! Holds what happened against the model of each operation, and against what a fleet may do at all.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use lro::Code;
use lro_fleet::Metrics;

use crate::{
    log::{Event, Reply, What},
    model::{End, Entry, TICK},
    run::Ran,
    scenario::Scenario,
};

mod quota;
use quota::Quota;

/// Panics at the first thing that is not as it must be. Returns the number of calls; `None` if the log does not say which
/// wait a wish has joined.
pub(crate) fn judge(scenario: &Scenario, ran: &Ran) -> Option<u64> {
    let mut books: Vec<Book<'_>> = ran.metrics.iter().map(|_| Book::new(scenario)).collect();
    for event in &ran.events {
        books[event.fleet].keep(event);
        if books[event.fleet].is_ambiguous {
            return None;
        }
    }
    books.iter().zip(&ran.metrics).for_each(|(book, metrics)| book.check(metrics));
    Some(books.iter().map(|book| book.polls).sum())
}

/// What one fleet does.
struct Book<'a> {
    scenario: &'a Scenario,
    /// The operations that it knows of.
    entries: BTreeMap<usize, Entry>,
    /// The waits that failed, of operations for which another wait has begun.
    former: Vec<Entry>,
    /// Whether the log no longer says which wait a wish has joined.
    is_ambiguous: bool,
    quotas: HashMap<usize, Quota>,
    in_flight: usize,
    is_paused: bool,
    /// Since when it is being shut down.
    closing: Option<Duration>,
    is_shut: bool,
    polls: u64,
    failed: u64,
    shared: u64,
    finished: u64,
    given_up: u64,
    /// Those that may have been given up when nobody waited any more.
    unsure: u64,
}

impl<'a> Book<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            entries: BTreeMap::new(),
            former: Vec::new(),
            is_ambiguous: false,
            quotas: HashMap::new(),
            in_flight: 0,
            is_paused: false,
            closing: None,
            is_shut: false,
            polls: 0,
            failed: 0,
            shared: 0,
            finished: 0,
            given_up: 0,
            unsure: 0,
        }
    }

    fn keep(&mut self, event: &Event) {
        let at = event.at;
        match &event.what {
            What::Watched { operation, wish } => self.join(*operation, at).watches.push(*wish),
            What::Registered(operation) => self.join(*operation, at).registered = true,
            What::Dropped { operation, wish } => {
                self.waited(*operation, Some(*wish), at).watches.retain(|other| other != wish);
                self.forget_unwanted(*operation);
            }
            What::Told { operation, told, wish, again } => {
                let (scenario, closing) = (self.scenario, self.closing);
                let by_watch = wish.is_some();
                let entry = self.waited(*operation, *wish, at);
                let is_known = entry.end.is_some();
                if let Some(closing) = closing {
                    entry.stop(told, closing);
                }
                entry.check_end(scenario, told, at);
                let ended = entry.end.map_or(at, |(_, ended)| ended.max(entry.joined));
                let is_late = by_watch && is_known && !again && at > ended + 2 * TICK;
                assert!(!is_late, "told at {at:?} of {entry:?}");
                let end = entry.end;
                if !by_watch {
                    assert!(entry.registered, "a completion that nobody wants: {entry:?}");
                    entry.registered = false;
                }
                if let Some((end, _)) = end.filter(|_| !is_known) {
                    self.count(end);
                }
                self.forget_unwanted(*operation);
            }
            What::Snapshot { operation, wish, polls } => {
                let entry = self.waited(*operation, Some(*wish), at);
                entry.check_snapshot(*polls);
            }
            What::Asked(operation) => self.ask(*operation, at),
            What::Replied { operation, reply, hint } => self.reply(*operation, *reply, *hint, at),
            What::Cut(operation) => self.cut(*operation, at),
            What::PageAsked { key } => self.send(*key, at),
            What::PageReplied { key, tells } => {
                self.receive(*key, None);
                for (operation, reply) in tells {
                    if let Some(entry) = self.entries.get_mut(operation) {
                        entry.tell(self.scenario, *reply, at);
                    }
                }
            }
            What::PageFailed { key, code } => self.receive(*key, Some(*code)),
            What::PageCut { key } => self.receive(*key, Some(Code::DeadlineExceeded)),
            What::Paused => self.is_paused = true,
            What::Resumed => self.is_paused = false,
            What::Pending(pending) => self.check_pending(pending, at),
            What::Closing => self.closing = Some(at),
            What::Shut(handed_back) => self.shut(handed_back, at),
        }
    }

    fn join(&mut self, operation: usize, at: Duration) -> &mut Entry {
        assert!(!self.is_shut);
        if let Some(entry) = self.entries.get(&operation) {
            match entry.has_failed(self.scenario, at) {
                Some(true) => self.former.extend(self.entries.remove(&operation)),
                Some(false) => self.shared += 1,
                None => self.is_ambiguous = true,
            }
        }
        let scenario = self.scenario;
        let entry = self.entries.entry(operation).or_insert_with(|| Entry::new(operation, at, scenario));
        entry.joined = at;
        entry
    }

    fn entry(&mut self, operation: usize, at: Duration) -> &mut Entry {
        let entry = self.entries.get_mut(&operation);
        entry.unwrap_or_else(|| panic!("at {at:?} about operation {operation}, for which nobody waits"))
    }

    /// The wait that a wish has joined, or else the one whose completion is next.
    fn waited(&mut self, operation: usize, wish: Option<usize>, at: Duration) -> &mut Entry {
        let is_it = |entry: &&mut Entry| {
            entry.operation == operation
                && wish.map_or(entry.registered, |wish| entry.watches.contains(&wish))
        };
        let entry = self.former.iter_mut().chain(self.entries.values_mut()).find(is_it);
        entry.unwrap_or_else(|| {
            panic!("at {at:?} about operation {operation}, for which {wish:?} does not wait")
        })
    }

    fn forget_unwanted(&mut self, operation: usize) {
        self.former.retain(Entry::is_wanted);
        let is_over = |entry: &&Entry| !entry.is_wanted() && entry.calling.is_none();
        self.unsure +=
            u64::from(self.entries.get(&operation).filter(is_over).is_some_and(Entry::may_have_failed));
        self.entries
            .retain(|number, entry| *number != operation || entry.is_wanted() || entry.calling.is_some());
    }

    fn count(&mut self, end: End) {
        match end {
            End::True(_) => self.finished += 1,
            _ => self.given_up += 1,
        }
    }

    fn ask(&mut self, operation: usize, at: Duration) {
        let key = self.scenario.operations[operation].key;
        self.send(key, at);
        let is_disturbed = self.quota(key).is_disturbed;
        let scenario = self.scenario;
        let entry = self.entry(operation, at);
        assert!(entry.is_wanted(), "a call about what nobody waits for: {entry:?}");
        entry.ask(scenario, at, scenario.is_calm() && !is_disturbed);
    }

    fn reply(&mut self, operation: usize, reply: Reply, hint: Option<Duration>, at: Duration) {
        let failure = match reply {
            Reply::Failed(code) => Some(code),
            Reply::OutOfQuota => Some(Code::ResourceExhausted),
            // The transport cannot read it.
            Reply::Broken => Some(Code::Internal),
            Reply::Running | Reply::Done(_) | Reply::Other => None,
        };
        let key = self.scenario.operations[operation].key;
        self.receive(key, failure);
        let scenario = self.scenario;
        let may_be_free = self.quota(key).is_disturbed;
        self.entry(operation, at).reply(scenario, reply, hint, may_be_free, at);
        self.keep_end(operation);
    }

    fn keep_end(&mut self, operation: usize) {
        let end = self.entries.get(&operation).and_then(|entry| entry.end);
        if let Some((end, _)) = end {
            self.count(end);
        }
        self.forget_unwanted(operation);
    }

    fn cut(&mut self, operation: usize, at: Duration) {
        let scenario = self.scenario;
        let key = scenario.operations[operation].key;
        let may_be_free = self.quota(key).is_disturbed || self.quota(key).failures >= 3;
        let is_failure = self.entry(operation, at).cut(scenario, may_be_free, at);
        let failure = is_failure.then_some(Code::DeadlineExceeded);
        self.receive(key, failure);
        self.keep_end(operation);
    }

    fn quota(&mut self, key: usize) -> &mut Quota {
        self.quotas.entry(self.scenario.quota(key)).or_default()
    }

    /// A call of any kind is sent.
    fn send(&mut self, key: usize, at: Duration) {
        assert!(!self.is_paused && !self.is_shut, "a call at {at:?} of a fleet that is paused or shut");
        self.in_flight += 1;
        self.polls += 1;
        assert!(self.in_flight <= self.scenario.max_in_flight, "{} calls at a time", self.in_flight);
        let rate = self.scenario.rate;
        self.quota(key).send(rate, at);
    }

    /// A call of any kind ended.
    fn receive(&mut self, key: usize, failure: Option<Code>) {
        self.in_flight -= 1;
        self.failed += u64::from(failure.is_some());
        self.quota(key).receive(failure);
    }

    fn check_pending(&mut self, pending: &[usize], at: Duration) {
        for operation in pending {
            let entry = self.entry(*operation, at);
            assert!(entry.end.is_none(), "pending: {entry:?}");
        }
        for (operation, entry) in &self.entries {
            let is_told = pending.contains(operation);
            assert!(is_told || entry.may_be_over(self.scenario, at), "not among the pending: {entry:?}");
        }
    }

    fn shut(&mut self, handed_back: &[usize], at: Duration) {
        assert_eq!(self.in_flight, 0);
        let was_told = |operation: &usize| self.entries.get(operation).is_none_or(Entry::is_stopped);
        let untold: Vec<usize> =
            handed_back.iter().copied().filter(|operation| !was_told(operation)).collect();
        self.check_pending(&untold, at);
        self.is_shut = true;
        for (operation, entry) in &mut self.entries {
            if untold.contains(operation) {
                entry.finish(End::Stopped, at);
                self.given_up += 1;
            }
            if handed_back.contains(operation) {
                entry.registered = false;
            }
        }
        self.entries.retain(|_, entry| entry.is_wanted());
    }

    fn check(&self, metrics: &Metrics) {
        assert!(
            self.entries.is_empty() && self.former.is_empty(),
            "not told: {:?} {:?}",
            self.entries,
            self.former
        );
        assert_eq!(metrics.polls, self.polls);
        assert_eq!(metrics.failures.iter().sum::<u64>(), self.failed);
        assert_eq!(metrics.shared, self.shared);
        assert_eq!((metrics.in_flight, metrics.pending, metrics.due), (0, 0, 0), "{metrics}");
        assert_eq!(self.in_flight, 0);
        if self.scenario.lists.is_none() {
            assert_eq!(metrics.finished, self.finished, "{metrics}");
            let given_up = self.given_up..=self.given_up + self.unsure;
            assert!(given_up.contains(&metrics.given_up), "{metrics}, but {given_up:?} given up");
        }
    }
}
