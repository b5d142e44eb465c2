//! Starting calls that are announced before they are made.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use lro::{Any, Code, Operation, Outcome, Status, rules::Ending};
use lro_registry::{
    Error, ListRequest, MemoryStore, Record, RecordState, Registration, Registry, StartRequest, Started,
    Worker,
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::common::{self, Jobs, SECOND, name, service};

fn request() -> StartRequest {
    StartRequest::new(&service(), "order 7", "sha256:1").tag("7")
}

async fn unresolved(registry: &Registry) -> Vec<Record> {
    let request = ListRequest { state: Some(RecordState::Intent), overdue: true, ..ListRequest::default() };
    registry.list(&request).await.unwrap()
}

// SPEC 42
#[tokio::test(start_paused = true)]
async fn an_operation_is_started_once_for_a_key_and_then_polled() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 3 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs).start().await.unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let start = async || {
        let calls = calls.clone();
        let call = || async move {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(Operation::running("operations/1"))
        };
        registry.start(request(), call).await.unwrap()
    };
    assert_eq!(start().await, Started::New(Some(name("operations/1"))));
    let Started::Existing(record) = start().await else { panic!("it was started twice") };
    assert_eq!((record.name, record.state), (Some(name("operations/1")), RecordState::Pending));
    assert_eq!(calls.load(Ordering::Relaxed), 1);

    let delivery = registry.deliveries().next().await.unwrap();
    assert_eq!((delivery.key(), delivery.tag()), ("order 7", &b"7"[..]));
    delivery.decode::<Value>().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_was_started_is_polled_at_once_by_a_worker_that_sleeps() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    sleep(SECOND).await;
    let _ = registry.start(request(), || async { Ok(Operation::running("operations/1")) }).await.unwrap();
    sleep(SECOND / 2).await;
    assert_eq!(jobs.gets("operations/1"), 1, "the first poll is due after 250 ms");

    // Retry-After
    let later = Operation { retry_after: Some(3 * SECOND), ..Operation::running("operations/2") };
    let other = StartRequest::new(&service(), "order 8", "sha256:8");
    let _ = registry.start(other, || async { Ok(later) }).await.unwrap();
    sleep(Duration::from_millis(2_900)).await;
    assert_eq!(jobs.gets("operations/2"), 0);
    sleep(SECOND / 5).await;
    assert_eq!(jobs.gets("operations/2"), 1);
}

// g19
#[tokio::test]
async fn another_request_under_the_same_key_is_a_conflict_that_shows_both() {
    let registry = Registry::new(MemoryStore::new());
    let _ = registry.start(request(), || async { Ok(Operation::running("operations/1")) }).await.unwrap();
    let other = StartRequest::new(&service(), "order 7", "sha256:2");
    let error = registry.start(other, || async { panic!("the call was made") }).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)));
    let text = error.to_string();
    assert!(["\"order 7\"", "\"sha256:1\"", "\"sha256:2\""].iter().all(|part| text.contains(part)), "{text}");

    let named = Registration::new(&service(), name("operations/1"));
    registry.register(named.clone()).await.unwrap();
    for other in [named.clone().kind("other"), named.deadline(SECOND)] {
        let error = registry.register(other).await.unwrap_err();
        assert!(error.to_string().contains("kind jobs.example.com"), "{error}");
    }
}

// g21, SPEC 42
#[tokio::test(start_paused = true)]
async fn a_crash_between_the_start_and_the_registration_leaves_an_intent_until_it_is_resolved() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let starting = registry.start(request().lease(10 * SECOND), std::future::pending);
    assert!(timeout(SECOND, starting).await.is_err());
    assert_eq!(unresolved(&registry).await, []);
    sleep(10 * SECOND).await;
    assert_eq!(unresolved(&registry).await.len(), 1);
    assert_eq!(registry.health().await.unwrap().unresolved_intents, 1);
    // It is not repeated, and not by another start either.
    let again = registry.start(request(), || async { panic!("the call was made") }).await.unwrap();
    assert!(matches!(again, Started::Unresolved(record) if record.state == RecordState::Intent));

    let found = Registration::new(&service(), name("operations/1")).key("order 7").fingerprint("sha256:1");
    assert!(registry.register(found).await.unwrap().is_new);
    assert_eq!(unresolved(&registry).await, []);
    assert_eq!(registry.deliveries().next().await.unwrap().key(), "order 7");
}

