//! The number of polls of this process, counted in one place so that no wait holds a counter.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts a poll that was answered.
pub fn count() {
    POLLS.fetch_add(1, Relaxed);
}

/// Returns the number of polls that were answered.
pub fn so_far() -> u64 {
    POLLS.load(Relaxed)
}

static POLLS: AtomicU64 = AtomicU64::new(0);
