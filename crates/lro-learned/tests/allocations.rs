//! How much memory is allocated, and how often.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use allocation_counter::measure;
use lro::pacing::Moment;
use lro_learned::{History, Learned};

#[test]
fn decides_a_learned_poll_without_one_and_remembers_a_kind_in_4_kb() {
    let learned = Learned::new();
    learned.expect("a kind before", seconds(9));
    let kept = measure(|| {
        for taken in 0..64 {
            learned.expect("jobs", seconds(40 + taken * 7 % 40));
        }
        // Plans.
        learned.pacing("jobs").schedule().delay(&Moment::new(seconds(0), 0)).unwrap();
    });
    println!("{} bytes a kind", kept.bytes_current);
    assert!((512..=4096).contains(&kept.bytes_current), "{} bytes a kind", kept.bytes_current);

    let mut schedule = learned.pacing("jobs").schedule();
    schedule.delay(&Moment::new(seconds(0), 0)).unwrap();
    let counted = measure(|| {
        for polls in 1..20 {
            schedule.delay(&Moment::new(seconds(9 * u64::from(polls)), polls)).unwrap();
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn keeps_the_distribution_no_longer_than_progress_is_reported() {
    let warm = Learned::new();
    for taken in 0..64 {
        warm.expect("jobs", seconds(40 + taken * 7 % 40));
    }
    let mut saved = serde_json::to_value(warm.history()).unwrap();
    saved["kinds"]["jobs"]["progress"] = serde_json::json!([0.01, 9]);
    let history: History = serde_json::from_value(saved).unwrap();

    let learned = Learned::new();
    learned.expect("a kind before", seconds(9));
    let report =
        |polls| Moment::new(seconds(9 * u64::from(polls)), polls).with_progress(0.2 * f64::from(polls));
    let mut reporting = Vec::new();
    let kept = measure(|| {
        learned.remember(&history);
        reporting.extend((0..20).map(|_| learned.pacing("jobs").schedule()));
        reporting.iter_mut().for_each(|schedule| assert!(schedule.delay(&report(1)).is_some()));
        // One distribution, and a plan for each.
        reporting.truncate(2);
        reporting.shrink_to_fit();
    });
    assert!((4096..12 * 1024).contains(&kept.bytes_current), "{} bytes", kept.bytes_current);

    let gone = measure(|| reporting.clear());
    let left = kept.bytes_current + gone.bytes_current;
    println!("{} bytes with two that report progress, {left} without", kept.bytes_current);
    assert!((512..=4096).contains(&left), "{left} bytes a kind");
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
