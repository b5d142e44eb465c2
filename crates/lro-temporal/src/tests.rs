//! The parts that need no engine. Between two attempts the state is stored as the SDK stores it.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, LroTransport, Operation, OperationName, Origin, Pacing, Service, Status,
    Tolerance, async_trait,
    rules::{Ending, Rules, Saved, Trouble},
};
use serde::{Serialize, de::DeserializeOwned};
use temporalio_common::error::ApplicationErrorCategory;
use temporalio_sdk::ActivityCloseTimeouts;
use tokio::time::Instant;

use crate::{
    Ended, Polls, Registration,
    polls::{SPAN, State},
};

const SERVICE: Service = Service::new("jobs.example.com", "v1");
const RESPONSE: &str = r#"{"@type":"t/example.v1.Job","z":1,"exact":12345678901234567890.10,"a":"\u0000"}"#;

/// A service whose replies are a function of the number of the call.
#[derive(Clone)]
struct Jobs {
    reply: fn(u32) -> Reply,
    calls: Arc<AtomicU32>,
    cancels: Arc<Mutex<Vec<Result<(), Status>>>>,
    cancelled: Arc<AtomicU32>,
}

enum Reply {
    Is(Result<Operation, Status>),
    Hangs,
    Panics,
}

fn jobs(reply: fn(u32) -> Reply) -> Jobs {
    Jobs { reply, calls: Arc::default(), cancels: Arc::default(), cancelled: Arc::default() }
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jobs")
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        match (self.reply)(self.calls.fetch_add(1, Relaxed) + 1) {
            Reply::Is(result) => result,
            Reply::Hangs => pending().await,
            Reply::Panics => panic!("a defect of the transport"),
        }
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        self.cancelled.fetch_add(1, Relaxed);
        self.cancels.lock().unwrap().pop().unwrap_or(Ok(()))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }

    fn service(&self) -> Service {
        SERVICE
    }
}

fn running() -> Reply {
    Reply::Is(Ok(Operation::running("operations/1")))
}

fn done() -> Reply {
    Reply::Is(Ok(Operation::running("operations/1").with_outcome(Ok(Any::from_json(RESPONSE).unwrap()))))
}

fn fails(code: Code) -> Reply {
    Reply::Is(Err(Status::new(code, "no")))
}

fn registration() -> Registration {
    Registration::new(&SERVICE, OperationName::parse("operations/1").unwrap())
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
    state: &mut State,
    age: Duration,
) -> Result<Ended, Duration> {
    *state = stored(state);
    let attempted = polls.attempt(&stored(registration), state, age).await;
    attempted.map_err(|failure| {
        assert!(!failure.is_non_retryable());
        failure.next_retry_delay().unwrap()
    })
}

fn failed(saved: &Saved) -> u32 {
    saved.trouble.as_ref().map_or(0, Trouble::failed)
}

fn gave_up(ended: Ended) -> Status {
    assert!(matches!(ended.ending, Ending::GaveUp(_)));
    ended.ending.decode::<()>().unwrap_err()
}

/// The registration with settings.
fn with(set: impl FnOnce(&mut Registration)) -> Registration {
    let mut registration = registration();
    set(&mut registration);
    registration
}

// One attempt a poll, if the next one is a second or more away.
#[tokio::test(start_paused = true)]
async fn an_attempt_makes_one_poll() {
    let service = jobs(|_| running());
    let polls = Polls::default().serve(service.clone()).pacing(Pacing::fixed(seconds(2)));
    let mut state = State::default();
    for n in 1..=3 {
        let age = seconds(2 * u64::from(n));
        assert_eq!(attempt(&polls, &registration(), &mut state, age).await, Err(seconds(2)));
        assert_eq!((service.calls.load(Relaxed), state.saved.tally.polls), (n, n));
    }
}

