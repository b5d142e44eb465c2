//! A transport that replies by a script, and the words that the scripts are written in.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lro::{Any, Code, LroTransport, Operation, OperationName, Service, Status, async_trait};
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

pub(crate) fn name() -> OperationName {
    NAME.parse().unwrap()
}

pub(crate) fn running() -> Reply {
    Ok(Operation::running(NAME))
}

pub(crate) fn succeeded() -> Reply {
    Ok(Operation::succeeded(NAME, answer()))
}

pub(crate) fn failed() -> Reply {
    Ok(Operation::failed(NAME, Status::new(Code::FailedPrecondition, "out of paper")))
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

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
