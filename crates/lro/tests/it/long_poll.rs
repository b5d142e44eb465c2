//! The call that waits at the server, where the service has one.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use lro::{Code, Operation, Origin, Pacing, Status, Tolerance, Wait, poll_until_done};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::common::{
    Call::{self, Get, Wait as LongPoll},
    Jobs, NAME, busy, failed, forty_two, millis, name, polled, progress, refused, running, seconds,
    succeeded,
};

#[tokio::test(start_paused = true)]
async fn is_used_where_the_transport_declares_it() {
    // SPEC 38, 40
    let jobs = Jobs::new().waits([(seconds(28), running()), (seconds(5), succeeded())]);
    let began = Instant::now();
    assert_eq!(every_four_seconds(&jobs).await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(28))), at(28, LongPoll(seconds(28)))]);
    assert_eq!(began.elapsed(), seconds(33));
}

#[tokio::test(start_paused = true)]
async fn is_not_used_where_the_transport_does_not_declare_it() {
    // SPEC 38
    let jobs = Jobs::new().gets([running(), succeeded()]);
    assert_eq!(every_four_seconds(&jobs).long_poll(true).await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_not_used_where_the_caller_says_so() {
    // SPEC 40
    let jobs = Jobs::new().waits([succeeded()]).gets([running(), succeeded()]);
    assert_eq!(every_four_seconds(&jobs).long_poll(false).await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_answered_by_the_server_before_we_give_it_up() {
    // SPEC 35, 40: a tenth is left for the way, two seconds at most.
    for (attempt, patience) in [
        (seconds(60), seconds(58)),
        (seconds(20), seconds(18)),
        (seconds(10), seconds(9)),
        (seconds(1), millis(900)),
        (Duration::ZERO, Duration::ZERO),
    ] {
        let jobs = Jobs::new().waits([succeeded()]);
        every_four_seconds(&jobs).attempt_timeout(attempt).await.unwrap();
        assert_eq!(jobs.calls(), [at(0, LongPoll(patience))]);
    }
    // And no clock goes farther than the farthest.
    let jobs = Jobs::new().waits([succeeded()]);
    every_four_seconds(&jobs).attempt_timeout(Duration::MAX).await.unwrap();
    assert!(matches!(jobs.verbs()[..], [LongPoll(patience)] if patience > seconds(86_400 * 365)));
}

#[tokio::test(start_paused = true)]
async fn is_answered_by_the_server_before_the_deadline() {
    // SPEC 35: of 35 s, then 7 s, then 0.7 s.
    let jobs = Jobs::new()
        .waits([(seconds(28), running()), (millis(6_300), running()), (millis(630), running())])
        .gets([running()]);
    let status = every_four_seconds(&jobs).deadline(seconds(35)).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(
        jobs.calls(),
        [
            at(0, LongPoll(seconds(28))),
            at(28, LongPoll(millis(6_300))),
            (millis(34_300), LongPoll(millis(630))),
            // The last one is a get.
            at(35, Get),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn is_never_the_last_poll() {
    // SPEC 35
    let jobs = Jobs::new().waits([running()]).gets([succeeded()]);
    let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(60)));
    assert_eq!(wait.deadline(seconds(10)).await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(9))), at(10, Get)]);

    let jobs = Jobs::new().waits([running()]).gets([running()]);
    let status = every_four_seconds(&jobs).deadline(Duration::ZERO).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(jobs.calls(), [at(0, Get)]);
}

#[tokio::test(start_paused = true)]
async fn holds_the_deadline_though_the_server_does_not() {
    // SPEC 35
    let jobs = Jobs::new().waits([(Duration::MAX, running())]);
    let began = Instant::now();
    let status = every_four_seconds(&jobs).deadline(seconds(10)).await.unwrap_err();
    assert_eq!((status.origin(), whole(began.elapsed())), (Origin::StoppedAsking, seconds(10)));
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(9)))]);
}

#[tokio::test(start_paused = true)]
async fn is_made_in_no_hot_loop_where_it_is_answered_at_once() {
    // SPEC 40
    for pacing in [Pacing::fixed(Duration::ZERO), Pacing::proportional(0.0).at_least(Duration::ZERO)] {
        let jobs = Jobs::new().waits((0..20).map(|_| running()).chain([succeeded()]));
        let began = Instant::now();
        poll_until_done::<Value>(&jobs, name()).pacing(pacing).await.unwrap();
        let times: Vec<_> = jobs.calls().into_iter().map(|(time, _)| time).collect();
        assert_eq!(times, (0..=20).map(|call| millis(100 * call)).collect::<Vec<_>>());
        assert_eq!(began.elapsed(), seconds(2));
    }
}

