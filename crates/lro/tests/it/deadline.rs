//! The total deadline, the attempt timeout, and the last poll.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    future::poll_fn,
    task::{Poll, ready},
    time::Duration,
};

use lro::{Code, Origin, Pacing, Status, Tolerance, Wait, poll_until_done, transport_fn};
use serde_json::Value;
use tokio::{
    task::coop,
    time::{Instant, timeout},
};

use super::common::{
    Script, always, busy, forty_two, millis, name, never, refused, running, script, seconds, slow_script,
    succeeded,
};

#[tokio::test(start_paused = true)]
async fn clips_the_sleep_and_asks_one_last_time() {
    // SPEC 35
    let transport = always(running());
    let (status, elapsed) = end(every_four_seconds(&transport).deadline(seconds(10))).await;
    assert_eq!(transport.times(), [0, 4, 8, 10].map(seconds));
    assert_eq!(elapsed, seconds(10));
    assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
    let report = status.report().unwrap();
    assert_eq!((&report.name, report.polls, report.elapsed), (&Some(name()), 4, seconds(10)));
    assert!(status.may_be_running() && !report.done);
}

#[tokio::test(start_paused = true)]
async fn heeds_what_the_last_poll_finds() {
    // SPEC 35
    let transport = script([running(), running(), running(), succeeded()]);
    assert_eq!(every_four_seconds(&transport).deadline(seconds(10)).await.unwrap(), forty_two());
    assert_eq!(transport.times().last(), Some(&seconds(10)));
}

