pub(crate) mod calls;
pub(crate) mod job;
mod operations;
pub(crate) mod view;

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lro::Any;
use tokio::{sync::Notify, time::Instant};

use self::{
    calls::Record,
    job::{Ending, Job, Scope},
    operations::Operations,
    view::View,
};
use crate::{reply::Reply, rng::Rng, script::Script};

/// The operations and the calls about them, which all connections and the [`Emulator`](crate::Emulator) share. It knows no service.
#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    /// Notified whenever an operation changes before its time.
    pub(crate) changed: Notify,
}

/// The content of the store.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) operations: Operations,
    pub(crate) calls: Record,
    pub(crate) rng: Rng,
    /// The token that calls must have, if any.
    pub(crate) token: Option<String>,
    /// The replies to the next calls, whatever they are about, each with the number of the calls.
    pub(crate) replies: VecDeque<(usize, Reply)>,
    /// The scripts of the next operations that a service starts.
    pub(crate) scripts: VecDeque<Script>,
    /// The shortest and the longest time that an operation runs if its script does not set it.
    runs_for: (Duration, Duration),
}

impl Store {
    pub(crate) fn new(
        rng: Rng,
        runs_for: (Duration, Duration),
        token: Option<String>,
        keeps_calls: usize,
    ) -> Self {
        let state = State {
            operations: Operations::default(),
            calls: Record::keeping(keeps_calls),
            rng,
            token,
            replies: VecDeque::new(),
            scripts: VecDeque::new(),
            runs_for,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Locks the state, after it has ended the operations that are due.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // None of the caller's code runs while it is locked.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.operations.settle(Instant::now());
        state
    }
}

impl State {
    /// Starts an operation of a service by the next script and returns its first state.
    pub(crate) fn start(
        &mut self,
        name: String,
        scope: Scope,
        metadata: Option<Any>,
        ending: Ending,
    ) -> View {
        let script = self.scripts.pop_front().unwrap_or_default();
        self.run(name, scope, script, metadata, ending)
    }

    /// Starts an operation by a script and returns its first state.
    pub(crate) fn run(
        &mut self,
        name: String,
        scope: Scope,
        script: Script,
        metadata: Option<Any>,
        ending: Ending,
    ) -> View {
        let (shortest, longest) = self.runs_for;
        let time = self.rng.duration(shortest, longest);
        let mut job = Job::start(scope, script, time, metadata, ending);
        job.settle(Instant::now());
        let view = job.view(&name);
        self.operations.insert(name, job);
        view
    }

    /// Takes the reply that is set for the next call, whatever it is about.
    pub(crate) fn next_reply(&mut self) -> Option<Reply> {
        while let Some((left, reply)) = self.replies.front_mut() {
            if let Some(rest) = left.checked_sub(1) {
                *left = rest;
                return Some(reply.clone());
            }
            self.replies.pop_front();
        }
        None
    }

    /// Checks the token of a call. The error is the reason of the refusal, which a call without a token does not have.
    pub(crate) fn require_token(&self, token: Option<&str>) -> Result<(), Option<&'static str>> {
        match &self.token {
            Some(wanted) if token != Some(wanted) => Err(token.map(|_| "ACCESS_TOKEN_TYPE_UNSUPPORTED")),
            _ => Ok(()),
        }
    }

    /// Counts a call about an operation and returns the reply that its script sets for the call.
    pub(crate) fn called(&mut self, name: &str) -> Option<Reply> {
        let job = self.operations.hidden_job(name)?;
        let reply = job.called();
        job.settle(Instant::now());
        reply
    }
}
