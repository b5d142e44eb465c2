//! Which calls may be made now, and in which order. Pure: time and random numbers are passed in.

mod collection;
mod item;
mod key;
mod sweeps;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use lro_control::{Line, Ranking, Rate, Reply};

use self::{
    collection::Collection,
    key::{Key, Place},
};
pub(crate) use self::{
    collection::{AfterPage, PAGE_SIZE},
    item::{Item, Next},
    key::{Flight, Sent},
};
use crate::{QuotaKey, clock::Time, interned::Interned};

/// The quota keys, what is due under each, and the collections that can be listed.
///
/// - An item is in the lines of at most one key, and only once.
/// - A key with due items is in `busy`, is in `shut` until it opens, or waits for the end of one of its calls.
/// - `due` of a collection counts its operations that are in a line and that a list can contain.
#[derive(Debug)]
pub(crate) struct Lanes {
    rate: Option<Rate>,
    most: usize,
    in_flight: usize,
    chance: fastrand::Rng,
    keys: Interned<String, Key>,
    /// The number of keys at which idle ones are dropped.
    prune_at: usize,
    /// The keys that have calls to make and may make them.
    busy: VecDeque<usize>,
    /// The keys that may make calls later.
    shut: BTreeSet<(Time, usize)>,
    collections: Interned<(usize, String), Collection>,
    /// Whether collections are listed.
    lists: bool,
    /// The pages that are in lines.
    pages: usize,
    /// The calls that the key at the head of `busy` may make before the next one.
    turn: usize,
    /// When the next check for calls that hang is made.
    cut_check: Time,
    /// When the next check for lines to rank is made.
    rank_check: Time,
}

impl Lanes {
    pub(crate) fn new(rate: Option<Rate>, most: usize, lists: bool, chance: fastrand::Rng) -> Self {
        Self {
            rate,
            most,
            in_flight: 0,
            chance,
            keys: Interned::default(),
            prune_at: PRUNE_FROM,
            busy: VecDeque::new(),
            shut: BTreeSet::new(),
            collections: Interned::default(),
            lists,
            pages: 0,
            turn: A_TURN,
            cut_check: Time::default(),
            rank_check: Time::default(),
        }
    }

    /// Returns the number of a quota key.
    pub(crate) fn key(&mut self, name: String, now: Time) -> usize {
        if self.keys.len() >= self.prune_at {
            self.keys.retain(|key| !key.is_idle(now));
            self.prune_at = (2 * self.keys.len()).max(PRUNE_FROM);
        }
        let (rate, most) = (self.rate, self.most);
        self.keys.number(name, || Key::new(rate, most))
    }

    /// Adds a pending operation under a key, and in a collection.
    pub(crate) fn join(&mut self, key: usize, collection: Option<usize>) {
        self.keys[key].operations += 1;
        if let Some(collection) = collection {
            self.collections[collection].pending += 1;
        }
    }

    /// Removes a pending operation.
    pub(crate) fn part(&mut self, key: usize, collection: Option<usize>) {
        self.keys[key].operations -= 1;
        if let Some(number) = collection {
            self.collections[number].pending -= 1;
            self.drop_idle(number);
        }
    }

    /// Puts an operation that is due in a line. `collection` is the one whose list can contain it.
    pub(crate) fn push(&mut self, key: usize, collection: Option<usize>, item: Item, line: Line, now: Time) {
        self.keys[key].lines.push(line, item);
        if let Some(number) = collection {
            let collection = &mut self.collections[number];
            collection.due += 1;
            if !collection.queued && collection.is_worth_a_sweep(now) {
                collection.queued = true;
                self.push_page(key, number);
            }
        }
        self.wake_key(key);
    }

    /// Counts that an operation has left its line before its turn.
    pub(crate) fn leave(&mut self, key: usize, collection: Option<usize>, line: Line) {
        self.keys[key].lines.forget(line);
        self.uncount(collection);
    }

    /// Drops the items that have left, if there are many.
    pub(crate) fn prune(&mut self, key: usize, is_waiting: impl Fn(u32, Item) -> bool) {
        let collections = &self.collections;
        self.keys[key].lines.compact(|item| match item {
            Item::Get { id, .. } => is_waiting(*id, *item),
            Item::Page(number) => sweeps::is_in_line(collections, *number),
        });
    }

    /// Returns a call that may be made now, and takes its item from the line. The caller makes it ([`send`](Self::send)),
    /// or puts its operation somewhere else.
    ///
    /// `is_waiting` returns whether this item is the current place of an operation.
    pub(crate) fn next(&mut self, now: Time, is_waiting: impl Fn(u32, Item) -> bool) -> Option<Next> {
        self.open(now);
        while self.in_flight < self.most
            && let Some(number) = self.busy.front().copied()
        {
            let key = &mut self.keys[number];
            let opens_at = key.opens_at();
            let collections = &self.collections;
            let mut is_waiting = |item: &Item| match item {
                Item::Get { id, .. } => is_waiting(*id, *item),
                Item::Page(number) => sweeps::is_in_line(collections, *number),
            };
            let next = (opens_at <= now).then(|| key.take(now, self.chance.f64(), &mut is_waiting)).flatten();
            if let Some(item) = next {
                if let Item::Page(number) = item {
                    self.pages -= 1;
                    self.collections[number as usize].in_line = false;
                }
                self.turn -= 1;
                if self.turn == 0 {
                    self.busy.rotate_left(1);
                    self.turn = A_TURN;
                }
                return Some(Next { key: number, item });
            }
            self.busy.pop_front();
            self.turn = A_TURN;
            // If a call must end first, its end makes the key busy again.
            let waits = opens_at > now && opens_at != Time::NEVER && !key.lines.is_empty();
            key.place = if waits { Place::Shut(opens_at) } else { Place::Idle };
            if waits {
                self.shut.insert((opens_at, number));
            }
        }
        None
    }

