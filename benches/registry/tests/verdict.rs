//! The faults that the crash tests would find.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::{Duration, Instant};

use registry_benches::{
    journal::{Event, Journal},
    scenario::is_right,
    server::{Arrival, longest_gap, most_in_a_second, name_of},
    stores::Folder,
    verdict::Verdict,
};

#[test]
fn what_is_lost_changed_or_delivered_twice_is_found() {
    let folder = Folder::new().unwrap();
    let journal = Journal::open(folder.path().join("journal")).unwrap();
    let keys: Vec<String> = (0..5).map(name_of).collect();
    journal.append(Event::Registered, keys.iter().map(|key| (&**key, ""))).unwrap();
    for (key, outcome) in [(0, "0 a"), (1, "1 a"), (1, "1 a"), (2, "2 a"), (2, "2 b"), (3, "4 a")] {
        journal.append(Event::Delivered, [(&*keys[key], outcome)]).unwrap();
    }
    let verdict = Verdict::of(&journal.lines().unwrap(), is_right);
    assert_eq!((verdict.registered, verdict.delivered, verdict.duplicates), (5, 4, 2));
    assert_eq!(verdict.lost, keys[4..]);
    assert_eq!(verdict.changed, keys[2..4]);
    assert!(!verdict.is_clean());
}

#[test]
fn a_line_that_was_cut_is_no_line() {
    let folder = Folder::new().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    journal.append(Event::Registered, [("a", ""), ("b", "")]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 1]).unwrap();
    let keys: Vec<String> = journal.lines().unwrap().into_iter().map(|line| line.key).collect();
    assert_eq!(keys, ["a"]);
}

#[test]
fn polls_are_counted_in_every_second() {
    let began = Instant::now();
    let arrivals: Vec<Arrival> = [0, 400, 999, 1_000, 1_399, 3_500]
        .map(|at| Arrival { operation: at % 2, at: began + Duration::from_millis(at.into()) })
        .into();
    assert_eq!(most_in_a_second(&arrivals), 4);
    assert_eq!(most_in_a_second(&[]), 0);
    assert_eq!(longest_gap(&arrivals), Duration::from_millis(2_500));
}
