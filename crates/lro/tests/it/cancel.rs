//! The request to cancel, by the caller or at the deadline, and what comes of it.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    AtDeadline, Cancellation, Code, Operation, Origin, Pacing, Status, Tolerance, Wait,
    pacing::{Finish, Moment, PacingPolicy, Schedule},
    poll_until_done,
};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::common::{
    self,
    Call::{Cancel, Get, Wait as LongPoll},
    Jobs, NAME, answer, any, busy, cancelled, failed, forty_two, millis, name, polled, refused, running,
    seconds, succeeded,
};

#[tokio::test(start_paused = true)]
async fn is_cancelled_when_the_operation_says_so() {
    // SPEC 39
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), running(), cancelled()]);
    let cancellation = every_four_seconds(&jobs).cancel_and_wait().await.unwrap();
    let Cancellation::Cancelled(status) = cancellation else { panic!("{cancellation:?}") };
    assert_eq!((status.origin(), status.message()), (Origin::OperationFailed, "by request"));
    assert!(!status.may_be_running());
    assert_eq!(status.report().unwrap().polls, 4);
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(4, Get), at(8, Get)]);
}

#[tokio::test(start_paused = true)]
async fn may_come_too_late() {
    // SPEC 39
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), succeeded()]);
    let cancellation = every_four_seconds(&jobs).cancel_and_wait().await.unwrap();
    assert_eq!(cancellation, Cancellation::Finished(forty_two()));
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_told_apart_from_a_failure_of_the_operation() {
    // SPEC 39
    let jobs = Jobs::new().cancels([accepted()]).gets([failed()]);
    let cancellation = every_four_seconds(&jobs).cancel_and_wait().await.unwrap();
    let Cancellation::Failed(status) = cancellation else { panic!("{cancellation:?}") };
    assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::FailedPrecondition));
}

#[tokio::test(start_paused = true)]
async fn may_not_be_heard_of_before_the_deadline() {
    // SPEC 39
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let cancellation = every_four_seconds(&jobs).deadline(seconds(6)).cancel_and_wait().await.unwrap();
    let Cancellation::StillRunning(status) = cancellation else { panic!("{cancellation:?}") };
    assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
    assert!(status.may_be_running());
    let said = "the deadline passed; the server accepted to cancel the operation, and it has not ended";
    assert_eq!(status.message(), format!("stopped asking: {said}"));
    assert_eq!(status.report().unwrap().elapsed, seconds(6));
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(4, Get), at(6, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_unsupported_without_a_call_where_the_transport_has_none() {
    // SPEC 38, 39
    let jobs = Jobs::new().gets([running(), succeeded()]);
    let mut wait = every_four_seconds(&jobs);
    for _ in 0..3 {
        let status = unsupported(wait.cancel_and_wait().await);
        assert_eq!(status.report().unwrap().name, Some(name()));
    }
    assert_eq!(jobs.calls(), []);
    // The wait is none the worse for that.
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_unsupported_where_the_server_says_so() {
    // SPEC 39
    let jobs = Jobs::new().cancels([no(Code::Unimplemented)]).gets([running(), succeeded()]);
    let mut wait = every_four_seconds(&jobs);
    unsupported(wait.cancel_and_wait().await);
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn that_is_refused_since_the_operation_is_done_gives_its_outcome() {
    // SPEC 39
    for code in [Code::FailedPrecondition, Code::NotFound, Code::InvalidArgument, Code::Unimplemented] {
        for (last, expected) in [(succeeded(), true), (cancelled(), false)] {
            let jobs = Jobs::new().cancels([no(code)]).gets([running(), last]);
            let mut wait = every_four_seconds(&jobs);
            wait.next().await.unwrap().unwrap();
            let cancellation = wait.cancel_and_wait().await.unwrap();
            match cancellation {
                Cancellation::Finished(answer) => assert!(expected && answer == forty_two(), "{code}"),
                Cancellation::Cancelled(_) => assert!(!expected, "{code}"),
                other => panic!("{code}: {other:?}"),
            }
            // Nor does it wait for the next poll that was due.
            assert_eq!(jobs.calls(), [at(0, Get), at(0, Cancel), at(0, Get)], "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn that_is_refused_while_it_runs_is_an_error_and_the_wait_goes_on() {
    // SPEC 39
    let jobs = Jobs::new().cancels([no(Code::PermissionDenied)]).gets([running(), running(), succeeded()]);
    let mut wait = every_four_seconds(&jobs);
    for _ in 0..2 {
        let status = wait.cancel_and_wait().await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::PermissionDenied));
        assert_eq!(status.message(), "the server refused to cancel the operation: no");
        assert!(status.may_be_running());
        assert_eq!(status.report().unwrap().name, Some(name()));
    }
    assert_eq!(wait.await.unwrap(), forty_two());
    // Asked anew, the server is asked anew.
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(0, Cancel), at(0, Get), at(4, Get)]);
}

#[tokio::test(start_paused = true)]
async fn that_is_refused_does_not_wait_at_the_server() {
    // SPEC 39: whether it is done is known at once.
    let jobs = Jobs::new()
        .cancels([no(Code::PermissionDenied)])
        .gets([running()])
        .waits([(seconds(28), running()), (seconds(1), succeeded())]);
    let mut wait = every_four_seconds(&jobs);
    let began = Instant::now();
    assert_eq!(wait.cancel_and_wait().await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(began.elapsed(), seconds(0));
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get)]);
    // Then it does.
    assert_eq!(wait.await.unwrap(), forty_two());
    let waits = LongPoll(seconds(28));
    assert_eq!(jobs.calls()[2..], [at(4, waits.clone()), at(32, waits)]);
}

#[tokio::test(start_paused = true)]
async fn whose_refusal_nobody_heard_is_made_again() {
    // SPEC 37
    let jobs = Jobs::new().cancels([no(Code::PermissionDenied), accepted()]).gets([
        (seconds(1), running()),
        (seconds(0), running()),
        (seconds(0), cancelled()),
    ]);
    let mut wait = every_four_seconds(&jobs);
    // Dropped during the poll after the refusal.
    assert!(timeout(millis(500), wait.cancel_and_wait()).await.is_err());
    assert_eq!(jobs.verbs(), [Cancel, Get]);
    assert!(!wait.next().await.unwrap().unwrap().is_done());
    assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::Cancelled(_))));
    assert_eq!(jobs.verbs(), [Cancel, Get, Get, Cancel, Get]);
}

