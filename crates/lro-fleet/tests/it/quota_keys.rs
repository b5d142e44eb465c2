//! What a fleet shows of its quota keys.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{sync::Mutex, time::Duration};

use lro::{Code, LroTransport, Operation, OperationName, Pacing, Status, transport_fn};
use lro_fleet::{Fleet, FleetBuilder, QuotaKey};
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn each_key_shows_its_own_state() {
    let fleet = by_first_segment(three_services()).start();
    for number in 0..200 {
        for service in ["well", "down", "limited"] {
            fleet.register(format!("{service}/operations/{number}").parse().unwrap()).unwrap();
        }
    }
    sleep(Duration::from_secs(60)).await;

    let well = key(&fleet, "well");
    assert_eq!((well.is_shut, well.found_rate, well.operations), (false, None, 200));
    let down = key(&fleet, "down");
    assert!(down.is_shut, "{down}");
    assert!(down.due + down.in_flight > 100, "{down}");
    assert!(down.to_string().ends_with("shut, only probes are sent"), "{down}");
    let limited = key(&fleet, "limited");
    let found = limited.found_rate.unwrap();
    assert!((PER_SECOND * 0.7..PER_SECOND * 1.3).contains(&found), "{limited}");

    let keys = fleet.quota_keys();
    let metrics = fleet.metrics();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys.iter().map(|key| key.in_flight).sum::<usize>(), metrics.in_flight);
    assert_eq!(keys.iter().map(|key| key.due).sum::<usize>(), metrics.due);
    assert_eq!(keys.iter().map(|key| key.operations).sum::<usize>(), metrics.pending);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_without_keys_has_one_without_a_name() {
    let fleet = Fleet::builder(three_services()).start();
    assert_eq!(fleet.quota_keys(), []);
    fleet.register("well/operations/1".parse().unwrap()).unwrap();
    let keys = fleet.quota_keys();
    assert_eq!(keys.iter().map(|key| (&*key.name, key.operations)).collect::<Vec<_>>(), [("", 1)]);
}

#[tokio::test(start_paused = true)]
async fn all_of_many_keys_are_shown_once() {
    let fleet = by_first_segment(three_services()).start();
    for number in 0..10_000 {
        fleet.register(format!("k{number}/operations/1").parse().unwrap()).unwrap();
    }
    let mut names: Vec<String> = fleet.quota_keys().into_iter().map(|key| key.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10_000);
}

fn key(fleet: &Fleet, name: &str) -> QuotaKey {
    fleet.quota_keys().into_iter().find(|key| key.name == name).unwrap()
}

fn by_first_segment(transport: impl LroTransport + 'static) -> FleetBuilder {
    Fleet::builder(transport)
        .quota_key(|name| name.segments().next().unwrap_or_default().to_owned())
        .pacing(Pacing::fixed(Duration::from_secs(1)))
        .max_in_flight(256)
        .seed(1)
}

/// One service is well, one is down, and one takes so many calls a second.
fn three_services() -> impl LroTransport {
    let bucket = Mutex::new((Instant::now(), PER_SECOND));
    transport_fn(move |name: OperationName| {
        let is_taken = !name.as_str().starts_with("limited") || {
            let mut bucket = bucket.lock().unwrap();
            let now = Instant::now();
            let tokens = (bucket.1 + now.duration_since(bucket.0).as_secs_f64() * PER_SECOND).min(PER_SECOND);
            *bucket = (now, if tokens >= 1.0 { tokens - 1.0 } else { tokens });
            tokens >= 1.0
        };
        async move {
            sleep(Duration::from_millis(20)).await;
            match name.as_str() {
                name if name.starts_with("down") => Err(Status::unavailable("down")),
                _ if !is_taken => Err(Status::new(Code::ResourceExhausted, "too many")),
                name => Ok(Operation::running(name)),
            }
        }
    })
}

const PER_SECOND: f64 = 50.0;
