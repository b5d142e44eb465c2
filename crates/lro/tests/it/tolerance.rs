//! Failed calls: which are survived, how many, and after what delay.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use lro::{
    Any, Code, Operation, Origin, Pacing, Status, Tolerance, Wait,
    details::{ErrorInfo, RetryInfo},
    poll_until_done,
};
use lro_testkit::codes::SURVIVED;
use serde_json::Value;

use super::common::{
    self, NAME, Reply, Script, always, busy, forty_two, millis, name, refused, running, script, seconds,
    slow_script, succeeded,
};

#[tokio::test(start_paused = true)]
async fn survives_what_may_pass() {
    // SPEC 26
    for code in SURVIVED {
        assert!(Tolerance::default().is_survivable(&Status::new(code, "no")), "{code}");
        for first in [refused(code), running()] {
            let transport = script([first, refused(code), succeeded()]);
            assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two(), "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn survives_a_body_that_is_broken() {
    // SPEC 19, 26
    for body in [&b""[..], b"{", b"<html>", b"\xff", br#"{"name": "operations/1", "done"#] {
        let transport = script([Operation::from_json(body), succeeded()]);
        assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
    }
}

#[tokio::test(start_paused = true)]
async fn ends_at_once_with_what_does_not_pass() {
    // SPEC 28
    for code in FINAL {
        assert!(!Tolerance::default().is_survivable(&Status::new(code, "no")), "{code}");
        for replies in [vec![refused(code)], vec![running(), refused(code)]] {
            let calls = replies.len();
            let transport = script(replies);
            let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
            assert_eq!((status.code(), status.message(), status.origin()), (code, "no", Origin::CallFailed));
            assert!(status.may_be_running());
            assert_eq!(transport.count(), calls);
        }
    }
}

#[test]
fn judges_every_code() {
    let judged = SURVIVED.len() + FINAL.len();
    // OK is no failure, NOT_FOUND and UNAUTHENTICATED have rules of their own.
    assert_eq!(judged + 3, Code::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn survives_a_code_that_is_unknown_as_it_does_unknown() {
    // SPEC 25, 26
    let transport =
        script([Err(Status::from_number(25, "new")), Err(Status::from_number(0, "odd")), succeeded()]);
    assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn ends_at_once_with_a_malformed_reply() {
    // SPEC 6, 20
    let both = Operation::from_json(br#"{"done": true, "error": {}, "response": {}}"#);
    let transport = script([running(), both]);
    let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply);
    assert_eq!(status.report().unwrap().name, Some(name()));
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn survives_five_failures_in_a_row_and_ends_with_the_sixth() {
    // SPEC 27
    let five = script([busy(), busy(), busy(), busy(), busy(), succeeded()]);
    assert_eq!(poll_until_done::<Value>(&five, name()).await.unwrap(), forty_two());

    let transport = script((1..=6).map(|call| Err(Status::unavailable(format!("busy {call}")))));
    let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
    assert!(status.message().contains("busy 6"), "{status}");
    let report = status.report().unwrap();
    assert_eq!(report.last_failure, Some(Status::unavailable("busy 6")));
    assert_eq!((report.polls, &report.name), (6, &Some(name())));
}

#[tokio::test(start_paused = true)]
async fn refills_the_budget_at_any_good_reply() {
    // SPEC 27
    let round = || [busy(), busy(), busy(), busy(), busy(), running()];
    let replies = (0..10).flat_map(|_| round()).chain([succeeded()]);
    assert_eq!(poll_until_done::<Value>(script(replies), name()).await.unwrap(), forty_two());

    let replies = round().into_iter().chain((0..6).map(|_| busy()));
    assert_eq!(
        poll_until_done::<Value>(script(replies), name()).await.unwrap_err().report().unwrap().polls,
        12
    );
}

#[tokio::test(start_paused = true)]
async fn has_the_budget_that_the_caller_sets() {
    // SPEC 27
    for budget in [0, 1, 2, 20] {
        let transport = always(busy());
        let wait =
            poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::default().failures(budget));
        assert_eq!(wait.await.unwrap_err().origin(), Origin::CallFailed);
        assert_eq!(transport.count(), budget as usize + 1);
    }
    let replies = (0..1_000).map(|_| busy()).chain([succeeded()]);
    let wait =
        poll_until_done::<Value>(script(replies), name()).tolerance(Tolerance::default().failures(None));
    assert_eq!(wait.await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn survives_nothing_if_told_so() {
    // SPEC 27
    for code in Code::ALL {
        let transport = always(refused(code));
        let status =
            poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::none()).await.unwrap_err();
        // SPEC 30: a refused credential is refreshed once all the same.
        let calls = if code == Code::Unauthenticated { 2 } else { 1 };
        assert_eq!((status.origin(), transport.count()), (Origin::CallFailed, calls), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn leaves_the_choice_to_the_caller() {
    // SPEC 28
    let chosen = || {
        Tolerance::default().survive_if(|status| match status.code() {
            Code::PermissionDenied => Some(true),
            Code::Unavailable => Some(false),
            _ => None,
        })
    };
    let transport = script([refused(Code::PermissionDenied), refused(Code::Internal), succeeded()]);
    assert_eq!(poll_until_done::<Value>(&transport, name()).tolerance(chosen()).await.unwrap(), forty_two());

    for code in [Code::Unavailable, Code::DataLoss] {
        let transport = script([refused(code)]);
        let status = poll_until_done::<Value>(&transport, name()).tolerance(chosen()).await.unwrap_err();
        assert_eq!(status.code(), code);
    }
    // The budget holds all the same.
    let transport = always(refused(Code::PermissionDenied));
    poll_until_done::<Value>(&transport, name()).tolerance(chosen()).await.unwrap_err();
    assert_eq!(transport.count(), 6);

    assert!(chosen().is_survivable(&Status::new(Code::PermissionDenied, "no")));
    assert!(!chosen().is_survivable(&Status::new(Code::Unavailable, "no")));
}

#[tokio::test(start_paused = true)]
async fn survives_a_limit_on_the_rate_and_no_other() {
    // SPEC 29
    let info =
        |reason: &str| Any::pack(&ErrorInfo { reason: reason.into(), ..ErrorInfo::default() }).unwrap();
    let retry = || Any::pack(&RetryInfo { retry_delay: Some("1s".parse().unwrap()) }).unwrap();
    for (details, survived) in [
        (vec![], true),
        (vec![info("RATE_LIMIT_EXCEEDED")], true),
        (vec![info("RATE_LIMIT_EXCEEDED"), retry()], true),
        (vec![retry()], true),
        (vec![retry(), info("QUOTA_EXCEEDED")], true),
        (vec![info("QUOTA_EXCEEDED")], false),
        (vec![info("RESOURCE_QUOTA_EXCEEDED"), common::any(r#"{"@type": "t/a.B"}"#)], false),
    ] {
        let exhausted = || Err(Status::new(Code::ResourceExhausted, "no").with_details(details.clone()));
        let outcome = poll_until_done::<Value>(script([exhausted(), succeeded()]), name()).await;
        assert_eq!(outcome.is_ok(), survived, "{details:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn refreshes_a_refused_credential_once() {
    // SPEC 30
    let denied = || refused(Code::Unauthenticated);
    let transport = script([denied(), succeeded()]);
    assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
    // At once: the next credential is a new one.
    assert_eq!(transport.pauses(), [seconds(0)]);

    for replies in [vec![denied(), denied()], vec![running(), denied(), busy(), denied()]] {
        let calls = replies.len();
        let transport = script(replies);
        let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unauthenticated, Origin::CallFailed));
        assert_eq!(transport.count(), calls);
    }
    // A wait outlives many tokens.
    let transport = script([denied(), running(), denied(), running(), denied(), succeeded()]);
    assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn does_not_ask_in_a_hot_loop_where_the_caller_survives_a_refused_credential() {
    // SPEC 33
    let patient = Tolerance::default().survive_if(|_| Some(true));
    let transport = always(refused(Code::Unauthenticated));
    poll_until_done::<Value>(&transport, name()).tolerance(patient).await.unwrap_err();
    assert_eq!(transport.count(), 6);
    assert!(transport.pauses()[1..].iter().all(|pause| *pause >= millis(500)), "{:?}", transport.pauses());
}

#[tokio::test(start_paused = true)]
async fn survives_not_found_for_a_while_to_the_tick() {
    // SPEC 31: longer for an operation that was just started; whatever delay the server asks for.
    for (is_started, window) in [(true, seconds(30)), (false, seconds(5))] {
        for wish in [None, Some(seconds(4)), Some(seconds(600))] {
            let missing =
                || Err(wish.into_iter().fold(Status::new(Code::NotFound, "no"), Status::with_retry_after));
            let transport = script([missing(), missing(), succeeded()]);
            let first = begun(&transport, is_started).await;
            // A wish that exceeds the window leaves room for one more call.
            assert_eq!(first.is_ok(), wish != Some(seconds(600)), "{wish:?}");

            let transport = always(missing());
            let status = begun(&transport, is_started).await.unwrap_err();
            assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::CallFailed));
            assert_eq!(status.report().unwrap().elapsed, window);
            let times = transport.times();
            let (last, before) = times.split_last().unwrap();
            assert!(*last == window && before.iter().all(|time| *time < window), "{times:?}");
        }
    }
}

fn begun(transport: &Script, is_started: bool) -> Wait<'_, Value> {
    if is_started {
        Wait::started(transport, Operation::running(NAME))
    } else {
        poll_until_done(transport, name())
    }
}

#[tokio::test(start_paused = true)]
async fn survives_permission_denied_only_within_a_window_of_the_callers() {
    // SPEC 28, 31
    for (window, calls) in [(seconds(0), 1), (seconds(60), 8)] {
        let transport = always(refused(Code::PermissionDenied));
        let tolerance = Tolerance::default().permission_denied_for(window).failures(0);
        let wait = poll_until_done::<Value>(&transport, name()).tolerance(tolerance).seed(1);
        let status = wait.await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::PermissionDenied, Origin::CallFailed));
        assert_eq!(status.report().unwrap().elapsed, window);
        assert_eq!(transport.count(), calls);
    }
    let transport = script([running(), refused(Code::PermissionDenied)]);
    let tolerance = Tolerance::default().permission_denied_for(seconds(600));
    poll_until_done::<Value>(&transport, name()).tolerance(tolerance).await.unwrap_err();
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn holds_a_window_whatever_other_calls_fail_within_it() {
    // SPEC 31, 32
    let delayed = |code, delay| Err(Status::new(code, "no").with_retry_after(seconds(delay)));
    let missing = || refused(Code::NotFound);
    let denied = || refused(Code::PermissionDenied);
    for (is_started, window) in [(true, 30), (false, 5)] {
        for between in [
            vec![delayed(Code::Unavailable, 600)],
            vec![delayed(Code::ResourceExhausted, 60)],
            vec![delayed(Code::Unauthenticated, 600)],
            vec![busy(), busy(), delayed(Code::Internal, 31)],
            vec![denied(), delayed(Code::Unavailable, 600)],
        ] {
            let replies = [missing()].into_iter().chain(between.clone()).chain((0..99).map(|_| missing()));
            let transport = script(replies);
            let tolerance =
                Tolerance::default().permission_denied_for(seconds(3_600)).delay(millis(1), millis(100));
            let status = begun(&transport, is_started).tolerance(tolerance).await.unwrap_err();
            assert_eq!((status.code(), status.report().unwrap().elapsed), (Code::NotFound, seconds(window)));
            assert_eq!(transport.times().last(), Some(&seconds(window)), "{between:?}");
        }
    }
    // Without a NOT_FOUND there is no window to hold.
    let transport = script([delayed(Code::Unavailable, 60), missing()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    assert_eq!(transport.times(), [0, 60].map(seconds));
    // A window that has ended holds no other call, nor does one after a good reply.
    let transport =
        script([missing(), delayed(Code::Unavailable, 60), delayed(Code::Unavailable, 60), succeeded()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert_eq!(transport.times()[2..], [5, 65].map(seconds));
    let transport = script([missing(), running(), delayed(Code::Unavailable, 60), succeeded()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert_eq!(transport.pauses()[2], seconds(60));
}

#[tokio::test(start_paused = true)]
async fn has_a_window_for_each_code() {
    // SPEC 31
    let (missing, denied) = (|| refused(Code::NotFound), || refused(Code::PermissionDenied));
    let tolerance = |missing, denied| {
        let tolerance = Tolerance::default().failures(0).delay(seconds(1), seconds(1));
        tolerance.not_found_for(seconds(missing)).permission_denied_for(seconds(denied))
    };
    // The code of the last reply decides. Each window ends at its time, also that of the other code.
    for (windows, replies, ended) in [
        ((5, 20), vec![missing(), denied()], (Code::PermissionDenied, 20)),
        ((20, 5), vec![missing(), denied()], (Code::PermissionDenied, 5)),
        ((5, 20), vec![denied(), missing()], (Code::NotFound, 5)),
        ((20, 5), vec![denied(), missing()], (Code::NotFound, 20)),
        ((5, 0), vec![missing(), missing(), denied()], (Code::PermissionDenied, 2)),
        ((0, 5), vec![denied(), missing()], (Code::NotFound, 1)),
    ] {
        let last = replies.last().cloned().unwrap();
        let transport = script(replies.into_iter().chain((0..99).map(|_| last.clone())));
        let wait = poll_until_done::<Value>(&transport, name()).tolerance(tolerance(windows.0, windows.1));
        let status = wait.await.unwrap_err();
        let elapsed = status.report().unwrap().elapsed;
        assert_eq!(status.code(), ended.0);
        let (first, last) = if ended.1 <= 2 {
            (millis(500 * ended.1), seconds(ended.1))
        } else {
            (seconds(ended.1), seconds(ended.1))
        };
        assert!((first..=last + millis(2)).contains(&elapsed), "{windows:?} {elapsed:?}");
        if windows.0.min(windows.1) == 5 && ended.1 == 20 {
            assert!(transport.times().contains(&seconds(5)), "{:?}", transport.times());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn survives_not_found_for_as_long_as_the_caller_says() {
    // SPEC 31
    for (window, calls) in [(seconds(0), 1), (millis(1), 2)] {
        let transport = always(refused(Code::NotFound));
        let tolerance = Tolerance::default().not_found_for(window);
        poll_until_done::<Value>(&transport, name()).tolerance(tolerance).await.unwrap_err();
        assert_eq!(transport.count(), calls, "{window:?}");
    }
    let transport = always(refused(Code::NotFound));
    let tolerance = Tolerance::default().not_found_for(seconds(3_600));
    let status = poll_until_done::<Value>(&transport, name()).tolerance(tolerance).await.unwrap_err();
    assert!(status.report().unwrap().elapsed >= seconds(3_600));
    assert!(transport.count() > 50, "{}", transport.count());
}

#[tokio::test(start_paused = true)]
async fn does_not_count_not_found_among_the_failures() {
    // SPEC 27, 31: the window bounds it, not the budget.
    let missing = || refused(Code::NotFound);
    let transport = script([missing(), missing(), missing(), busy(), succeeded()]);
    let wait = poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::default().failures(1));
    assert_eq!(wait.await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn takes_not_found_after_a_good_reply_for_the_end() {
    // SPEC 31
    let transport = script([running(), busy(), refused(Code::NotFound)]);
    let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::CallFailed));
    assert!(status.message().contains("expired or") && status.message().contains("deleted"), "{status}");
    assert_eq!(transport.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn asks_again_after_an_exponential_delay_with_jitter() {
    // SPEC 33
    let pauses = |seed: Option<u64>| async move {
        let transport = always(busy());
        let wait = poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::default().failures(9));
        let wait = if let Some(seed) = seed { wait.seed(seed) } else { wait };
        wait.await.unwrap_err();
        transport.pauses()
    };
    let drawn = pauses(None).await;
    for (pause, whole) in drawn.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds)) {
        assert!((whole / 2..=whole + millis(1)).contains(pause), "{drawn:?}");
    }
    assert_eq!(drawn.len(), 9);
    assert_ne!(drawn, pauses(None).await);
    assert_eq!(pauses(Some(1)).await, pauses(Some(1)).await);
    assert_ne!(pauses(Some(1)).await, pauses(Some(2)).await);
}

#[tokio::test(start_paused = true)]
async fn begins_with_a_short_delay_again_after_a_good_reply() {
    // SPEC 33
    let transport = script([busy(), busy(), busy(), running(), busy(), succeeded()]);
    let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(100)));
    wait.await.unwrap();
    assert!(transport.pauses()[4] <= millis(1_001), "{:?}", transport.pauses());
}

#[tokio::test(start_paused = true)]
async fn asks_again_after_the_delay_that_the_caller_sets() {
    // SPEC 33
    let transport = always(busy());
    let tolerance = Tolerance::default().delay(seconds(10), seconds(15));
    poll_until_done::<Value>(&transport, name()).tolerance(tolerance).await.unwrap_err();
    let pauses = transport.pauses();
    assert!(pauses[0] >= seconds(5) && pauses[0] <= millis(10_001), "{pauses:?}");
    assert!(
        pauses[1..].iter().all(|pause| *pause >= millis(7_500) && *pause <= millis(15_001)),
        "{pauses:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_a_failed_call_asks_for_but_only_once() {
    // SPEC 32
    let retry_info = Any::pack(&RetryInfo { retry_delay: Some("20s".parse().unwrap()) }).unwrap();
    let in_details = || Err(Status::unavailable("busy").with_details(vec![retry_info.clone()]));
    let in_header = || Err(Status::unavailable("busy").with_retry_after(seconds(20)));
    for asking in [in_details(), in_header()] {
        let transport = script([asking, busy(), succeeded()]);
        poll_until_done::<Value>(&transport, name()).await.unwrap();
        let pauses = transport.pauses();
        assert_eq!(pauses[0], seconds(20));
        assert!(pauses[1] <= millis(2_001), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_a_good_reply_asks_for_but_only_once() {
    // SPEC 32
    let asking = Ok(running().unwrap().with_retry_after(seconds(20)));
    let transport = script([asking, running(), succeeded()]);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(3))).await.unwrap();
    assert_eq!(transport.pauses(), [seconds(20), seconds(3)]);
}

#[tokio::test(start_paused = true)]
async fn takes_a_servers_wish_for_a_floor_and_no_more() {
    // SPEC 32
    for (wish, pause) in [(seconds(0), seconds(3)), (seconds(1), seconds(3)), (seconds(4), seconds(4))] {
        let transport = script([Ok(running().unwrap().with_retry_after(wish)), succeeded()]);
        poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(3))).await.unwrap();
        assert_eq!(transport.pauses(), [pause]);
    }
    let transport = script([Err(Status::unavailable("busy").with_retry_after(Duration::ZERO)), succeeded()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert!(transport.pauses()[0] >= millis(500));
}

#[tokio::test(start_paused = true)]
async fn waits_ten_minutes_at_most_for_a_servers_wish() {
    // SPEC 32
    let wishes: [fn(Duration) -> Reply; 2] = [
        |wish| Ok(running().unwrap().with_retry_after(wish)),
        |wish| Err(Status::unavailable("busy").with_retry_after(wish)),
    ];
    for wish in wishes {
        for long in [seconds(3_600), Duration::MAX] {
            let transport = script([wish(long), succeeded()]);
            poll_until_done::<Value>(&transport, name()).await.unwrap();
            assert_eq!(transport.pauses(), [seconds(600)]);

            let transport = script([wish(long), succeeded()]);
            let tolerance = Tolerance::default().longest_hint(seconds(5));
            poll_until_done::<Value>(&transport, name()).tolerance(tolerance).await.unwrap();
            assert_eq!(transport.pauses(), [seconds(5)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn heeds_the_wish_of_the_reply_that_started_the_operation() {
    // SPEC 32, 34: without a wish the first pause.
    for (wish, first) in [(seconds(7), seconds(7)), (seconds(0), millis(250))] {
        assert_eq!(started_with(wish, Tolerance::default()).await, [first]);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_ten_minutes_at_most_for_the_wish_of_the_reply_that_started_the_operation() {
    // SPEC 32
    assert_eq!(started_with(seconds(3_600), Tolerance::default()).await, [seconds(600)]);
    assert_eq!(started_with(seconds(60), Tolerance::default().longest_hint(seconds(5))).await, [seconds(5)]);
}

#[tokio::test(start_paused = true)]
async fn survives_a_call_that_is_not_answered_in_time() {
    // SPEC 26, 35
    let transport = slow_script([(Duration::MAX, running()), (seconds(29), succeeded())]);
    assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
    let pause = transport.pauses()[0];
    assert!(pause >= millis(30_500) && pause <= millis(31_001), "{pause:?}");
}

#[test]
fn shows_its_settings_in_debug() {
    let debug = format!("{:?}", Tolerance::default().failures(7));
    assert!(debug.contains("failures: Some(7)"), "{debug}");
}

async fn started_with(wish: Duration, tolerance: Tolerance) -> Vec<Duration> {
    let transport: Script = script([succeeded()]);
    let operation = running().unwrap().with_retry_after(wish);
    Wait::<Value>::started(&transport, operation).tolerance(tolerance).await.unwrap();
    transport.times()
}

const FINAL: [Code; 8] = [
    Code::InvalidArgument,
    Code::PermissionDenied,
    Code::FailedPrecondition,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::DataLoss,
    Code::AlreadyExists,
    Code::Cancelled,
];