#[tokio::test(start_paused = true)]
async fn is_repeated_after_failures_that_may_pass() {
    // SPEC 26, 27
    for code in [Code::Unavailable, Code::Internal, Code::DeadlineExceeded, Code::ResourceExhausted] {
        let jobs = Jobs::new().cancels([no(code), no(code), accepted()]).gets([cancelled()]);
        let cancellation = hasty(&jobs).cancel_and_wait().await;
        assert!(matches!(cancellation, Ok(Cancellation::Cancelled(_))), "{code}: {cancellation:?}");
        assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Cancel), at(0, Cancel), at(0, Get)]);
    }
}

#[tokio::test(start_paused = true)]
async fn is_repeated_within_the_tolerance() {
    // SPEC 27
    let jobs = Jobs::new().cancels([no(Code::Unavailable)]).gets([running()]);
    let mut wait = hasty(&jobs);
    let status = wait.cancel_and_wait().await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
    let expected = "the request to cancel the operation failed: gave up after 6 failed calls in a row: no";
    assert_eq!(status.message(), expected);
    // One poll shows that the operation is not done, so the wait goes on.
    assert_eq!(jobs.verbs(), [vec![Cancel; 6], vec![Get]].concat());
    assert_eq!(wait.cancel_and_wait().await.unwrap_err().message(), expected);
    assert_eq!(jobs.verbs().len(), 14);

    let jobs = Jobs::new().cancels([no(Code::Unavailable)]).gets([running()]);
    let status = hasty(&jobs).tolerance(Tolerance::none()).cancel_and_wait().await.unwrap_err();
    assert_eq!((status.origin(), jobs.verbs()), (Origin::CallFailed, vec![Cancel, Get]));
}

#[tokio::test(start_paused = true)]
async fn is_mentioned_where_a_poll_after_it_fails() {
    // SPEC 21, 39
    let asked = "the request to cancel the operation failed: gave up after 6 failed calls in a row: no";
    let refusal = "the server refused to cancel the operation: no";
    let acceptance = "the server accepted to cancel the operation";
    for (cancels, result) in [
        (vec![no(Code::Unavailable); 6], asked),
        (vec![no(Code::PermissionDenied)], refusal),
        (vec![accepted()], acceptance),
    ] {
        let final_poll = refused(Code::PermissionDenied);
        let jobs = Jobs::new().cancels(cancels.clone()).gets([final_poll]);
        let status = hasty(&jobs).cancel_and_wait().await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::PermissionDenied));
        assert_eq!(status.message(), format!("no; {result}"));

        let jobs = Jobs::new().cancels(cancels.clone()).gets([busy()]);
        let status = hasty(&jobs).cancel_and_wait().await.unwrap_err();
        assert!(status.message().starts_with("gave up after "), "{status}");
        assert!(status.message().ends_with(&format!("busy; {result}")), "{status}");

        // The same for a request that the deadline makes.
        let jobs = Jobs::new().cancels(cancels).gets([running(), refused(Code::DataLoss)]);
        let wait = hasty(&jobs).deadline(Duration::ZERO).at_deadline(AtDeadline::CancelAndWait(seconds(60)));
        let status = wait.await.unwrap_err();
        assert_eq!(status.message(), format!("no; {result}"));
    }
}

#[tokio::test(start_paused = true)]
async fn that_was_accepted_at_the_deadline_is_mentioned_where_the_operation_goes_on() {
    // SPEC 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let wait = every_four_seconds(&jobs).deadline(seconds(8));
    let status = wait.at_deadline(AtDeadline::CancelAndWait(seconds(10))).await.unwrap_err();
    let said = "the deadline passed; the server accepted to cancel the operation, and it has not ended";
    assert_eq!(status.message(), format!("stopped asking: {said}"));
}

