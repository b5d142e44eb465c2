//! `cargo test --release -p lro-registry-sqlite --test measured -- --ignored --nocapture` prints the polls a second, beside
//! those of the bare statements on the same table.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::time::{Duration, Instant};

use common::{Folder, SERVICE, claim, entries, reschedule};
use lro_registry::Store;
use rusqlite::{Connection, params};

const TIME: Duration = Duration::from_secs(4);
const RECORDS: usize = 100_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn polls_a_second() {
    for batch in [64, 256, 500] {
        let folder = filled().await;
        let bare = bare_polls_a_second(&folder, batch);
        print!("batches of {batch}: bare statements {bare:.0} polls/s");
        for tasks in [1, 4] {
            let polls = polls_of_tasks(&folder, tasks, batch).await;
            print!(", {tasks} tasks {polls:.0} ({:.2})", polls / bare);
        }
        println!();
    }
}

async fn filled() -> Folder {
    let folder = Folder::new();
    let store = folder.open().await;
    for begin in (0..RECORDS).step_by(1_000) {
        store.register(&entries(begin..begin + 1_000)).await.unwrap();
    }
    folder
}

async fn polls_of_tasks(folder: &Folder, tasks: usize, batch: usize) -> f64 {
    let store = folder.open().await;
    let begin = Instant::now();
    let polls = (0..tasks).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut polls = 0;
            while begin.elapsed() < TIME {
                let claimed = claim(&store, batch).await.records.into_iter();
                let writes: Vec<_> = claimed.map(|it| reschedule(it.fence, Duration::ZERO)).collect();
                polls += store.reschedule(&writes).await.unwrap().len();
            }
            polls
        })
    });
    let mut sum = 0;
    for polls in polls.collect::<Vec<_>>() {
        sum += polls.await.unwrap();
    }
    sum as f64 / begin.elapsed().as_secs_f64()
}

/// Claims and reschedules as a person would write it: one statement for the claim, one for each reschedule, two transactions.
fn bare_polls_a_second(folder: &Folder, batch: usize) -> f64 {
    let connection: Connection = folder.shell();
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384").unwrap();
    let claim = "
        UPDATE records SET due = ?1 + 3600000000, epoch = epoch + 1, claim = randomblob(16), claims = claims + 1
        WHERE id IN (SELECT id FROM records WHERE state = 1 AND service = ?2 AND version = ?3 AND due <= ?1 ORDER BY due LIMIT ?4)
        RETURNING key, epoch, claim, name, kind, saved, cursor";
    let reschedule = "
        UPDATE records SET due = ?4, claim = NULL, claims = 0, saved = ?5, cursor = ?6
        WHERE key = ?1 AND epoch = ?2 AND claim = ?3";
    let (begin, mut polls) = (Instant::now(), 0);
    while begin.elapsed() < TIME {
        let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let claimed: Vec<(String, i64, [u8; 16])> = connection
            .prepare_cached(claim)
            .unwrap()
            .query_map(params![now, SERVICE.key(), SERVICE.version(), batch as i64], |row| {
                let read: (String, String, Vec<u8>, Vec<u8>) =
                    (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
                drop(read);
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        connection.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
        let mut update = connection.prepare_cached(reschedule).unwrap();
        for (key, epoch, claim) in &claimed {
            polls += update
                .execute(params![key, epoch, claim, now, &b"{\"polls\":1}"[..], &[0_u8, 255][..]])
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    polls as f64 / begin.elapsed().as_secs_f64()
}
