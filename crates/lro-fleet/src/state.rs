//! All that a fleet knows, and what it decides; it neither sleeps nor asks.

mod commit;
mod due;
mod list;
mod wait;

use std::{
    collections::{HashMap, VecDeque},
    mem,
    task::Waker,
    time::Duration,
};

use lro::{Learned, OperationName, Report, Service, pacing::Finish};

pub(crate) use self::{
    due::{Ask, Subject},
    wait::{News, Wanted},
};
use crate::{
    builder::Settings,
    class::{Classes, Tag},
    completions::Completion,
    gate::Gate,
    metrics::Metrics,
    pace::Pace,
    pending::Pending,
    ready::{Item, Ready},
    step::Rules,
    sweep::{Collection, parent_of},
    table::{Phase, Table},
    tick::Ticks,
    time::{Clock, Time},
    timers::Timers,
};

/// All that a fleet knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    settings: Settings,
    rules: Rules,
    ticks: Ticks,
    service: Service,
    learned: Option<Learned>,
    lists: bool,
    chance: fastrand::Rng,
    table: Table,
    timers: Timers,
    classes: Classes,
    keys: Vec<Key>,
    key_numbers: HashMap<String, usize>,
    /// The keys that have calls to make and may make them.
    busy: VecDeque<usize>,
    /// When the others may.
    shut: Timers,
    collections: Vec<Collection>,
    collection_numbers: HashMap<(usize, String), usize>,
    in_flight: usize,
    /// Of those, about operations that nobody waits for but as completions.
    reserved: usize,
    completed: VecDeque<u32>,
    /// Due, and not asked about until completions are taken.
    held: Vec<Item>,
    metrics: Metrics,
    paused: bool,
    closing: bool,
    closed: bool,
    /// Of the task that drives the fleet.
    driver: Option<Waker>,
    /// Of those who take completions, and of those who wait for the calls in flight to end.
    listeners: Vec<Waker>,
    /// To be woken when the lock is released, and to be dropped then: what a waker does is not ours.
    woken: Vec<Waker>,
    discarded: Vec<Waker>,
}

/// The operations under one quota.
#[derive(Debug)]
struct Key {
    gate: Gate,
    ready: Ready,
    collections: Vec<usize>,
    /// Whether it is among those that are busy or shut.
    queued: bool,
}

