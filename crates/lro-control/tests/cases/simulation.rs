//! A client of one quota key as it is meant to be written, with a random number generator and a virtual clock.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    ops::Range,
    time::Duration,
};

use lro_control::{Call, Control, Line, Lines, Rate, Reply, Window, delay_after, failures_after};

pub(crate) struct Simulation {
    pub(crate) rate: Option<Rate>,
    pub(crate) most: usize,
    /// The time from a call to its reply, in seconds.
    pub(crate) rtt: f64,
    /// The time from a good reply to the next call.
    pub(crate) pace: f64,
    /// An operation that is asked from then on has ended.
    pub(crate) ends_at: f64,
    random: Random,
    items: Vec<Item>,
    seen: Seen,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) calls: Vec<SeenCall>,
    pub(crate) good: usize,
    pub(crate) cut: usize,
    pub(crate) ended: usize,
    pub(crate) last_end: f64,
    first_good: Vec<f64>,
}

pub(crate) struct SeenCall {
    pub(crate) at: f64,
    pub(crate) item: usize,
    pub(crate) is_good: bool,
}

/// A quota as a bucket of tokens.
pub(crate) struct Bucket {
    rate: f64,
    most: f64,
    tokens: f64,
    at: f64,
}

#[derive(Clone, Copy, Default)]
struct Item {
    failures: u32,
    /// Which of its stays in a line is the present one; 0 while it is in none.
    stay: u64,
}

/// What is to happen, in its order: by time, then by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Due(usize),
    Reply(u64),
}

struct Random(u64);

/// The state of one run.
struct Run<S> {
    service: S,
    control: Control,
    window: Option<Window>,
    lines: Lines<(usize, u64)>,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    flying: BTreeMap<u64, (Call, usize, Reply)>,
    number: u64,
    now: Duration,
}

impl Simulation {
    pub(crate) fn new(seed: u64, items: usize) -> Self {
        let seen = Seen { first_good: vec![f64::INFINITY; items], ..Seen::default() };
        let items = vec![Item::default(); items];
        let random = Random(seed);
        Self { rate: None, most: 64, rtt: 0.01, pace: 1.0, ends_at: f64::INFINITY, random, items, seen }
    }

    /// Runs for some seconds. `service` answers a call for an item at a time, with a random number.
    pub(crate) fn run(mut self, seconds: f64, service: impl FnMut(usize, f64, f64) -> Reply) -> Seen {
        let mut run = Run {
            service,
            control: Control::new(self.rate, self.most),
            window: self.rate.map(Window::new),
            lines: Lines::default(),
            events: BinaryHeap::new(),
            flying: BTreeMap::new(),
            number: 0,
            now: Duration::ZERO,
        };
        (0..self.items.len()).for_each(|item| run.at(Duration::ZERO, Event::Due(item)));
        let end = Duration::from_secs_f64(seconds);
        while run.now < end {
            while let Some(event) = run.next_event() {
                match event {
                    Event::Due(item) => self.come_due(&mut run, item),
                    Event::Reply(call) => self.end(&mut run, call, None),
                }
            }
            while run.may_call_at().is_some_and(|at| at <= run.now) {
                self.call(&mut run);
            }
            while let Some((call, _)) = run.cut_at().filter(|(_, at)| *at <= run.now) {
                self.seen.cut += 1;
                self.end(&mut run, call, Some(Reply::Cut));
                self.call(&mut run);
            }
            let event = run.events.peek().map(|Reverse((at, ..))| *at);
            let next = [event, run.may_call_at(), run.cut_at().map(|(_, at)| at)].into_iter().flatten().min();
            run.now = next.unwrap_or(end).max(run.now);
        }
        self.seen
    }

    fn come_due<S>(&mut self, run: &mut Run<S>, item: usize) {
        run.number += 1;
        self.items[item].stay = run.number;
        run.lines.push(Line::of(self.items[item].failures), (item, run.number));
    }

