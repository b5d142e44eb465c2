//! The position of one operation as a driver stores it, for another process.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{sync::Arc, time::Duration};

use lro::pacing::{CompactSchedule, CompactState, Finish, Moment};
use lro_learned::Learned;
use proptest::prelude::*;

#[test]
fn a_schedule_that_is_saved_after_every_poll_polls_at_the_same_times() {
    let mut settled = Vec::new();
    for (usual, seconds) in [(60, 58.0), (60, 63.5), (60, 200.0), (7_200, 7_000.0), (7_200, 9_000.0)] {
        for jitter in [0.0, 0.2] {
            let new = || learned(usual).jitter(jitter).seed(7);
            let (alone, saved) = (new(), new());
            let times = [run(&alone, seconds, |_, _| {}), run(&saved, seconds, save_and_restore)];
            assert_eq!(times[0], times[1], "{seconds} s instead of {usual}, jitter {jitter}");
            assert!(times[0].len() > 3, "it would show nothing");
            assert_eq!(alone.history(), saved.history());
            settled.push(tokens(&saved) - tokens(&new()));
            // Nothing of it is left among the running ones.
            assert_eq!(run(&alone, seconds, |_, _| {}), run(&saved, seconds, save_and_restore));
        }
    }
    assert!(settled.iter().any(|tokens| *tokens != 0.0), "it would show nothing: {settled:?}");
}

#[test]
fn a_kind_without_a_history_goes_on_as_the_usual_backoff() {
    let times = run(&Learned::new(), 500.0, |_, _| {});
    assert_eq!(run(&Learned::new(), 500.0, save_and_restore), times);
    let (other, mut state) = (compact(&learned(60)), CompactState::default());
    let saved = {
        let cold = compact(&Learned::new());
        cold.delay(&mut state, &Moment::new(Duration::ZERO, 0)).unwrap();
        cold.save(&mut state)
    };
    let moment = Moment::new(Duration::from_secs(1), 1);
    let delay = other.delay(&mut other.restore(&saved), &moment);
    assert_eq!(delay, other.delay(&mut CompactState::default(), &moment), "it follows what is known here");
}

#[test]
fn an_operation_that_another_process_continues_leaves_nothing_in_the_ledger() {
    let next = |saves: bool| {
        let learned = learned(60);
        let schedule = compact(&learned);
        for _ in 0..20 {
            let (mut state, mut at) = (CompactState::default(), Duration::ZERO);
            for polls in 0..9 {
                at += schedule.delay(&mut state, &Moment::new(at, polls)).unwrap();
            }
            if saves {
                schedule.save(&mut state);
            }
        }
        run(&learned, 63.5, |_, _| {})
    };
    let alone = run(&learned(60), 63.5, |_, _| {});
    assert_eq!(next(true), alone);
    assert_ne!(next(false), alone, "it would show nothing");
}

#[test]
fn the_process_in_which_an_operation_ends_settles_its_polls() {
    let (first, last) = (learned(60), learned(60));
    let (from, to) = (compact(&first), compact(&last));
    let mut state = CompactState::default();
    from.delay(&mut state, &Moment::new(Duration::ZERO, 0)).unwrap();
    let mut state = to.restore(&from.save(&mut state));
    let before = tokens(&last);
    // The usual backoff makes 5 polls until then.
    to.finished(&mut state, &Finish::new(Duration::from_secs(16), Some(Duration::from_secs(17)), 9));
    assert_eq!(tokens(&last), before + 5.0 - 9.0);
    assert_eq!(tokens(&first), tokens(&learned(60)));
}

#[test]
fn what_a_later_version_saved_is_a_new_operation() {
    // g25
    let schedule = compact(&learned(60).jitter(0.2).seed(7));
    let mut state = CompactState::default();
    schedule.delay(&mut state, &Moment::new(Duration::ZERO, 0)).unwrap();
    let saved = schedule.save(&mut state);
    assert_ne!(schedule.restore(&saved), CompactState::default());
    let [format, rest @ ..] = &saved[..] else { panic!("a format") };
    let later = [&[format + 1], rest].concat();
    let longer = [&saved[..], &[0]].concat();
    for unknown in [&[][..], &later, &longer, &saved[..saved.len() - 1]] {
        assert_eq!(schedule.restore(unknown), CompactState::default());
    }
}

proptest! {
    #[test]
    fn any_saved_bytes_give_a_delay_within_bounds(
        saved in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            prop::collection::vec(any::<u8>(), 6).prop_map(|rest| [&[1, 1], &rest[..]].concat()),
        ],
        age in 0_u64..1 << 40,
        polls in 1_u32..,
    ) {
        // g22
        let learned = learned(60);
        let schedule = compact(&learned);
        let mut state = schedule.restore(&saved);
        let delay = schedule.delay(&mut state, &Moment::new(Duration::from_micros(age), polls)).unwrap();
        // Of the ledger, with the longest round trip.
        let most = Duration::from_secs(600 + 660 + 60);
        prop_assert!(delay > Duration::ZERO && delay < most, "{:?}", delay);
        let again = schedule.save(&mut state);
        prop_assert_eq!(schedule.save(&mut schedule.restore(&again)), again);
        schedule.finished(&mut state, &Finish::new(Duration::from_micros(age), None, polls));
        prop_assert!(tokens(&learned).is_finite());
    }
}

/// A kind of which twenty operations took about this number of seconds.
fn learned(usual: u64) -> Learned {
    let learned = Learned::new();
    (0..20).for_each(|k| learned.expect("report", Duration::from_millis(usual * (950 + 5 * k))));
    learned
}

fn compact(learned: &Learned) -> Arc<dyn CompactSchedule> {
    learned.pacing("report").compact().unwrap()
}

fn save_and_restore(schedule: &dyn CompactSchedule, state: &mut CompactState) {
    let saved = schedule.save(state);
    *state = schedule.restore(&saved);
}

/// Polls an operation of this duration. Returns when each poll was made, and runs `between` after each.
fn run(
    learned: &Learned,
    seconds: f64,
    between: impl Fn(&dyn CompactSchedule, &mut CompactState),
) -> Vec<Duration> {
    let (schedule, mut state) = (compact(learned), CompactState::default());
    let (mut now, mut running, mut round_trip) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut times = Vec::new();
    loop {
        let polls = times.len() as u32;
        let moment = Moment::new(now, polls).with_round_trip(round_trip);
        now += schedule.delay(&mut state, &moment).unwrap();
        between(&*schedule, &mut state);
        times.push(now);
        round_trip = ROUND_TRIP;
        let looked = now + ROUND_TRIP / 2;
        if looked.as_secs_f64() >= seconds {
            schedule.finished(&mut state, &Finish::new(running, Some(looked), polls + 1));
            return times;
        }
        (running, now) = (looked, now + ROUND_TRIP);
    }
}

/// What the ledger of the kind has left.
fn tokens(learned: &Learned) -> f64 {
    serde_json::to_value(learned.history()).unwrap()["kinds"]["report"]["tokens"].as_f64().unwrap()
}

const ROUND_TRIP: Duration = Duration::from_millis(30);
