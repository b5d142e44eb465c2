//! The cases of `durations`, in a hundredth of their length or so: those whose requirements are counts.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lro_testkit::postgres::Postgres;
use registry_benches::durations::{
    Judgement, Scale, run,
    sessions::{Waits, session},
};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_copied_is_lost_in_a_failover() {
    // g04
    has_counts("g04", 0.03).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_writes_deadlock_whatever_the_level_of_the_role() {
    // g10
    has_counts("g10", 0.007).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_holds_nobody_up() {
    // g12
    has_counts("g12", 0.005).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_holds_others_up_is_found() {
    // g12
    let Some(postgres) = Postgres::start() else { return };
    let config = postgres.database();
    let of_a_store = format!("{config} application_name=lro");
    let (holder, waiter) = (session(&of_a_store).await.unwrap(), session(&of_a_store).await.unwrap());
    holder.batch_execute("CREATE TABLE held (n int)").await.unwrap();
    holder.batch_execute("BEGIN; LOCK TABLE held").await.unwrap();
    let _waiting = tokio::spawn(async move { waiter.batch_execute("SELECT * FROM held").await });
    let (admin, begun, long) = (session(&config).await.unwrap(), Instant::now(), Duration::from_millis(300));
    let mut waits = Waits::default();
    while waits.idle < long || waits.lock < long || waits.transaction < long {
        assert!(begun.elapsed() < Duration::from_secs(30), "{waits:?}");
        sleep(Duration::from_millis(50)).await;
        waits = Waits::of(&admin).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_has_its_own_result() {
    // g19
    has_counts("g19", 0.006).await;
}

/// A machine that is slow or busy does not break a count.
async fn has_counts(case: &str, scale: f64) {
    let row = run(case, Scale(scale), Path::new(env!("CARGO_BIN_EXE_durations"))).await.unwrap();
    assert_ne!(row.judgement, Judgement::Broken, "{row}");
}
