//! The server is asked to cancel an operation, by the rules of a poll.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro::{Code, LroTransport, Operation, OperationName, Status, Tolerance, async_trait, pacing::Pacing};
use lro_fleet::{Fleet, Rate};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, Verb, done, millis, name, secs, unavailable};

const CALM: Duration = Duration::from_secs(40);

fn cancelled(name: &str) -> Operation {
    let status = Status::new(Code::Cancelled, "cancelled").with_origin(lro::Origin::OperationFailed);
    Operation::failed(name, status)
}

/// A server whose operations run until they are cancelled, after so many failed requests.
fn until_cancelled(failures: usize, failure: fn() -> Status) -> Jobs {
    let is_cancelled = Arc::new(AtomicUsize::new(0));
    let seen = is_cancelled.clone();
    Jobs::new(move |name, _| {
        let is_over = seen.load(Ordering::Relaxed) > failures;
        Ok(if is_over { cancelled(name) } else { Operation::running(name) })
    })
    .cancels(move |_, _| {
        let failed = is_cancelled.fetch_add(1, Ordering::Relaxed) < failures;
        if failed { Err(failure()) } else { Ok(()) }
    })
}

/// Has the call to cancel, and does not declare it.
#[derive(Debug)]
struct Undeclared(Jobs);

#[async_trait]
impl LroTransport for Undeclared {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.0.cancel_operation(name).await
    }
}

/// SPEC 39
#[tokio::test(start_paused = true)]
async fn the_poll_after_it_is_made_at_once() {
    let jobs = until_cancelled(0, unavailable).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
    let watch = fleet.watch::<Value>(name(1));
    let other = fleet.watch::<Value>(name(2));
    sleep(secs(5)).await;
    fleet.cancel(&name(1)).await.unwrap();
    assert_eq!(jobs.calls(Verb::Cancel, &name(1)), [secs(5)]);
    let status = timeout(millis(100), watch).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(jobs.gets(&name(1)), [Duration::ZERO, secs(5) + millis(20)]);
    assert_eq!(jobs.gets(&name(2)).len(), 1, "the others keep their pace");
    drop(other);
}

/// Whatever the fleet does with the operation when the request is accepted.
#[tokio::test(start_paused = true)]
async fn the_poll_after_it_is_made_at_once_in_each_phase() {
    // Before the first poll, just started.
    let jobs = until_cancelled(0, unavailable).round_trip(Duration::ZERO).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
    let watch = fleet.started::<Value>(Operation::running("operations/1")).unwrap();
    fleet.cancel(&name(1)).await.unwrap();
    assert_eq!(timeout(secs(1), watch).await.unwrap().unwrap_err().code(), Code::Cancelled);

    // During a call that was made before it.
    let jobs = until_cancelled(0, unavailable).round_trip(secs(2)).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
    let watch = fleet.watch::<Value>(name(1));
    sleep(secs(2) + CALM - secs(1)).await;
    fleet.cancel(&name(1)).await.unwrap();
    assert_eq!(timeout(secs(6), watch).await.unwrap().unwrap_err().code(), Code::Cancelled);
}

/// SPEC 32
#[tokio::test(start_paused = true)]
async fn the_poll_after_it_is_not_made_before_the_server_wants_it() {
    let running = |name: &str, wish| Ok(Operation::running(name).with_retry_after(wish));
    for wish in [secs(1), secs(10), secs(30), secs(60), secs(500)] {
        // In a good reply, in a failed call, in the reply of the starting call.
        for case in 0..3 {
            let jobs = Jobs::new(move |name, now| match (case, now.as_secs()) {
                (0, 0) => running(name, wish),
                (1, 0) => Err(unavailable().with_retry_after(wish)),
                _ => Ok(done(name)),
            });
            let jobs = jobs.cancels(|_, _| Ok(())).shared();
            let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
            let watch = match case {
                2 => fleet.started(running("operations/1", wish).unwrap()).unwrap(),
                _ => fleet.watch::<Value>(name(1)),
            };
            sleep(millis(100)).await;
            fleet.cancel(&name(1)).await.unwrap();
            // Another one makes it no earlier.
            sleep(millis(200)).await;
            fleet.cancel(&name(1)).await.unwrap();
            let asked = jobs.gets(&name(1)).len();
            assert!(timeout(secs(1_000), watch).await.unwrap().is_ok());
            let at = jobs.gets(&name(1))[asked];
            assert!((wish..wish + wish / 5 + millis(250)).contains(&at), "{wish:?}, {case}: {at:?}");
        }
    }
}

/// As above, where the server asks for it in the reply to a call that was made before the request.
#[tokio::test(start_paused = true)]
async fn the_poll_after_a_call_in_flight_is_not_made_before_the_server_wants_it() {
    let jobs = Jobs::new(|name, now| {
        let is_second = now > secs(1);
        let running = Operation::running(name);
        Ok(if is_second { running.with_retry_after(secs(10)) } else { running })
    });
    let jobs = jobs.cancels(|_, _| Ok(())).round_trip(secs(2)).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).tick(Duration::ZERO).start();
    let watch = fleet.watch::<Value>(name(1));
    sleep(CALM + secs(1)).await;
    fleet.cancel(&name(1)).await.unwrap();
    sleep(secs(20)).await;
    let (second, third) = (secs(2) + CALM, secs(2) + CALM + secs(2) + secs(10));
    assert_eq!(jobs.gets(&name(1)), [Duration::ZERO, second, third]);
    drop(watch);
}

