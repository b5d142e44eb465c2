//! Workers on a store in memory, on a paused clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use lro::{
    Any, Code, Operation, Origin, Status, Tolerance, map_replies,
    rules::{Ending, Saved},
};
use lro_learned::Learned;
use lro_registry::{
    CancelRequested, Error, ListRequest, MemoryStore, RecordState, Registration, Registry, Store, Worker,
    store::{CancelStep, ClaimId, ClaimRequest, Reschedule},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::common::{Jobs, SECOND, name, register, service};

#[tokio::test(start_paused = true)]
async fn an_operation_is_polled_until_it_is_done_and_its_outcome_is_delivered() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 10 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();

    let registration = Registration::new(&service(), name("operations/1")).tag("order 7");
    let receipt = registry.register(registration.clone()).await.unwrap();
    assert!(receipt.is_new);
    assert!(!registry.register(registration).await.unwrap().is_new);

    let delivery = registry.deliveries().next().await.unwrap();
    assert_eq!(delivery.key(), "jobs.example.com/v1/operations/1");
    assert_eq!((delivery.tag(), delivery.attempt()), (&b"order 7"[..], 1));
    assert_eq!(delivery.decode::<Value>().unwrap(), json!({"name": "operations/1"}));
    assert!(delivery.acknowledge().await.unwrap());
    assert_eq!(
        registry.get("jobs.example.com/v1/operations/1").await.unwrap().unwrap().state,
        RecordState::Acknowledged
    );
    // As many polls as by the default pacing in one process, and one more for the start of the worker.
    assert!((20..=28).contains(&jobs.gets("operations/1")), "{}", jobs.gets("operations/1"));
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn many_operations_all_end_within_their_pace() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let registrations = (0..2_000).map(|number| {
        let name = name(&format!("operations/{number}"));
        jobs.runs_for(name.as_str(), Duration::from_millis(number * 7));
        Registration::new(&service(), name)
    });
    let receipts = registry.register_all(registrations.collect::<Vec<_>>()).await.unwrap();
    assert!(receipts.iter().all(|receipt| receipt.as_ref().is_ok_and(|receipt| receipt.is_new)));
    let began = Instant::now();
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let mut deliveries = registry.deliveries().batch(100);
    for _ in 0..2_000 {
        let delivery = deliveries.next().await.unwrap();
        delivery.decode::<Value>().unwrap();
        assert!(delivery.acknowledge().await.unwrap());
    }
    assert!(began.elapsed() < 30 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_record_shows_how_far_the_operation_is() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/job0", 3_600 * SECOND);
    jobs.fails("operations/job0", 2, Status::unavailable("busy"));
    let half_done = |operation| Operation { metadata: Any::from_json(r#"{"done": 50}"#).ok(), ..operation };
    let registry = Registry::new(MemoryStore::new());
    let worker =
        Worker::builder(&registry).serve(map_replies(jobs.clone(), half_done)).start().await.unwrap();
    register(&registry, &service(), "job", 1).await;
    let get = async || registry.get("operations/job0").await.unwrap().unwrap();
    let record = get().await;
    assert_eq!((record.metadata::<Value>(), record.wait().unwrap()), (None, Saved::default()));

    sleep(60 * SECOND).await;
    worker.stop().await;
    let record = get().await;
    assert_eq!(record.metadata(), Some(json!({"done": 50})));
    assert_eq!(record.metadata::<String>(), None);
    assert!(record.try_metadata::<String>().unwrap_err().to_string().contains("expected a string"));
    let wait = record.wait().unwrap();
    assert_eq!((wait.tally.polls, record.failures), (jobs.gets("operations/job0"), 0));
    assert_eq!(wait.trouble.unwrap().last_failure().unwrap().message(), "busy");

    let bare = registry.peek("operations/job0").await.unwrap().unwrap();
    assert_eq!(bare.try_metadata::<Value>().unwrap(), None);
    let mut later = bare;
    later.saved = br#"{"format": 99}"#.to_vec();
    assert_eq!(later.wait().unwrap_err().origin(), Origin::MalformedReply);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_sleeps_polls_on_time_what_is_due_soon() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    sleep(SECOND).await;
    let registration = Registration::new(&service(), name("operations/1")).first_poll_after(SECOND);
    registry.register(registration).await.unwrap();
    sleep(SECOND * 9 / 10).await;
    assert_eq!(jobs.gets("operations/1"), 0);
    sleep(SECOND / 5).await;
    assert_eq!(jobs.gets("operations/1"), 1);
}

// SPEC 26, 27, 20
#[tokio::test(start_paused = true)]
async fn a_wait_survives_failures_within_its_budget_and_is_given_up_beyond() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 10 * SECOND);
    jobs.fails("operations/1", 3, Status::unavailable("busy"));
    jobs.fails("operations/2", 100, Status::unavailable("busy"));
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry)
        .serve(jobs.clone())
        .tolerance(Tolerance::default().failures(3))
        .start()
        .await
        .unwrap();
    for operation in ["operations/1", "operations/2"] {
        registry.register(Registration::new(&service(), name(operation)).key(operation)).await.unwrap();
    }
    let mut deliveries = registry.deliveries();
    for _ in 0..2 {
        let delivery = deliveries.next().await.unwrap();
        let decoded = delivery.decode::<Value>();
        if delivery.key() == "operations/1" {
            decoded.unwrap();
        } else {
            let status = decoded.unwrap_err();
            assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
            let text = status.to_string();
            assert!(
                text.contains("gave up after 4 failed calls in a row") && text.contains("operations/2"),
                "{text}"
            );
            assert!(text.contains("it may still be running"), "{text}");
            assert_eq!(status.report().unwrap().failed_calls, 4);
        }
        delivery.acknowledge().await.unwrap();
    }
}

