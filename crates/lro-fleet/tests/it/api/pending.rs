//! What a fleet waits for, in pages.

use lro_fleet::Fleet;

use crate::api::jobs::{Jobs, name, secs};

/// Positions that are not in use any more are no operations: a page is full as long as there are operations for it.
#[tokio::test(start_paused = true)]
async fn pages_of_a_fleet_that_was_large_are_full() {
    let fleet = Fleet::builder(Jobs::done_at(secs(1_000_000))).start();
    for number in 0..LARGE {
        fleet.register(name(number)).unwrap();
    }
    let is_left = |number: &usize| number.is_multiple_of(LARGE / 120);
    for number in (0..LARGE).filter(|number| !is_left(number)) {
        fleet.forget(&name(number)).unwrap();
    }
    let (mut names, mut sizes, mut from) = (Vec::new(), Vec::new(), Some(0));
    while let Some(position) = from {
        let (some, next) = fleet.pending_from(position, 50);
        sizes.push(some.len());
        names.extend(some.into_iter().map(|pending| pending.name));
        from = next;
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(names, (0..LARGE).filter(is_left).map(name).collect::<Vec<_>>());
    assert_eq!(fleet.pending().len(), 120);
    let handles = fleet.shutdown().await;
    assert_eq!(handles.len(), 120);
    assert_eq!(fleet.pending_from(0, 50).0.len(), 0);
}

/// The outcome of a watch that nobody has taken yet is in the memory of the fleet, and is not pending.
#[tokio::test(start_paused = true)]
async fn what_has_ended_is_on_no_page() {
    let fleet = Fleet::builder(Jobs::done_at(secs(3))).start();
    let watch = fleet.watch::<serde_json::Value>(name(1));
    assert_eq!(fleet.pending_from(0, 1).0.len(), 1);
    tokio::time::sleep(secs(60)).await;
    let (pending, next) = fleet.pending_from(0, 1);
    assert!(pending.is_empty() && next.is_none(), "{pending:?}");
    drop(watch);
}

const LARGE: usize = 24_000;
