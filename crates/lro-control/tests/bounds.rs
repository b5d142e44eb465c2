//! What holds for every history: no panic, no absurd answer, and a bound within which everything that waits is taken.

use std::{collections::BTreeSet, time::Duration};

use lro_control::{
    Call, Control, Line, Lines, Pick, Ranking, Rate, Reply, Window, delay_after, failures_after,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Sent { at: Duration, failures: u32, chance: f64 },
    Ended { which: usize, at: Duration, reply: Reply, crowd: usize, chance: f64 },
    Left { which: usize, at: Duration },
    Withdrawn { which: usize },
}

proptest! {
    #[test]
    fn any_sequence_of_events_leaves_sane_answers(
        rate in prop::option::of((1_u32..5_000, any::<bool>())),
        most in prop_oneof![0_usize..100, Just(usize::MAX)],
        events in prop::collection::vec(event(), 1..150),
    ) {
        let rate = rate.map(|(calls, a_minute)| if a_minute { Rate::per_minute(calls) } else { Rate::per_second(calls) });
        let mut control = Control::new(rate, most);
        let mut calls: Vec<Call> = Vec::new();
        for event in events {
            let now = apply(&mut control, &mut calls, event.clone());
            let is_finite = |value: f64| value.is_finite() && value >= 0.0;
            prop_assert_eq!(control.in_flight(), calls.len());
            prop_assert!(control.found_rate().is_none_or(|rate| is_finite(rate) && rate > 0.0), "{:?}", event);
            prop_assert!((0.0..=0.6).contains(&control.chance_share()));
            prop_assert!(control.width().is_none_or(|width| is_finite(width) && width >= 1.0));
            prop_assert!(control.opens_at().is_none_or(|at| at == control.paced_at()));
            prop_assert!(control.opens_at().is_some() || control.in_flight() > 0, "stuck: {:?}", control);
            if let Some(oldest) = calls.first() {
                prop_assert!(control.cut_at(oldest, now, false).is_some());
            }
            prop_assert!(!control.is_idle(now) || calls.is_empty());
            for (first, second) in [(0, 0), (1, 0), (0, 1), (usize::MAX, usize::MAX)] {
                let pick = control.pick(now, first, second);
                prop_assert!(pick.is_some() || first == 0);
let waits = |pick: Pick| if pick.line() == Line::First { first > 0 } else { second > 0 };
 prop_assert!(pick.is_none_or(waits));
            }
        }
    }

    #[test]
    fn any_failure_has_a_delay_of_half_a_second_to_ten_minutes(failures: u32, reply in reply(), is_shut: bool, chance: f64) {
        let failures = failures_after(failures, reply, is_shut);
        let delay = delay_after(failures, reply, chance);
        prop_assert!(delay >= Duration::from_millis(500) && delay <= Duration::from_secs(600));
        prop_assert_eq!(failures == 0, reply.is_good());
    }

    #[test]
    fn a_window_withstands_any_times(calls in 1_u32.., times in prop::collection::vec(time(), 1..50)) {
        let mut window = Window::new(Rate::per_minute(calls));
        for now in times {
            let room = window.room(now);
            prop_assert!(room > 0 || window.opens_at() > now);
            window.count(now);
        }
    }

    /// The turns go as [`Control::pick`] decides while all is well, with newcomers behind those that wait.
    #[test]
    fn everything_that_waits_is_taken_within_sixteen_times_the_line(
        first in 1_usize..16, second in 0_usize..12, leavers in prop::collection::btree_set(0_usize..16, 0..6), chance in 0.0..1.0_f64,
    ) {
        let mut control = Control::new(Some(Rate::per_second(1_000)), 64);
        let mut lines = Lines::default();
        let mut waiting: BTreeSet<usize> = (0..first + second).collect();
        let line_of = |item: usize| if (first..first + second).contains(&item) { Line::Second } else { Line::First };
        waiting.iter().for_each(|item| lines.push(line_of(*item), *item));
        for item in leavers {
            if item < first && first > 1 && waiting.remove(&item) {
                lines.forget(Line::First);
            }
        }
        let mut now = Duration::ZERO;
        for turn in 0..16 * first.max(second) {
            // What comes later is worth more, and joins the first line.
            let newcomer = 1_000 + turn;
            waiting.insert(newcomer);
            lines.push(Line::First, newcomer);
            lines.rank(Ranking::new(lines.candidates().map(|item| (item as f64, item)).collect(), 8));
            let pick = control.pick(now, lines.waiting(Line::First), lines.waiting(Line::Second));
            let pick = pick.expect("something waits");
            let item = lines.take(pick, chance, |item| waiting.contains(item)).expect("something waits");
            prop_assert!(waiting.remove(&item));
            prop_assert_eq!(lines.waiting(Line::First) + lines.waiting(Line::Second), waiting.len());
            let call = control.sent(now, 0, chance);
            now += Duration::from_millis(10);
            control.ended(call, now, Reply::Good, 100, chance);
            if turn >= 4 * second {
                prop_assert!(!waiting.iter().any(|item| line_of(*item) == Line::Second));
            }
        }
        prop_assert!(waiting.iter().all(|item| *item >= 1_000), "{:?}", waiting);
    }

    #[test]
    fn every_pick_takes_what_waits_once_and_nothing_else(
        steps in prop::collection::vec((0_u8..8, any::<bool>(), 0.0..1.0_f64), 1..500),
    ) {
        let mut lines = Lines::default();
        let mut waiting: [BTreeSet<usize>; 2] = Default::default();
        for (item, (step, is_second, chance)) in steps.into_iter().enumerate() {
            let line = if is_second { Line::Second } else { Line::First };
            let of_line = &mut waiting[usize::from(is_second)];
            let pick = match step {
                0..3 => {
                    lines.push(line, item);
                    of_line.insert(item);
                    continue;
                }
                3 => {
                    if of_line.pop_last().is_some() {
                        lines.forget(line);
                    }
                    continue;
                }
                4 => {
                    let worths = lines.candidates().map(|item| ((item % 7) as f64, item)).collect();
                    lines.rank(Ranking::new(worths, 10));
                    continue;
                }
                5 => Pick::Best,
                6 => Pick::Random,
                _ if is_second => Pick::Second,
                _ => Pick::LongestDue,
            };
            let of_line = &mut waiting[usize::from(pick.line() == Line::Second)];
            let taken = lines.take(pick, chance, |item| of_line.contains(item));
            prop_assert_eq!(taken.is_some(), !of_line.is_empty());
            if let Some(item) = taken {
                if matches!(pick, Pick::LongestDue | Pick::Second) {
                    prop_assert_eq!(Some(&item), of_line.first());
                }
                prop_assert!(of_line.remove(&item));
            }
            prop_assert_eq!(lines.waiting(Line::First), waiting[0].len());
            prop_assert_eq!(lines.waiting(Line::Second), waiting[1].len());
        }
    }
}