// SPEC 35
#[tokio::test(start_paused = true)]
async fn the_polling_stops_at_the_deadline() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 1_000 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let began = Instant::now();
    registry
        .register(Registration::new(&service(), name("operations/1")).deadline(60 * SECOND))
        .await
        .unwrap();
    let delivery = registry.deliveries().next().await.unwrap();
    assert!((60..62).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let status = delivery.decode::<Value>().unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
    assert!(matches!(delivery.ending(), Ok(Ending::GaveUp(_))));
}

// g05
#[tokio::test(start_paused = true)]
async fn an_operation_whose_polls_panic_is_set_aside_and_the_others_end() {
    let jobs = Jobs::new();
    jobs.panics("operations/bad");
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let names = (0..100).map(|number| format!("operations/{number}")).chain(["operations/bad".to_owned()]);
    for operation in names {
        registry.register(Registration::new(&service(), name(&operation)).key(operation)).await.unwrap();
    }
    let mut deliveries = registry.deliveries();
    for _ in 0..100 {
        deliveries.next().await.unwrap().acknowledge().await.unwrap();
    }
    sleep(120 * SECOND).await;
    let aside = registry
        .list(&ListRequest { state: Some(RecordState::SetAside), ..ListRequest::default() })
        .await
        .unwrap();
    assert_eq!(aside.len(), 1);
    let reason = aside[0].error.as_deref().unwrap();
    assert!(
        aside[0].key == "operations/bad" && reason.contains("the transport panicked: a bad day"),
        "{reason}"
    );
    assert_eq!(jobs.gets("operations/bad"), 5);
    assert_eq!(registry.health().await.unwrap().set_aside, 1);

    jobs.recovers("operations/bad");
    assert!(registry.take_back("operations/bad").await.unwrap());
    assert_eq!(deliveries.next().await.unwrap().key(), "operations/bad");
}

// g20
#[tokio::test(start_paused = true)]
async fn a_requested_cancellation_is_sent_once_and_the_outcome_is_that_of_the_service() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 1_000 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    sleep(400 * SECOND).await;
    let requested = Instant::now();
    assert_eq!(registry.cancel("one").await.unwrap(), CancelRequested::Requested);
    let delivery = registry.deliveries().next().await.unwrap();
    // The next poll is up to 40 s away: the request does not wait for it.
    assert!(requested.elapsed() < 2 * SECOND, "{:?}", requested.elapsed());
    assert_eq!(delivery.decode::<Value>().unwrap_err().code(), Code::Cancelled);
    assert_eq!(jobs.cancels("operations/1"), 1);
    assert_eq!(registry.cancel("one").await.unwrap(), CancelRequested::Ended);
    assert_eq!(registry.cancel("two").await.unwrap(), CancelRequested::Unknown);
}