#[tokio::test(start_paused = true)]
async fn leaves_the_pace_as_it_is_where_it_is_answered_at_once() {
    // SPEC 40
    let jobs = Jobs::new().waits([running(), running(), succeeded()]);
    every_four_seconds(&jobs).await.unwrap();
    let call = || LongPoll(seconds(28));
    assert_eq!(jobs.calls(), [at(0, call()), at(4, call()), at(8, call())]);
}

#[tokio::test(start_paused = true)]
async fn counts_the_time_that_it_was_kept_waiting_as_part_of_the_pause() {
    // SPEC 40
    let jobs = Jobs::new().waits([
        (seconds(1), running()),
        (millis(3_999), running()),
        (seconds(4), running()),
        (seconds(9), running()),
        (seconds(0), succeeded()),
    ]);
    every_four_seconds(&jobs).await.unwrap();
    let times: Vec<_> = jobs.calls().into_iter().map(|(time, _)| time).collect();
    assert_eq!(times, [0, 4, 8, 12, 21].map(seconds));

    // The least gap counts from the call as well.
    let jobs =
        Jobs::new().waits([(millis(30), running()), (millis(300), running()), (millis(0), succeeded())]);
    poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO)).await.unwrap();
    let times: Vec<_> = jobs.calls().into_iter().map(|(time, _)| time).collect();
    assert_eq!(times, [0, 100, 400].map(millis));
}

#[tokio::test(start_paused = true)]
async fn shows_progress_as_often_as_get_if_its_snapshots_are_read() {
    // SPEC 58: held for the pause of the pacing at most, and answered as soon as the operation is done.
    let jobs = Jobs::new().gets([running()]).waits([
        (seconds(4), running()),
        (seconds(1), running()),
        (seconds(4), running()),
        (seconds(3), succeeded()),
    ]);
    let mut wait = every_four_seconds(&jobs);
    let mut snapshots = Vec::new();
    while let Some(snapshot) = wait.next().await {
        let snapshot = snapshot.unwrap();
        snapshots.push((snapshot.elapsed(), snapshot.next_poll()));
    }
    let held = |time| at(time, LongPoll(seconds(4)));
    assert_eq!(jobs.calls(), [at(0, Get), held(4), held(8), held(12), held(16)]);
    let running_at = [(0, 4), (8, 0), (9, 3), (16, 0)];
    let expected = running_at.map(|(elapsed, next)| (seconds(elapsed), Some(seconds(next))));
    assert_eq!(snapshots, [&expected[..], &[(seconds(19), None)]].concat());

    // Once it is awaited, it is held as long as may be.
    let jobs = Jobs::new().gets([running()]).waits([succeeded()]);
    let mut wait = every_four_seconds(&jobs);
    wait.next().await.unwrap().unwrap();
    wait.await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Get), at(4, LongPoll(seconds(28)))]);
}

#[tokio::test(start_paused = true)]
async fn counts_the_whole_pause_after_a_get() {
    // The time of a get is no part of it.
    let jobs = Jobs::new().gets([(seconds(1), running()), (seconds(0), succeeded())]);
    every_four_seconds(&jobs).await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Get), at(5, Get)]);

    // After a wait that the server turned out not to have, too.
    let jobs = Jobs::new()
        .waits([refused(Code::Unimplemented)])
        .gets([(seconds(1), running()), (seconds(0), succeeded())]);
    every_four_seconds(&jobs).await.unwrap();
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(28))), at(0, Get), at(5, Get)]);
}

