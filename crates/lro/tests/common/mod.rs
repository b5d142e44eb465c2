//! A transport that replies by a script, and the words that the scripts are written in.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    collections::VecDeque,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Service, Status, async_trait,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub(crate) const NAME: &str = "operations/1";

pub(crate) type Reply = Result<Operation, Status>;

/// Replies in the order of the script, and panics when it is asked once more than the script has replies.
#[derive(Debug)]
pub(crate) struct Script {
    began: Instant,
    left: Mutex<VecDeque<(Duration, Reply)>>,
    repeats: bool,
    calls: Mutex<Vec<(Duration, String)>>,
}

/// Each reply comes at once.
pub(crate) fn script(replies: impl IntoIterator<Item = Reply>) -> Script {
    slow_script(replies.into_iter().map(|reply| (Duration::ZERO, reply)))
}

/// Each reply takes its time; [`Duration::MAX`] is a call that is never answered.
pub(crate) fn slow_script(replies: impl IntoIterator<Item = (Duration, Reply)>) -> Script {
    Script {
        began: Instant::now(),
        left: Mutex::new(replies.into_iter().collect()),
        repeats: false,
        calls: Mutex::default(),
    }
}

/// The same reply to every call.
pub(crate) fn always(reply: Reply) -> Script {
    Script { repeats: true, ..script([reply]) }
}

/// No call is ever answered.
pub(crate) fn never() -> Script {
    Script { repeats: true, ..slow_script([(Duration::MAX, running())]) }
}

impl Script {
    /// When each call was made, since the script was written.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.calls().into_iter().map(|(time, _)| time).collect()
    }

    /// The pauses between the calls.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.times().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// The names that were asked for.
    pub(crate) fn names(&self) -> Vec<String> {
        self.calls().into_iter().map(|(_, name)| name).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.calls().len()
    }

    fn calls(&self) -> Vec<(Duration, String)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reply(&self, name: &OperationName) -> (Duration, Reply) {
        let call = (self.began.elapsed(), name.to_string());
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if self.repeats { left.front().cloned() } else { left.pop_front() };
        next.expect("a call after the end of the script")
    }
}

#[async_trait]
impl LroTransport for Script {
    async fn get_operation(&self, name: &OperationName) -> Reply {
        let (time, reply) = self.reply(name);
        match time {
            Duration::ZERO => {}
            Duration::MAX => pending().await,
            _ => sleep(time).await,
        }
        reply
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

/// A service whose calls each reply by a script of their own, the last reply for all calls that follow. It declares the
/// calls that have a script, and panics where one without is made.
#[derive(Debug)]
pub(crate) struct Jobs {
    began: Instant,
    gets: Replies<Operation>,
    cancels: Replies<()>,
    waits: Replies<Operation>,
    lists: Replies<OperationPage>,
    calls: Mutex<Vec<(Duration, Call)>>,
    disabled: AtomicUsize,
}

/// A call as it was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Get,
    Cancel,
    /// With the server's timeout.
    Wait(Duration),
    List(ListOperationsRequest),
}

type Replies<T> = Mutex<VecDeque<(Duration, Result<T, Status>)>>;

impl Jobs {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            gets: Mutex::default(),
            cancels: Mutex::default(),
            waits: Mutex::default(),
            lists: Mutex::default(),
            calls: Mutex::default(),
            disabled: AtomicUsize::default(),
        }
    }

    pub(crate) fn gets(self, replies: impl IntoIterator<Item = impl Timed<Operation>>) -> Self {
        Self { gets: timed(replies), ..self }
    }

    pub(crate) fn cancels(self, replies: impl IntoIterator<Item = impl Timed<()>>) -> Self {
        Self { cancels: timed(replies), ..self }
    }

    pub(crate) fn waits(self, replies: impl IntoIterator<Item = impl Timed<Operation>>) -> Self {
        Self { waits: timed(replies), ..self }
    }

    pub(crate) fn lists(self, replies: impl IntoIterator<Item = impl Timed<OperationPage>>) -> Self {
        Self { lists: timed(replies), ..self }
    }

    /// The calls, and when each was made in whole milliseconds: tokio's timers have no finer ones.
    pub(crate) fn calls(&self) -> Vec<(Duration, Call)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a driver said that there is no wait call.
    pub(crate) fn disabled(&self) -> usize {
        self.disabled.load(Ordering::Relaxed)
    }

    /// What was called, in order.
    pub(crate) fn verbs(&self) -> Vec<Call> {
        self.calls().into_iter().map(|(_, call)| call).collect()
    }

    /// When a call of this kind was made.
    pub(crate) fn times(&self, verb: &Call) -> Vec<Duration> {
        self.calls().into_iter().filter(|(_, call)| call == verb).map(|(time, _)| time).collect()
    }

    async fn reply<T: Clone>(&self, call: Call, replies: &Replies<T>) -> Result<T, Status> {
        let time = millis(u64::try_from(self.began.elapsed().as_millis()).unwrap());
        let (takes, reply) = {
            let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(!replies.is_empty(), "an unexpected call: {call:?}");
            let next = replies[0].clone();
            if replies.len() > 1 {
                replies.pop_front();
            }
            next
        };
        {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.push((time, call));
            assert!(calls.len() < 10_000, "a hot loop");
        }
        match takes {
            Duration::ZERO => {}
            Duration::MAX => pending().await,
            _ => sleep(takes).await,
        }
        reply
    }
}