#[tokio::test(start_paused = true)]
async fn short_delays_are_waited_for_within_an_attempt() {
    let polls = Polls::default().serve(jobs(|n| if n < 5 { running() } else { done() }));
    let polls = polls.pacing(Pacing::fixed(Duration::from_millis(250)));
    let begun = Instant::now();
    let ended = attempt(&polls, &registration(), &mut State::default(), Duration::ZERO).await.unwrap();
    assert_eq!(begun.elapsed(), seconds(1));
    assert_eq!(ended.saved.tally.polls, 5);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_with_short_delays_ends_before_its_timeout() {
    let polls = Polls::default().serve(jobs(|_| running())).pacing(Pacing::fixed(Duration::from_millis(400)));
    let (begun, mut state) = (Instant::now(), State::default());
    let paused = attempt(&polls, &registration(), &mut state, Duration::ZERO).await;
    assert_eq!(paused, Err(Duration::from_millis(400)));
    assert!(begun.elapsed() <= SPAN && begun.elapsed() > SPAN - seconds(1));
    assert_eq!(state.saved.tally.polls, 13);
}

// g30
#[tokio::test(start_paused = true)]
async fn a_poll_that_hangs_is_cut_and_made_again() {
    let polls = Polls::default().serve(jobs(|n| if n == 1 { Reply::Hangs } else { done() }));
    let (begun, mut state) = (Instant::now(), State::default());
    let registration = with(|registration| registration.attempt_timeout = seconds(30));
    // The first delay after a failure is half a second or more.
    assert!(attempt(&polls, &registration, &mut state, Duration::ZERO).await.is_err());
    assert_eq!(begun.elapsed(), seconds(30));
    assert_eq!(failed(&state.saved), 1);
    let ended = attempt(&polls, &registration, &mut state, seconds(31)).await.unwrap();
    assert_eq!(failed(&ended.saved), 1);
    assert_eq!(ended.ending.decode::<Any>().unwrap(), Any::from_json(RESPONSE).unwrap());
}

// g30
#[tokio::test(start_paused = true)]
async fn the_end_at_a_deadline_has_the_last_failure_and_the_name() {
    let polls =
        Polls::default().serve(jobs(|n| if n == 1 { fails(Code::Unavailable) } else { Reply::Hangs }));
    let registration = with(|registration| registration.deadline = Some(seconds(100)));
    let mut state = State::default();
    let mut age = seconds(96);
    let ended = loop {
        let begun = Instant::now();
        match attempt(&polls, &registration, &mut state, age).await {
            Ok(ended) => break ended,
            Err(delay) => age += begun.elapsed() + delay,
        }
    };
    let ended = stored(&ended);
    let last = ended.saved.trouble.as_ref().and_then(Trouble::last_failure).map(Status::code);
    assert_eq!((ended.registration.id(), last), (registration.id(), Some(Code::Unavailable)));
    assert_eq!(ended.saved.elapsed, seconds(100));
    let status = gave_up(ended);
    assert_eq!((status.code(), status.origin()), (Code::DeadlineExceeded, Origin::StoppedAsking));
}

// g30
#[tokio::test(start_paused = true)]
async fn another_pacing_goes_on_with_the_state() {
    let service = jobs(|n| if n < 6 { running() } else { done() });
    let first =
        Polls::default().serve(service.clone()).pacing(Pacing::exponential(seconds(2), 2.0, seconds(60)));
    let mut state = State::default();
    for delay in [2, 4, 8] {
        assert_eq!(attempt(&first, &registration(), &mut state, seconds(20)).await, Err(seconds(delay)));
    }
    let second = Polls::default().serve(service).pacing(Pacing::proportional(0.1));
    assert_eq!(attempt(&second, &registration(), &mut state, seconds(50)).await, Err(seconds(5)));
    assert_eq!(attempt(&first, &registration(), &mut state, seconds(55)).await, Err(seconds(32)));
    let ended = attempt(&second, &registration(), &mut state, seconds(87)).await.unwrap();
    assert_eq!(ended.saved.tally.polls, 6);
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_invents_no_outcome() {
    let mut lost = State::default();
    let polls = Polls::default().serve(jobs(|_| running()));
    // The age is that since the registration: a tenth of it is the delay.
    assert_eq!(attempt(&polls, &registration(), &mut lost, seconds(100)).await, Err(seconds(10)));

    let polls = Polls::default().serve(jobs(|_| fails(Code::NotFound)));
    let status =
        gave_up(attempt(&polls, &registration(), &mut State::default(), seconds(100)).await.unwrap());
    assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::CallFailed));
    let early = attempt(
        &polls,
        &with(|registration| registration.started = true),
        &mut State::default(),
        seconds(20),
    )
    .await;
    assert!(early.is_err(), "just after the start it is asked again");
}