    /// Counts a call that is made. `failures` are those of its operation in a row.
    pub(crate) fn send(&mut self, next: Next, failures: u32, now: Time) -> Sent {
        let chance = self.chance.f64();
        self.in_flight += 1;
        self.keys[next.key].send(next, failures, now, chance)
    }

    /// Counts a call that is not about an item in a line. Returns when it may be made.
    ///
    /// # Errors
    ///
    /// The time at which to try again.
    pub(crate) fn reserve(&mut self, key: usize, now: Time) -> Result<Time, Time> {
        self.keys[key].reserve(now)
    }

    /// Counts the end of a call. The reply is `None` if it says nothing about the service.
    pub(crate) fn ended(&mut self, flight: &Flight, reply: Option<Reply>, now: Time) {
        let chance = self.chance.f64();
        let number = flight.sent.key;
        self.in_flight -= 1;
        self.keys[number].ended(flight, reply, now, chance);
        if !self.keys[number].lines.is_empty() {
            self.make_busy(number);
        }
    }

    /// Returns whether only probes are made under a key, because its service is down.
    pub(crate) fn is_shut(&self, key: usize) -> bool {
        self.keys[key].control.is_shut()
    }

    /// Calls `visit` with up to `most` quota keys from a number on, each with its name. Returns the number to
    /// continue from.
    pub(crate) fn quota_keys(
        &self,
        from: usize,
        most: usize,
        mut visit: impl FnMut(&str, QuotaKey),
    ) -> Option<usize> {
        self.keys.from(from, most).for_each(|(name, key)| visit(name, key.describe()));
        let next = from.saturating_add(most);
        (next < self.keys.end_of_numbers()).then_some(next)
    }

    /// Returns when more calls may be made, if no call in flight ends.
    pub(crate) fn opens_at(&self) -> Time {
        if self.in_flight >= self.most {
            return Time::NEVER;
        }
        if !self.busy.is_empty() {
            return Time::default();
        }
        self.shut.first().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// Returns the number of operations in lines.
    pub(crate) fn due(&self) -> usize {
        let waiting = |(_, key): (_, &Key)| key.lines.waiting(Line::First) + key.lines.waiting(Line::Second);
        self.keys.iter().map(waiting).sum::<usize>() - self.pages
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns a key whose first line is longer than the calls that may be made now, and whose ranking is old.
    pub(crate) fn unranked(&mut self, now: Time) -> Option<usize> {
        if now < self.rank_check {
            return None;
        }
        let room = self.most.saturating_sub(self.in_flight);
        let unranked =
            self.keys.iter().find(|(_, key)| key.wants_ranking(now, room)).map(|(number, _)| number);
        if unranked.is_none() {
            self.rank_check = now.after(LOOK_AGAIN);
        }
        unranked
    }

    /// Returns the items of the first line of a key. Callers must check that they are current.
    pub(crate) fn candidates(&self, key: usize) -> impl Iterator<Item = Item> + '_ {
        self.keys[key].lines.candidates()
    }

    /// Orders the first line of a key. Returns the rest of the last ranking.
    pub(crate) fn rank(&mut self, key: usize, ranking: Ranking<Item>, now: Time) -> Ranking<Item> {
        self.keys.get_mut(key).map(|key| key.rank(ranking, now)).unwrap_or_default()
    }

    /// Returns a call that hangs and is to be cut, so that another one can be made. Otherwise returns when to check again.
    ///
    /// `sent_at` returns when a call was sent, `None` if it was not.
    pub(crate) fn hanging(
        &mut self,
        now: Time,
        sent_at: impl Fn(&Sent) -> Option<Time>,
    ) -> Result<Sent, Time> {
        if self.in_flight == 0 {
            return Err(Time::NEVER);
        }
        if now < self.cut_check {
            return Err(self.cut_check);
        }
        let has_slot = self.in_flight < self.most;
        let is_wanted = |key: &Key| !key.lines.is_empty();
        if !self.keys.iter().any(|(_, key)| is_wanted(key)) {
            self.cut_check = now.after(LOOK_AGAIN);
            return Err(Time::NEVER);
        }
        let keys = self.keys.iter().filter(|(_, key)| !has_slot || is_wanted(key));
        let cuts = keys.filter_map(|(_, key)| key.cut_at(now, has_slot, &sent_at));
        match cuts.min_by_key(|(at, _)| *at) {
            Some((at, sent)) if at <= now => Ok(sent),
            cut => {
                self.cut_check = now.after(LOOK_AGAIN).min(cut.map_or(Time::NEVER, |(at, _)| at));
                Err(self.cut_check)
            }
        }
    }

    fn open(&mut self, now: Time) {
        while let Some((_, key)) = self.shut.first().copied().filter(|(at, _)| *at <= now) {
            self.make_busy(key);
        }
    }

    /// Gives a key its turn, although no call may be made yet.
    fn make_busy(&mut self, number: usize) {
        let place = std::mem::replace(&mut self.keys[number].place, Place::Busy);
        if let Place::Shut(at) = place {
            self.shut.remove(&(at, number));
        }
        if place != Place::Busy {
            self.busy.push_back(number);
        }
    }

    /// Gives a key its turn if it was idle.
    fn wake_key(&mut self, number: usize) {
        if self.keys[number].place == Place::Idle {
            self.make_busy(number);
        }
    }
}

/// The number of quota keys below which idle ones are kept.
const PRUNE_FROM: usize = 1_024;
/// The calls of a key before the next key has its turn.
const A_TURN: usize = 8;
/// The time between two checks for calls that hang, or for lines to rank. A check visits all keys.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
