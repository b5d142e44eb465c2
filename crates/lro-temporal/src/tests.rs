//! The parts that need no engine. Between two attempts the state is stored as the SDK stores it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, Handle, LroTransport, Operation, OperationName, Pacing, Service, Status,
    async_trait,
    rules::{Ending, Trouble},
    stored::StoredWait,
};
use serde::{Serialize, de::DeserializeOwned};
use temporalio_common::error::ApplicationErrorCategory;
use temporalio_sdk::ActivityCloseTimeouts;
use tokio::time::Instant;

use crate::{Driver, Ended, Polls, Registration, Text, options, polls::SPAN, start_options};

const SERVICE: Service = Service::new("jobs.example.com", "v1");
const RESPONSE: &str = r#"{"@type":"t/example.v1.Job","z":1,"exact":12345678901234567890.10,"a":"\u0000"}"#;

/// A service whose replies are a function of the number of the call.
#[derive(Clone, Debug)]
struct Jobs {
    reply: fn(u32) -> Result<Operation, Status>,
    calls: Arc<AtomicU32>,
    cancelled: Arc<AtomicU32>,
}

fn jobs(reply: fn(u32) -> Result<Operation, Status>) -> Jobs {
    Jobs { reply, calls: Arc::default(), cancelled: Arc::default() }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        (self.reply)(self.calls.fetch_add(1, Relaxed) + 1)
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        self.cancelled.fetch_add(1, Relaxed);
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }

    fn service(&self) -> Service {
        SERVICE
    }
}

fn running() -> Result<Operation, Status> {
    Ok(Operation::running("operations/1"))
}

fn done() -> Result<Operation, Status> {
    Ok(Operation::running("operations/1").with_outcome(Ok(Any::from_json(RESPONSE).unwrap())))
}

fn polls(jobs: Jobs, pacing: Pacing) -> Polls {
    Polls::new(Driver::default().serve(jobs).pacing(pacing))
}

fn registration_of(service: &Service) -> Registration {
    Registration::new(Handle::new(service, OperationName::parse("operations/1").unwrap()))
}

fn registration() -> Registration {
    registration_of(&SERVICE)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What the SDK makes of a value: JSON that is read into a tree.
fn stored<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let tree: serde_json::Value = serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap();
    serde_json::from_value(tree).unwrap()
}

/// Makes an attempt as a worker does, and returns the delay to the next one.
async fn attempt(
    polls: &Polls,
    registration: &Registration,
    wait: &mut StoredWait,
    age: Duration,
) -> Result<Ended, Duration> {
    let Text(read) = stored(&Text(wait.clone()));
    *wait = read;
    let attempted = polls.attempt(&stored(registration), wait, age).await;
    attempted.map_err(|failure| {
        assert!(!failure.is_non_retryable());
        failure.next_retry_delay().unwrap()
    })
}

// One attempt a poll, if the next one is a second or more away.
#[tokio::test(start_paused = true)]
async fn an_attempt_makes_one_poll() {
    let service = jobs(|_| running());
    let polls = polls(service.clone(), Pacing::fixed(seconds(2)));
    let mut wait = StoredWait::default();
    for n in 1..=3 {
        let age = seconds(2 * u64::from(n));
        assert_eq!(attempt(&polls, &registration(), &mut wait, age).await, Err(seconds(2)));
        assert_eq!((service.calls.load(Relaxed), wait.saved.tally.polls), (n, n));
    }
}