#[tokio::test(start_paused = true)]
async fn holds_the_window_of_an_operation_that_is_not_found() {
    // SPEC 31, 39
    for code in [Code::NotFound, Code::PermissionDenied] {
        let tolerance = || Tolerance::default().permission_denied_for(seconds(5));
        let cancel = |jobs| async move {
            let mut wait = every_four_seconds(jobs).tolerance(tolerance());
            wait.cancel_and_wait().await
        };
        // The request is repeated until the window ends. One poll follows.
        let jobs = Jobs::new().cancels([no(code)]).gets([refused(code)]);
        let status = cancel(&jobs).await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, code));
        assert!(status.message().ends_with("the server refused to cancel the operation: no"), "{status}");
        assert_eq!(status.report().unwrap().elapsed, seconds(5));
        assert_eq!(jobs.times(&Cancel).last(), Some(&seconds(5)));
        assert_eq!(jobs.times(&Get), [seconds(5)]);

        // A request that is accepted ends the window: the operation exists.
        let jobs = Jobs::new().cancels([no(code), accepted()]).gets([refused(code), cancelled()]);
        let status = cancel(&jobs).await.unwrap_err();
        assert_eq!((status.origin(), jobs.times(&Get).len()), (Origin::CallFailed, 1), "{status}");

        // A request in the middle of a window, after polls that failed.
        let jobs = Jobs::new().cancels([no(code)]).gets([refused(code)]);
        let mut wait = every_four_seconds(&jobs).tolerance(tolerance());
        timeout(seconds(3), wait.next()).await.unwrap_err();
        wait.cancel_and_wait().await.unwrap_err();
        assert_eq!(jobs.times(&Cancel)[0], seconds(3));
        assert_eq!(jobs.calls().last(), Some(&at(5, Get)));
    }
}

#[tokio::test(start_paused = true)]
async fn that_fails_or_hangs_gives_the_outcome_of_an_operation_that_is_done() {
    // SPEC 35, 39: six failures in a row, one refusal, no answer until the deadline.
    let hangs = || (Duration::MAX, accepted());
    for cancels in [
        vec![(seconds(0), no(Code::Unavailable)); 6],
        vec![(seconds(0), no(Code::PermissionDenied))],
        vec![hangs()],
    ] {
        let jobs = Jobs::new().cancels(cancels.clone()).gets([succeeded()]);
        let cancellation = hasty(&jobs).deadline(seconds(10)).cancel_and_wait().await.unwrap();
        assert_eq!(cancellation, Cancellation::Finished(forty_two()), "{cancels:?}");

        // The same for a request that the deadline makes.
        let jobs = Jobs::new().cancels(cancels.clone()).gets([running(), succeeded()]);
        let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(60)));
        let wait = wait.tolerance(Tolerance::default().delay(Duration::ZERO, Duration::ZERO));
        let wait = wait.deadline(Duration::ZERO).at_deadline(AtDeadline::CancelAndWait(seconds(10)));
        assert_eq!(wait.await.unwrap(), forty_two(), "{cancels:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn is_repeated_after_the_delay_that_the_server_asks_for() {
    // SPEC 32
    let later = Err(Status::unavailable("busy").with_retry_after(seconds(7)));
    let jobs = Jobs::new().cancels([later, accepted()]).gets([cancelled()]);
    hasty(&jobs).cancel_and_wait().await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Cancel), at(7, Cancel), at(7, Get)]);

    // Capped as for every call.
    let later = Err(Status::unavailable("busy").with_retry_after(Duration::MAX));
    let jobs = Jobs::new().cancels([later, accepted()]).gets([cancelled()]);
    hasty(&jobs).cancel_and_wait().await.unwrap();
    assert_eq!(jobs.times(&Cancel), [0, 600].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn is_followed_by_no_poll_before_the_server_wants_one() {
    // SPEC 32
    let in_a_minute = Operation::running(NAME).with_retry_after(seconds(60));
    let unavailable = Status::unavailable("").with_retry_after(seconds(60));
    for (cancels, first) in [
        (accepted(), Ok(in_a_minute.clone())),
        (no(Code::FailedPrecondition), Ok(in_a_minute.clone())),
        (accepted(), Err(unavailable)),
    ] {
        let jobs = Jobs::new().cancels([cancels]).gets([first, cancelled()]);
        let mut wait = poll_until_done::<Value>(&jobs, name());
        assert!(timeout(seconds(10), async { while wait.next().await.is_some() {} }).await.is_err());
        wait.cancel_and_wait().await.unwrap();
        assert_eq!(jobs.calls(), [at(0, Get), at(10, Cancel), at(60, Get)]);
    }

    // In the reply of the starting call.
    let jobs = Jobs::new().cancels([accepted()]).gets([cancelled()]);
    Wait::<Value>::started(&jobs, in_a_minute).cancel_and_wait().await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Cancel), at(60, Get)]);
}

#[tokio::test(start_paused = true)]
async fn refreshes_a_refused_credential_once() {
    // SPEC 30
    let jobs = Jobs::new().cancels([no(Code::Unauthenticated), accepted()]).gets([cancelled()]);
    hasty(&jobs).cancel_and_wait().await.unwrap();
    assert_eq!(jobs.verbs(), [Cancel, Cancel, Get]);

    let jobs = Jobs::new().cancels([no(Code::Unauthenticated)]).gets([refused(Code::Unauthenticated)]);
    let status = hasty(&jobs).cancel_and_wait().await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unauthenticated));
    assert_eq!(jobs.verbs(), [Cancel, Cancel, Get]);

    // What was accepted was sent with a good credential, so the next that is refused has only expired.
    let jobs = Jobs::new()
        .cancels([no(Code::Unauthenticated), accepted()])
        .gets([refused(Code::Unauthenticated), cancelled()]);
    assert!(matches!(hasty(&jobs).cancel_and_wait().await, Ok(Cancellation::Cancelled(_))));
    assert_eq!(jobs.verbs(), [Cancel, Cancel, Get, Get]);
}

#[tokio::test(start_paused = true)]
async fn survives_failed_polls_after_it_was_accepted() {
    // SPEC 26: the acceptance refills the budget.
    let jobs = Jobs::new()
        .cancels((0..5).map(|_| no(Code::Unavailable)).chain([accepted()]))
        .gets((0..5).map(|_| busy()).chain([cancelled()]));
    assert!(matches!(hasty(&jobs).cancel_and_wait().await, Ok(Cancellation::Cancelled(_))));
    assert_eq!(jobs.verbs(), [vec![Cancel; 6], vec![Get; 6]].concat());
}

