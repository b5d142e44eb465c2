//! A store with many records. `LRO_SQLITE_RECORDS=1000000 cargo test --release -p lro-registry-sqlite --test large -- --nocapture`
//! prints the times with a million of each kind. Without the variable, the store has 60,000.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    env,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use common::{Folder, LEASE, SERVICE, claim, entries, entry, reschedule};
use lro::Service;
use lro_registry::{
    RecordState, Store, StoreError,
    store::{Entry, ListRequest},
};
use lro_registry_sqlite::SqliteStore;

/// What a call may take, whatever the number of records. Most take less than a hundredth of it.
const LONGEST: Duration = Duration::from_secs(1);
/// A slow call is repeated: another test or program may have had the processor and the disk.
const ATTEMPTS: usize = 10;

#[tokio::test]
async fn a_store_with_many_records_opens_at_once_and_every_call_is_bounded() {
    let folder = many().await;
    measure("open", || async { SqliteStore::open(folder.file()).await }).await;
    let store = folder.open().await;
    measure("health", || store.health()).await;
    measure("claim", || async { store.claim(&common::claim_request(100)).await }).await;
    let claimed = claim(&store, 100).await.records.into_iter();
    let writes: Vec<_> = claimed.map(|it| reschedule(it.fence, LEASE)).collect();
    measure("reschedule", || store.reschedule(&writes)).await;
    measure("undelivered", || async { store.undelivered(&common::delivery(100)).await }).await;
    measure("retain", || store.retain(Duration::ZERO, 500)).await;
    let new = entries(9_000_000..9_000_100);
    measure("register", || store.register(&new)).await;
    measure("finished", || store.finished(0, 100)).await;
    let states = [
        RecordState::Intent,
        RecordState::Pending,
        RecordState::SetAside,
        RecordState::Finished,
        RecordState::Acknowledged,
    ];
    let services = [
        None,
        Some(SERVICE),
        Some(Service::new("rare.googleapis.com", "v1")),
        Some(Service::new("none", "")),
    ];
    for state in [None].into_iter().chain(states.map(Some)) {
        for service in &services {
            for overdue in [false, true] {
                for after in [None, Some("key-0030000".to_owned()), Some("z".to_owned())] {
                    let request = ListRequest {
                        state,
                        service: service.clone(),
                        overdue,
                        after,
                        ..ListRequest::default()
                    };
                    let time = fastest(|| store.list(&request)).await;
                    if time > Duration::from_millis(20) {
                        println!("{request:?}: {time:?}");
                    }
                    assert!(time < LONGEST, "{request:?}: {time:?}");
                }
            }
        }
    }
}

#[tokio::test] // g24
async fn removal_counts_from_the_acknowledgement_in_small_batches_while_claims_go_on() {
    let folder = many().await;
    let store = folder.open().await;
    // Operations that ran for 40 days and were acknowledged just now, and some that wait for it.
    let days = |days: i64| days * 24 * 3_600 * 1_000_000;
    let shell = folder.shell();
    shell.execute("UPDATE records SET created = created - ?1", [days(40)]).unwrap();
    shell
        .execute(
            "UPDATE records SET acknowledged = acknowledged - ?1 WHERE state = 4 AND id % 2 = 0",
            [days(31)],
        )
        .unwrap();
    let count = |state: i64| -> i64 {
        let sql = "SELECT count(*) FROM records WHERE state = ?1";
        folder.shell().query_row(sql, [state], |row| row.get(0)).unwrap()
    };
    let old: i64 = count(4) / 2;
    let before = [0, 1, 2, 3].map(count);
    let stop = Arc::new(AtomicBool::new(false));
    let claims = tokio::spawn({
        let (store, stop) = (store.clone(), Arc::clone(&stop));
        async move {
            let mut longest = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let begin = Instant::now();
                claim(&store, 10).await;
                longest = longest.max(begin.elapsed());
            }
            longest
        }
    });
    let mut removed = 0;
    loop {
        match store.retain(Duration::from_secs(30 * 24 * 3_600), 500).await.unwrap() {
            0 => break,
            more => {
                assert!(more <= 500, "{more}");
                removed += i64::try_from(more).unwrap();
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let longest = claims.await.unwrap();
    println!("the longest claim while {removed} records were removed: {longest:?}");
    assert!(longest < 20 * LONGEST, "{longest:?}");
    assert_eq!(removed, old);
    assert_eq!(([0, 1, 2, 3].map(count), count(4)), (before, old));
    let payloads = "SELECT count(*) FROM payloads WHERE id NOT IN (SELECT id FROM records)";
    assert_eq!(folder.shell().query_row(payloads, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let indexed = "SELECT count(*) FROM records INDEXED BY records_due WHERE state = 1";
    assert_eq!(folder.shell().query_row(indexed, [], |row| row.get::<_, i64>(0)).unwrap(), count(1));
}

async fn measure<T, F: Future<Output = Result<T, StoreError>>>(name: &str, call: impl Fn() -> F) {
    let time = fastest(call).await;
    println!("{name}: {time:?}");
    assert!(time < LONGEST, "{name}: {time:?}");
}

/// Returns the shortest time that a call takes, of one attempt if that was not slow.
async fn fastest<T, F: Future<Output = Result<T, StoreError>>>(call: impl Fn() -> F) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let begin = Instant::now();
        call().await.unwrap();
        let time = begin.elapsed();
        fastest = fastest.min(time);
        if fastest < LONGEST {
            break;
        }
        println!("slow, and repeated: {time:?}");
    }
    fastest
}

/// A store with many pending, finished and acknowledged records, of which half are due, and some of a rare service.
async fn many() -> Folder {
    let folder = Folder::new();
    let store = folder.open().await;
    let rare = Entry { service: Service::new("rare.googleapis.com", "v1"), ..entry("rare") };
    store.register(&[rare]).await.unwrap();
    let count: i64 = env::var("LRO_SQLITE_RECORDS").map_or(20_000, |count| count.parse().unwrap());
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    let sql = "
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * 3)
        INSERT INTO records (key, service, version, name, kind, fingerprint, state, created, due, acknowledged)
        SELECT format('key-%07d', i), 'example.googleapis.com', 'v1', 'operations/' || i, 'report', '',
            CASE i % 3 WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 4 END, ?2, CASE i % 3 WHEN 2 THEN NULL ELSE ?2 + (i % 2) * 3600000000 END,
            CASE i % 3 WHEN 2 THEN ?2 END
        FROM n";
    folder.shell().execute(sql, [count, now]).unwrap();
    folder.shell().execute("INSERT INTO payloads (id, tag) SELECT id, x'00' FROM records", []).unwrap();
    folder
}