#[tokio::test(start_paused = true)]
async fn failed_polls_are_judged_by_the_rules() {
    let denied = Polls::default().serve(jobs(|_| fails(Code::PermissionDenied)));
    let ended = attempt(&denied, &registration(), &mut State::default(), Duration::ZERO).await.unwrap();
    assert_eq!(gave_up(ended).code(), Code::PermissionDenied);

    let busy = Polls::default().serve(jobs(|_| {
        Reply::Is(Err(Status::new(Code::ResourceExhausted, "slowly").with_retry_after(seconds(40))))
    }));
    let mut state = State::default();
    let delay = attempt(&busy, &registration(), &mut state, Duration::ZERO).await.unwrap_err();
    assert!(delay >= seconds(40) && delay < seconds(80), "{delay:?}");

    let defect = Polls::default().serve(jobs(|_| Reply::Panics));
    let ended = attempt(&defect, &registration(), &mut State::default(), Duration::ZERO).await.unwrap();
    assert_eq!(gave_up(ended).code(), Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_transport_waits_for_another_worker() {
    let service = Service::new("other.example.com", "v1");
    let elsewhere = Registration::new(&service, OperationName::parse("operations/1").unwrap());
    let polls = Polls::default().serve(jobs(|_| done()));
    let failure = polls.attempt(&elsewhere, &mut State::default(), Duration::ZERO).await.unwrap_err();
    assert!(failure.source_error().to_string().contains("other.example.com v1"));
    assert_eq!((failure.is_non_retryable(), failure.next_retry_delay()), (false, Some(seconds(60))));
    assert_eq!(failure.category(), ApplicationErrorCategory::Unspecified, "an operator sees it");
}

#[tokio::test(start_paused = true)]
async fn the_state_is_small() {
    let polls = Polls::default().serve(jobs(|n| match n {
        1 => fails(Code::Unavailable),
        _ => {
            let text = "x".repeat(1 << 20);
            let metadata =
                Any::from_json(format!(r#"{{"@type":"t/example.v1.Progress","text":"{text}"}}"#)).unwrap();
            Reply::Is(Ok(Operation::running("operations/1").with_metadata(metadata)))
        }
    }));
    let mut state = State::default();
    for age in [100, 200, 300] {
        let _ = attempt(&polls, &registration(), &mut state, seconds(age)).await;
    }
    let size = serde_json::to_vec(&state).unwrap().len();
    assert!(size < 400, "{size}");

    let polls = Polls::default().serve(jobs(|_| Reply::Is(Err(Status::unavailable("\"".repeat(1 << 20))))));
    let tolerance = Tolerance::default().delay(seconds(10), seconds(10));
    let polls = polls.rules(Rules { tolerance, ..Rules::default() });
    for count in 2..=4 {
        assert!(attempt(&polls, &registration(), &mut state, seconds(400)).await.is_err());
        let size = serde_json::to_vec(&state).unwrap().len();
        assert!(size < 8_000, "{size}");
        assert_eq!(failed(&state.saved), count);
    }
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_is_stored_byte_by_byte() {
    let polls = Polls::default().serve(jobs(|_| done()));
    let ended = attempt(&polls, &registration(), &mut State::default(), Duration::ZERO).await.unwrap();
    let restored = stored(&ended);
    let text = serde_json::to_string(&restored.ending).unwrap();
    assert!(text.contains(r#""z":1,"exact":12345678901234567890.10,"a":"\u0000""#), "{text}");
    assert_eq!(restored.ending, ended.ending);
    assert_eq!(restored.saved.tally.polls, 1);
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_server_refuses_ends_the_wait() {
    let polls = Polls::default().serve(jobs(|_| {
        let response = format!(r#"{{"@type":"t/example.v1.Job","text":"{}"}}"#, "x".repeat(8 << 20));
        Reply::Is(Ok(Operation::running("").with_outcome(Ok(Any::from_json(&response).unwrap()))))
    }));
    let status =
        gave_up(attempt(&polls, &registration(), &mut State::default(), Duration::ZERO).await.unwrap());
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().starts_with("the operation is done"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_request_to_cancel_is_accepted_once() {
    let service = jobs(|n| if n < 4 { running() } else { done() });
    service.cancels.lock().unwrap().extend([Ok(()), Err(Status::unavailable("later"))]);
    let polls =
        Polls::default().serve(service.clone()).pacing(Pacing::proportional(0.1).at_least(seconds(2)));
    let registration = with(|registration| registration.cancel = true);
    let mut state = State::default();
    for age in [10, 12, 14] {
        assert_eq!(attempt(&polls, &registration, &mut state, seconds(age)).await, Err(seconds(2)));
    }
    let ended = attempt(&polls, &registration, &mut state, seconds(16)).await.unwrap();
    assert!(matches!(ended.ending, Ending::Done(_)));
    assert_eq!(service.cancelled.load(Relaxed), 2, "one failed, and one was accepted");
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_to_cancel_is_not_repeated() {
    let service = jobs(|n| if n < 3 { running() } else { done() });
    service.cancels.lock().unwrap().push(Err(Status::unimplemented("not here")));
    let polls = Polls::default().serve(service.clone()).pacing(Pacing::fixed(Duration::from_millis(100)));
    let ended = attempt(
        &polls,
        &with(|registration| registration.cancel = true),
        &mut State::default(),
        Duration::ZERO,
    )
    .await
    .unwrap();
    assert!(matches!(ended.ending, Ending::Done(_)));
    assert_eq!(service.cancelled.load(Relaxed), 1);
}

// g30
#[test]
fn the_engine_is_set_to_retry_for_ever() {
    let mut registration = with(|registration| registration.attempt_timeout = seconds(30));
    let options = registration.options();
    let ActivityCloseTimeouts::StartToClose(timeout) = options.close_timeouts else {
        panic!("{:?}", options.close_timeouts);
    };
    assert!(timeout > seconds(30) + SPAN && timeout < seconds(45), "{timeout:?}");
    assert_eq!((options.schedule_to_start_timeout, options.heartbeat_timeout), (None, None));
    assert_eq!(options.retry_policy.unwrap().maximum_attempts(), i32::MAX as u32);

    registration.cancel = true;
    let start = registration.start_options("queue");
    let timeout = start.close_timeouts.start_to_close().unwrap();
    assert!(timeout > 2 * seconds(30) + SPAN && start.close_timeouts.schedule_to_close().is_none());
    assert_eq!(
        (start.id, start.retry_policy.unwrap().maximum_attempts()),
        (registration.id(), i32::MAX as u32)
    );
}