#[tokio::test(start_paused = true)]
async fn is_an_error_where_a_call_fails_or_a_reply_is_malformed() {
    // SPEC 20
    for (reply, origin) in [
        (refused(Code::PermissionDenied), Origin::CallFailed),
        (refused(Code::NotFound), Origin::CallFailed),
        (Ok(Operation::running("operations/2")), Origin::MalformedReply),
    ] {
        let jobs = Jobs::new().cancels([accepted()]).gets([reply]);
        let status = hasty(&jobs).cancel_and_wait().await.unwrap_err();
        assert_eq!(status.origin(), origin, "{status}");
        assert_eq!(jobs.verbs(), [Cancel, Get]);
    }
}

#[tokio::test(start_paused = true)]
async fn says_what_the_server_said_and_not_that_the_operation_failed() {
    // SPEC 20: only a reply about the operation can tell that.
    for origin in [Origin::OperationFailed, Origin::StoppedAsking] {
        let odd = Err(Status::new(Code::Cancelled, "no").with_origin(origin));
        let jobs = Jobs::new().cancels([odd]).gets([running()]);
        let status = hasty(&jobs).cancel_and_wait().await.unwrap_err();
        assert_eq!(status.origin(), Origin::CallFailed);
    }
}

#[tokio::test(start_paused = true)]
async fn makes_no_call_about_an_operation_that_is_done() {
    // SPEC 8, 9
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), succeeded()]);
    let mut wait = every_four_seconds(&jobs);
    wait.outcome().await.unwrap();
    assert_eq!(wait.cancel_and_wait().await.unwrap(), Cancellation::Finished(forty_two()));
    assert_eq!(jobs.verbs(), [Get, Get]);

    // Done when it was started, with a name and without, by a transport that can cancel and by one that cannot.
    for jobs in [Jobs::new().cancels([accepted()]), Jobs::new()] {
        for name in [NAME, ""] {
            let mut wait = Wait::<Value>::started(&jobs, Operation::succeeded(name, answer()).unwrap());
            assert_eq!(wait.cancel_and_wait().await.unwrap(), Cancellation::Finished(forty_two()));
        }
        assert_eq!(jobs.calls(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn makes_no_call_about_an_operation_without_a_name() {
    // SPEC 8
    let jobs = Jobs::new().cancels([accepted()]);
    let mut wait = Wait::<Value>::started(&jobs, Operation::running(""));
    assert_eq!(wait.cancel_and_wait().await.unwrap_err().origin(), Origin::MalformedReply);
    assert_eq!(jobs.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn gives_the_same_again_without_a_call() {
    // SPEC 9
    for last in [succeeded(), failed(), cancelled()] {
        let jobs = Jobs::new().cancels([accepted()]).gets([running(), last.clone()]);
        let mut wait = every_four_seconds(&jobs);
        let first = wait.cancel_and_wait().await.unwrap();
        for _ in 0..3 {
            assert_eq!(wait.cancel_and_wait().await.unwrap(), first);
        }
        // The last snapshot was not handed out yet.
        assert!(wait.next().await.unwrap().unwrap().is_done());
        assert!(wait.next().await.is_none());
        assert_eq!(wait.await.is_ok(), last == succeeded());
        assert_eq!(jobs.verbs(), [Cancel, Get, Get]);
    }
}

#[tokio::test(start_paused = true)]
async fn begins_the_pace_anew_when_it_is_accepted() {
    let doubling = || Pacing::exponential(seconds(1), 2.0, seconds(60));
    let replies = || (0..7).map(|_| running()).chain([cancelled()]);
    let jobs = Jobs::new().cancels([(seconds(2), accepted())]).gets(replies());
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(doubling());
    for _ in 0..4 {
        wait.next().await.unwrap().unwrap();
    }
    sleep(seconds(1)).await;
    wait.cancel_and_wait().await.unwrap();
    assert_eq!(jobs.times(&Cancel), [seconds(8)]);
    assert_eq!(jobs.times(&Get), [0, 1, 3, 7, 10, 11, 13, 17].map(seconds));

    // A share of the elapsed time is one of the time since then.
    let jobs = Jobs::new().cancels([accepted()]).gets(replies());
    let mut wait = poll_until_done::<Value>(&jobs, name())
        .not_before(seconds(3_600))
        .pacing(Pacing::proportional(1.0).at_least(seconds(1)).at_most(Duration::MAX));
    wait.next().await.unwrap().unwrap();
    wait.cancel_and_wait().await.unwrap();
    assert_eq!(jobs.times(&Cancel), [seconds(3_600)]);
    assert_eq!(jobs.times(&Get), [3_600, 3_600, 3_601, 3_602, 3_604, 3_608, 3_616, 3_632].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn begins_a_schedule_anew_when_it_is_accepted_and_tells_the_old_one_that_it_was_given_up() {
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), running(), running(), cancelled()]);
    let counting = Counting::default();
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::custom(counting.clone()));
    wait.next().await.unwrap().unwrap();
    wait.next().await.unwrap().unwrap();
    wait.cancel_and_wait().await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Get), at(1, Get), at(1, Cancel), at(1, Get), at(2, Get)]);
    assert_eq!(*counting.0.lock().unwrap(), [None]);
}

