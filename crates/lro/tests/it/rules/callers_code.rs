//! The code of the caller that runs within a step: the predicate and the pace.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use lro::{
    Code, Operation, Origin, Status, Tolerance,
    rules::{Call, FailedCall, Known, Next, Reply, Retry, Rules, Saved, Seen, Trouble, guard},
};

use crate::rules::events::{NAME, progress, secs};

#[test]
fn the_predicate_sees_each_failed_call_once_and_as_a_failed_call() {
    // SPEC 20, 28
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let tolerance = Tolerance::default().survive_if(move |status| {
        count.fetch_add(1, Ordering::Relaxed);
        assert_eq!(status.message(), "no");
        Some(status.origin() == Origin::CallFailed)
    });
    let rules = Rules { tolerance, ..Rules::default() };
    let mut saved = Saved::default();
    let origins = [Origin::CallFailed, Origin::OperationFailed, Origin::StoppedAsking];
    for (calls, origin) in (1..).zip(origins) {
        let status = Status::new(Code::DataLoss, "no").with_origin(origin);
        assert!(matches!(step(&rules, &mut saved, Err(status)), Next::Ask { seen: Seen::Failed, .. }));
        assert_eq!(asked.load(Ordering::Relaxed), calls);
    }
    let malformed = Status::new(Code::DataLoss, "no").with_origin(Origin::MalformedReply);
    assert_eq!(
        step(&rules, &mut saved, Err(malformed.clone())),
        Next::Failed { status: malformed, seen: Seen::Failed }
    );
    step(&rules, &mut saved, Ok(Operation::running(NAME)));
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[test]
fn a_panic_of_the_predicate_ends_one_wait_and_says_whose_it_was() {
    // SPEC 61
    let tolerance = Tolerance::default().survive_if(|_| panic!("no {}", "luck"));
    assert!(!tolerance.is_survivable(&Status::unavailable("busy")));
    let rules = Rules { tolerance, ..Rules::default() };
    let busy = FailedCall {
        status: Status::unavailable("busy"),
        call: Call::new(secs(1), secs(1)),
        had_reply: true,
    };
    let mut trouble = Trouble::default();
    let Retry::Final(status) = rules.retry(&mut trouble, busy, 0.5) else {
        panic!("it must end");
    };
    let message = "stopped asking: the predicate of the tolerance panicked: no luck";
    assert_eq!(status, Status::new(Code::Internal, message).with_origin(Origin::StoppedAsking));
    assert!(status.may_be_running());
    assert_eq!(trouble.last_failure(), Some(&Status::unavailable("busy")));
    assert_eq!(trouble.setbacks(), 0);
}

#[test]
fn a_guard_passes_on_what_its_code_returns_and_turns_any_panic_into_a_status() {
    // SPEC 61
    assert_eq!(guard("it", || 7), Ok(7));
    let message = |code: fn()| guard("it", code).unwrap_err().message().to_owned();
    assert_eq!(message(|| panic!("a text")), "stopped asking: it panicked: a text");
    assert_eq!(message(|| panic!("a {}", "format")), "stopped asking: it panicked: a format");
    assert_eq!(message(|| panic_any(7)), "stopped asking: it panicked: no message");
}

#[test]
fn a_guard_survives_a_payload_that_panics_when_it_is_dropped() {
    // SPEC 61
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("again");
            }
        }
    }

    let status = guard("it", || panic_any(Bomb)).unwrap_err();
    assert_eq!(status.message(), "stopped asking: it panicked: no message");
}

/// A driver guards its pace. Where it does not, the panic leaves the step, and the state is whole.
#[test]
fn a_reply_is_kept_before_the_pace_is_asked() {
    // SPEC 61
    let Saved { mut tally, mut trouble, mut metadata, .. } = Saved::default();
    let known = Known { name: NAME, tally: &mut tally, trouble: &mut trouble, metadata: &mut metadata };
    let reply = Reply::Returned(Ok(Operation::running(NAME).with_metadata(progress("half"))));
    let call = Call::new(secs(1), secs(3));
    let step = || Rules::default().step(known, call, reply, |_, _| panic!("no pace"), 0.5);
    catch_unwind(AssertUnwindSafe(step)).unwrap_err();
    assert_eq!((tally.polls, tally.replies, tally.running()), (1, 1, secs(2)));
    assert_eq!(metadata, Some(progress("half")));
    assert_eq!(trouble, None);
}

fn step(rules: &Rules, saved: &mut Saved, reply: Result<Operation, Status>) -> Next {
    let Saved { tally, trouble, metadata, .. } = saved;
    let known = Known { name: NAME, tally, trouble, metadata };
    let call = Call::new(secs(1), secs(2));
    rules.step(known, call, Reply::Returned(reply), |_, _| Ok(Some(secs(1))), 0.5)
}
