//! A server in memory that runs one operation and gives trouble by a scenario.

use std::{
    future::pending,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lro::{Capabilities, Code, LroTransport, Operation, OperationName, Status, async_trait};
use lro_testkit::{
    Dice,
    codes::SURVIVED,
    replies::{self, Truth},
};
use tokio::time::{Instant, sleep};

use crate::scenario::Scenario;

/// Answers by a scenario, and keeps what it was asked and what it answers.
#[derive(Debug)]
pub(crate) struct Server {
    scenario: Scenario,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    calls: Vec<Call>,
    /// When the operation is done by being cancelled.
    cancelled_at: Duration,
}

/// One call, as the server sees it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    /// Since the server began.
    pub(crate) at: Duration,
    /// How long the reply takes; `None` for ever.
    pub(crate) takes: Option<Duration>,
    pub(crate) reply: Reply,
    /// What the server asks to wait before the next call.
    pub(crate) hint: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The state of the operation when the server looks.
    Running,
    Done(Truth),
    /// The operation will be cancelled, perhaps.
    Accepted,
    /// A failed call.
    Failed(Code),
    /// Exhausted, and not because of the rate.
    OutOfQuota,
    /// A reply that breaks the rules.
    Broken,
    /// A state of another operation.
    Other,
}

impl Server {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let dice = Dice::new(scenario.seed ^ 0xfeed);
        let state = Mutex::new(State { dice, calls: Vec::new(), cancelled_at: Duration::MAX });
        Self { scenario: scenario.clone(), began: Instant::now(), state }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).calls.clone()
    }

    /// Since it began.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn call(&self, verb: Verb) -> Call {
        let call = self.take_call(verb);
        match call.takes {
            None => pending().await,
            Some(Duration::ZERO) => {}
            Some(time) => sleep(time).await,
        }
        call
    }

    fn take_call(&self, verb: Verb) -> Call {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(state.calls.len() < MOST_CALLS, "a hot loop: {MOST_CALLS} calls in {:?}", self.now());
        let call = self.draw(verb, state);
        state.calls.push(call.clone());
        call
    }

    fn draw(&self, verb: Verb, state: &mut State) -> Call {
        let State { dice, cancelled_at, .. } = state;
        let at = self.now();
        let takes = match dice.below(20) {
            0 if dice.happens(self.scenario.trouble) && self.scenario.attempt_timeout < Duration::MAX => None,
            1 if dice.happens(self.scenario.trouble) => Some(dice.spread(1_000, 60_000)),
            2..6 => Some(Duration::ZERO),
            _ => Some(dice.spread(1, 900)),
        };
        let looks_at = at + takes.unwrap_or_default() / 2;
        let reply = if dice.happens(self.scenario.trouble) {
            trouble(dice, self.scenario.fatal, verb)
        } else if looks_at < self.scenario.hidden_for {
            Reply::Failed(Code::NotFound)
        } else if verb == Verb::Cancel {
            let done_at = self.scenario.cancels_in.map_or(Duration::MAX, |time| looks_at + time);
            *cancelled_at = done_at.min(*cancelled_at);
            Reply::Accepted
        } else if looks_at < self.scenario.runs_for.min(*cancelled_at) {
            Reply::Running
        } else if *cancelled_at < self.scenario.runs_for {
            Reply::Done(Truth::Error(Code::Cancelled.number()))
        } else {
            Reply::Done(self.scenario.truth)
        };
        let is_hinted = matches!(reply, Reply::Running | Reply::Failed(_)) && dice.below(4) == 0;
        let hint = is_hinted.then(|| dice.one_of([Duration::ZERO, dice.clone().spread(1, 2_000_000)]));
        Call { verb, at, takes, reply, hint }
    }

    fn answer(&self, call: &Call) -> Result<Operation, Status> {
        // The name may be left out, and what is not done may bear a response.
        let name = if call.at.as_millis().is_multiple_of(3) { "" } else { NAME };
        let operation = match call.reply {
            Reply::Running => Operation::running(name),
            Reply::Other => replies::succeeded("operations/2", "of another operation"),
            Reply::Broken => return Err(Status::malformed("both a response and an error")),
            Reply::Failed(code) => return Err(replies::failed(code, call.hint)),
            Reply::OutOfQuota => return Err(replies::out_of_quota()),
            // It is no reply to a get.
            Reply::Accepted => return Err(Status::malformed("accepted")),
            Reply::Done(truth) => truth.done(name)?,
        };
        Ok(call.hint.into_iter().fold(operation, Operation::with_retry_after))
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        assert_eq!(name.as_str(), NAME);
        let call = self.call(Verb::Get).await;
        self.answer(&call)
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        assert_eq!(name.as_str(), NAME);
        assert!(self.scenario.can_cancel, "a call that the service has not");
        let call = self.call(Verb::Cancel).await;
        if call.reply == Reply::Accepted { Ok(()) } else { self.answer(&call).map(drop) }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(self.scenario.can_cancel)
    }
}

pub(crate) fn name() -> OperationName {
    OperationName::parse(NAME).expect("a name")
}

fn trouble(dice: &mut Dice, fatal: f64, verb: Verb) -> Reply {
    let is_fatal = dice.happens(fatal);
    if is_fatal && verb == Verb::Cancel {
        return Reply::Failed(dice.one_of([
            Code::FailedPrecondition,
            Code::Unimplemented,
            Code::Unauthenticated,
        ]));
    }
    if is_fatal {
        return dice.one_of([
            Reply::Failed(Code::InvalidArgument),
            Reply::Failed(Code::PermissionDenied),
            Reply::Failed(Code::FailedPrecondition),
            Reply::Failed(Code::OutOfRange),
            Reply::Failed(Code::Unimplemented),
            Reply::Failed(Code::DataLoss),
            Reply::Failed(Code::AlreadyExists),
            Reply::Failed(Code::Cancelled),
            Reply::Failed(Code::NotFound),
            Reply::Failed(Code::Unauthenticated),
            Reply::Failed(Code::Unauthenticated),
            Reply::Failed(Code::Unauthenticated),
            Reply::OutOfQuota,
            Reply::Broken,
            Reply::Other,
        ]);
    }
    Reply::Failed(dice.one_of(SURVIVED))
}

const NAME: &str = "operations/1";

/// More than any scenario needs.
const MOST_CALLS: usize = 50_000;