#[tokio::test(start_paused = true)]
async fn short_delays_are_waited_for_within_an_attempt() {
    let service = jobs(|n| if n < 5 { running() } else { done() });
    let polls = polls(service, Pacing::fixed(Duration::from_millis(250)));
    let begun = Instant::now();
    let ended = attempt(&polls, &registration(), &mut StoredWait::default(), Duration::ZERO).await.unwrap();
    assert_eq!(begun.elapsed(), seconds(1));
    assert_eq!(ended.saved.tally.polls, 5);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_with_short_delays_ends_before_its_timeout() {
    let polls = polls(jobs(|_| running()), Pacing::fixed(Duration::from_millis(400)));
    let (begun, mut wait) = (Instant::now(), StoredWait::default());
    let paused = attempt(&polls, &registration(), &mut wait, Duration::ZERO).await;
    assert_eq!(paused, Err(Duration::from_millis(400)));
    assert!(begun.elapsed() <= SPAN && begun.elapsed() > SPAN - seconds(1));
    assert_eq!(wait.saved.tally.polls, 13);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_transport_waits_for_another_worker() {
    let elsewhere = registration_of(&Service::new("other.example.com", "v1"));
    let polls = polls(jobs(|_| done()), Pacing::default());
    let failure = polls.attempt(&elsewhere, &mut StoredWait::default(), Duration::ZERO).await.unwrap_err();
    assert!(failure.source_error().to_string().contains("other.example.com v1"));
    assert_eq!((failure.is_non_retryable(), failure.next_retry_delay()), (false, Some(seconds(60))));
    assert_eq!(failure.category(), ApplicationErrorCategory::Unspecified, "an operator sees it");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_waits_for_another_worker() {
    let polls = polls(jobs(|n| if n < 2 { panic!("a defect") } else { done() }), Pacing::default());
    let mut wait = StoredWait::default();
    assert_eq!(attempt(&polls, &registration(), &mut wait, Duration::ZERO).await, Err(seconds(60)));
    assert!(attempt(&polls, &registration(), &mut wait, seconds(60)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_state_is_small() {
    let polls = polls(jobs(|_| Err(Status::unavailable("\"".repeat(1 << 20)))), Pacing::default());
    let mut wait = StoredWait::default();
    for count in 1..=4 {
        let paused = attempt(&polls, &registration(), &mut wait, seconds(400)).await;
        assert!(paused.is_err());
        let size = serde_json::to_vec(&Text(&wait)).unwrap().len();
        assert!(size < 64 << 10, "{size}");
        assert!(wait.saved.trouble.as_ref().map_or(0, Trouble::failed) >= count);
    }
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_is_stored_byte_by_byte() {
    let polls = polls(jobs(|_| done()), Pacing::default());
    let ended = attempt(&polls, &registration(), &mut StoredWait::default(), Duration::ZERO).await.unwrap();
    let Text(restored) = stored(&Text(ended.clone()));
    let text = serde_json::to_string(&restored.ending).unwrap();
    assert!(text.contains(r#""z":1,"exact":12345678901234567890.10,"a":"\u0000""#), "{text}");
    assert_eq!(restored, ended);
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_server_refuses_ends_the_wait() {
    let service = jobs(|_| {
        let response = format!(r#"{{"@type":"t/example.v1.Job","text":"{}"}}"#, "x".repeat(8 << 20));
        Ok(Operation::running("").with_outcome(Ok(Any::from_json(&response).unwrap())))
    });
    let polls = polls(service, Pacing::default());
    let ended = attempt(&polls, &registration(), &mut StoredWait::default(), Duration::ZERO).await.unwrap();
    assert!(matches!(ended.ending, Ending::GaveUp(_)));
    let status = ended.decode::<serde_json::Value>().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().starts_with("the operation is done"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_request_to_cancel_is_sent_once() {
    let service = jobs(|n| if n < 3 { running() } else { done() });
    let polls = polls(service.clone(), Pacing::fixed(seconds(2)));
    let (mut wait, begun) = (StoredWait::default(), Instant::now());
    assert!(attempt(&polls, &registration().cancel(), &mut wait, Duration::ZERO).await.is_ok());
    assert_eq!(begun.elapsed(), Duration::from_millis(750), "the delays after the request begin anew");
    assert_eq!(service.cancelled.load(Relaxed), 1);
}

// g30
#[test]
fn the_engine_is_set_to_retry_for_ever() {
    let options = options(&registration());
    let ActivityCloseTimeouts::StartToClose(timeout) = options.close_timeouts else {
        panic!("{:?}", options.close_timeouts);
    };
    assert!(timeout > seconds(30) + SPAN && timeout < seconds(45), "{timeout:?}");
    assert_eq!((options.schedule_to_start_timeout, options.heartbeat_timeout), (None, None));
    assert_eq!(options.retry_policy.unwrap().maximum_attempts(), i32::MAX as u32);

    let registration = registration().cancel();
    let start = start_options(&registration, "queue");
    let timeout = start.close_timeouts.start_to_close().unwrap();
    assert!(timeout > 2 * seconds(30) + SPAN && start.close_timeouts.schedule_to_close().is_none());
    assert_eq!(
        (start.id, start.retry_policy.unwrap().maximum_attempts()),
        (registration.key(), i32::MAX as u32)
    );
}