#[tokio::test(start_paused = true)]
async fn is_not_made_again_where_it_was_accepted() {
    // SPEC 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), running(), cancelled()]);
    let mut wait = every_four_seconds(&jobs);
    assert!(timeout(seconds(1), wait.cancel_and_wait()).await.is_err());
    assert!(timeout(seconds(1), wait.cancel_and_wait()).await.is_err());
    assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::Cancelled(_))));
    assert_eq!(jobs.calls(), [at(0, Cancel), at(0, Get), at(4, Get), at(8, Get)]);
}

#[tokio::test(start_paused = true)]
async fn that_is_cut_short_by_the_deadline_is_the_last_failure() {
    // SPEC 20, 35
    let jobs = Jobs::new().cancels([(Duration::MAX, accepted())]).gets([running()]);
    let mut wait = every_four_seconds(&jobs).tolerance(Tolerance::none()).deadline(seconds(10));
    let cancellation = wait.cancel_and_wait().await.unwrap();
    let Cancellation::StillRunning(status) = cancellation else { panic!("{cancellation:?}") };
    let expected = "stopped asking: the deadline passed, and the request to cancel the operation failed";
    assert_eq!(status.message(), expected);
    let failure = status.report().unwrap().last_failure.as_ref().unwrap();
    assert_eq!(failure.message(), "a call was not answered in 10s");
    assert_eq!(jobs.calls(), [at(0, Cancel), at(10, Get)]);
}

#[tokio::test(start_paused = true)]
async fn is_sent_at_once_although_a_poll_is_far_off() {
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), cancelled()]);
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(600)));
    wait.next().await.unwrap().unwrap();
    sleep(seconds(5)).await;
    wait.cancel_and_wait().await.unwrap();
    assert_eq!(jobs.calls(), [at(0, Get), at(5, Cancel), at(5, Get)]);
}

