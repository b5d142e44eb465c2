//! Services, stores and handlers that fail in the worst way, and the healthy operations beside them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, LroTransport, Operation, OperationName, Outcome, Service, Status, Tolerance,
    async_trait,
};
use lro_registry::{
    Delivery, Error, MemoryStore, Quota, Rate, RecordState, Registration, Registry, StartRequest, Started,
    StoreErrorKind, Worker, limits::LARGEST_PAYLOAD,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::common::{Fault, HookedStore, Jobs, Reply, SECOND, Script, deliver, name, register, service};

// g19: the intent has ended, and somebody found the operation of the start meanwhile.
#[tokio::test(start_paused = true)]
async fn a_start_that_fails_late_keeps_the_operation_that_was_registered_meanwhile() {
    let registry = Registry::new(MemoryStore::new());
    let error = registry
        .start(request().lease(SECOND), || async {
            sleep(2 * SECOND).await;
            let found = Registration::new(&service(), name("operations/1")).key("order 7");
            registry.register(found.fingerprint("sha256:1")).await.unwrap();
            Err(refused())
        })
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Start { may_have_started: false, .. }), "{error}");
    let record = registry.get("order 7").await.unwrap().unwrap();
    assert_eq!((record.state, record.name), (RecordState::Pending, Some(name("operations/1"))));
}

// g19
#[tokio::test(start_paused = true)]
async fn a_start_that_fails_late_keeps_the_record_of_a_later_start() {
    let registry = Registry::new(MemoryStore::new());
    let starting = registry.start(request().lease(SECOND), || async {
        sleep(10 * SECOND).await;
        Err(refused())
    });
    let later = async {
        sleep(2 * SECOND).await;
        assert!(registry.forget("order 7").await.unwrap());
        registry.start(request(), || async { Ok(Operation::running("operations/2")) }).await.unwrap()
    };
    let (failed, later) = tokio::join!(starting, later);
    assert!(matches!(failed, Err(Error::Start { .. })), "{failed:?}");
    assert_eq!(later, Started::New(Some(name("operations/2"))));
    let record = registry.get("order 7").await.unwrap().unwrap();
    assert_eq!((record.state, record.name), (RecordState::Pending, Some(name("operations/2"))));
}

