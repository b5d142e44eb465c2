pub(crate) mod calls;
pub(crate) mod job;
pub(crate) mod operations;

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lro::{Any, Operation};
use tokio::{sync::Notify, time::Instant};

use self::{
    calls::Record,
    job::{Ending, Job, Owner},
    operations::Operations,
};
use crate::{
    Reply, Script,
    rng::Rng,
    service::workspace_events::{Subscriptions, clock::Clock},
};

/// What every connection and the emulator's owner share.
#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    /// Told whenever an operation changes out of turn.
    pub(crate) changed: Notify,
}

/// All that the emulator knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) operations: Operations,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) calls: Record,
    pub(crate) rng: Rng,
    /// The token that calls must bear, if any.
    pub(crate) token: Option<String>,
    /// How the next calls are answered, whatever they are about.
    pub(crate) replies: VecDeque<Reply>,
    /// How the next operations that a service starts run.
    pub(crate) scripts: VecDeque<Script>,
    /// The shortest and the longest time that an operation runs by itself.
    pub(crate) runs_for: (Duration, Duration),
}

impl Store {
    pub(crate) fn new(
        seed: u64,
        runs_for: (Duration, Duration),
        token: Option<String>,
        keeps_calls: usize,
    ) -> Self {
        let mut rng = Rng::seeded(seed);
        let state = State {
            operations: Operations::default(),
            subscriptions: Subscriptions::new(Clock::start(), Rng::seeded(rng.next_u64())),
            calls: Record::keeping(keeps_calls),
            rng,
            token,
            replies: VecDeque::new(),
            scripts: VecDeque::new(),
            runs_for,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// The state as of now: what was due has ended.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test's metadata may have panicked; nothing was half done then.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { operations, subscriptions, .. } = &mut *state;
        operations.settle(Instant::now(), subscriptions);
        state
    }
}

impl State {
    /// Starts an operation of a service and returns its first state.
    pub(crate) fn start(
        &mut self,
        name: String,
        owner: Owner,
        metadata: Option<Any>,
        ending: Ending,
    ) -> Operation {
        let script = self.scripts.pop_front().unwrap_or_default();
        self.run(name, owner, script, metadata, ending)
    }

    /// Starts an operation by a script and returns its first state.
    pub(crate) fn run(
        &mut self,
        name: String,
        owner: Owner,
        script: Script,
        metadata: Option<Any>,
        ending: Ending,
    ) -> Operation {
        let (shortest, longest) = self.runs_for;
        let time = self.rng.duration(shortest, longest);
        let mut job = Job::start(owner, script, time, metadata, ending);
        job.settle(Instant::now(), &mut self.subscriptions);
        let operation = job.operation(&name);
        self.operations.insert(name, job);
        operation
    }

    /// Counts a call about an operation and says how its script answers.
    pub(crate) fn called(&mut self, name: &str) -> Option<Reply> {
        let job = self.operations.hidden_job(name)?;
        let reply = job.called();
        job.settle(Instant::now(), &mut self.subscriptions);
        reply
    }
}
