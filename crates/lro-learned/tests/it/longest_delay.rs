//! How late a poll may be planned by a history that this process has not seen come true.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use lro::pacing::{Finish, Moment, Schedule};
use lro_learned::{History, Learned};
use serde_json::json;

#[test]
fn a_history_that_claims_days_delays_no_poll_by_more_than_ten_minutes() {
    let times = polls(&claiming_days(), Moment::new);
    assert_eq!(times[0], minutes(10));
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= minutes(10)), "{times:?}");

    let unbounded = first_poll(&claiming_days().longest_delay(Duration::MAX));
    assert!(unbounded > DAY, "{unbounded:?} would show nothing");
}

#[test]
fn nor_does_it_where_one_schedule_serves_many_operations() {
    let (compact, mut state) = (claiming_days().pacing(KIND).compact().unwrap(), [0; 16]);
    assert_eq!(compact.delay(&mut state, &Moment::new(Duration::ZERO, 0)), Some(minutes(10)));
    assert_eq!(compact.delay(&mut state, &Moment::new(minutes(10), 1)), Some(minutes(10)));
}

#[test]
fn nor_does_it_with_a_progress_that_says_so() {
    let learned = claiming_days();
    let claims = |elapsed, polls| Moment::new(elapsed, polls).with_progress(1e-4);
    let times = polls(&learned, claims);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= minutes(10)), "{times:?}");

    let mut unbounded = learned.longest_delay(Duration::MAX).pacing(KIND).schedule();
    unbounded.delay(&Moment::new(Duration::ZERO, 0)).unwrap();
    let delay = unbounded.delay(&claims(minutes(10), 1)).unwrap();
    assert!(delay > DAY / 2, "{delay:?} would show nothing");
}

#[test]
fn is_ten_minutes_or_what_is_set() {
    for (set, first) in [(minutes(3), minutes(3)), (minutes(60), minutes(60)), (minutes(0), minutes(1))] {
        assert_eq!(first_poll(&claiming_days().longest_delay(set)), first);
    }
}

#[test]
fn is_counted_from_what_this_process_has_seen() {
    let hour = minutes(60);
    let done = claiming_days();
    done.pacing(KIND).schedule().finished(&Finish::new(hour - minutes(1), Some(hour), 9));
    let given_up = claiming_days();
    given_up.pacing(KIND).schedule().finished(&Finish::new(hour, None, 9));
    let running = claiming_days();
    running.pacing(KIND).schedule().delay(&Moment::new(hour, 1));
    for learned in [done, given_up, running] {
        assert_eq!(first_poll(&learned), hour + minutes(10));
        assert_eq!(first_poll(&learned.jitter(0.0)), hour + minutes(10), "it knows what the other one knew");
    }
}

#[test]
fn an_expectation_counts_as_seen() {
    let learned = sparing();
    learned.expect(KIND, 10 * DAY);
    let first = first_poll(&learned);
    assert!(first > DAY, "{first:?}");
    // Restored in another process it is a history as any.
    let restored = sparing();
    restored.remember(&learned.history());
    assert_eq!(first_poll(&restored), minutes(10));
}

#[test]
fn polls_beside_the_plan_take_none_from_it() {
    let learned = Learned::new().price(minutes(1));
    learned.remember(&claim(minutes(60)));
    let planned = polls(&learned.clone().longest_delay(Duration::MAX), Moment::new);
    let bounded = polls(&learned, Moment::new);
    assert!(planned[0] > minutes(20), "{planned:?} would show nothing");
    assert_eq!(bounded[..2], [minutes(10), minutes(20)]);
    let missing = planned.iter().filter(|at| bounded.iter().all(|other| other.abs_diff(**at) > SECOND));
    assert_eq!(missing.count(), 0, "{planned:?} within {bounded:?}");
}

/// When an operation that never ends is polled within two hours.
fn polls(learned: &Learned, moment: impl Fn(Duration, u32) -> Moment) -> Vec<Duration> {
    let mut schedule: Box<dyn Schedule> = learned.pacing(KIND).schedule();
    let (mut now, mut times) = (Duration::ZERO, Vec::new());
    while now < minutes(120) {
        now += schedule.delay(&moment(now, times.len() as u32)).unwrap();
        times.push(now);
    }
    times
}

fn first_poll(learned: &Learned) -> Duration {
    learned.pacing(KIND).schedule().delay(&Moment::new(Duration::ZERO, 0)).unwrap()
}

/// One with a history of 64 operations that took ten days.
fn claiming_days() -> Learned {
    let learned = sparing();
    learned.remember(&claim(10 * DAY));
    learned
}

/// One that makes few polls: with a budget there are some early.
fn sparing() -> Learned {
    Learned::new().price(10 * DAY)
}

fn claim(duration: Duration) -> History {
    let at = duration.as_secs_f64().ln();
    let kind = json!({"intervals": vec![(at, at + 1e-3); 64], "progress": [1e-4, 99], "tokens": 16.0});
    serde_json::from_value(json!({"kinds": {KIND: kind}})).unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

const KIND: &str = "jobs.example.com/Print";
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);