fn timed<T>(replies: impl IntoIterator<Item = impl Timed<T>>) -> Replies<T> {
    Mutex::new(replies.into_iter().map(Timed::timed).collect())
}

/// A reply that comes at once, or after a time; [`Duration::MAX`] is a call that is never answered.
pub(crate) trait Timed<T> {
    fn timed(self) -> (Duration, Result<T, Status>);
}

impl<T> Timed<T> for Result<T, Status> {
    fn timed(self) -> (Duration, Self) {
        (Duration::ZERO, self)
    }
}

impl<T> Timed<T> for (Duration, Result<T, Status>) {
    fn timed(self) -> Self {
        self
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Reply {
        assert_eq!(name.as_str(), NAME);
        self.reply(Call::Get, &self.gets).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        assert_eq!(name.as_str(), NAME);
        self.reply(Call::Cancel, &self.cancels).await
    }

    async fn wait_operation(&self, name: &OperationName, timeout: Option<Duration>) -> Reply {
        assert_eq!(name.as_str(), NAME);
        self.reply(Call::Wait(timeout.expect("a timeout")), &self.waits).await
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.reply(Call::List(request.clone()), &self.lists).await
    }

    fn disable_wait(&self) {
        self.disabled.fetch_add(1, Ordering::Relaxed);
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .cancel(!self.cancels.lock().unwrap().is_empty())
            .list(!self.lists.lock().unwrap().is_empty())
            .wait(!self.waits.lock().unwrap().is_empty())
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

pub(crate) fn name() -> OperationName {
    NAME.parse().unwrap()
}

pub(crate) fn running() -> Reply {
    Ok(Operation::running(NAME))
}

pub(crate) fn succeeded() -> Reply {
    Operation::succeeded(NAME, answer())
}

pub(crate) fn failed() -> Reply {
    Ok(Operation::failed(NAME, Status::new(Code::FailedPrecondition, "out of paper")))
}

/// Done by the caller's wish.
pub(crate) fn cancelled() -> Reply {
    Ok(Operation::failed(NAME, Status::new(Code::Cancelled, "by request")))
}

/// Done with neither an error nor a response.
pub(crate) fn neither() -> Reply {
    Operation::from_json(br#"{"name": "operations/1", "done": true}"#)
}

pub(crate) fn busy() -> Reply {
    Err(Status::unavailable("busy"))
}

pub(crate) fn refused(code: Code) -> Reply {
    Err(Status::new(code, "no"))
}

/// What [`succeeded`] reads as.
pub(crate) fn forty_two() -> Value {
    json!({"answer": 42})
}

pub(crate) fn answer() -> Any {
    any(r#"{"@type": "type.googleapis.com/example.v1.Answer", "answer": 42}"#)
}

pub(crate) fn progress(pages: u32) -> Any {
    any(&format!(r#"{{"@type": "type.googleapis.com/example.v1.Progress", "pages": {pages}}}"#))
}

pub(crate) fn any(json: &str) -> Any {
    Any::from_json(json).unwrap()
}

/// Polls a future so many times, then drops it.
pub(crate) async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