#[tokio::test(start_paused = true)]
async fn holds_the_deadline_in_every_phase() {
    // SPEC 35, 36
    let stuck = |count: usize| (0..count).map(|_| (Duration::MAX, accepted()));
    let phases = [
        // The request is never answered.
        (Jobs::new().cancels(stuck(1)).gets([running()]), 10),
        // It fails for ever.
        (Jobs::new().cancels([no(Code::Unavailable)]).gets([running()]), 10),
        // It is to be repeated after the deadline, so once more at the deadline.
        (
            Jobs::new()
                .cancels([Err(Status::unavailable("").with_retry_after(seconds(60)))])
                .gets([running()]),
            10,
        ),
        // The last request of those is given the grace.
        (
            Jobs::new()
                .cancels([
                    (seconds(0), Err(Status::unavailable("").with_retry_after(seconds(60)))),
                    (Duration::MAX, accepted()),
                ])
                .gets([running()]),
            12,
        ),
        // The polls after it go on, or are never answered.
        (Jobs::new().cancels([accepted()]).gets([running()]), 10),
        (Jobs::new().cancels([accepted()]).gets([(Duration::MAX, running())]), 10),
        (Jobs::new().cancels([accepted()]).gets([busy()]), 10),
        // So is the poll after a refusal.
        (
            Jobs::new().cancels([no(Code::Internal), no(Code::DataLoss)]).gets([(Duration::MAX, running())]),
            10,
        ),
        (Jobs::new().cancels([no(Code::DataLoss)]).gets([busy()]), 10),
    ];
    for (index, (jobs, ends)) in phases.into_iter().enumerate() {
        let began = Instant::now();
        let mut wait = every_four_seconds(&jobs)
            .tolerance(Tolerance::default().failures(None).delay(seconds(2), seconds(2)))
            .deadline(seconds(10));
        let cancellation = wait.cancel_and_wait().await.unwrap();
        let Cancellation::StillRunning(status) = cancellation else { panic!("{index}: {cancellation:?}") };
        assert_eq!(status.origin(), Origin::StoppedAsking);
        assert_eq!(whole(began.elapsed()), seconds(ends), "{index}: {:?}", jobs.calls());
        assert!(jobs.calls().len() <= 12, "{index}: {:?}", jobs.calls());
        // And it is over.
        let calls = jobs.calls().len();
        assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::StillRunning(_))));
        assert_eq!(jobs.calls().len(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn is_made_in_no_hot_loop() {
    // SPEC 27: nothing but the attempt's timeout bounds a call that is never answered.
    let jobs = Jobs::new().cancels([(Duration::MAX, accepted())]).gets([running()]);
    let began = Instant::now();
    let status = hasty(&jobs).attempt_timeout(seconds(5)).cancel_and_wait().await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert_eq!(jobs.verbs(), [vec![Cancel; 6], vec![Get]].concat());
    assert_eq!(whole(began.elapsed()), seconds(30));
}

#[tokio::test(start_paused = true)]
async fn lets_other_tasks_run_though_its_calls_fail_at_once() {
    // SPEC 37
    let jobs = Jobs::new().cancels([no(Code::Unavailable)]).gets([running()]);
    let mut wait = hasty(&jobs).tolerance(never_tired());
    assert!(polled(1, wait.cancel_and_wait()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn goes_on_wherever_it_was_dropped() {
    // SPEC 37, 39
    for drops_at in 1.. {
        let jobs = Jobs::new()
            .cancels([
                (millis(100), no(Code::Unavailable)),
                (millis(100), no(Code::Unauthenticated)),
                (millis(100), accepted()),
            ])
            .gets([
                (millis(100), running()),
                (millis(100), busy()),
                (millis(100), running()),
                (millis(100), cancelled()),
            ]);
        let mut wait = every_four_seconds(&jobs);
        let dropped = polled(drops_at, wait.cancel_and_wait()).await;
        let is_over = dropped.is_some();
        // Whatever asks next sends the request if it is not accepted yet.
        let status = wait.outcome().await.unwrap_err();
        assert_eq!(
            (status.origin(), status.code()),
            (Origin::OperationFailed, Code::Cancelled),
            "{drops_at}"
        );
        assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::Cancelled(_))), "{drops_at}");
        // At most the call in flight was lost, and made again.
        let (cancels, gets) = (jobs.times(&Cancel).len(), jobs.times(&Get).len());
        assert!((3..=4).contains(&cancels) && (4..=8).contains(&(cancels + gets)), "{:?}", jobs.verbs());
        if is_over {
            assert!(drops_at > 10, "{drops_at}");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn is_not_taken_back_by_a_drop() {
    // SPEC 37
    let jobs = Jobs::new().cancels([(seconds(1), accepted())]).gets([running(), cancelled()]);
    let mut wait = every_four_seconds(&jobs);
    wait.next().await.unwrap().unwrap();
    assert!(timeout(millis(500), wait.cancel_and_wait()).await.is_err());
    // The step after sends it again, since it is not known to have arrived.
    assert!(wait.next().await.unwrap().unwrap().is_done());
    assert_eq!(wait.await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(jobs.verbs(), [Get, Cancel, Cancel, Get]);
}

#[tokio::test(start_paused = true)]
async fn is_not_made_by_dropping_the_wait_nor_by_default_at_the_deadline() {
    // SPEC 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let mut wait = every_four_seconds(&jobs);
    wait.next().await.unwrap().unwrap();
    drop(wait);
    for wait in [every_four_seconds(&jobs), every_four_seconds(&jobs).at_deadline(AtDeadline::Leave)] {
        let status = wait.deadline(seconds(10)).await.unwrap_err();
        assert_eq!(status.origin(), Origin::StoppedAsking);
        assert_eq!(status.message(), "stopped asking: the deadline passed");
    }
    assert_eq!(jobs.times(&Cancel), []);
    assert_eq!(AtDeadline::default(), AtDeadline::Leave);
}

#[tokio::test(start_paused = true)]
async fn is_made_once_at_the_deadline_whatever_comes_of_it() {
    // SPEC 37
    for (reply, says, ends) in [
        ((seconds(0), accepted()), "the server was asked to cancel the operation", 10),
        ((seconds(1), accepted()), "the server was asked to cancel the operation", 11),
        ((seconds(0), no(Code::Unavailable)), "the request to cancel the operation failed", 10),
        ((seconds(0), no(Code::PermissionDenied)), "the server refused to cancel the operation", 10),
        ((seconds(0), no(Code::Unimplemented)), "the server refused to cancel the operation", 10),
        ((Duration::MAX, accepted()), "the request to cancel the operation failed", 12),
    ] {
        let jobs = Jobs::new().cancels([reply]).gets([running()]);
        let began = Instant::now();
        let wait = every_four_seconds(&jobs).deadline(seconds(10)).at_deadline(AtDeadline::Cancel);
        let status = wait.await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
        assert!(status.message().ends_with(says), "{status}");
        assert!(status.may_be_running());
        assert_eq!(jobs.calls(), [at(0, Get), at(4, Get), at(8, Get), at(10, Get), at(10, Cancel)]);
        assert_eq!(whole(began.elapsed()), seconds(ends));
    }
}

#[tokio::test(start_paused = true)]
async fn is_made_at_the_deadline_where_a_poll_is_in_flight_or_fails() {
    // SPEC 35, 37
    let in_flight = || Jobs::new().gets([(Duration::MAX, running())]);
    let failing = || Jobs::new().gets([(seconds(10), busy())]);
    let sleeping = || Jobs::new().gets([(seconds(0), running()), (Duration::MAX, running())]);
    let cases: [(fn() -> Jobs, u64); 3] = [(in_flight, 10), (failing, 10), (sleeping, 12)];
    for (jobs, ends) in cases {
        let jobs = jobs().cancels([accepted()]);
        let began = Instant::now();
        let wait = poll_until_done::<Value>(&jobs, name())
            .pacing(Pacing::fixed(seconds(60)))
            .deadline(seconds(10))
            .at_deadline(AtDeadline::Cancel);
        assert_eq!(wait.await.unwrap_err().origin(), Origin::StoppedAsking);
        assert_eq!(jobs.times(&Cancel), [seconds(ends)]);
        assert_eq!(whole(began.elapsed()), seconds(ends));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_has_a_grace_of_its_own_and_no_more() {
    // SPEC 35: else a last poll that is not answered would leave no time to cancel.
    let jobs = || {
        Jobs::new()
            .cancels([(Duration::MAX, accepted())])
            .gets([(seconds(0), running()), (Duration::MAX, running())])
    };
    for (attempt, cancels, ends) in [(seconds(30), 12_000, 14_000), (millis(500), 10_500, 11_000)] {
        let (jobs, began) = (jobs(), Instant::now());
        let wait = poll_until_done::<Value>(&jobs, name())
            .pacing(Pacing::fixed(seconds(60)))
            .tolerance(Tolerance::default().failures(None))
            .attempt_timeout(attempt)
            .deadline(seconds(10))
            .at_deadline(AtDeadline::Cancel);
        assert_eq!(wait.await.unwrap_err().origin(), Origin::StoppedAsking);
        assert_eq!(jobs.times(&Cancel), [millis(cancels)]);
        assert_eq!(whole(began.elapsed()), millis(ends));
    }

    // By the caller, in the last moment: the request, then one poll.
    let jobs = Jobs::new().cancels([(millis(1_900), accepted())]).gets([(Duration::MAX, running())]);
    let began = Instant::now();
    let mut wait = every_four_seconds(&jobs).deadline(Duration::ZERO);
    assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::StillRunning(_))));
    assert_eq!((jobs.verbs(), whole(began.elapsed())), (vec![Cancel, Get], millis(3_900)));
}

#[tokio::test(start_paused = true)]
async fn is_not_made_at_the_deadline_where_the_last_poll_tells_the_end() {
    // SPEC 35
    for at_deadline in [AtDeadline::Cancel, AtDeadline::CancelAndWait(seconds(30))] {
        let jobs = Jobs::new().cancels([accepted()]).gets([running(), succeeded()]);
        let wait = poll_until_done::<Value>(&jobs, name())
            .pacing(Pacing::fixed(seconds(60)))
            .deadline(seconds(10))
            .at_deadline(at_deadline);
        assert_eq!(wait.await.unwrap(), forty_two());
        assert_eq!(jobs.calls(), [at(0, Get), at(10, Get)]);
    }
}

#[tokio::test(start_paused = true)]
async fn is_not_made_at_the_deadline_where_the_transport_has_none() {
    // SPEC 38
    for at_deadline in [AtDeadline::Cancel, AtDeadline::CancelAndWait(seconds(30))] {
        let jobs = Jobs::new().gets([running()]);
        let wait = every_four_seconds(&jobs).deadline(seconds(4)).at_deadline(at_deadline);
        let status = wait.await.unwrap_err();
        assert_eq!(status.origin(), Origin::StoppedAsking);
        assert!(status.message().ends_with("the service has no call to cancel the operation"), "{status}");
        assert_eq!(jobs.calls(), [at(0, Get), at(4, Get)]);
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_may_end_with_the_true_outcome() {
    // SPEC 37
    for (last, code) in [
        (cancelled(), Some(Code::Cancelled)),
        (failed(), Some(Code::FailedPrecondition)),
        (succeeded(), None),
    ] {
        let jobs = Jobs::new().cancels([accepted()]).gets([running(), running(), running(), last]);
        let wait = poll_until_done::<Value>(&jobs, name())
            .pacing(Pacing::fixed(seconds(4)))
            .deadline(seconds(4))
            .at_deadline(AtDeadline::CancelAndWait(seconds(30)));
        match (wait.await, code) {
            (Ok(value), None) => assert_eq!(value, forty_two()),
            (Err(status), Some(code)) => {
                assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, code));
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
        assert_eq!(jobs.calls(), [at(0, Get), at(4, Get), at(4, Cancel), at(4, Get), at(8, Get)]);
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_is_waited_for_as_long_as_the_caller_said() {
    // SPEC 35, 37
    let wait = |jobs| {
        every_four_seconds(jobs)
            .tolerance(Tolerance::default().failures(None).delay(seconds(2), seconds(2)))
            .deadline(seconds(4))
            .at_deadline(AtDeadline::CancelAndWait(seconds(6)))
    };
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let status = wait(&jobs).await.unwrap_err();
    assert_eq!((status.origin(), status.report().unwrap().elapsed), (Origin::StoppedAsking, seconds(10)));
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get), at(4, Cancel), at(4, Get), at(8, Get), at(10, Get)]);

    // The request is never answered, or fails for ever.
    let jobs = Jobs::new().cancels([(Duration::MAX, accepted())]).gets([running()]);
    let began = Instant::now();
    assert_eq!(wait(&jobs).await.unwrap_err().origin(), Origin::StoppedAsking);
    assert_eq!((jobs.times(&Cancel), whole(began.elapsed())), (vec![seconds(4)], seconds(10)));
    assert_eq!(jobs.times(&Get), [0, 4, 10].map(seconds));

    let jobs = Jobs::new().cancels([no(Code::Unavailable)]).gets([running()]);
    let began = Instant::now();
    assert_eq!(wait(&jobs).await.unwrap_err().origin(), Origin::StoppedAsking);
    assert!((4..=8).contains(&jobs.times(&Cancel).len()), "{:?}", jobs.calls());
    assert_eq!((jobs.times(&Get), whole(began.elapsed())), ([0, 4, 10].map(seconds).to_vec(), seconds(10)));

    // Without a limit.
    let replies = (0..1_000).map(|_| running()).chain([cancelled()]);
    let jobs = Jobs::new().cancels([accepted()]).gets(replies);
    let status = wait(&jobs).at_deadline(AtDeadline::CancelAndWait(Duration::MAX)).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_without_more_time_is_made_once() {
    // SPEC 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let wait =
        every_four_seconds(&jobs).deadline(seconds(4)).at_deadline(AtDeadline::CancelAndWait(Duration::ZERO));
    assert_eq!(wait.await.unwrap_err().origin(), Origin::StoppedAsking);
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get), at(4, Cancel)]);
}

#[tokio::test(start_paused = true)]
async fn that_is_refused_at_the_deadline_ends_the_wait_unless_the_operation_is_done() {
    // SPEC 37, 39
    let wait = |jobs| {
        every_four_seconds(jobs).deadline(seconds(4)).at_deadline(AtDeadline::CancelAndWait(seconds(60)))
    };
    let jobs = Jobs::new().cancels([no(Code::PermissionDenied)]).gets([running()]);
    let status = wait(&jobs).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert!(status.message().contains("refused to cancel"), "{status}");
    let refusal = status.report().unwrap().last_failure.clone().unwrap();
    assert_eq!(refusal.code(), Code::PermissionDenied);
    assert_eq!(jobs.calls(), [at(0, Get), at(4, Get), at(4, Cancel), at(4, Get)]);

    let jobs = Jobs::new().cancels([no(Code::FailedPrecondition)]).gets([running(), running(), succeeded()]);
    assert_eq!(wait(&jobs).await.unwrap(), forty_two());
    assert_eq!(jobs.verbs(), [Get, Get, Cancel, Get]);
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_outlives_a_drop_anywhere() {
    // SPEC 37
    for at_deadline in [AtDeadline::Cancel, AtDeadline::CancelAndWait(seconds(30))] {
        for drops_at in 1.. {
            let jobs = Jobs::new().cancels([(millis(100), accepted())]).gets([
                (millis(100), running()),
                (millis(100), running()),
                (millis(100), running()),
                (millis(100), cancelled()),
            ]);
            let mut wait = poll_until_done::<Value>(&jobs, name())
                .pacing(Pacing::fixed(seconds(4)))
                .deadline(seconds(2))
                .at_deadline(at_deadline);
            let is_over = polled(drops_at, wait.outcome()).await.is_some();
            let status = wait.outcome().await.unwrap_err();
            match at_deadline {
                AtDeadline::Cancel => assert_eq!(status.origin(), Origin::StoppedAsking, "{drops_at}"),
                _ => assert_eq!(status.code(), Code::Cancelled, "{drops_at}: {status}"),
            }
            // Once, or twice if it was dropped in flight.
            assert!((1..=2).contains(&jobs.times(&Cancel).len()), "{drops_at}: {:?}", jobs.verbs());
            if is_over {
                assert_eq!(jobs.times(&Cancel).len(), 1);
                assert!(drops_at >= 5, "{drops_at}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_hands_out_the_snapshots_of_the_further_wait() {
    // SPEC 10, 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running(), running(), running(), cancelled()]);
    let mut wait =
        every_four_seconds(&jobs).deadline(seconds(4)).at_deadline(AtDeadline::CancelAndWait(seconds(30)));
    let mut told = Vec::new();
    while let Some(snapshot) = wait.next().await {
        let snapshot = snapshot.unwrap();
        told.push((snapshot.is_done(), snapshot.polls(), snapshot.elapsed()));
    }
    let expected = [(false, 1, 0), (false, 2, 4), (false, 4, 4), (true, 5, 8)];
    assert_eq!(told, expected.map(|(done, polls, elapsed)| (done, polls, seconds(elapsed))));
    assert_eq!(wait.await.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn is_made_once_by_the_caller_and_not_again_at_the_deadline() {
    // SPEC 37
    let jobs = Jobs::new().cancels([accepted()]).gets([running()]);
    let mut wait = every_four_seconds(&jobs).deadline(seconds(6)).at_deadline(AtDeadline::Cancel);
    assert!(matches!(wait.cancel_and_wait().await, Ok(Cancellation::StillRunning(_))));
    assert_eq!(jobs.times(&Cancel), [seconds(0)]);
}

#[tokio::test(start_paused = true)]
async fn keeps_a_response_that_cannot_be_read() {
    // SPEC 18: an error, and no failure of the operation.
    let other = any(r#"{"@type": "type.googleapis.com/example.v1.Other"}"#);
    let jobs = Jobs::new().cancels([accepted()]).gets([Operation::succeeded(NAME, other.clone())]);
    let mut wait = poll_until_done::<lro::details::Help>(&jobs, name());
    let status = wait.cancel_and_wait().await.unwrap_err();
    assert_eq!((status.origin(), status.response()), (Origin::MalformedReply, Some(&other)));
}

/// Each delay is a second longer than the one before; keeps when the operations were done.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<Mutex<Vec<Option<Duration>>>>);

#[derive(Debug)]
struct Count(u64, Counting);

impl PacingPolicy for Counting {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(Count(0, self.clone()))
    }
}

impl Schedule for Count {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        self.0 += u64::from(moment.polls > 0);
        Some(seconds(self.0))
    }

    fn finished(&mut self, finish: &Finish) {
        self.1.0.lock().unwrap().push(finish.done);
    }
}

fn every_four_seconds(jobs: &Jobs) -> Wait<'_, Value> {
    poll_until_done(jobs, name()).pacing(Pacing::fixed(seconds(4)))
}

/// Without a pause after a failed call, unless the server asks for one.
fn hasty(jobs: &Jobs) -> Wait<'_, Value> {
    every_four_seconds(jobs).tolerance(Tolerance::default().delay(Duration::ZERO, Duration::ZERO))
}

fn never_tired() -> Tolerance {
    Tolerance::default().failures(None).delay(Duration::ZERO, Duration::ZERO)
}

#[track_caller]
fn unsupported(cancellation: Result<Cancellation<Value>, Status>) -> Status {
    match cancellation {
        Ok(Cancellation::Unsupported(status)) => {
            assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unimplemented));
            assert!(status.may_be_running());
            status
        }
        other => panic!("{other:?}"),
    }
}

fn accepted() -> Result<(), Status> {
    Ok(())
}

fn no(code: Code) -> Result<(), Status> {
    Err(Status::new(code, "no"))
}

fn at(time: u64, call: common::Call) -> (Duration, common::Call) {
    (seconds(time), call)
}

/// Tokio's timers count in milliseconds and fire late rather than early.
fn whole(time: Duration) -> Duration {
    millis(u64::try_from(time.as_millis()).unwrap())
}
