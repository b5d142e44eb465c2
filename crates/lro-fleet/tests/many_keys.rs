//! One kind of operations under very many quota keys. The test is alone in its process, because it measures memory and real
//! time.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    future::pending,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use lro::{Operation, OperationName, transport_fn};
use lro_fleet::Fleet;
use lro_learned::Learned;
use tokio::{runtime::Builder, time::sleep};

/// More is due than can be polled, so that the driver needs rankings. Other waits end meanwhile, and what is learned makes a
/// ranking stale. A ranking for each key would take 24 kB, and the time to compute it.
#[test]
fn one_learned_kind_is_ranked_once_for_all_its_keys() {
    let learned = Learned::new();
    for number in 0..100 {
        learned.expect("jobs", Duration::from_millis(60 + number));
    }
    let before = memory();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let fleet = runtime.block_on(async {
        let jobs = transport_fn(|name: OperationName| async move {
            sleep(Duration::from_millis(2)).await;
            Ok(Operation::running(name.as_str()))
        });
        let builder =
            Fleet::builder(jobs).pacing(learned.clone()).kind(|_| "jobs".to_owned()).max_in_flight(1);
        builder.quota_key(|name| name.segments().next().unwrap_or_default().to_owned()).start()
    });
    // Another thread drives the fleet, as in a server.
    thread::spawn(move || runtime.block_on(pending::<()>()));
    for number in 0..2 * KEYS {
        fleet.register(format!("k{}/operations/{number}", number % KEYS).parse().unwrap()).unwrap();
    }
    let test = Arc::new(());
    let is_over = Arc::downgrade(&test);
    thread::spawn(move || {
        for millis in (60..160).cycle().take_while(|_| is_over.strong_count() > 0) {
            learned.expect("jobs", Duration::from_millis(millis));
        }
    });
    // A ranking under the lock delays a few of them by some 100 ms each time, and a busy machine now and then.
    let mut waits = (0..10).map(|_| wait_for_metrics(&fleet));
    assert!(waits.any(|waited| waited < Duration::from_millis(500)), "the metrics waited each time");
    if let (Some(before), Some(after)) = (before, memory()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 30 * 1_024, "{grown} kB for {KEYS} keys");
    }
    drop(test);
}

/// Returns how long the metrics took, over some seconds.
fn wait_for_metrics(fleet: &Fleet) -> Duration {
    let waited = (0..600).map(|_| {
        thread::sleep(Duration::from_millis(5));
        let began = Instant::now();
        assert_eq!(fleet.metrics().pending, 2 * KEYS);
        began.elapsed()
    });
    waited.sum()
}

/// The memory in use in kB, where the system says so.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

const KEYS: usize = 10_000;
