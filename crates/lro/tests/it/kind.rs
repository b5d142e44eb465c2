//! The kind of an operation, by which a transport has a default pacing.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    LroTransport, Operation, OperationName, Pacing, Service, Status, Wait, async_trait, poll_until_done,
};
use serde_json::Value;

use super::common::{Script, millis, name, running, script, seconds, succeeded};

#[tokio::test(start_paused = true)]
async fn paces_a_wait_that_was_given_no_pacing() {
    let jobs = Jobs::new();
    poll_until_done::<Value>(&jobs, name()).kind(PRINT).await.unwrap();
    assert_eq!(jobs.asked(), [PRINT]);
    assert_eq!(jobs.script.times(), [seconds(0), seconds(5)]);

    let jobs = Jobs::new();
    poll_until_done::<Value>(&jobs, name()).kind(PRINT).pacing(Pacing::fixed(seconds(7))).await.unwrap();
    assert!(jobs.asked().is_empty());
    assert_eq!(jobs.script.times(), [seconds(0), seconds(7)]);
}

#[tokio::test(start_paused = true)]
async fn is_the_key_of_the_service_unless_the_wait_has_another() {
    let jobs = Jobs::new();
    poll_until_done::<Value>(&jobs, name()).await.unwrap();
    assert_eq!(jobs.asked(), ["jobs.example.com"]);
    // The transport has no pacing for it.
    assert_eq!(jobs.script.times(), [Duration::ZERO, millis(250)]);
}

#[tokio::test(start_paused = true)]
async fn passes_through_whatever_forwards_to_the_transport() {
    let jobs = Arc::new(Jobs::new());
    let shared: Box<Arc<dyn LroTransport>> = Box::new(jobs.clone());
    poll_until_done::<Value>(&shared, name()).kind(PRINT).await.unwrap();
    assert_eq!(jobs.script.times(), [seconds(0), seconds(5)]);
}

#[tokio::test(start_paused = true)]
async fn goes_on_after_a_restart() {
    let wait = poll_until_done::<Value>(Jobs::new(), name()).kind(PRINT);
    let handle = wait.handle().unwrap();
    assert_eq!(handle.kind(), Some(PRINT));

    let jobs = Jobs::new();
    let wait = Wait::<Value>::resumed(&jobs, &handle).unwrap();
    assert_eq!(wait.handle().unwrap(), handle);
    wait.await.unwrap();
    assert_eq!(jobs.asked(), [PRINT]);
}

/// A service whose choice of a pacing panics.
#[derive(Debug)]
struct Defective(Script);

#[async_trait]
impl LroTransport for Defective {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    fn default_pacing(&self, _: &str) -> Option<Pacing> {
        panic!("a defect of the pacing")
    }
}

// SPEC 61
#[tokio::test(start_paused = true)]
async fn a_choice_that_panics_ends_its_wait() {
    let transport = Defective(script([running(), succeeded()]));
    let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    assert_eq!(status.message(), "stopped asking: the pacing panicked: a defect of the pacing");
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(5)));
    assert!(wait.next().await.unwrap().is_ok(), "the pacing of the caller is asked first");
}

/// A service that has a pacing for one kind.
#[derive(Debug)]
struct Jobs {
    script: Script,
    kinds: Mutex<Vec<String>>,
}

impl Jobs {
    fn new() -> Self {
        Self { script: script([running(), succeeded()]), kinds: Mutex::default() }
    }

    /// The kinds whose default pacing was asked for.
    fn asked(&self) -> Vec<String> {
        self.kinds.lock().unwrap().clone()
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.script.get_operation(name).await
    }

    fn service(&self) -> Service {
        self.script.service()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.kinds.lock().unwrap().push(kind.to_owned());
        (kind == PRINT).then(|| Pacing::fixed(seconds(5)))
    }
}

const PRINT: &str = "jobs.example.com/Print";
