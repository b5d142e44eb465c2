//! Calls that wait for their permission: the connection comes late, the store is slow, or the rate is low.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use lro::{LroTransport, Pacing, Service, Tolerance};
use lro_registry::{MemoryStore, Quota, Rate, Registration, Registry, Worker};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::common::{Fault, HookedStore, Reply, SECOND, Script, deliver, name, register, service};

// g01, g17
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_never_answers_for_another_operation_under_its_key() {
    let server = done().connects_in(|call| if call == 1 { millis(400) } else { Duration::ZERO });
    let registry = Registry::new(MemoryStore::new());
    let _worker = worker(&registry, &server, Rate::per_second(1)).await;
    let registration = |operation| Registration::new(&service(), name(operation)).key("order 7");
    registry.register(registration("operations/old")).await.unwrap();
    sleep(millis(200)).await;
    assert!(registry.forget("order 7").await.unwrap());
    registry.register(registration("operations/new")).await.unwrap();
    let delivery = registry.deliveries().next().await.unwrap();
    assert_eq!(delivery.decode::<Value>().unwrap(), json!({"name": "operations/new"}));
}

// g03
#[tokio::test(start_paused = true)]
async fn a_cancel_that_waits_is_not_sent_for_a_later_record_that_nobody_cancelled() {
    let server = running().connects_in(|call| if call == 1 { millis(300) } else { Duration::ZERO });
    let registry = Registry::new(MemoryStore::new());
    let _worker = worker(&registry, &server, Rate::per_second(1)).await;
    let registration = Registration::new(&service(), name("operations/1")).key("order 7");
    registry.register(registration.clone()).await.unwrap();
    registry.cancel("order 7").await.unwrap();
    sleep(millis(150)).await;
    assert!(registry.forget("order 7").await.unwrap());
    registry.register(registration).await.unwrap();
    sleep(30 * SECOND).await;
    assert!(server.sent() > 10, "{} polls", server.sent());
    assert_eq!(server.cancels(), 0);
}

// g18
#[tokio::test(start_paused = true)]
async fn a_service_without_a_quota_does_not_delay_a_call_that_waits() {
    let other = running().of(&other_service());
    let server = done().connects_in(|call| if call == 1 { millis(400) } else { Duration::ZERO });
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry)
        .pacing(Pacing::fixed(millis(500)))
        .serve(other.clone())
        .serve_under(quota(Rate::per_second(100)), server.clone())
        .start()
        .await
        .unwrap();
    register(&registry, &other.service(), "other", 1).await;
    sleep(SECOND).await;
    register(&registry, &service(), "", 1).await;
    let took = deliver(&registry, "", 1).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(server.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_count_among_the_calls_in_flight() {
    let server = done().connects_in(|_| 3_600 * SECOND);
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry)
        .max_in_flight(10)
        .serve_under(quota(Rate::per_second(500)), server.clone())
        .start()
        .await
        .unwrap();
    register(&registry, &service(), "", 2_000).await;
    sleep(40 * SECOND).await;
    assert_eq!(server.most_in_flight(), 10);
}

// SPEC 26: not one failure is tolerated.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_permission_is_no_failed_call() {
    for (per_minute, connects_in) in [(1, 100), (4, 100), (1, 400), (60, 400), (4, 9_000)] {
        let server = done().connects_in(move |_| millis(connects_in));
        let registry = Registry::new(MemoryStore::new());
        let _worker = Worker::builder(&registry)
            .tolerance(Tolerance::default().failures(0))
            .serve_under(quota(Rate::per_minute(per_minute)), server.clone())
            .start()
            .await
            .unwrap();
        register(&registry, &service(), "", 1).await;
        let took = deliver(&registry, "", 1).await;
        // The permission of the first claim may end before there is a connection.
        assert!(took < SECOND + 2 * 60 * SECOND / per_minute, "{per_minute} a minute: {took:?}");
        assert_eq!(server.sent(), 1);
    }
}

// SPEC 26: the second call is judged for itself alone.
#[tokio::test(start_paused = true)]
async fn a_call_that_answers_slowly_after_it_waited_is_no_failed_call() {
    let reply =
        |_: &str, get| if get == 1 { Reply::Running(millis(100)) } else { Reply::Done(Duration::ZERO) };
    let server = Script::new(reply).connects_in(|call| if call == 1 { millis(100) } else { Duration::ZERO });
    let registry = Registry::new(MemoryStore::new());
    let _worker = Worker::builder(&registry)
        .attempt_timeout(SECOND)
        .tolerance(Tolerance::default().failures(0))
        .serve_under(quota(Rate::per_minute(1)), server.clone())
        .start()
        .await
        .unwrap();
    register(&registry, &service(), "", 1).await;
    deliver(&registry, "", 1).await;
    assert_eq!(server.sent(), 2);
}

// g18
#[tokio::test(start_paused = true)]
async fn two_services_share_their_quota_evenly() {
    for (rate, seconds) in [(1, 60), (5, 20), (500, 5)] {
        let servers = [running(), running().of(&other_service())];
        let registry = Registry::new(MemoryStore::new());
        for server in &servers {
            register(&registry, &server.service(), &format!("{}/", server.service().key()), 1_000).await;
        }
        let quota = quota(Rate::per_second(rate));
        let builder = Worker::builder(&registry).pacing(Pacing::fixed(SECOND));
        let [first, second] = servers.clone();
        let _worker =
            builder.serve_under(quota.clone(), first).serve_under(quota, second).start().await.unwrap();
        sleep(seconds * SECOND).await;
        let sent = servers.map(|server| server.sent());
        let half = (u64::from(rate) * u64::from(seconds) / 2) as usize;
        let fair = half * 7 / 10..=half * 11 / 10 + 1;
        assert!(sent.iter().all(|sent| fair.contains(sent)), "{rate} a second: {sent:?}, {fair:?} are fair");
    }
}

// g14, g17
#[tokio::test(start_paused = true)]
async fn claims_that_take_long_are_used_all_the_same() {
    for latency in [millis(65), millis(300)] {
        let store = HookedStore::new();
        store.hook(move |call, _| if call == "claim" { Fault::Late(latency) } else { Fault::None });
        let server = done();
        let registry = Registry::new(store);
        let _worker = worker(&registry, &server, Rate::per_second(50)).await;
        register(&registry, &service(), "", 100).await;
        let took = deliver(&registry, "", 100).await;
        assert!(took < 20 * SECOND, "claims of {latency:?}: {took:?}");
        assert_eq!(server.sent(), 100);
    }
}

async fn worker(registry: &Registry, server: &Script, rate: Rate) -> Worker {
    let builder = Worker::builder(registry).pacing(Pacing::fixed(SECOND));
    builder.serve_under(quota(rate), server.clone()).start().await.unwrap()
}

fn quota(rate: Rate) -> Quota {
    Quota::new("jobs", rate)
}

fn other_service() -> Service {
    Service::new("other.example.com", "v1")
}

fn done() -> Script {
    Script::new(|_, _| Reply::Done(Duration::ZERO))
}

fn running() -> Script {
    Script::new(|_, _| Reply::Running(Duration::ZERO))
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