#[tokio::test(start_paused = true)]
async fn heeds_the_delay_that_the_server_asks_for() {
    // SPEC 32: a floor, from the reply.
    let later = |time| Ok(running().unwrap().with_retry_after(time));
    let jobs = Jobs::new().waits([
        (seconds(10), later(seconds(7))),
        (seconds(0), later(seconds(1))),
        (seconds(10), running()),
        (seconds(0), succeeded()),
    ]);
    every_four_seconds(&jobs).await.unwrap();
    let times: Vec<_> = jobs.calls().into_iter().map(|(time, _)| time).collect();
    // Not sticky.
    assert_eq!(times, [0, 17, 21, 31].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn falls_back_to_get_for_good_where_the_server_has_no_such_call() {
    // SPEC 40
    for code in [Code::Unimplemented, Code::FailedPrecondition] {
        for tolerance in [Tolerance::default(), Tolerance::none()] {
            let jobs = Jobs::new().waits([refused(code)]).gets([running(), running(), succeeded()]);
            assert_eq!(every_four_seconds(&jobs).tolerance(tolerance).await.unwrap(), forty_two(), "{code}");
            let calls = [at(0, LongPoll(seconds(28))), at(0, Get), at(4, Get), at(8, Get)];
            assert_eq!(jobs.calls(), calls, "{code}");
            assert_eq!(jobs.disabled(), 1, "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn is_given_up_for_the_second_404_after_a_get_found_the_operation() {
    // SPEC 58
    let missing = || refused(Code::NotFound);
    let held = |time| at(time, LongPoll(seconds(28)));
    let jobs = Jobs::new().waits([missing(), missing(), missing()]).gets([
        running(),
        running(),
        running(),
        succeeded(),
    ]);
    assert_eq!(every_four_seconds(&jobs).await.unwrap(), forty_two());
    let calls = [held(0), at(0, Get), held(4), at(4, Get), held(8), at(8, Get), at(12, Get)];
    assert_eq!(jobs.calls(), calls);
    assert_eq!(jobs.disabled(), 1);

    // An operation that appears late says nothing of the call, nor does one that is gone for a moment.
    let jobs = Jobs::new()
        .waits([missing(), missing(), running(), missing(), running(), missing(), succeeded()])
        .gets([missing(), running(), running(), running()]);
    assert_eq!(every_four_seconds(&jobs).await.unwrap(), forty_two());
    assert_eq!(jobs.disabled(), 0);
}

#[tokio::test(start_paused = true)]
async fn falls_back_to_get_after_good_replies_too() {
    // SPEC 31, 40: a route that is gone is not an operation that is.
    for code in [Code::Unimplemented, Code::NotFound, Code::FailedPrecondition] {
        let jobs =
            Jobs::new().waits([(seconds(28), running()), (seconds(0), refused(code))]).gets([succeeded()]);
        assert_eq!(every_four_seconds(&jobs).await.unwrap(), forty_two());
        assert_eq!(jobs.verbs(), [LongPoll(seconds(28)), LongPoll(seconds(28)), Get]);
    }
}

#[tokio::test(start_paused = true)]
async fn falls_back_to_get_where_the_server_does_not_heed_the_timeout() {
    // SPEC 40, 58: the second time in a row, for one unanswered call may be the connection's fault.
    let held = |time| at(time, LongPoll(seconds(28)));
    let hangs = (Duration::MAX, running());
    let jobs = Jobs::new().waits([hangs.clone(), hangs.clone()]).gets([running(), running(), succeeded()]);
    let wait = every_four_seconds(&jobs).tolerance(Tolerance::none());
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [held(0), at(30, Get), held(34), at(64, Get), at(68, Get)]);
    // Nothing is known of the server's other operations.
    assert_eq!(jobs.disabled(), 0);

    let jobs = Jobs::new()
        .waits([hangs.clone(), (seconds(28), running()), hangs, (seconds(1), succeeded())])
        .gets([running()]);
    assert_eq!(every_four_seconds(&jobs).await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [held(0), at(30, Get), held(34), held(62), at(92, Get), held(96)]);
}

#[tokio::test(start_paused = true)]
async fn counts_no_failure_where_it_falls_back() {
    // SPEC 27: the whole budget is left for the gets, and the first failure of one has the first delay.
    let jobs =
        Jobs::new().waits([refused(Code::Unimplemented)]).gets((0..5).map(|_| busy()).chain([succeeded()]));
    let tolerance = Tolerance::default().delay(Duration::ZERO, Duration::ZERO);
    assert_eq!(every_four_seconds(&jobs).tolerance(tolerance).await.unwrap(), forty_two());

    let jobs = Jobs::new().waits([refused(Code::NotFound)]).gets([refused(Code::PermissionDenied)]);
    let status = every_four_seconds(&jobs).await.unwrap_err();
    let report = status.report().unwrap();
    assert_eq!((status.code(), report.polls), (Code::PermissionDenied, 2));
    assert_eq!(report.last_failure.as_ref().unwrap().code(), Code::PermissionDenied);

    let jobs = Jobs::new().waits([refused(Code::NotFound)]).gets([running()]);
    let status = every_four_seconds(&jobs).deadline(seconds(5)).await.unwrap_err();
    assert_eq!(status.report().unwrap().last_failure, None);
}

#[tokio::test(start_paused = true)]
async fn leaves_it_to_get_to_say_that_the_operation_is_gone() {
    // SPEC 31
    let jobs = Jobs::new().waits([running(), refused(Code::NotFound)]).gets([refused(Code::NotFound)]);
    let status = every_four_seconds(&jobs).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::NotFound));
    assert!(status.message().contains("expired or was deleted"), "{status}");
    assert_eq!(jobs.verbs(), [LongPoll(seconds(28)), LongPoll(seconds(28)), Get]);
}

#[tokio::test(start_paused = true)]
async fn is_not_given_up_for_a_failure_that_may_pass() {
    // SPEC 26: a proxy that loses patience says 408, which a transport marks as passing though its code would not.
    let timed_out = || Err(Status::new(Code::FailedPrecondition, "HTTP 408").with_transient(true));
    for failure in [busy(), refused(Code::Internal), refused(Code::DeadlineExceeded), timed_out()] {
        // A get between, for the proxy may cut each call that takes long.
        let jobs =
            Jobs::new().waits([failure.clone(), failure.clone(), succeeded()]).gets([running(), running()]);
        let tolerance = Tolerance::default().failures(1).delay(Duration::ZERO, Duration::ZERO);
        assert_eq!(every_four_seconds(&jobs).tolerance(tolerance).await.unwrap(), forty_two());
        let patient = || LongPoll(seconds(28));
        assert_eq!(jobs.verbs(), [patient(), Get, patient(), Get, patient()], "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fails_as_get_does() {
    // SPEC 27, 28, 32
    let jobs = Jobs::new().waits([busy()]).gets([busy()]);
    let tolerance = Tolerance::default().delay(Duration::ZERO, Duration::ZERO);
    let status = every_four_seconds(&jobs).tolerance(tolerance).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
    assert_eq!(jobs.verbs().len(), 6);

    for code in [Code::PermissionDenied, Code::InvalidArgument, Code::DataLoss] {
        let jobs = Jobs::new().waits([refused(code)]);
        let status = every_four_seconds(&jobs).await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, code));
        assert_eq!(jobs.verbs().len(), 1);
    }

    let later = Err(Status::unavailable("busy").with_retry_after(seconds(7)));
    let jobs = Jobs::new().waits([(seconds(3), later)]).gets([succeeded()]);
    every_four_seconds(&jobs).await.unwrap();
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(28))), at(10, Get)]);
}

