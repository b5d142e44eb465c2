//! The search for a sequence of calls that the library and the model decide differently.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, DefaultHasher},
    panic::resume_unwind,
    time::Duration,
};

use lro::{
    Any, Code, Origin, Status,
    pacing::Moment,
    rules::{Call, FailedCall, Known, Reply, Rules, Saved, guard},
};

use crate::rules::{
    events::{Answer, Event, NAME, Pace, SHARES},
    model::{Expected, Failed, Model},
    settings::{Chance, Setting, When},
};

/// A search through all sequences of calls, up to a length.
pub(crate) struct Search {
    setting: Setting,
    rules: Rules,
    events: Vec<(Event, Reply)>,
    is_deep: bool,
    stores: bool,
}

/// The order is the same in every run.
type States = HashMap<Model, Saved, Hasher>;

type Hasher = BuildHasherDefault<DefaultHasher>;

impl Search {
    /// The last call of each sequence is made at every edge of time.
    pub(crate) fn new(setting: Setting, events: Vec<Event>) -> Self {
        let events = events.into_iter().map(|event| (event, event.reply())).collect();
        Self { setting, rules: setting.rules(), events, is_deep: false, stores: false }
    }

    /// Each call is made after the last, and states that differ only in the last failure are followed once.
    pub(crate) fn deep(setting: Setting, events: Vec<Event>) -> Self {
        Self { is_deep: true, ..Self::new(setting, events) }
    }

    /// Each state is stored and restored before the next call.
    pub(crate) fn stored(self) -> Self {
        Self { stores: true, ..self }
    }

    pub(crate) fn run(&self, calls: u32) {
        self.run_from(Model::default(), Saved::default(), calls);
    }

    /// From a state that the model knows.
    pub(crate) fn run_from(&self, model: Model, saved: Saved, calls: u32) {
        let mut states = States::from_iter([(model, saved)]);
        for call in 0..calls {
            let mut reached = States::default();
            for (model, saved) in &states {
                for (event, reply) in &self.events {
                    if !self.is_deep {
                        self.at_edges(model, saved, event, reply);
                    }
                    let chance = Chance::ALL[call as usize % 2];
                    let (model, saved) = self.step(model, saved, event, reply, When::nth(call), chance);
                    match reached.entry(model) {
                        Entry::Vacant(entry) => drop(entry.insert(saved)),
                        // Nothing of what was before is known that the model does not know.
                        Entry::Occupied(entry) => assert_eq!(*entry.get(), saved, "{:?}", entry.key()),
                    }
                }
            }
            states = if self.is_deep { merged(reached) } else { reached };
        }
    }

    fn at_edges(&self, model: &Model, saved: &Saved, event: &Event, reply: &Reply) {
        for (when, chance) in When::edges().into_iter().zip(Chance::ALL.into_iter().cycle()) {
            self.step(model, saved, event, reply, when, chance);
            self.retry(model, saved, event, when, chance);
        }
    }

    fn step(
        &self,
        model: &Model,
        saved: &Saved,
        event: &Event,
        reply: &Reply,
        when: When,
        chance: Chance,
    ) -> (Model, Saved) {
        let (mut now, mut kept) = (model.clone(), saved.clone());
        let expected = now.after(&self.setting, event, when, chance);
        let found = step(&self.rules, &mut kept, event, reply.clone(), when, chance);
        let context = || format!("{event:?} at {when:?} in {model:?} of {:?}", self.setting);
        assert_eq!(found, expected, "{}", context());
        assert_eq!(shown(&kept), shown_by(&now), "{}", context());
        if self.stores {
            let json = serde_json::to_string(&kept).unwrap();
            let restored: Saved = serde_json::from_str(&json).unwrap();
            assert_eq!(restored, kept, "{json}");
            kept = restored;
        }
        (now, kept)
    }

