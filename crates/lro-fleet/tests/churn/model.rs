//! Who waits for what, and what each is to learn.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use lro::{Code, Handle, Operation, Origin, Service, Status, Tolerance, pacing::Pacing};
use lro_fleet::{Completion, Completions, Fleet, Rate, Registration, Watch};
use lro_testkit::Dice;
use serde_json::Value;
use tokio::time::sleep;

use crate::server::{Server, Truth, name, number, truth};

pub(crate) struct Model {
    dice: Dice,
    server: Server,
    fleet: Fleet,
    completions: Completions,
    watches: Vec<Seen>,
    names: HashMap<u64, Named>,
}

/// A watch, and what it is to learn beside the truth.
struct Seen {
    number: u64,
    watch: Watch<Value>,
    /// The waits for the name may end by a deadline.
    by_deadline: bool,
    /// The wait was forgotten.
    is_stopped: bool,
}

/// The waits for a name.
#[derive(Default)]
struct Named {
    /// Whether the latest of them is registered.
    is_registered: bool,
    /// The completions to come.
    outstanding: usize,
    by_deadline: bool,
}

impl Model {
    pub(crate) fn new(mut dice: Dice) -> Self {
        let server = Server::new(Dice::new(dice.number()));
        let mut builder = Fleet::builder(server.clone())
            .tolerance(Tolerance::default().failures(None))
            .max_in_flight(dice.one_of([1, 3, 64]))
            .most_completions(dice.one_of([1, 3, 1_024]))
            .seed(dice.number());
        if dice.happens(0.3) {
            builder = builder.rate(Rate::per_second(dice.one_of([1, 5, 40])));
        }
        if dice.happens(0.3) {
            builder = builder.quota_key(|name| (number(name.as_str()) % 3).to_string());
        }
        if dice.happens(0.3) {
            builder = builder.kind(|name| (number(name.as_str()) % 2).to_string());
        }
        if dice.happens(0.3) {
            builder = builder.tick(Duration::ZERO);
        }
        let fleet = builder.start();
        let completions = fleet.completions();
        Self { dice, server, fleet, completions, watches: Vec::new(), names: HashMap::new() }
    }

    /// Gives the fleet a command.
    pub(crate) async fn step(&mut self) {
        let number = self.server.now().as_secs().saturating_sub(20) + self.dice.below(60);
        match self.dice.below(100) {
            0..20 => self.watch(number),
            20..40 => self.register(number),
            40..45 => self.resume(number),
            45..52 => self.forget(number),
            52..57 => self.cancel(number),
            57..70 => self.leave(),
            70..80 => self.take(),
            80..83 => self.fleet.pause(),
            83..90 => self.fleet.unpause(),
            90..93 => self.look(),
            _ => {
                let pause = self.dice.spread(1, 20_000);
                sleep(pause).await;
            }
        }
    }

    /// Ends the waits in one of three ways, and judges them.
    pub(crate) async fn finish(mut self) {
        self.fleet.unpause();
        match self.dice.below(3) {
            0 => self.shut_down().await,
            1 => self.drain().await,
            _ => {
                self.watches.clear();
                let numbers: Vec<_> = self.names.keys().copied().collect();
                numbers.into_iter().for_each(|number| self.forget(number));
                self.take();
                sleep(Duration::from_secs(40)).await;
                let polls = self.server.polls();
                sleep(Duration::from_secs(100)).await;
                assert_eq!(self.server.polls(), polls, "polls that nobody waits for");
            }
        }
        let metrics = self.fleet.metrics();
        assert_eq!((metrics.pending, metrics.in_flight, metrics.due), (0, 0, 0), "{metrics}");
    }

    fn registration(&mut self, number: u64) -> Registration {
        let mut registration = match self.dice.below(10) {
            0 => Registration::started(Operation::running(name(number).as_str())).unwrap(),
            1..4 => Registration::new(name(number)).pacing(Pacing::fixed(Duration::from_millis(700))),
            _ => Registration::new(name(number)),
        };
        let by_deadline = self.dice.happens(0.1);
        if by_deadline {
            registration = registration.deadline(self.dice.spread(1, 30_000) - Duration::from_millis(1));
        }
        self.begin(number);
        self.names.entry(number).or_default().by_deadline |= by_deadline;
        registration
    }

    /// A new wait begins, unless it joins one.
    fn begin(&mut self, number: u64) {
        if self.is_pending(number).is_none_or(|(is_pending, is_done)| !is_pending && !is_done) {
            self.names.entry(number).or_default().is_registered = false;
        }
    }

    /// Whether the fleet waits for a name, and whether it is done. `None` if it does not know the name.
    fn is_pending(&self, number: u64) -> Option<(bool, bool)> {
        let snapshot = self.fleet.get::<Value>(&name(number))?;
        Some((snapshot.next_poll().is_some(), snapshot.is_done()))
    }

    fn watch(&mut self, number: u64) {
        let registration = self.registration(number);
        let watch = self.fleet.watch_with(registration);
        let by_deadline = self.names[&number].by_deadline;
        self.watches.push(Seen { number, watch, by_deadline, is_stopped: false });
    }

    fn register(&mut self, number: u64) {
        let registration = self.registration(number);
        self.fleet.register_with(registration).unwrap();
        self.registered(number);
    }

    fn resume(&mut self, number: u64) {
        self.begin(number);
        let service = Service::new("jobs.example.com", "v1");
        let handle = Handle::new(&service, name(number));
        let handle = if self.dice.happens(0.5) { handle.with_kind("resumed") } else { handle };
        self.fleet.register_handles(&[handle]).unwrap();
        self.registered(number);
    }