#[test]
fn a_million_items_are_taken_in_constant_time_each() {
    let mut lines = Lines::default();
    let mut is_waiting = vec![true; 1_000_000];
    (0..1_000_000_u32).for_each(|item| lines.push(Line::First, item));
    lines.rank(Ranking::new(
        lines.candidates().map(|item| (f64::from(item % 1_000), item)).collect(),
        100_000,
    ));
    let mut looks = 0_u64;
    let mut chance = 0.5;
    for turn in 0..1_000_000 {
        let pick = [Pick::Random, Pick::Best, Pick::Random, Pick::LongestDue][turn % 4];
        chance = (chance * 997.0_f64 + 0.123).fract();
        let item = lines.take(pick, chance, |item| {
            looks += 1;
            is_waiting[*item as usize]
        });
        is_waiting[item.unwrap() as usize] = false;
    }
    assert!(lines.is_empty());
    assert!(looks < 10_000_000, "{looks}");
}

fn apply(control: &mut Control, calls: &mut Vec<Call>, event: Event) -> Duration {
    match event {
        Event::Sent { at, failures, chance } => {
            calls.push(control.sent(at, failures, chance));
            at
        }
        Event::Ended { which, at, reply, crowd, chance } if !calls.is_empty() => {
            let call = calls.remove(which % calls.len());
            control.ended(call, at, reply, crowd, chance);
            at
        }
        Event::Left { which, at } if !calls.is_empty() => {
            let which = which % calls.len();
            calls[which] = calls[which].left(at);
            at
        }
        Event::Withdrawn { which } if !calls.is_empty() => {
            control.withdrawn(calls.remove(which % calls.len()));
            Duration::ZERO
        }
        _ => Duration::ZERO,
    }
}

/// Mostly times of an hour, in any order; some absurd.
fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        20 => (0_u64..3_600_000).prop_map(Duration::from_millis),
        20 => (0_u64..2_000).prop_map(Duration::from_millis),
        1 => Just(Duration::MAX),
        1 => Just(Duration::ZERO),
        1 => any::<u64>().prop_map(Duration::from_nanos),
    ]
}

fn chance() -> impl Strategy<Value = f64> {
    prop_oneof![20 => 0.0..1.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN)]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        3 => Just(Reply::Good),
        3 => prop::option::of(time()).prop_map(|hint| Reply::Refused { hint }),
        3 => Just(Reply::Failed),
        1 => Just(Reply::TimedOut),
        1 => Just(Reply::Cut),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let failures = prop_oneof![5 => Just(0_u32), 1 => 0_u32..5, 1 => Just(u32::MAX)];
    let crowd = prop_oneof![3 => Just(100_usize), 1 => 0_usize..5, 1 => Just(usize::MAX)];
    prop_oneof![
        10 => (time(), failures, chance()).prop_map(|(at, failures, chance)| Event::Sent { at, failures, chance }),
        9 => (any::<usize>(), time(), reply(), crowd, chance())
            .prop_map(|(which, at, reply, crowd, chance)| Event::Ended { which, at, reply, crowd, chance }),
        1 => (any::<usize>(), time()).prop_map(|(which, at)| Event::Left { which, at }),
        1 => any::<usize>().prop_map(|which| Event::Withdrawn { which }),
    ]
}