// SPEC 32
#[tokio::test(start_paused = true)]
async fn no_poll_follows_a_cancel_before_the_server_wants_one() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 1_000 * SECOND);
    jobs.fails("operations/1", 1, Status::unavailable("away").with_retry_after(60 * SECOND));
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    sleep(10 * SECOND).await;
    let _ = registry.cancel("one").await.unwrap();
    sleep(49 * SECOND).await;
    assert_eq!((jobs.cancels("operations/1"), jobs.gets("operations/1")), (1, 1));
    let delivery = registry.deliveries().next().await.unwrap();
    assert_eq!(delivery.decode::<Value>().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_cancel_is_polled_on() {
    let jobs = Jobs::new().without_cancel();
    jobs.runs_for("operations/1", 10 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    sleep(SECOND).await;
    registry.cancel("one").await.unwrap();
    sleep(2 * SECOND).await;
    let record = registry.get("one").await.unwrap().unwrap();
    assert!(record.error.unwrap().contains("does not cancel"));
    registry.deliveries().next().await.unwrap().decode::<Value>().unwrap();
    assert_eq!(jobs.cancels("operations/1"), 0);
}

// g02
#[tokio::test(start_paused = true)]
async fn a_worker_that_stops_gives_its_claims_back() {
    let jobs = Jobs::new();
    jobs.hangs("operations/1");
    let store = MemoryStore::new();
    let registry = Registry::new(store);
    let first = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(first.state().claimed, 1);
    first.stop().await;
    let record = registry.get("one").await.unwrap().unwrap();
    assert!(!record.is_claimed && record.claims == 0);
    jobs.recovers("operations/1");
    let _second = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    timeout(SECOND, async { registry.deliveries().next().await }).await.unwrap().unwrap();
    // g03
    assert_eq!(jobs.cancels("operations/1"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_runtime_dies_loses_nothing_and_others_take_over_after_the_lease() {
    let jobs = Jobs::new();
    jobs.hangs("operations/1");
    let registry = Registry::new(MemoryStore::new());
    let first = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    sleep(SECOND).await;
    let record = registry.get("one").await.unwrap().unwrap();
    assert!(record.is_claimed && record.claims == 1);
    // The process is stopped: its task does not run, and its lease ends.
    std::mem::forget(first);
    sleep(25 * SECOND).await;
    jobs.recovers("operations/1");
    let began = Instant::now();
    let _second = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    timeout(65 * SECOND, async { registry.deliveries().next().await }).await.unwrap().unwrap();
    assert!(began.elapsed() < 65 * SECOND);
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let registry = Registry::new(MemoryStore::new());
    let lease = Worker::builder(&registry).serve(Jobs::new()).attempt_timeout(60 * SECOND).lease(30 * SECOND);
    let none = Worker::builder(&registry);
    let two = Worker::builder(&registry).serve(Jobs::new()).serve(Jobs::new());
    let keyless =
        Worker::builder(&registry).serve(lro::transport_fn(|_| async { Ok(Operation::running("a")) }));
    let faults = [
        (lease, "a lease of 30s is too short for calls of 60s"),
        (none, "no transport"),
        (two, "two transports"),
        (keyless, "no key"),
    ];
    for (builder, fault) in faults {
        let error = builder.start().await.unwrap_err();
        assert!(matches!(&error, Error::Invalid(message) if message.contains(fault)), "{error}");
    }
}

// g25
#[tokio::test(start_paused = true)]
async fn a_worker_claims_only_what_it_serves() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let later = lro::Service::new("jobs.example.com", "v2");
    registry.register(Registration::new(&later, name("operations/1")).key("later")).await.unwrap();
    registry.register(Registration::new(&service(), name("operations/2")).key("served")).await.unwrap();
    assert_eq!(registry.deliveries().next().await.unwrap().key(), "served");
    sleep(90 * SECOND).await;
    let record = registry.get("later").await.unwrap().unwrap();
    assert_eq!((record.state, record.claims, record.epoch), (RecordState::Pending, 0, 0));
    let health = registry.health().await.unwrap();
    assert!(
        health.services.iter().any(|health| health.service == later && health.overdue >= Some(60 * SECOND))
    );
}

// g22
#[tokio::test(start_paused = true)]
async fn an_outcome_beyond_the_limit_ends_the_operation_with_its_size() {
    let jobs = Jobs::new();
    jobs.responds("operations/1", json!({"text": "x".repeat(17 << 20)}));
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1"))).await.unwrap();
    let status = registry.deliveries().next().await.unwrap().decode::<Value>().unwrap_err();
    assert!(status.to_string().contains("17825"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_or_panics_gets_the_outcome_again_with_growing_pauses() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs).start().await.unwrap();
    for operation in ["operations/fails", "operations/panics", "operations/fine"] {
        registry.register(Registration::new(&service(), name(operation)).key(operation)).await.unwrap();
    }
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let handling = registry.deliveries().for_each(4, |delivery| {
        let counted = counted.clone();
        async move {
            match delivery.key() {
                "operations/fails" => {
                    counted.fetch_add(1, Ordering::Relaxed);
                    Err("the receiver is away")
                }
                "operations/panics" if delivery.attempt() == 1 => panic!("a bad day"),
                _ => Ok(()),
            }
        }
    });
    let _ = timeout(40 * SECOND, handling).await;
    let state = async |key: &str| registry.get(key).await.unwrap().unwrap();
    assert_eq!(state("operations/fine").await.state, RecordState::Acknowledged);
    let panicked = state("operations/panics").await;
    assert_eq!((panicked.state, panicked.deliveries), (RecordState::Acknowledged, 2));
    let failed = state("operations/fails").await;
    assert_eq!(
        (failed.state, failed.error.as_deref()),
        (RecordState::Finished, Some("the receiver is away"))
    );
    // At 0, 1, 3, 7, 15 and 31 s, each up to a second late.
    assert!((5..=6).contains(&calls.load(Ordering::Relaxed)), "{calls:?}");
}

// g25
#[tokio::test(start_paused = true)]
async fn a_state_that_only_a_later_version_reads_is_left_to_it() {
    let store = MemoryStore::new();
    let registry = Registry::new(store.clone());
    registry.register(Registration::new(&service(), name("operations/1")).key("one")).await.unwrap();
    let claimed = store.claim(&claim_request()).await.unwrap().records.remove(0);
    let reschedule = Reschedule {
        fence: claimed.fence,
        name: None,
        delay: Duration::ZERO,
        state: br#"{"format": 99}"#.to_vec(),
        cursor: vec![255; 100],
        cancel: CancelStep::NotSeen,
        failures: 0,
        error: None,
    };
    store.reschedule(&[reschedule]).await.unwrap();
    let jobs = Jobs::new();
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    sleep(600 * SECOND).await;
    let record = registry.get("one").await.unwrap().unwrap();
    assert_eq!((record.state, record.claims, jobs.gets("operations/1")), (RecordState::Pending, 0, 0));
    assert!(record.error.unwrap().contains("format 99"));
}

#[tokio::test(start_paused = true)]
async fn what_one_worker_has_learned_others_know_after_a_restart() {
    let jobs = Jobs::new();
    let registry = Registry::new(MemoryStore::new());
    let lateness = async |number: u32| {
        let worker =
            Worker::builder(&registry).serve(jobs.clone()).pacing(Learned::new()).start().await.unwrap();
        // The history is read.
        sleep(SECOND).await;
        let operation = format!("operations/{number}");
        jobs.runs_for(&operation, 570 * SECOND);
        registry.register(Registration::new(&service(), name(&operation)).key(operation)).await.unwrap();
        let began = Instant::now();
        registry.deliveries().next().await.unwrap().acknowledge().await.unwrap();
        worker.stop().await;
        began.elapsed() - 570 * SECOND
    };
    let first = lateness(0).await;
    for number in 1..4 {
        lateness(number).await;
    }
    let later = lateness(4).await;
    // The usual backoff polls after 543 s and after 603 s.
    assert!(first > 20 * SECOND && later < first / 5, "{first:?} {later:?}");
}

// SPEC 26: a service that is away for long does not end a wait.
#[tokio::test(start_paused = true)]
async fn an_outage_of_an_hour_ends_no_wait() {
    let jobs = Jobs::new();
    jobs.fails("operations/1", 70, Status::unavailable("away"));
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    registry.register(Registration::new(&service(), name("operations/1"))).await.unwrap();
    let began = Instant::now();
    let delivery = registry.deliveries().next().await.unwrap();
    delivery.decode::<Value>().unwrap();
    assert!(began.elapsed() > 1_800 * SECOND, "{:?}", began.elapsed());
    // The error of a poll is not one of a delivery.
    assert_eq!(delivery.last_error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_given_up_begins_again_and_its_report_does_not_grow() {
    let jobs = Jobs::new();
    jobs.runs_for("operations/1", 100 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    let registration = Registration::new(&service(), name("operations/1")).key("one").deadline(60 * SECOND);
    registry.register(registration).await.unwrap();
    sleep(3_600 * SECOND).await;
    let mut deliveries = registry.deliveries();
    let delivery = deliveries.next().await.unwrap();
    let status = delivery.decode::<Value>().unwrap_err();
    assert!(status.may_be_running() && status.report().unwrap().elapsed <= 62 * SECOND, "{status}");
    assert!(delivery.poll_again().await.unwrap());
    // The lease of the delivery is over, and so is the outcome.
    assert!(!delivery.acknowledge().await.unwrap());
    let delivery = deliveries.next().await.unwrap();
    delivery.decode::<Value>().unwrap();
    assert_eq!(delivery.attempt(), 1);
    // What is done stays done.
    assert!(!delivery.poll_again().await.unwrap() && !registry.take_back("one").await.unwrap());
    assert!(delivery.acknowledge().await.unwrap());
}

fn claim_request() -> ClaimRequest {
    let (lease, bucket) = (60 * SECOND, None);
    ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most: 1,
        lease,
        most_claims: 5,
        is_random: false,
        bucket,
    }
}