// g12, SPEC 8
#[tokio::test(start_paused = true)]
async fn a_start_that_is_done_succeeds_although_the_reply_of_its_write_is_lost() {
    let store = HookedStore::new();
    let is_lost = AtomicBool::new(false);
    store.hook(move |call, _| match call {
        "complete" if !is_lost.swap(true, Ordering::Relaxed) => Fault::Lost,
        _ => Fault::None,
    });
    let registry = Registry::new(store);
    let done = Operation { outcome: Some(response("{}")), ..Operation::default() };
    assert_eq!(registry.start(request(), || async { Ok(done) }).await.unwrap(), Started::New(None));
    assert_eq!(registry.get("order 7").await.unwrap().unwrap().state, RecordState::Finished);
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_over_the_limit_ends_a_start_with_an_error_that_names_its_size() {
    let registry = Registry::new(MemoryStore::new());
    let outcome = response(json!({"text": "x".repeat(LARGEST_PAYLOAD)}).to_string());
    let done = Operation { outcome: Some(outcome), ..Operation::running("operations/1") };
    assert!(matches!(registry.start(request(), || async { Ok(done) }).await, Ok(Started::New(_))));
    assert!(registry.get("order 7").await.unwrap().unwrap().outcome.unwrap().len() < 1_000);
    let error = registry.deliveries().next().await.unwrap().decode::<Value>().unwrap_err().to_string();
    assert!(error.contains("was not stored") && error.contains(&LARGEST_PAYLOAD.to_string()), "{error}");
}

// g23, SPEC 61
#[tokio::test(start_paused = true)]
async fn an_error_that_cannot_be_shown_ends_no_handlers() {
    let registry = finished(["operations/bad", "operations/good"]).await;
    let handling = registry.clone();
    let handlers = tokio::spawn(async move {
        let handler = async |good: bool| if good { Ok(()) } else { Err(Unshowable) };
        let deliveries = handling.deliveries();
        deliveries.for_each(2, |delivery| handler(delivery.key() == "operations/good")).await;
    });
    sleep(60 * SECOND).await;
    assert!(!handlers.is_finished());
    assert_delivered_again(&registry).await;
}

// g23, SPEC 61
#[tokio::test(start_paused = true)]
async fn a_handler_whose_destructor_panics_at_the_end_of_its_time_ends_no_others() {
    let registry = finished(["operations/bad", "operations/good"]).await;
    let handling = registry.clone();
    let handlers = tokio::spawn(async move {
        let deliveries = handling.deliveries().lease(SECOND);
        let handler = |delivery: Arc<Delivery>| async move {
            if delivery.key() == "operations/bad" {
                let _bomb = Bomb;
                sleep(3_600 * SECOND).await;
            }
            Ok::<_, String>(())
        };
        deliveries.for_each(2, handler).await;
    });
    sleep(60 * SECOND).await;
    assert!(!handlers.is_finished());
    assert_delivered_again(&registry).await;
}

// g23: the handlers of a batch take longer than its lease.
#[tokio::test(start_paused = true)]
async fn an_outcome_that_waits_for_its_handler_is_at_one_consumer_at_a_time() {
    let operations = ["operations/1", "operations/2", "operations/3", "operations/4"];
    let registry = finished(operations).await;
    let handled: Handled = Arc::default();
    for _ in 0..2 {
        let (registry, handled) = (registry.clone(), handled.clone());
        let handler = move |delivery: Arc<Delivery>| {
            let handling = Handling::new(handled.clone(), delivery.key());
            async move {
                sleep(25 * SECOND).await;
                drop(handling);
                Ok::<_, String>(())
            }
        };
        tokio::spawn(async move {
            registry.deliveries().lease(60 * SECOND).batch(4).for_each(1, handler).await;
        });
    }
    sleep(400 * SECOND).await;
    for operation in operations {
        assert_eq!(registry.get(operation).await.unwrap().unwrap().state, RecordState::Acknowledged);
        assert_eq!(handled.lock().unwrap()[operation], (0, 1), "handlers of {operation}: now, and at most");
    }
}

// g05
#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_outside_its_calls_ends_no_worker() {
    let registry = Registry::new(MemoryStore::new());
    let panicky = Panicky { jobs: Jobs::new(), takes_permits: Arc::new(AtomicBool::new(true)) };
    let worker = Worker::builder(&registry).serve(panicky).start().await.unwrap();
    register(&registry, &service(), "", 2).await;
    registry.cancel("operations/1").await.unwrap();
    let took = deliver(&registry, "", 2).await;
    assert!(took < 60 * SECOND, "{took:?}");
    worker.stop().await;
}

// g14, g22
#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_written_holds_up_no_other() {
    use StoreErrorKind::{Corrupt, Invalid, Other, Unavailable};
    for kind in [Other, Invalid, Corrupt, Unavailable] {
        let store = HookedStore::new();
        store.hook(move |call, keys| match call {
            "complete" | "reschedule" | "give_back" if keys.contains(&"operations/7") => Fault::Fails(kind),
            _ => Fault::None,
        });
        let registry = Registry::new(store);
        let reply = |_: &str, get| if get < 2 { Reply::Running(MOMENT) } else { Reply::Done(MOMENT) };
        let _worker = Worker::builder(&registry).serve(Script::new(reply)).start().await.unwrap();
        register(&registry, &service(), "", 300).await;
        let took = deliver(&registry, "", 299).await;
        assert!(took < 60 * SECOND, "{kind:?}: {took:?}");
    }
}

// g18
#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_takes_no_room_of_another() {
    let other = Script::new(|_, _| Reply::Done(MOMENT)).of(&Service::new("other.example.com", "v1"));
    let registry = Registry::new(MemoryStore::new());
    register(&registry, &service(), "hung", 300).await;
    let quota = Quota::new("jobs", Rate::per_second(1_000));
    let _worker = Worker::builder(&registry)
        .serve_under(quota.clone(), Script::new(|_, _| Reply::Hangs))
        .serve_under(quota, other.clone())
        .start()
        .await
        .unwrap();
    sleep(10 * SECOND).await;
    register(&registry, &other.service(), "healthy", 100).await;
    let took = deliver(&registry, "healthy", 100).await;
    assert!(took < 10 * SECOND, "{took:?}");
}