#[tokio::test(start_paused = true)]
async fn the_intent_of_a_failed_start_is_kept_if_the_service_may_have_started_something() {
    let registry = Registry::new(MemoryStore::new());
    let refused = Status::new(Code::InvalidArgument, "no vehicles");
    let error = registry.start(request(), || async { Err(refused) }).await.unwrap_err();
    assert!(
        matches!(&error, Error::Start { may_have_started: false, .. })
            && error.to_string().contains("no vehicles")
    );
    assert_eq!(registry.get("order 7").await.unwrap(), None);

    let lost = Status::unavailable("the connection broke");
    let error = registry.start(request(), || async { Err(lost) }).await.unwrap_err();
    assert!(
        matches!(&error, Error::Start { may_have_started: true, .. })
            && error.to_string().contains("the intent is kept")
    );
    let intent = unresolved(&registry).await.pop().unwrap();
    assert!(intent.error.unwrap().contains("the connection broke"));
    assert!(registry.forget("order 7").await.unwrap());
    let _ = registry.start(request(), || async { Ok(Operation::running("operations/1")) }).await.unwrap();
}

// SPEC 8
#[tokio::test]
async fn an_operation_that_is_done_at_the_start_costs_no_poll_and_needs_no_name() {
    let registry = Registry::new(MemoryStore::new());
    let outcome = Some(Outcome::Response(Any::from_json(r#"{"valid": true}"#).unwrap()));
    let done = Operation { outcome, ..Operation::default() };
    assert_eq!(registry.start(request(), || async { Ok(done) }).await.unwrap(), Started::New(None));
    let delivery = registry.deliveries().next().await.unwrap();
    assert_eq!((delivery.name(), delivery.decode::<Value>().unwrap()), (None, json!({"valid": true})));

    // Running without a name: nothing can be polled.
    let other = StartRequest::new(&service(), "order 8", "sha256:8");
    let error = registry.start(other, || async { Ok(Operation::default()) }).await.unwrap_err();
    assert!(error.to_string().contains("no usable name"), "{error}");
}

// SPEC 2
#[tokio::test]
async fn the_error_beside_an_operation_that_was_started_is_its_last_failure() {
    let registry = Registry::new(MemoryStore::new());
    let nearly = Status::new(Code::ResourceExhausted, "the quota is nearly used up");
    let started = Operation { running_error: Some(nearly.clone()), ..Operation::running("operations/1") };
    let _ = registry.start(request(), || async { Ok(started) }).await.unwrap();
    let saved = registry.get("order 7").await.unwrap().unwrap().wait().unwrap();
    assert_eq!(saved.trouble.unwrap().last_failure(), Some(&nearly));
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_start_is_stored_although_nobody_waits_for_it() {
    let registry = Registry::new(common::SlowStore::new(SECOND));
    let starting = registry.start(request(), || async { Ok(Operation::running("operations/1")) });
    // The intent takes a second, and the name another one.
    assert!(timeout(Duration::from_millis(1_500), starting).await.is_err());
    sleep(2 * SECOND).await;
    let record = registry.get("order 7").await.unwrap().unwrap();
    assert_eq!((record.state, record.name), (RecordState::Pending, Some(name("operations/1"))));
    assert!(!matches!(record.outcome.map(|bytes| serde_json::from_slice::<Ending>(&bytes)), Some(Err(_))));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_after_the_call_loses_no_name() {
    let store = common::FaultyStore::new();
    let registry = Registry::new(store.clone());
    let failing = store.clone();
    let started = registry
        .start(request(), || async move {
            failing.fails_for(20 * SECOND);
            Ok(Operation::running("operations/1"))
        })
        .await;
    assert_eq!(started.unwrap(), Started::New(Some(name("operations/1"))));

    let failing = store.clone();
    let other = StartRequest::new(&service(), "order 8", "sha256:8");
    let error = registry
        .start(other, || async move {
            failing.fails_for(1_000 * SECOND);
            Ok(Operation::running("operations/2"))
        })
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Unrecorded { operation, .. } if operation.name == "operations/2"),
        "{error}"
    );
    assert!(error.to_string().contains("operations/2"), "{error}");
}