    /// Steps from a state of which nothing is known.
    pub(crate) fn endure(&self, saved: &Saved) {
        for (event, reply) in &self.events {
            for when in When::edges() {
                step(&self.rules, &mut saved.clone(), event, reply.clone(), when, Chance::Most);
            }
        }
    }

    /// A driver may decide about a failed call alone.
    fn retry(
        &self,
        model: &Model,
        saved: &Saved,
        event: &Event,
        When { ended: age, .. }: When,
        chance: Chance,
    ) {
        let Answer::Failed(failure) = event.answer else {
            return;
        };
        let (mut now, mut trouble) = (model.clone(), saved.trouble.clone().unwrap_or_default());
        let (had_reply, counts) = (model.replies > 0, event.counts);
        let expected = now.after_failure(&self.setting, Failed::Returned(failure), age, counts, chance);
        let call = Call { counts, ..Call::new(age, age) };
        let failed = FailedCall { status: failure.status(), call, had_reply };
        let found = self.rules.retry(&mut trouble, failed, chance.value());
        let context = || format!("{event:?} at {age:?} in {model:?} of {:?}", self.setting);
        assert_eq!(found, expected, "{}", context());
        assert_eq!(trouble.setbacks(), now.in_a_row, "{}", context());
    }
}

/// One state for all that differ only in their last failure and the number of failures, which decide nothing.
fn merged(states: States) -> States {
    let mut firsts: HashMap<_, _, Hasher> = HashMap::default();
    for (model, saved) in states {
        let decisive = Model { last_failure: None, failed: 0, ..model.clone() };
        firsts.entry(decisive).or_insert((model, saved));
    }
    firsts.into_values().collect()
}

/// Steps the library.
fn step(
    rules: &Rules,
    Saved { tally, trouble, metadata, .. }: &mut Saved,
    event: &Event,
    reply: Reply,
    When { asked, ended, deadline }: When,
    chance: Chance,
) -> Expected {
    let mut paced = None;
    let pace = |moment: &Moment, fresh: Option<&Any>| {
        paced = Some((*moment, fresh.map(share)));
        let Answer::State(state) = event.answer else {
            panic!("the pace of a call that failed");
        };
        match state.pace {
            Pace::After(delay) => Ok(Some(delay)),
            Pace::GivesUp => Ok(None),
            Pace::Fails => {
                let status = Status::new(Code::DataLoss, "lost the pace");
                Err(status.with_origin(Origin::StoppedAsking))
            }
            // No panic hook runs: there are thousands of these.
            Pace::Panics => guard("the pacing", || resume_unwind(Box::new("boom"))),
        }
    };
    let call = Call { asked, ended, deadline, started: true, held: event.held, counts: event.counts };
    let known = Known { name: NAME, tally, trouble, metadata };
    let next = rules.step(known, call, reply, pace, chance.value());
    Expected { next, paced }
}

type Shown = (u32, u32, Duration, Option<(u32, u32, Option<Status>)>, Option<&'static str>);

/// What a driver sees of a state.
fn shown(Saved { tally, trouble, metadata, .. }: &Saved) -> Shown {
    let trouble = trouble.as_ref();
    let trouble =
        trouble.map(|trouble| (trouble.setbacks(), trouble.failed(), trouble.last_failure().cloned()));
    (tally.polls, tally.replies, tally.running(), trouble, metadata.as_ref().map(share))
}

fn shown_by(model: &Model) -> Shown {
    // SPEC 21: the last failure is kept, whatever follows.
    let trouble = model.last_failure.map(|failed| (model.in_a_row, model.failed, Some(failed.status())));
    (model.polls, model.replies, model.seen_running, trouble, model.metadata)
}

/// The share of the work in metadata.
fn share(metadata: &Any) -> &'static str {
    let json = metadata.as_json().unwrap();
    SHARES.into_iter().find(|share| json.ends_with(&format!("\"{share}\"}}"))).unwrap()
}