// g18
#[tokio::test(start_paused = true)]
async fn calls_that_never_answer_leave_room_for_the_others() {
    for (hung, most_in_flight, within) in [(300, 256, 300), (5, 1, 600)] {
        let registry = Registry::new(MemoryStore::new());
        register(&registry, &service(), "hung", hung).await;
        sleep(SECOND).await;
        register(&registry, &service(), "healthy", 300).await;
        let server = Script::new(|name, _| match name.contains("hung") {
            true => Reply::Hangs,
            false => Reply::Done(MOMENT),
        });
        let builder = Worker::builder(&registry).max_in_flight(most_in_flight).serve(server);
        let _worker = builder.start().await.unwrap();
        let took = deliver(&registry, "healthy", 300).await;
        assert!(took < within * SECOND, "{hung} hung calls, {most_in_flight} at a time: {took:?}");
    }
}

// g05, SPEC 27: the state of a wait is bounded, and its counts stay.
#[tokio::test(start_paused = true)]
async fn failures_with_large_messages_use_up_the_budget() {
    let jobs = Jobs::new();
    jobs.fails("operations/1", 100, Status::unavailable("é".repeat(200_000)));
    let registry = Registry::new(MemoryStore::new());
    let worker = Worker::builder(&registry).serve(jobs).tolerance(Tolerance::default().failures(3));
    let _worker = worker.start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    let status = registry.deliveries().next().await.unwrap().decode::<Value>().unwrap_err();
    assert_eq!(status.report().unwrap().failed_calls, 4);
    let record = registry.get("one").await.unwrap().unwrap();
    assert!(record.saved.len() < 10_000, "{} bytes", record.saved.len());
}

// g18: the service looks down as long as most of its operations fail.
#[tokio::test(start_paused = true)]
async fn operations_that_always_fail_hide_no_healthy_one() {
    let (broken, healthy) = (1_000, 150);
    let registry = Registry::new(MemoryStore::new());
    register(&registry, &service(), "broken", broken).await;
    sleep(SECOND).await;
    register(&registry, &service(), "healthy", healthy).await;
    let server = Script::new(|name, get| match name.contains("broken") {
        true => Reply::Fails(MOMENT),
        false if get < 10 => Reply::Running(MOMENT),
        false => Reply::Done(MOMENT),
    });
    let _worker = Worker::builder(&registry).serve(server).start().await.unwrap();
    let took = deliver(&registry, "healthy", healthy).await;
    assert!(took < 300 * SECOND, "{took:?}");
}

// g20
#[tokio::test(start_paused = true)]
async fn a_cancel_that_fails_in_an_outage_is_sent_after_it() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/0", 86_400 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    register(&registry, &service(), "", 1).await;
    sleep(10 * SECOND).await;
    jobs.refuses_cancels_for("operations/0", 60 * SECOND);
    let requested_at = Instant::now();
    registry.cancel("operations/0").await.unwrap();
    let status = registry.deliveries().next().await.unwrap().decode::<Value>().unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    let (took, cancels) = (requested_at.elapsed(), jobs.cancels("operations/0"));
    assert!((60 * SECOND..300 * SECOND).contains(&took), "{took:?}");
    assert!((2..=30).contains(&cancels), "{cancels} cancels");
}

// g20, SPEC 35: requests that always fail take the turn of no poll.
#[tokio::test(start_paused = true)]
async fn an_operation_whose_cancel_always_fails_still_ends() {
    let jobs = Jobs::new();
    for (operation, runs_for, deadline) in
        [("operations/0", 60, None), ("operations/1", 86_400, Some(60 * SECOND))]
    {
        jobs.runs_for(operation, runs_for * SECOND);
        jobs.refuses_cancels_for(operation, 86_400 * SECOND);
        let registry = Registry::new(MemoryStore::new());
        let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
        let mut registration = Registration::new(&service(), name(operation)).key(operation);
        if let Some(deadline) = deadline {
            registration = registration.deadline(deadline);
        }
        registry.register(registration).await.unwrap();
        registry.cancel(operation).await.unwrap();
        let began = Instant::now();
        let outcome = registry.deliveries().next().await.unwrap().decode::<Value>();
        match deadline {
            None => assert!(outcome.is_ok(), "{outcome:?}"),
            Some(_) => assert_eq!(outcome.unwrap_err().code(), Code::DeadlineExceeded),
        }
        let (took, cancels) = (began.elapsed(), jobs.cancels(operation));
        // A request and a poll, each after the longest delay.
        assert!((60 * SECOND..180 * SECOND).contains(&took), "{operation}: {took:?}");
        assert!((5..=20).contains(&cancels), "{operation}: {cancels} requests");
    }
}