impl State {
    pub(crate) fn new(settings: Settings, service: Service, learned: Option<Learned>, lists: bool) -> Self {
        let mut chance = settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            clock: Clock::start(),
            rules: settings.rules.clone(),
            ticks: Ticks::new(settings.tick, chance.f64()),
            lists: lists && settings.sweeps,
            settings,
            service,
            learned,
            chance,
            table: Table::default(),
            timers: Timers::default(),
            classes: Classes::default(),
            keys: Vec::new(),
            key_numbers: HashMap::new(),
            busy: VecDeque::new(),
            shut: Timers::default(),
            collections: Vec::new(),
            collection_numbers: HashMap::new(),
            in_flight: 0,
            reserved: 0,
            completed: VecDeque::new(),
            held: Vec::new(),
            metrics: Metrics::default(),
            paused: false,
            closing: false,
            closed: false,
            driver: None,
            listeners: Vec::new(),
            woken: Vec::new(),
            discarded: Vec::new(),
        }
    }

    /// Those to wake when the lock is released, and those to drop.
    pub(crate) fn take_wakers(&mut self) -> (Vec<Waker>, Vec<Waker>) {
        (mem::take(&mut self.woken), mem::take(&mut self.discarded))
    }

    /// Who drives, to be woken at the next change.
    pub(crate) fn set_driver(&mut self, waker: &Waker) {
        self.driver.get_or_insert_with(|| waker.clone()).clone_from(waker);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        self.wake_driver();
    }

    /// Nothing is asked any more.
    pub(crate) fn close(&mut self) {
        self.closing = true;
        self.wake_driver();
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let due = self.keys.iter().map(|key| key.ready.waiting()).sum::<usize>() + self.held.len();
        Metrics {
            in_flight: self.in_flight,
            pending: self.table.len() - self.table.ended(),
            due,
            ..self.metrics.clone()
        }
    }

    /// Those of the numbers from `from` on that are pending, up to `most` of them looked at; and where to go on.
    pub(crate) fn pending(&self, from: u32, most: u32, into: &mut Vec<Pending>) -> Option<u32> {
        let now = self.clock.now();
        let end = self.table.ids().end;
        let until = end.min(from.saturating_add(most));
        for id in from..until {
            let Some(entry) = self.table.get(id).filter(|entry| entry.phase.is_pending()) else {
                continue;
            };
            if let Some(name) = self.name(id) {
                into.push(Pending::of(name, &entry.record, now, entry.phase.is_calling()));
            }
        }
        (until < end).then_some(until)
    }

    fn name(&self, id: u32) -> Option<OperationName> {
        OperationName::parse(self.table.name(id)).ok()
    }

    /// What is known of an operation that ended, or as of now.
    fn report(&self, id: u32, now: Time) -> Report {
        let (Some(entry), Some(name)) = (self.table.get(id), self.name(id)) else {
            return Report::default();
        };
        let at = if entry.phase == Phase::Ended { entry.record.due } else { now };
        let is_done = self.table.end(id).is_some_and(|end| end.is_ok());
        entry.record.report(name, is_done, at)
    }

    fn key_of(&self, id: u32) -> Option<usize> {
        Some(self.classes.get(self.table.get(id)?.class)?.key)
    }

    fn wake_driver(&mut self) {
        self.woken.extend(self.driver.take());
    }

    /// Sets when to ask about an operation.
    fn wait_until(&mut self, id: u32, at: Time, now: Time) {
        let at = self.ticks.round_up(at, at.since(now));
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        let at = self.rules.deadline(&entry.record).map_or(at, |deadline| at.min(deadline));
        entry.record.due = at;
        if at <= now {
            self.make_ready(id, now);
            return;
        }
        entry.phase = Phase::Waiting;
        if at < self.timers.next() {
            self.woken.extend(self.driver.take());
        }
        self.timers.set(at, id);
    }

    /// Puts an operation that is due in line.
    fn make_ready(&mut self, id: u32, now: Time) {
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        entry.phase = Phase::Ready;
        let (item, is_listed) = (Item { id, due: entry.record.due }, !entry.unlisted);
        if let Some(deadline) = self.rules.deadline(&entry.record) {
            // Then it is given up, if no call could be made.
            self.timers.set(deadline.max(now).after(crate::step::GRACE), id);
        }
        let Some(class) = self.classes.get(entry.class) else {
            return;
        };
        if let Some(collection) = class.collection.filter(|_| is_listed) {
            self.collections[collection].due += 1;
        }
        let key = class.key;
        self.keys[key].ready.push(item);
        self.make_busy(key);
    }

    /// A key has something to do, or may do it again.
    fn make_busy(&mut self, key: usize) {
        let queued = mem::replace(&mut self.keys[key].queued, true);
        if !queued {
            self.busy.push_back(key);
            self.wake_driver();
        }
    }

    /// An operation is not in line any more.
    fn leave_line(&mut self, id: u32) {
        let Some(entry) = self.table.get(id) else {
            return;
        };
        let is_listed = !entry.unlisted;
        let Some(class) = self.classes.get(entry.class) else {
            return;
        };
        if let Some(collection) = class.collection.filter(|_| is_listed) {
            let collection = &mut self.collections[collection];
            collection.due = collection.due.saturating_sub(1);
        }
    }

    /// Nobody waits for an operation any more, or all were told of its end.
    fn forget(&mut self, id: u32) {
        let Some((class, phase)) = self.table.get(id).map(|entry| (entry.class, entry.phase)) else {
            return;
        };
        if phase.is_pending() {
            self.finish(id, None);
        }
        if let Some(collection) = self.classes.get(class).and_then(|class| class.collection) {
            let collection = &mut self.collections[collection];
            collection.pending = collection.pending.saturating_sub(1);
        }
        self.classes.leave(class);
        self.table.remove(id);
    }

    /// Tells the pace how it ended, once; `done` is when it was seen done.
    fn finish(&mut self, id: u32, done: Option<Duration>) {
        let Self { table, classes, .. } = self;
        let Some(entry) = table.get_mut(id) else {
            return;
        };
        let running = Duration::try_from_secs_f32(entry.record.running).unwrap_or_default();
        let finish = Finish::new(running, done, entry.record.replies());
        if let Some(class) = classes.get_mut(entry.class) {
            class.pace.finish(id, &mut entry.record, &finish);
        }
    }

    /// The number of a quota key.
    fn key(&mut self, name: String) -> usize {
        if let Some(number) = self.key_numbers.get(&name) {
            return *number;
        }
        let key = Key {
            gate: Gate::new(self.settings.rate),
            ready: Ready::default(),
            collections: Vec::new(),
            queued: false,
        };
        self.keys.push(key);
        self.key_numbers.insert(name, self.keys.len() - 1);
        self.keys.len() - 1
    }

    /// The number of the collection that an operation is in.
    fn collection(&mut self, name: &str, key: usize) -> Option<usize> {
        let parent = parent_of(name).filter(|_| self.lists)?.to_owned();
        let number = *self.collection_numbers.entry((key, parent)).or_insert_with_key(|(key, parent)| {
            self.collections.push(Collection::new(parent.clone(), *key));
            self.keys[*key].collections.push(self.collections.len() - 1);
            self.collections.len() - 1
        });
        self.collections[number].pending += 1;
        Some(number)
    }

    /// The pace of a class.
    fn pace(settings: &Settings, service: &Service, learned: Option<&Learned>, tag: &Tag) -> Pace {
        let learns = || Some(learned?.pacing(format!("{service}/{}", tag.kind)));
        Pace::new(settings.pacing.clone().or_else(learns).unwrap_or_default())
    }

    /// How an operation ended, for those who take completions.
    pub(crate) fn take_completion(&mut self) -> Option<Completion> {
        let id = self.completed.pop_front()?;
        let completion =
            Completion::new(self.name(id)?, self.table.end(id)?.clone(), self.report(id, Time::default()));
        if let Some(entry) = self.table.get_mut(id) {
            entry.registered = false;
            if entry.watches == 0 {
                self.forget(id);
            }
        }
        let now = self.clock.now();
        for item in mem::take(&mut self.held) {
            self.make_ready(item.id, now);
        }
        Some(completion)
    }
}
