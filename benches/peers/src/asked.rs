//! The polls of this process: counted beside the waits, so that none of them has to hold a counter.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts a poll that was answered.
pub fn count() {
    POLLS.fetch_add(1, Relaxed);
}

/// The polls that were answered so far.
pub fn so_far() -> u64 {
    POLLS.load(Relaxed)
}

static POLLS: AtomicU64 = AtomicU64::new(0);