    fn call<S: FnMut(usize, f64, f64) -> Reply>(&mut self, run: &mut Run<S>) {
        let items = &mut self.items;
        let waiting = |line| run.lines.waiting(line);
        let pick = run.control.pick(run.now, waiting(Line::First), waiting(Line::Second)).unwrap();
        let chance = self.random.next();
        let (item, _) = run.lines.take(pick, chance, |(item, stay)| items[*item].stay == *stay).unwrap();
        items[item].stay = 0;
        if let Some(window) = &mut run.window {
            window.count(run.now);
        }
        let call = run.control.sent(run.now, items[item].failures, self.random.next());
        let at = run.now.as_secs_f64();
        let reply = (run.service)(item, at, self.random.next());
        self.seen.calls.push(SeenCall { at, item, is_good: reply.is_good() });
        let takes = if reply.hung() { 30.0 } else { self.rtt };
        run.number += 1;
        run.flying.insert(run.number, (call, item, reply));
        run.at(run.now + Duration::from_secs_f64(takes), Event::Reply(run.number));
    }

    /// A call ends, by its reply or by another one.
    fn end<S>(&mut self, run: &mut Run<S>, call: u64, reply: Option<Reply>) {
        let Some((call, item, own)) = run.flying.remove(&call) else {
            return;
        };
        let (reply, crowd) = (reply.unwrap_or(own), self.items.len() - self.seen.ended);
        run.control.ended(call, run.now, reply, crowd, self.random.next());
        let failures = failures_after(self.items[item].failures, reply, run.control.is_shut());
        self.items[item].failures = failures;
        let seconds = run.now.as_secs_f64();
        if reply.is_good() {
            self.seen.good += 1;
            self.seen.first_good[item] = self.seen.first_good[item].min(seconds);
            if call.sent_at().as_secs_f64() >= self.ends_at {
                self.seen.ended += 1;
                self.seen.last_end = seconds;
                return;
            }
        }
        let delay = if reply.is_good() {
            Duration::from_secs_f64(self.pace)
        } else {
            delay_after(failures, reply, self.random.next())
        };
        run.at(run.now + delay, Event::Due(item));
    }
}

impl Seen {
    pub(crate) fn first_good(&self, items: Range<usize>) -> f64 {
        self.first_good[items].iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// When each of these had a good reply; infinite if one of them had none.
    pub(crate) fn all_good(&self, items: Range<usize>) -> f64 {
        self.first_good[items].iter().copied().fold(0.0, f64::max)
    }
}

impl Bucket {
    pub(crate) fn new(rate: f64, most: f64) -> Self {
        Self { rate, most, tokens: most, at: 0.0 }
    }

    pub(crate) fn gives(&mut self, now: f64) -> bool {
        self.tokens = self.most.min(self.tokens + (now - self.at) * self.rate);
        self.at = now;
        let gives = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(gives));
        gives
    }
}

impl<S> Run<S> {
    fn at(&mut self, at: Duration, event: Event) {
        self.number += 1;
        self.events.push(Reverse((at, self.number, event)));
    }

    fn next_event(&mut self) -> Option<Event> {
        self.events.peek().filter(|Reverse((at, ..))| *at <= self.now)?;
        self.events.pop().map(|Reverse((.., event))| event)
    }

    /// When the next call can be made; `None` if nothing waits, or a call must end before.
    fn may_call_at(&self) -> Option<Duration> {
        Some(self.control.opens_at()?.max(self.paced_at()?))
    }

    /// When a call can be made, if a slot is free for it.
    fn paced_at(&self) -> Option<Duration> {
        let waiting = |line| self.lines.waiting(line);
        self.control.pick(self.now, waiting(Line::First), waiting(Line::Second))?;
        let window = self.window.as_ref().map(Window::opens_at).unwrap_or_default();
        Some(self.control.paced_at().max(window))
    }

    /// The oldest call, and when it can be cut short for another one.
    fn cut_at(&self) -> Option<(u64, Duration)> {
        let (number, (oldest, ..)) = self.flying.first_key_value()?;
        let at = self.control.cut_at(oldest, self.now, true)?;
        Some((*number, at.max(self.paced_at()?)))
    }
}

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
