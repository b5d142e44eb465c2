//! The short forms of the crash tests.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{path::Path, time::Duration};

use lro_registry::RecordState;
use registry_benches::{
    scenario::{
        intents::{self, Intents},
        kills::Kills,
        outage::Outage,
        poison::{self, Poison},
        rate::Shared,
    },
    stores::Database,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_processes_are_killed_on_sqlite() {
    // g01, g26
    let verdict = Kills::SHORT.run(program(), Database::sqlite().unwrap()).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(verdict.registered, Kills::SHORT.operations as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_processes_are_killed_on_postgres() {
    // g01
    let Some(database) = Database::postgres() else { return };
    let verdict = Kills::SHORT.run(program(), database).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(verdict.registered, Kills::SHORT.operations as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_take_over_and_fence_what_others_leave() {
    // g01, g03, g14
    let Some(database) = Database::postgres() else { return };
    let report = Outage::SHORT.run(program(), database).await.unwrap();
    assert!(report.verdict.is_clean(), "{report:?}");
    // A record may be claimed by a worker that is killed, and then by the one that is stopped.
    assert!(report.takeover <= 2 * Outage::SHORT.lease + Duration::from_secs(5), "{report:?}");
    assert_eq!(report.cancels, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_never_counts_more_than_the_rate() {
    // g17
    let Some(database) = Database::postgres() else { return };
    let report = Shared::SHORT.run(program(), database).await.unwrap();
    println!("{report:?}");
    // The polls of a worker or of the server that was held up arrive together with later ones.
    let rate = f64::from(Shared::SHORT.rate);
    assert!(report.most as f64 <= rate * (1.0 + 2.0 * report.delay.as_secs_f64()), "{report:?}");
    // At least 0.8 where the machine is not shared.
    assert!(report.mean > 0.1 * rate, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_ends_its_worker_is_set_aside_on_sqlite() {
    // g05
    set_aside(Poison::SHORT.run(program(), Database::sqlite().unwrap()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_ends_its_worker_is_set_aside_on_postgres() {
    // g05
    let Some(database) = Database::postgres() else { return };
    set_aside(Poison::SHORT.run(program(), database).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_of_which_nothing_is_known_is_reported_and_not_repeated_on_sqlite() {
    // g21, SPEC 42
    reported(&Intents::SHORT.run(program(), Database::sqlite().unwrap()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_of_which_nothing_is_known_is_reported_and_not_repeated_on_postgres() {
    // g21, SPEC 42
    let Some(database) = Database::postgres() else { return };
    reported(&Intents::SHORT.run(program(), database).await.unwrap());
}

fn set_aside(report: poison::Report) {
    assert!(report.verdict.is_clean(), "{:?}", report.verdict);
    assert_eq!(report.verdict.delivered, Poison::SHORT.operations as usize - 1);
    assert_eq!(report.record.state, RecordState::SetAside);
    assert!(report.record.error.is_some_and(|reason| !reason.is_empty()));
    assert!(report.restarts > 0, "it would show nothing");
}

fn reported(report: &intents::Report) {
    let all = Intents::SHORT.operations as usize;
    assert_eq!((report.reported, report.starts, report.existed), (all, all, all), "{report:?}");
    assert!(report.verdict.is_clean(), "{report:?}");
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_crash"))
}
