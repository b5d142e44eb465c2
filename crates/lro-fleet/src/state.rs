//! All that a fleet knows, and what it decides; it neither sleeps nor asks.

mod alike;
mod commit;
mod due;
mod held;
mod line;
mod list;
mod wait;

use std::{collections::VecDeque, mem, sync::Arc, task::Waker, time::Duration};

use lro::{
    Handle, OperationName, Report, Service,
    pacing::{Finish, PacingByKind},
    rules::{Rules, Tally},
};
use slab::Slab;

pub(crate) use self::{
    due::{Ask, Subject},
    wait::{News, Wanted},
};
use crate::{
    builder::Settings,
    class::{Class, Tag},
    completions::Completion,
    interned::Interned,
    key::Key,
    metrics::Metrics,
    pending::Pending,
    ready::Item,
    sweep::Collection,
    table::{Phase, Table},
    tick::Ticks,
    time::{Clock, Time},
    timers::{Deadlines, Timers},
};

/// All that a fleet knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    settings: Settings,
    rules: Rules,
    ticks: Ticks,
    service: Service,
    pacing: Arc<dyn PacingByKind>,
    lists: bool,
    chance: fastrand::Rng,
    table: Table,
    timers: Timers,
    deadlines: Deadlines,
    classes: Interned<Tag, Class>,
    keys: Interned<String, Key>,
    /// When there are so many keys, those are forgotten of which nothing is to be remembered.
    prune_at: usize,
    /// The keys that have calls to make and may make them.
    busy: VecDeque<usize>,
    /// When the others may.
    shut: Timers,
    collections: Interned<(usize, String), Collection>,
    in_flight: usize,
    /// Of those, about operations that nobody waits for but as completions.
    reserved: usize,
    completed: VecDeque<u32>,
    /// Due, and not asked about until completions are taken.
    held: VecDeque<Item>,
    metrics: Metrics,
    /// When those were told as an event.
    told_at: Time,
    /// When the classes were last looked at, and whether one of them had learned anything.
    looked_at: Option<Time>,
    ranks: bool,
    paused: bool,
    closing: bool,
    closed: bool,
    /// What the shutdown hands back.
    handles: Vec<Handle>,
    /// Of the task that drives the fleet.
    driver: Option<Waker>,
    /// Those who take completions, and those who wait for the calls in flight to end.
    listeners: Slab<Option<Waker>>,
    /// To be woken when the lock is released, and to be dropped then: what a waker does is not ours.
    woken: Vec<Waker>,
    discarded: Vec<Waker>,
}

impl State {
    pub(crate) fn new(
        settings: Settings,
        service: Service,
        pacing: Arc<dyn PacingByKind>,
        lists: bool,
    ) -> Self {
        let mut chance = settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            clock: Clock::start(),
            rules: settings.rules.clone(),
            ticks: Ticks::new(settings.tick, chance.f64()),
            lists: lists && settings.sweeps,
            settings,
            service,
            pacing,
            chance,
            table: Table::default(),
            timers: Timers::default(),
            deadlines: Deadlines::default(),
            classes: Interned::default(),
            keys: Interned::default(),
            prune_at: alike::PRUNE_FROM,
            busy: VecDeque::new(),
            shut: Timers::default(),
            collections: Interned::default(),
            in_flight: 0,
            reserved: 0,
            completed: VecDeque::new(),
            held: VecDeque::new(),
            metrics: Metrics::default(),
            looked_at: None,
            ranks: false,
            told_at: Time::default(),
            paused: false,
            closing: false,
            closed: false,
            handles: Vec::new(),
            driver: None,
            listeners: Slab::new(),
            woken: Vec::new(),
            discarded: Vec::new(),
        }
    }

    /// Those to wake when the lock is released, and those to drop.
    pub(crate) fn take_wakers(&mut self) -> (Vec<Waker>, Vec<Waker>) {
        (mem::take(&mut self.woken), mem::take(&mut self.discarded))
    }

    /// Who drives knows of the changes that it makes itself.
    pub(crate) fn take_driver(&mut self) -> Option<Waker> {
        self.driver.take()
    }

    /// Who drives, to be woken at the next change.
    pub(crate) fn set_driver(&mut self, known: Option<Waker>, waker: &Waker) {
        self.driver = Some(known.filter(|known| known.will_wake(waker)).unwrap_or_else(|| waker.clone()));
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
                into.push(Pending::of(
                    name,
                    &entry.record,
                    self.table.more(id),
                    now,
                    entry.phase.is_calling(),
                ));
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
        entry.record.report(self.table.more(id), name, is_done, at)
    }

    fn key_of(&self, id: u32) -> Option<usize> {
        Some(self.classes.get(self.table.get(id)?.class as usize)?.key)
    }

    fn wake_driver(&mut self) {
        self.woken.extend(self.driver.take());
    }

    /// Nobody waits for an operation any more, or all were told of its end.
    fn forget(&mut self, id: u32) {
        let Some((class, phase)) = self.table.get(id).map(|entry| (entry.class, entry.phase)) else {
            return;
        };
        if phase.is_pending() {
            self.finish(id, None);
        }
        self.table.remove(id);
        self.part(class as usize);
    }

    /// Tells the pace how it ended, once; `done` is when it was seen done.
    fn finish(&mut self, id: u32, done: Option<Duration>) {
        let Self { table, classes, .. } = self;
        let Some(entry) = table.get_mut(id) else {
            return;
        };
        let Tally { replies, .. } = entry.record.tally;
        let finish = Finish::new(entry.record.tally.running(), done, replies);
        if let Some(class) = classes.get_mut(entry.class as usize) {
            class.pace.finish(id, &mut entry.record.state, &finish);
        }
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
        if !self.held.is_empty() {
            self.wake_driver();
        }
        Some(completion)
    }
}
