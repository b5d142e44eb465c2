//! What a user reads of a decision.

use std::time::Duration;

use lro::{
    Code, Origin, Status, Tolerance,
    rules::{Call, Expiry, FailedCall, Retry, Rules, Trouble, stopped},
};

use crate::rules::{
    events::{Answer, every_event, failure, secs},
    model::Failed,
    settings::Setting,
};

#[test]
fn a_wait_that_has_used_up_its_time_says_how() {
    // SPEC 20
    for (why, message) in [
        (Expiry::Pacing, "stopped asking: the pacing gave up"),
        (Expiry::Deadline, "stopped asking: the deadline passed"),
        (Expiry::DeadlineDuringCall, "stopped asking: the deadline passed during a call"),
        (
            Expiry::LastCallUnanswered,
            "stopped asking: the deadline passed, and the last call was not answered",
        ),
    ] {
        let status = why.status();
        let expected = Status::new(Code::DeadlineExceeded, message).with_origin(Origin::StoppedAsking);
        assert_eq!(status, expected);
        assert_eq!(stopped(why), expected);
        assert!(status.may_be_running());
    }
}

#[test]
fn a_decision_stands_before_the_message_of_the_server_and_alone_where_there_is_none() {
    // SPEC 27, 31
    let rules = Rules { tolerance: Tolerance::default().failures(1), ..Rules::default() };
    for (text, missing, one, two) in [
        (
            "no",
            "the operation has expired or was deleted: no",
            "gave up after a failed call: no",
            "gave up after 2 failed calls in a row: no",
        ),
        (
            "",
            "the operation has expired or was deleted",
            "gave up after a failed call",
            "gave up after 2 failed calls in a row",
        ),
    ] {
        let call = |code| FailedCall {
            status: Status::new(code, text),
            call: Call::new(secs(1), secs(1)),
            had_reply: true,
        };
        let ends = |rules: &Rules, trouble: &mut Trouble, code| match rules.retry(trouble, call(code), 0.0) {
            Retry::Final(status) | Retry::Exhausted(status) => status.message().to_owned(),
            Retry::After(delay) => format!("again after {delay:?}"),
        };
        let mut trouble = Trouble::default();
        assert_eq!(ends(&rules, &mut trouble, Code::NotFound), missing);
        assert_eq!(ends(&rules, &mut trouble, Code::Unavailable), "again after 500ms");
        assert_eq!(ends(&rules, &mut trouble, Code::Unavailable), two);
        let none = Rules { tolerance: Tolerance::none(), ..Rules::default() };
        assert_eq!(ends(&none, &mut Trouble::default(), Code::Unavailable), one);
    }
}

#[test]
fn no_failed_call_is_survived_where_none_is_to_be() {
    // SPEC 27, 31
    let rules = Rules { tolerance: Tolerance::none(), ..Rules::default() };
    for code in Code::ALL {
        let mut trouble = Trouble::default();
        let mut retries = || {
            let (status, call) = (Status::new(code, "no"), Call::new(Duration::ZERO, Duration::ZERO));
            rules.retry(&mut trouble, FailedCall { status, call, had_reply: false }, 0.0)
        };
        // SPEC 30: the credential is refreshed once all the same.
        if code == Code::Unauthenticated {
            assert_eq!(retries(), Retry::After(Duration::ZERO));
        }
        assert!(!matches!(retries(), Retry::After(_)), "{code}");
    }
}

#[test]
fn a_tolerance_says_what_it_survives_where_budget_and_window_are_no_matter() {
    // SPEC 26, 28, 29
    for setting in Setting::all() {
        let tolerance = setting.rules().tolerance;
        for event in every_event() {
            let Answer::Failed(failure) = event.answer else {
                continue;
            };
            let survives = Failed::Returned(failure).may_pass(setting.choice);
            assert_eq!(tolerance.is_survivable(&failure.status()), survives, "{failure:?} {setting:?}");
        }
    }
}

#[test]
fn a_refilled_budget_is_a_full_one_and_the_last_failure_stays() {
    // SPEC 21, 27, 30
    let rules = Rules { tolerance: Tolerance::default().failures(2), ..Rules::default() };
    let mut trouble = Trouble::default();
    let fails = |trouble: &mut Trouble, code| {
        let status = failure(code).status();
        let call = Call::new(secs(1), secs(1));
        rules.retry(trouble, FailedCall { status, call, had_reply: true }, 0.0)
    };
    let after = |millis| Retry::After(Duration::from_millis(millis));
    for _ in 0..3 {
        assert_eq!(trouble.setbacks(), 0);
        assert_eq!(fails(&mut trouble, Code::Unauthenticated), after(0));
        assert_eq!(fails(&mut trouble, Code::Unavailable), after(1_000));
        assert_eq!(fails(&mut trouble, Code::Unavailable), after(2_000));
        assert_eq!(trouble.setbacks(), 3);
        assert!(matches!(fails(&mut trouble, Code::Internal), Retry::Exhausted(_)));
        trouble.refill();
        assert_eq!(trouble.last_failure(), Some(&failure(Code::Internal).status()));
    }
}