/// What the server asked for concerns the next poll only.
#[tokio::test(start_paused = true)]
async fn the_poll_after_it_is_made_at_once_when_the_server_no_longer_asks_to_wait() {
    let jobs = Jobs::new(|name, now| {
        let running = Operation::running(name);
        Ok(match now.as_secs() {
            0 => running.with_retry_after(secs(10)),
            1..60 => running,
            _ => done(name),
        })
    });
    let jobs = jobs.cancels(|_, _| Ok(())).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
    let watch = fleet.watch::<Value>(name(1));
    // Its time is over.
    sleep(secs(20)).await;
    fleet.cancel(&name(1)).await.unwrap();
    sleep(secs(1)).await;
    assert_eq!(jobs.gets(&name(1)), [Duration::ZERO, secs(20) + millis(20)]);
    // The last reply asked for nothing.
    fleet.cancel(&name(1)).await.unwrap();
    sleep(secs(1)).await;
    assert_eq!(jobs.gets(&name(1)).len(), 3);
    assert!(timeout(secs(60), watch).await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_is_retried() {
    let jobs = until_cancelled(3, unavailable).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(CALM)).start();
    let watch = fleet.watch::<Value>(name(1));
    sleep(secs(1)).await;
    timeout(secs(60), fleet.cancel(&name(1))).await.unwrap().unwrap();
    assert_eq!(jobs.calls(Verb::Cancel, &name(1)).len(), 4);
    assert_eq!(timeout(secs(1), watch).await.unwrap().unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_keeps_failing_fails_by_the_rules_and_the_wait_goes_on() {
    for (failures, calls) in [(5, 6), (0, 1)] {
        let jobs = until_cancelled(usize::MAX, unavailable).shared();
        let tolerance = Tolerance::default().failures(failures);
        let fleet = Fleet::builder(jobs.clone()).tolerance(tolerance).start();
        let mut watch = fleet.watch::<Value>(name(1));
        let status = timeout(secs(600), fleet.cancel(&name(1))).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(jobs.calls(Verb::Cancel, &name(1)).len(), calls);
        assert!(watch.next().await.unwrap().is_ok());
        assert_eq!(fleet.metrics().pending, 1);
    }
    let jobs = until_cancelled(usize::MAX, || Status::new(Code::PermissionDenied, "no")).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    assert_eq!(fleet.cancel(&name(1)).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(jobs.calls(Verb::Cancel, &name(1)).len(), 1);
}

/// SPEC 38
#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_cancel_is_not_asked() {
    let jobs = Jobs::done_at(secs(10)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let status = fleet.cancel(&name(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(jobs.all().is_empty());
}

/// SPEC 38, 59
#[tokio::test(start_paused = true)]
async fn a_transport_that_does_not_declare_the_call_is_not_asked() {
    let jobs = Arc::new(Undeclared(until_cancelled(0, unavailable)));
    let fleet = Fleet::builder(jobs.clone()).rate(Rate::per_minute(1)).start();
    fleet.pause();
    // At once, also after what would use up the rate.
    for _ in 0..3 {
        let status = timeout(Duration::ZERO, fleet.cancel(&name(1))).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    }
    assert!(jobs.0.all().is_empty());
}

/// The name need not be one of the fleet, and is not one afterwards.
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_of_the_fleet_is_cancelled_and_not_polled() {
    let jobs = until_cancelled(0, unavailable).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    fleet.cancel(&name(7)).await.unwrap();
    sleep(secs(10)).await;
    assert_eq!(jobs.calls(Verb::Cancel, &name(7)).len(), 1);
    assert!(jobs.gets(&name(7)).is_empty());
    assert!(fleet.get::<Value>(&name(7)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_is_cut_and_retried() {
    let jobs = until_cancelled(0, unavailable).round_trip(secs(100)).shared();
    let tolerance = Tolerance::default().failures(1);
    let fleet = Fleet::builder(jobs.clone()).attempt_timeout(secs(2)).tolerance(tolerance).start();
    let status = timeout(secs(60), fleet.cancel(&name(1))).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(jobs.calls(Verb::Cancel, &name(1)).len(), 2);
}

/// Polls and requests together stay within the rate, also of a transport that takes no permit, and the polls do not keep
/// a request waiting.
#[tokio::test(start_paused = true)]
async fn requests_count_against_the_rate() {
    let jobs = Jobs::done_at(secs(10_000)).cancels(|_, _| Ok(())).shared();
    let fleet =
        Fleet::builder(jobs.clone()).pacing(Pacing::fixed(millis(100))).rate(Rate::per_second(10)).start();
    let watches: Vec<_> = (0..20).map(|number| fleet.watch::<Value>(name(number))).collect();
    sleep(secs(5)).await;
    let names: Vec<_> = (0..50).map(name).collect();
    let requests = names.iter().map(|name| fleet.cancel(name));
    timeout(secs(60), futures::future::join_all(requests)).await.unwrap();
    let latest = names.iter().flat_map(|name| jobs.calls(Verb::Cancel, name)).max().unwrap();
    assert!(latest < secs(5) + secs(6), "{latest:?}");
    sleep(secs(5)).await;
    let mut calls = jobs.all();
    calls.sort_unstable();
    let most =
        calls.iter().map(|from| calls.iter().filter(|at| (*from..*from + secs(1)).contains(*at)).count());
    let most = most.max().unwrap();
    assert!(most <= 10, "{most} calls in a second");
    drop(watches);
}

/// A request that is dropped while it waits for its turn gives the turn back.
#[tokio::test(start_paused = true)]
async fn requests_that_are_dropped_keep_no_polls_waiting() {
    let jobs = Jobs::done_at(secs(1)).cancels(|_, _| Ok(())).shared();
    let fleet = Fleet::builder(jobs.clone()).rate(Rate::per_minute(1)).start();
    for number in 0..30 {
        let _ = timeout(millis(1), fleet.cancel(&name(number))).await;
    }
    assert!(timeout(secs(300), fleet.watch::<Value>(name(100))).await.is_ok());
}
