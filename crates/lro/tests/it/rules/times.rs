//! The arithmetic of the rules: limits, delays, wishes.

use std::time::Duration;

use lro::{
    Code, Tolerance,
    rules::{Call, FailedCall, Retry, Rules, Trouble},
};

use crate::rules::{
    events::{failure, secs},
    model::{drawn, limit},
    settings::{Chance, NANO, NO_DELAY},
};

#[test]
fn a_call_may_take_its_timeout_but_no_longer_than_to_the_deadline_and_its_grace_after_that() {
    // SPEC 35, 36
    let timeouts = [Duration::ZERO, NANO, secs(2) - NANO, secs(2), secs(2) + NANO, secs(30), Duration::MAX];
    let ages = [Duration::ZERO, NANO, secs(28), secs(30) - NANO, secs(30), secs(31), Duration::MAX];
    let steps = [NANO, secs(2), secs(30)];
    for attempt_timeout in timeouts {
        let rules = Rules { attempt_timeout, ..Rules::default() };
        for asked in ages {
            assert_eq!(rules.limit(asked, None), limit(attempt_timeout, asked, None));
            let near = [attempt_timeout].into_iter().chain(steps);
            let near = near.map(|step| asked.saturating_add(step));
            for deadline in ages.into_iter().chain(near) {
                let (until, why) = rules.limit(asked, Some(deadline));
                assert_eq!(
                    (until, why),
                    limit(attempt_timeout, asked, Some(deadline)),
                    "{attempt_timeout:?} {asked:?} {deadline:?}"
                );
            }
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    // SPEC 27, 31, 32, 35
    let rules = Rules::default();
    assert_eq!((rules.attempt_timeout, Rules::GRACE), (secs(30), secs(2)));
    assert_eq!(rules.hint(Some(Duration::MAX)), secs(600));
    assert_eq!(rules.delay_after(1, 0.0), Duration::from_millis(500));
    assert_eq!(rules.delay_after(u32::MAX, 1.0), secs(60));
    let mut trouble = Trouble::default();
    let mut fails = |code, age, started| {
        let call = Call { started, ..Call::new(age, age) };
        let failed = FailedCall { status: failure(code).status(), call, had_reply: false };
        matches!(rules.retry(&mut trouble, failed, 0.0), Retry::After(_))
    };
    for (started, window) in [(true, secs(30)), (false, secs(5))] {
        assert!(fails(Code::NotFound, window - NANO, started) && !fails(Code::NotFound, window, started));
        assert!(!fails(Code::PermissionDenied, Duration::ZERO, started));
    }
    assert_eq!(rules.least_delay, Duration::from_millis(10));
    let survived = (0..7).take_while(|_| fails(Code::Unavailable, secs(60), false)).count();
    assert_eq!(survived, 5);
    let call = Call::new(secs(1), secs(4));
    let expected =
        Call { asked: secs(1), ended: secs(4), deadline: None, started: false, held: false, counts: true };
    assert_eq!(call, expected);
}

#[test]
fn the_delay_doubles_with_each_failure_until_it_is_the_longest() {
    // SPEC 33
    let delays = [
        NO_DELAY,
        (secs(0), secs(60)),
        (secs(10), secs(0)),
        (secs(10), secs(5)),
        (secs(1), secs(60)),
        (Duration::from_millis(2), secs(3_600)),
        (NANO * 2, secs(60)),
        (secs(1), secs(1 << 40)),
    ];
    for (first, longest) in delays {
        let rules = with(Tolerance::default().delay(first, longest));
        for failures in (0..80).chain([1_000, 1 << 31, u32::MAX]) {
            for chance in Chance::ALL {
                assert_eq!(
                    rules.delay_after(failures, chance.value()),
                    drawn((first, longest), failures, chance),
                    "{first:?} {longest:?} {failures} {chance:?}"
                );
            }
        }
    }
}

#[test]
fn the_delay_is_drawn_evenly_between_half_of_it_and_all_of_it() {
    // SPEC 33
    let rules = with(Tolerance::default().delay(secs(8), secs(8)));
    for eighths in 0..8_u32 {
        assert_eq!(rules.delay_after(1, f64::from(eighths) / 8.0), secs(4) + secs(1) / 2 * eighths);
    }
}

#[test]
fn a_delay_without_end_is_no_fault() {
    // SPEC 36
    let rules = with(Tolerance::default().delay(secs(1), Duration::MAX));
    assert_eq!(rules.delay_after(u32::MAX, 1.0), Duration::MAX);
    assert!(rules.delay_after(u32::MAX, 0.0) >= Duration::MAX / 2);
    let rules = with(Tolerance::default().delay(Duration::MAX, Duration::MAX));
    assert_eq!(rules.delay_after(1, 1.0), Duration::MAX);
    for chance in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 2.0] {
        for failures in [0, 1, 70, u32::MAX] {
            let _no_panic = rules.delay_after(failures, chance);
        }
    }
}

#[test]
fn a_wish_is_heeded_up_to_the_longest() {
    // SPEC 32
    for longest in [Duration::ZERO, secs(5), Duration::MAX] {
        let rules = with(Tolerance::default().longest_hint(longest));
        assert_eq!(rules.hint(None), Duration::ZERO);
        for wish in [Duration::ZERO, secs(5) - NANO, secs(5), secs(5) + NANO, Duration::MAX] {
            let heeded = if wish > longest { longest } else { wish };
            assert_eq!(rules.hint(Some(wish)), heeded, "{wish:?} {longest:?}");
        }
    }
}

#[test]
fn the_server_looks_half_way_through_a_call_and_at_the_end_of_one_that_it_holds() {
    let ages = [Duration::ZERO, secs(1), secs(30), Duration::MAX - secs(2), Duration::MAX];
    for asked in ages {
        for took in [Duration::ZERO, NANO, NANO * 2, secs(2)] {
            let Some(ended) = asked.checked_add(took) else {
                continue;
            };
            let call = Call::new(asked, ended);
            assert_eq!(call.looked(), asked + took / 2);
            assert_eq!(Call { held: true, ..call }.looked(), ended);
        }
    }
}

fn with(tolerance: Tolerance) -> Rules {
    Rules { tolerance, ..Rules::default() }
}