#[tokio::test(start_paused = true)]
async fn tells_the_same_snapshots_and_outcomes_as_get() {
    // SPEC 7, 10, 20
    let told = || Ok(running().unwrap().with_metadata(progress(1)));
    for last in [
        succeeded(),
        failed(),
        refused(Code::DataLoss),
        Ok(Operation::running("operations/2")),
        Ok(Operation::running(NAME).with_metadata(progress(2))),
    ] {
        let by_wait = Jobs::new().gets([told(), last.clone()]).waits([last.clone()]);
        let by_get = Jobs::new().gets([told(), last]);
        let seen = [seen(&by_wait).await, seen(&by_get).await];
        assert_eq!(seen[0], seen[1]);
        assert_eq!(by_wait.calls().len(), by_get.calls().len());
    }

    async fn seen(jobs: &Jobs) -> (Vec<String>, Result<Value, Status>) {
        // The first call is a get, so that the caller sees a state at once.
        let mut wait = every_four_seconds(jobs).deadline(seconds(10));
        let mut seen = Vec::new();
        while let Some(snapshot) = wait.next().await {
            seen.push(format!("{snapshot:?}"));
        }
        (seen, wait.await)
    }
}

#[tokio::test(start_paused = true)]
async fn can_be_dropped_at_any_await_point() {
    // SPEC 37
    for drops_at in 1.. {
        let jobs = Jobs::new()
            .waits([
                (seconds(2), running()),
                (seconds(1), running()),
                (seconds(1), refused(Code::Unimplemented)),
            ])
            .gets([(seconds(1), running()), (seconds(1), succeeded())]);
        let mut wait = every_four_seconds(&jobs);
        let is_over = polled(drops_at, wait.outcome()).await.is_some();
        assert_eq!(wait.outcome().await.unwrap(), forty_two(), "{drops_at}");
        assert_eq!(wait.await.unwrap(), forty_two(), "{drops_at}");
        // None but the call in flight is made again.
        assert!((5..=6).contains(&jobs.calls().len()), "{drops_at}: {:?}", jobs.verbs());
        if is_over {
            assert!(drops_at > 6, "{drops_at}");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keeps_what_it_learnt_when_it_is_dropped() {
    // SPEC 37, 40
    let jobs = Jobs::new()
        .waits([refused(Code::Unimplemented)])
        .gets([(seconds(5), running()), (seconds(0), succeeded())]);
    let mut wait = every_four_seconds(&jobs);
    assert!(timeout(seconds(1), wait.outcome()).await.is_err());
    wait.await.unwrap();
    assert_eq!(jobs.calls(), [at(0, LongPoll(seconds(28))), at(0, Get), at(1, Get)]);
}

fn every_four_seconds(jobs: &Jobs) -> Wait<'_, Value> {
    poll_until_done(jobs, name()).pacing(Pacing::fixed(seconds(4)))
}

fn at(time: u64, call: Call) -> (Duration, Call) {
    (seconds(time), call)
}

/// Tokio's timers count in milliseconds and fire late rather than early.
fn whole(time: Duration) -> Duration {
    millis(u64::try_from(time.as_millis()).unwrap())
}