    fn registered(&mut self, number: u64) {
        let named = self.names.entry(number).or_default();
        named.outstanding += usize::from(!named.is_registered);
        named.is_registered = true;
    }

    fn forget(&mut self, number: u64) {
        let is_pending = self.is_pending(number).is_some_and(|(is_pending, _)| is_pending);
        let of_name = self.watches.iter_mut().filter(|seen| seen.number == number);
        let waiting = of_name.filter_map(|seen| {
            let waits = seen.watch.outcome().now_or_never().is_none();
            waits.then_some(seen)
        });
        let waiting: Vec<_> = waiting.collect();
        let handle = self.fleet.forget(&name(number));
        assert_eq!(handle.is_some(), is_pending, "{number}");
        assert!(is_pending || waiting.is_empty(), "{number}: a watch of nothing");
        for seen in waiting {
            seen.is_stopped = true;
            assert!(seen.watch.outcome().now_or_never().is_some(), "{number}: it ends at once");
        }
        if let Some(named) = self.names.get_mut(&number).filter(|named| is_pending && named.is_registered) {
            named.is_registered = false;
            named.outstanding -= 1;
        }
    }

    fn cancel(&self, number: u64) {
        let fleet = self.fleet.clone();
        tokio::spawn(async move {
            let asked = fleet.cancel(&name(number)).await;
            assert!(asked.is_ok() || truth(number) == Truth::Refused, "{asked:?}");
        });
    }

    fn leave(&mut self) {
        if !self.watches.is_empty() {
            let at = self.dice.below(self.watches.len() as u64) as usize;
            let mut seen = self.watches.swap_remove(at);
            if let Some(outcome) = seen.watch.outcome().now_or_never() {
                self.judge(&seen, outcome);
            }
        }
    }

    fn take(&mut self) {
        while let Some(Some(completion)) = self.completions.next().now_or_never() {
            self.taken(completion);
        }
    }

    fn taken(&mut self, completion: Completion) {
        let number = number(completion.name().as_str());
        let named = self.names.get_mut(&number).unwrap();
        assert!(named.outstanding > 0, "{number}: a completion that nobody registered");
        named.outstanding -= 1;
        named.is_registered &= named.outstanding > 0;
        let by_deadline = named.by_deadline;
        self.judge_outcome(number, by_deadline, completion.decode());
    }

    fn look(&self) {
        let pending = self.fleet.pending();
        let names: HashSet<_> = pending.iter().map(|pending| pending.name.clone()).collect();
        assert_eq!((names.len(), pending.len()), (pending.len(), self.fleet.metrics().pending));
        for seen in &self.watches {
            assert!(self.names.contains_key(&seen.number));
        }
    }

    fn judge(&self, seen: &Seen, outcome: Result<Value, Status>) {
        if seen.is_stopped {
            let status = outcome.unwrap_err();
            assert_eq!(status.origin(), Origin::StoppedAsking, "{}: {status}", seen.number);
            return;
        }
        self.judge_outcome(seen.number, seen.by_deadline, outcome);
    }

    fn judge_outcome(&self, number: u64, by_deadline: bool, outcome: Result<Value, Status>) {
        let now = self.server.now();
        match outcome {
            Ok(value) => {
                assert_eq!(value["number"], number);
                assert!(matches!(truth(number), Truth::Done(at) if at <= now), "{number}");
            }
            Err(status) if status.origin() == Origin::StoppedAsking => {
                assert!(by_deadline, "{number}: {status}");
            }
            Err(status) if status.code() == Code::Cancelled => assert!(self.server.is_cancelled(number)),
            Err(status) => {
                assert_eq!(
                    (status.code(), truth(number)),
                    (Code::PermissionDenied, Truth::Refused),
                    "{status}"
                );
            }
        }
    }

    /// All that can end ends by itself.
    async fn drain(&mut self) {
        let numbers: Vec<_> = self.names.keys().copied().filter(|of| truth(*of) == Truth::Never).collect();
        for number in numbers {
            self.forget(number);
        }
        self.fleet.drain();
        while let Some(completion) = self.completions.next().await {
            self.taken(completion);
        }
        for (number, named) in &self.names {
            assert_eq!(named.outstanding, 0, "{number}: a completion is missing");
        }
        for mut seen in std::mem::take(&mut self.watches) {
            let outcome = seen.watch.outcome().await;
            self.judge(&seen, outcome);
        }
        // The calls of waits that were forgotten.
        sleep(Duration::from_secs(40)).await;
    }

    async fn shut_down(&mut self) {
        self.take();
        let before: HashSet<_> = self.fleet.pending().into_iter().map(|pending| pending.name).collect();
        let handles = self.fleet.shutdown().await;
        let service = Service::new("jobs.example.com", "v1");
        let names: HashSet<_> =
            handles.iter().map(|handle| number(handle.name_for(&service).unwrap().as_str())).collect();
        assert_eq!(names.len(), handles.len());
        assert!(names.iter().all(|of| before.contains(&name(*of))));
        for number in &names {
            if let Some(named) = self.names.get_mut(number).filter(|named| named.is_registered) {
                named.outstanding -= 1;
            }
        }
        while let Some(completion) = self.completions.next().await {
            self.taken(completion);
        }
        for (number, named) in &self.names {
            assert_eq!(named.outstanding, 0, "{number}: neither a handle nor a completion");
        }
        for mut seen in std::mem::take(&mut self.watches) {
            let outcome = seen.watch.outcome().now_or_never().expect("it ends");
            let is_stopped = outcome.as_ref().is_err_and(|status| status.origin() == Origin::StoppedAsking);
            if !is_stopped || !names.contains(&seen.number) {
                self.judge(&seen, outcome);
            }
        }
    }
}
