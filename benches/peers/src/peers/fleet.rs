//! `lro-fleet`: one task for all operations.

use std::{future::poll_fn, ops::Range, pin::Pin, task::Poll, time::Duration};

use lro::Status;
use lro_fleet::{Fleet, Watch};
use serde::de::IgnoredAny;
use tokio::time::sleep;

use crate::names;

/// The watches of a fleet. Their outcomes are not decoded.
pub type Watches = Vec<Watch<IgnoredAny>>;

/// Watches the operations with these numbers. Each watch is polled once, so that the fleet keeps its waker.
///
/// # Errors
///
/// None: the names are valid.
pub async fn watch(fleet: &Fleet, numbers: Range<usize>) -> Result<Watches, Status> {
    let mut watches = Watches::with_capacity(numbers.len());
    for number in numbers {
        watches.push(fleet.watch(names::parsed(number)?));
    }
    poll_fn(|context| {
        for watch in &mut watches {
            // They never end.
            let _ = Pin::new(watch).poll(context);
        }
        Poll::Ready(())
    })
    .await;
    Ok(watches)
}

/// Registers the operations with these numbers.
///
/// # Errors
///
/// None: the names are valid, and the fleet is open.
pub fn register(fleet: &Fleet, numbers: Range<usize>) -> Result<(), Status> {
    numbers.into_iter().try_for_each(|number| fleet.register(names::parsed(number)?))
}

/// Waits until each of these operations was polled, and none is due.
pub async fn settle(fleet: &Fleet, operations: usize) {
    loop {
        let metrics = fleet.metrics();
        if metrics.polls >= operations as u64 && metrics.due == 0 && metrics.in_flight == 0 {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
