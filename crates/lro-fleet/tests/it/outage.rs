//! What a fleet does when the server throttles, or is down, and once it is back.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use futures::future::join_all;
use lro::{Code, Status, Tolerance};
use lro_fleet::{Fleet, Rate};
use serde_json::Value;
use tokio::time::sleep;

use super::common::{Server, millis, secs};

#[tokio::test(start_paused = true)]
async fn an_outage_is_probed_by_few_and_loses_nothing() {
    let down = Status::unavailable("down");
    let server = Server::new(millis(20)).fails(secs(100), secs(160), down);
    let names = server.has_many(2_000, |number| secs(90) + millis(20 * number as u64));
    let fleet = Fleet::builder(server.clone()).rate(Rate::per_second(400)).start();
    let watches: Vec<_> = names.iter().map(|name| fleet.watch::<Value>(name.clone())).collect();
    let outcomes = join_all(watches).await;
    assert!(outcomes.iter().all(Result::is_ok));

    let during = calls_between(&server, secs(101), secs(160));
    assert!((5..=120).contains(&during), "{during} calls while the server was down");
    // The backlog of 2,000 needs 5 s at 400 a second.
    let last = server.calls().last().unwrap().0;
    assert!(last < secs(175), "the last call came at {last:?}");
    assert!(server.most_within(millis(100)) <= 40);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_outage_is_noticed_within_seconds() {
    let server = Server::new(millis(20)).fails(secs(10), secs(1_000), Status::unavailable("down"));
    let names = server.has_many(100, |_| secs(500));
    let fleet = Fleet::builder(server.clone()).start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    let ended = server.now();
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() >= 50);
    assert!(ended < secs(1_070), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_all_is_asked_by_few_before_the_time_that_it_asks_for() {
    let throttled = Status::new(Code::ResourceExhausted, "too many").with_retry_after(secs(30));
    let server = Server::new(millis(20)).fails(secs(10), secs(11), throttled);
    let names = server.has_many(200, |_| secs(60));
    let fleet = Fleet::builder(server.clone()).start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let first = server.calls().iter().find(|(at, _)| *at >= secs(10)).unwrap().0;
    // After so many refusals in a row the fleet takes the service to be shut. The calls in flight were made before.
    let early = calls_between(&server, first, first + secs(29));
    assert!(early <= 64, "{early} calls of 200 operations before the time that the server asks for");
    assert!(fleet.metrics().failures_of(Code::ResourceExhausted) > 0);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_quota_key_does_not_slow_another_one() {
    let server = Server::new(millis(20));
    let slow: Vec<_> =
        (0..50).map(|number| server.has(&format!("slow/operations/{number}"), secs(60))).collect();
    let quick: Vec<_> =
        (0..50).map(|number| server.has(&format!("quick/operations/{number}"), secs(60))).collect();
    let inner = server.clone();
    let transport = lro::transport_fn(move |name: lro::OperationName| {
        let server = inner.clone();
        async move {
            let is_throttled =
                name.as_str().starts_with("slow") && (secs(10)..secs(11)).contains(&server.now());
            if is_throttled {
                return Err(Status::new(Code::ResourceExhausted, "too many").with_retry_after(secs(40)));
            }
            lro::LroTransport::get_operation(&server, &name).await
        }
    });
    let fleet = Fleet::builder(transport)
        .quota_key(|name| name.segments().next().unwrap_or_default().to_owned())
        .start();
    let watches: Vec<_> = slow.iter().chain(&quick).map(|name| fleet.watch::<Value>(name.clone())).collect();
    assert!(join_all(watches).await.iter().all(Result::is_ok));
    let between = |prefix: &str| {
        let calls = server.calls().into_iter();
        calls.filter(|(at, name)| name.starts_with(prefix) && (secs(13)..secs(50)).contains(at)).count()
    };
    assert_eq!(between("slow"), 0);
    assert!(between("quick") > 100);
}

/// Of a server whose quota is lower than the rate, or that no rate was set for.
#[tokio::test(start_paused = true)]
async fn a_fleet_learns_how_often_a_server_lets_itself_be_asked() {
    let server = Server::new(millis(20));
    let names = server.has_many(200, |number| secs(60 + number as u64));
    let quota = std::sync::Arc::new(std::sync::Mutex::new((Duration::ZERO, 0_u32, 0_u32)));
    let (inner, counted) = (server.clone(), quota.clone());
    // Twenty calls a second.
    let transport = lro::transport_fn(move |name: lro::OperationName| {
        let (server, quota) = (inner.clone(), counted.clone());
        async move {
            {
                let mut quota = quota.lock().unwrap();
                if server.now() >= quota.0 + secs(1) {
                    (quota.0, quota.1) = (server.now(), 0);
                }
                quota.1 += 1;
                if quota.1 > 20 {
                    quota.2 += 1;
                    return Err(Status::new(Code::ResourceExhausted, "too many"));
                }
            }
            lro::LroTransport::get_operation(&server, &name).await
        }
    });
    let fleet = Fleet::builder(transport).tolerance(Tolerance::default()).start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    let (good, refused) = (server.calls().len(), quota.lock().unwrap().2);
    assert!(u64::from(refused) * 10 < good as u64, "{refused} refused, {good} not");
}

#[tokio::test(start_paused = true)]
async fn one_operation_that_is_refused_does_not_slow_the_others() {
    let server = Server::new(millis(20));
    let names = server.has_many(20, |_| secs(20));
    let fleet =
        Fleet::builder(server.clone()).tolerance(Tolerance::default().not_found_for(Duration::ZERO)).start();
    let unknown: Vec<_> = (0..20)
        .map(|number| fleet.watch::<Value>(format!("operations/none{number}").parse().unwrap()))
        .collect();
    let watches: Vec<_> = names.into_iter().map(|name| fleet.watch::<Value>(name)).collect();
    assert!(join_all(unknown).await.into_iter().all(|outcome| outcome.unwrap_err().code() == Code::NotFound));
    assert!(join_all(watches).await.iter().all(Result::is_ok));
    assert!(server.now() < secs(23), "{:?}", server.now());
    sleep(secs(1)).await;
}

fn calls_between(server: &Server, from: Duration, until: Duration) -> usize {
    server.calls().iter().filter(|(at, _)| (from..until).contains(at)).count()
}

/// A call that its operation's deadline cuts short is no answer.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_not_taken_for_one_that_answers() {
    let server = Server::new(millis(20));
    let in_flight = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (inner, counted) = (server.clone(), in_flight.clone());
    let transport = lro::transport_fn(move |_: lro::OperationName| {
        let (server, in_flight) = (inner.clone(), counted.clone());
        async move {
            if server.now() < secs(2) {
                return Err(Status::unavailable("down"));
            }
            in_flight.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::future::pending().await
        }
    });
    let fleet = Fleet::builder(transport).deadline(secs(5)).start();
    let mut watches = Vec::new();
    for number in 0..600 {
        watches.push(fleet.watch::<Value>(format!("operations/{number}").parse().unwrap()));
        sleep(millis(100)).await;
    }
    // Eight at a time, each for five seconds at most.
    let probes = in_flight.load(std::sync::atomic::Ordering::Relaxed);
    assert!(probes <= 120, "{probes} calls to a server that is down");
}