#[tokio::test(start_paused = true)]
async fn does_not_ask_twice_where_a_poll_is_due_at_the_deadline() {
    // SPEC 35
    let transport = always(running());
    end(every_four_seconds(&transport).deadline(seconds(8))).await;
    assert_eq!(transport.times(), [0, 4, 8].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn gives_the_last_poll_a_short_grace() {
    // SPEC 35
    let in_time = slow_script([(millis(0), running()), (millis(1_900), succeeded())]);
    let began = Instant::now();
    let wait =
        poll_until_done::<Value>(&in_time, name()).pacing(Pacing::fixed(seconds(60))).deadline(seconds(10));
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(began.elapsed(), millis(11_900));

    let too_late = slow_script([(millis(0), running()), (Duration::MAX, succeeded())]);
    let wait =
        poll_until_done::<Value>(&too_late, name()).pacing(Pacing::fixed(seconds(60))).deadline(seconds(10));
    let (status, elapsed) = end(wait).await;
    assert_eq!((status.origin(), about(elapsed)), (Origin::StoppedAsking, seconds(12)));
    assert_eq!(too_late.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn clips_a_call_in_flight_and_asks_no_more() {
    // SPEC 35
    let transport = slow_script([(seconds(1), running()), (Duration::MAX, succeeded())]);
    let (status, elapsed) = end(every_four_seconds(&transport).deadline(seconds(10))).await;
    assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
    assert_eq!((about(elapsed), transport.count()), (seconds(10), 2));
}

#[tokio::test(start_paused = true)]
async fn is_the_reason_of_the_end_even_where_no_failure_is_survived() {
    // SPEC 20, 35: we stopped asking; no call failed.
    for replies in
        [vec![(Duration::MAX, running())], vec![(millis(0), running()), (Duration::MAX, running())]]
    {
        for tolerance in [Tolerance::none(), Tolerance::default().survive_if(|_| Some(false))] {
            let wait =
                every_four_seconds(slow_script(replies.clone())).tolerance(tolerance).deadline(seconds(3));
            let status = wait.await.unwrap_err();
            assert_eq!(status.origin(), Origin::StoppedAsking, "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_a_wait_whose_calls_all_fail() {
    // SPEC 35
    let transport = always(busy());
    let wait = poll_until_done::<Value>(&transport, name());
    let (status, elapsed) =
        end(wait.tolerance(Tolerance::default().failures(None)).deadline(seconds(100))).await;
    assert_eq!((status.origin(), elapsed), (Origin::StoppedAsking, seconds(100)));
    assert_eq!(status.report().unwrap().last_failure, Some(busy().unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn does_not_hide_a_final_failure_of_the_last_poll() {
    // SPEC 20
    let transport = script([running(), refused(Code::PermissionDenied)]);
    let wait =
        poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(60))).deadline(seconds(10));
    let status = wait.await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::PermissionDenied));
}

#[tokio::test(start_paused = true)]
async fn caps_a_servers_wish() {
    // SPEC 32, 35
    for reply in [
        Ok(running().unwrap().with_retry_after(seconds(300))),
        Err(Status::unavailable("busy").with_retry_after(Duration::MAX)),
    ] {
        let transport = script([reply, succeeded()]);
        poll_until_done::<Value>(&transport, name()).deadline(seconds(10)).await.unwrap();
        assert_eq!(transport.times(), [0, 10].map(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn shortens_the_pause_that_a_snapshot_tells() {
    // SPEC 10
    let transport = always(running());
    let mut wait = every_four_seconds(&transport).deadline(seconds(6));
    assert_eq!(wait.next().await.unwrap().unwrap().next_poll(), Some(seconds(4)));
    assert_eq!(wait.next().await.unwrap().unwrap().next_poll(), Some(seconds(2)));
    assert_eq!(wait.next().await.unwrap().unwrap_err().origin(), Origin::StoppedAsking);
}

#[tokio::test(start_paused = true)]
async fn counts_from_the_first_step() {
    // SPEC 35
    let transport = always(running());
    let mut wait = every_four_seconds(&transport).deadline(seconds(10));
    tokio::time::sleep(seconds(100)).await;
    while let Some(Ok(_)) = wait.next().await {}
    assert_eq!(transport.times(), [100, 104, 108, 110].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn asks_once_where_there_is_no_time_at_all() {
    // SPEC 35
    let transport = script([succeeded()]);
    assert_eq!(
        poll_until_done::<Value>(&transport, name()).deadline(Duration::ZERO).await.unwrap(),
        forty_two()
    );

    let transport = script([running()]);
    let (status, elapsed) = end(poll_until_done::<Value>(&transport, name()).deadline(Duration::ZERO)).await;
    assert_eq!((status.origin(), elapsed), (Origin::StoppedAsking, seconds(0)));

    // The first poll is told to be late, the deadline is earlier.
    let transport = script([succeeded()]);
    let wait = poll_until_done::<Value>(&transport, name()).not_before(seconds(60)).deadline(seconds(5));
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(transport.times(), [seconds(5)]);
}

#[tokio::test(start_paused = true)]
async fn is_not_there_by_default() {
    // SPEC 35: these operations may take an hour, or days.
    for deadline in [false, true] {
        let replies = (0..10_000).map(|_| running()).chain([succeeded()]);
        let mut wait = poll_until_done::<Value>(script(replies), name());
        if deadline {
            wait = wait.deadline(seconds(1)).deadline(None);
        }
        let began = Instant::now();
        assert_eq!(wait.await.unwrap(), forty_two());
        assert!(began.elapsed() > seconds(4 * 86_400));
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_each_attempt_as_the_caller_says() {
    // SPEC 35
    let transport = never();
    let tolerance = Tolerance::default().failures(2).delay(Duration::ZERO, Duration::ZERO);
    let wait = poll_until_done::<Value>(&transport, name()).attempt_timeout(seconds(5)).tolerance(tolerance);
    let (status, elapsed) = end(wait).await;
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert_eq!((about(elapsed), transport.count()), (seconds(15), 3));
}

#[tokio::test(start_paused = true)]
async fn is_never_outlived_by_an_attempt() {
    // SPEC 35
    for attempt in [seconds(60), Duration::MAX] {
        let transport = never();
        let wait =
            poll_until_done::<Value>(&transport, name()).attempt_timeout(attempt).deadline(seconds(10));
        let (status, elapsed) = end(wait).await;
        assert_eq!(
            (status.origin(), about(elapsed), transport.count()),
            (Origin::StoppedAsking, seconds(10), 1)
        );
    }
    // Nor is the grace longer than an attempt.
    let transport = slow_script([(millis(0), running()), (Duration::MAX, running())]);
    let wait = every_four_seconds(&transport).attempt_timeout(millis(500)).deadline(seconds(2));
    assert_eq!(about(end(wait).await.1), millis(2_500));
}

/// The clock runs, for a task that is always woken never lets a paused one go on.
#[tokio::test]
async fn ends_a_call_that_uses_up_all_that_tokio_grants_its_task() {
    // SPEC 35
    let transport = transport_fn(|_| {
        poll_fn(|context| {
            while coop::has_budget_remaining() {
                ready!(coop::poll_proceed(context)).made_progress();
            }
            Poll::Pending
        })
    });
    let wait = || poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::none());
    let ended = async {
        let (status, _) = end(wait().attempt_timeout(millis(30))).await;
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
        assert_eq!(end(wait().deadline(millis(30))).await.0.origin(), Origin::StoppedAsking);
    };
    assert!(timeout(seconds(60), ended).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn may_be_as_far_off_as_can_be() {
    // SPEC 36
    let patient = || {
        Tolerance::default()
            .not_found_for(Duration::MAX)
            .delay(Duration::MAX, Duration::MAX)
            .longest_hint(Duration::MAX)
            .failures(u32::MAX)
    };
    for transport in [
        script([succeeded()]),
        script([running(), succeeded()]),
        script([busy(), succeeded()]),
        script([refused(Code::NotFound), succeeded()]),
        script([Ok(running().unwrap().with_retry_after(Duration::MAX)), succeeded()]),
        script([Err(Status::unavailable("busy").with_retry_after(Duration::MAX)), succeeded()]),
    ] {
        let wait = poll_until_done::<Value>(transport, name())
            .tolerance(patient())
            .pacing(Pacing::fixed(Duration::MAX))
            .deadline(Duration::MAX)
            .attempt_timeout(Duration::MAX);
        assert_eq!(wait.await.unwrap(), forty_two());
    }
    let wait = poll_until_done::<Value>(script([succeeded()]), name()).not_before(Duration::MAX);
    assert_eq!(wait.await.unwrap(), forty_two());
    let operation = running().unwrap().with_retry_after(Duration::MAX);
    assert_eq!(Wait::<Value>::started(script([succeeded()]), operation).await.unwrap(), forty_two());

    let mut wait = poll_until_done::<Value>(always(running()), name()).pacing(Pacing::fixed(Duration::MAX));
    let snapshot = wait.next().await.unwrap().unwrap();
    assert!(snapshot.next_poll().unwrap() > seconds(86_400 * 365));
}

#[tokio::test(start_paused = true)]
async fn may_have_no_time_for_an_attempt() {
    // SPEC 36: a reply that is there at once is taken.
    let wait = poll_until_done::<Value>(script([succeeded()]), name()).attempt_timeout(Duration::ZERO);
    assert_eq!(wait.await.unwrap(), forty_two());
}

fn every_four_seconds<'a>(transport: impl lro::LroTransport + 'a) -> Wait<'a, Value> {
    poll_until_done(transport, name()).pacing(Pacing::fixed(seconds(4)))
}

/// How the wait ended and after what time.
async fn end(wait: Wait<'_, Value>) -> (Status, Duration) {
    let began = Instant::now();
    let status = wait.await.unwrap_err();
    (status, began.elapsed())
}

/// Tokio's timers count in milliseconds and fire late rather than early.
fn about(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap())
}

/// A script is borrowed where its calls are looked at, and given away where not.
const _: fn(Script) -> Wait<'static, Value> = every_four_seconds;