// g12: give_back works although claims never answer.
#[tokio::test(start_paused = true)]
async fn a_worker_that_stops_gives_its_records_back_although_a_claim_never_answers() {
    let store = HookedStore::new();
    let registry = Registry::new(store.clone());
    let reply = |name: &str, _| match name {
        "operations/hung0" => Reply::Hangs,
        _ => Reply::Done(SECOND),
    };
    let worker = Worker::builder(&registry).serve(Script::new(reply)).start().await.unwrap();
    register(&registry, &service(), "hung", 1).await;
    register(&registry, &service(), "slow", 1).await;
    sleep(SECOND / 2).await;
    store.hook(|call, _| if call == "claim" { Fault::Hangs } else { Fault::None });
    register(&registry, &service(), "unclaimed", 1).await;
    sleep(SECOND / 4).await;
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < 60 * SECOND, "{:?}", began.elapsed());
    assert!(!registry.get("operations/hung0").await.unwrap().unwrap().is_claimed);
    assert!(!registry.get("operations/slow0").await.unwrap().unwrap().is_claimed);
}

/// An error whose `Display` panics.
struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("it cannot be shown")
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("it explodes")
        }
    }
}

/// How many handlers an outcome has, and the most that it had.
type Handled = Arc<Mutex<HashMap<String, (usize, usize)>>>;

/// A handler that runs, until it ends or is dropped.
struct Handling(Handled, String);

impl Handling {
    fn new(handled: Handled, key: &str) -> Self {
        let mut all = handled.lock().unwrap();
        let (now, most) = all.entry(key.to_owned()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        drop(all);
        Self(handled, key.to_owned())
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.lock().unwrap().get_mut(&self.1).unwrap().0 -= 1;
    }
}

/// Panics once when it is asked for `takes_permits`, and always when it is asked for its capabilities.
#[derive(Clone, Debug)]
struct Panicky {
    jobs: Jobs,
    takes_permits: Arc<AtomicBool>,
}

#[async_trait]
impl LroTransport for Panicky {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.jobs.get_operation(name).await
    }

    fn capabilities(&self) -> Capabilities {
        panic!("no capabilities")
    }

    fn takes_permits(&self) -> bool {
        assert!(!self.takes_permits.swap(false, Ordering::Relaxed), "no permits");
        false
    }

    fn service(&self) -> Service {
        service()
    }
}

fn request() -> StartRequest {
    StartRequest::new(&service(), "order 7", "sha256:1")
}

fn refused() -> Status {
    Status::new(Code::InvalidArgument, "no vehicles")
}

fn response(json: impl Into<String>) -> Outcome {
    Outcome::Response(Any::from_json(json.into()).unwrap())
}

/// Registers operations under their names, and waits until they are finished.
async fn finished<const N: usize>(operations: [&str; N]) -> Registry {
    let registry = Registry::new(MemoryStore::new());
    let worker = Worker::builder(&registry).serve(Jobs::new()).start().await.unwrap();
    for operation in operations {
        let registration = Registration::new(&service(), name(operation)).key(operation);
        registry.register(registration).await.unwrap();
    }
    sleep(10 * SECOND).await;
    worker.stop().await;
    registry
}

/// The outcome whose handler fails was delivered more than once, and the other one was acknowledged.
async fn assert_delivered_again(registry: &Registry) {
    let good = registry.get("operations/good").await.unwrap().unwrap();
    assert_eq!((good.state, good.deliveries), (RecordState::Acknowledged, 1));
    let bad = registry.get("operations/bad").await.unwrap().unwrap();
    assert!(bad.state == RecordState::Finished && bad.deliveries > 1, "{bad:?}");
}

/// The round trip of a healthy service.
const MOMENT: Duration = Duration::from_millis(20);
