//! A fleet among code of the caller that panics, calls back, or ends at the wrong time.
#![allow(clippy::unwrap_used, reason = "tests")]

mod death;
mod edges;
mod inside;
mod nasty;
mod panics;

use std::time::Duration;

use lro::OperationName;

pub(crate) fn name(number: usize) -> OperationName {
    format!("operations/{number}").parse().unwrap()
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
