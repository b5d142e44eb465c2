//! A server in memory that answers by closures, on tokio's clock.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, LroTransport, Operation, OperationName, Origin, Service, Status, async_trait,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

type Answer<T> = Box<dyn Fn(&str, Duration) -> Result<T, Status> + Send + Sync>;

/// Answers calls after a round trip, and records them.
pub(crate) struct Jobs {
    began: Instant,
    round_trip: Duration,
    get: Answer<Operation>,
    cancel: Option<Answer<()>>,
    calls: Mutex<Vec<(Verb, Duration, String)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Cancel,
}

impl Jobs {
    /// A server whose `get` answers as of the time since its start.
    pub(crate) fn new(
        get: impl Fn(&str, Duration) -> Result<Operation, Status> + Send + Sync + 'static,
    ) -> Self {
        let (began, get) = (Instant::now(), Box::new(get));
        Self { began, round_trip: millis(20), get, cancel: None, calls: Mutex::default() }
    }

    /// A server on which each operation is done at this time.
    pub(crate) fn done_at(at: Duration) -> Self {
        Self::new(move |name, now| if now < at { Ok(Operation::running(name)) } else { Ok(done(name)) })
    }

    pub(crate) fn round_trip(self, round_trip: Duration) -> Self {
        Self { round_trip, ..self }
    }

    pub(crate) fn cancels(
        self,
        cancel: impl Fn(&str, Duration) -> Result<(), Status> + Send + Sync + 'static,
    ) -> Self {
        Self { cancel: Some(Box::new(cancel)), ..self }
    }

    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Sleeps until so long after the start.
    pub(crate) async fn until(&self, at: Duration) {
        sleep_until(self.began + at).await;
    }

    /// When each call of this kind about the operation came.
    pub(crate) fn calls(&self, verb: Verb, name: &OperationName) -> Vec<Duration> {
        let calls = self.calls.lock().unwrap();
        let of_name = calls.iter().filter(|(kind, _, about)| *kind == verb && about == name.as_str());
        of_name.map(|(_, at, _)| *at).collect()
    }

    pub(crate) fn gets(&self, name: &OperationName) -> Vec<Duration> {
        self.calls(Verb::Get, name)
    }

    /// When each call of any kind came.
    pub(crate) fn all(&self) -> Vec<Duration> {
        self.calls.lock().unwrap().iter().map(|(_, at, _)| *at).collect()
    }

    async fn answer<T>(&self, verb: Verb, name: &OperationName, answer: &Answer<T>) -> Result<T, Status> {
        let now = self.now();
        self.calls.lock().unwrap().push((verb, now, name.to_string()));
        if !self.round_trip.is_zero() {
            sleep(self.round_trip).await;
        }
        answer(name.as_str(), now)
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.answer(Verb::Get, name, &self.get).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        match &self.cancel {
            Some(cancel) => self.answer(Verb::Cancel, name, cancel).await,
            None => Err(Status::unsupported(&self.service(), "cancel", name.as_str())),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(self.cancel.is_some())
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

/// An operation that has succeeded with its name as the response.
pub(crate) fn done(name: &str) -> Operation {
    Operation::succeeded(name, Any::from_value(&response(name)).unwrap()).unwrap()
}

pub(crate) fn response(name: &str) -> Value {
    json!({"name": name})
}

pub(crate) fn name(number: usize) -> OperationName {
    format!("operations/{number}").parse().unwrap()
}

/// Asserts that a wait ended because the fleet stopped asking.
#[track_caller]
pub(crate) fn assert_stopped<T: std::fmt::Debug>(outcome: Result<T, Status>) -> Status {
    let status = outcome.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking, "{status}");
    status
}

pub(crate) fn unavailable() -> Status {
    Status::new(Code::Unavailable, "busy")
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
