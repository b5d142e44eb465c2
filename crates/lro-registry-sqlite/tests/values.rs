//! Values at the edges: bytes of any kind, long keys, large numbers, time zones.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    env,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use common::{Folder, LEASE, claim, claim_request, complete, delivery, entries, entry, get, reschedule};
use lro::OperationName;
use lro_registry::{
    Store,
    limits::{LARGEST_PAYLOAD, LONGEST_KEY},
    store::{ClaimRequest, Complete, Entry, Finished, GiveBack, Registered, Written},
};
use lro_registry_sqlite::SqliteStore;

#[tokio::test] // g22
async fn payloads_come_back_bit_by_bit() {
    let folder = Folder::new();
    let store = folder.open().await;
    let large = vec![0xd8; LARGEST_PAYLOAD];
    let payloads = [&b""[..], b"\0", b"a\0b", &[0xff, 0xfe, 0xd8, 0x00], br#""\ud800""#, &large];
    for (number, payload) in payloads.iter().enumerate() {
        let key = format!("key-{number}");
        let bytes = payload.to_vec();
        let new = Entry { tag: bytes.clone(), state: bytes.clone(), ..entry(&key) };
        store.register(&[new]).await.unwrap();
        let fence = claim(&store, 1).await.records.remove(0).fence;
        let mut write = reschedule(fence, Duration::ZERO);
        (write.state, write.cursor, write.error) = (bytes.clone(), bytes.clone(), Some("a\0b".to_owned()));
        store.reschedule(&[write]).await.unwrap();
        let claimed = claim(&store, 1).await.records.remove(0);
        assert!(claimed.state == *payload && claimed.cursor == *payload);
        let failed = get(&store, &key).await.unwrap();
        assert_eq!(failed.error.as_deref(), Some("a\u{fffd}b"));
        let mut write = complete(claimed.fence, payload);
        write.state = bytes.clone();
        store.complete(&[write]).await.unwrap();
        let outcome = store.undelivered(&delivery(1)).await.unwrap().remove(0);
        assert!(outcome.outcome == *payload && outcome.tag == *payload && outcome.state == *payload);
        let record = get(&store, &key).await.unwrap();
        assert!(record.outcome.as_deref() == Some(*payload) && record.tag == *payload);
    }
}

#[tokio::test] // g11
async fn counters_have_64_bits_and_long_keys_fit() {
    let folder = Folder::new();
    let store = folder.open().await;
    let key: String = (0..LONGEST_KEY).map(|_| fastrand::alphanumeric()).collect();
    let name: String = (0..OperationName::MAX_LEN).map(|_| fastrand::alphanumeric()).collect();
    let name = OperationName::parse(&name).unwrap();
    store.register(&[Entry { name: Some(name.clone()), ..entry(&key) }]).await.unwrap();
    let shell = folder.shell();
    for (epoch, counts) in [((1 << 31) - 5, (1_i64 << 31) - 5), (1 << 53, (1 << 32) - 6)] {
        let sql = "UPDATE records SET epoch = ?1, claims = ?2, deliveries = ?2, due = 0";
        shell.execute(sql, [epoch, counts]).unwrap();
        for step in 1..10 {
            let request = ClaimRequest { lease: Duration::ZERO, most_claims: u32::MAX, ..claim_request(1) };
            let claimed = store.claim(&request).await.unwrap();
            let Some(claimed) = claimed.records.into_iter().next() else { break };
            assert_eq!((claimed.fence.epoch, &claimed.fence.key, &claimed.name), (epoch + step, &key, &name));
            assert_eq!(i64::from(claimed.claims), counts + step);
        }
        store.take_back(std::slice::from_ref(&key)).await.unwrap();
    }
    let fence = claim(&store, 1).await.records.remove(0).fence;
    let finished = Finished {
        worker: i64::MIN,
        kind: "k".to_owned(),
        running: Duration::MAX,
        done: Some(Duration::MAX),
        polls: u32::MAX,
    };
    let write = Complete { finished: Some(finished.clone()), ..complete(fence, b"") };
    shell.execute("INSERT INTO finished VALUES (?1, 0, 'k', 0, 0, 0)", [1_i64 << 53]).unwrap();
    assert_eq!(store.complete(&[write]).await.unwrap(), [Written::Stored]);
    let (number, read) = store.finished(1 << 53, 9).await.unwrap().remove(0);
    assert_eq!((number, read.worker, read.polls), ((1 << 53) + 1, i64::MIN, u32::MAX));
}

#[tokio::test]
async fn the_history_of_each_kind_is_trimmed_also_of_kinds_that_alternate() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..2_000)).await.unwrap();
    let records = claim(&store, 2_000).await.records;
    assert_eq!(records.len(), 2_000);
    let writes = records.into_iter().zip(["create", "delete"].into_iter().cycle()).map(|(record, kind)| {
        let finished = Finished {
            worker: 1,
            kind: kind.to_owned(),
            running: Duration::ZERO,
            done: Some(Duration::ZERO),
            polls: 1,
        };
        Complete { finished: Some(finished), ..complete(record.fence, b"") }
    });
    store.complete(&writes.collect::<Vec<_>>()).await.unwrap();
    for kind in ["create", "delete"] {
        let sql = "SELECT count(*) FROM finished WHERE kind = ?1";
        let kept: i64 = folder.shell().query_row(sql, [kind], |row| row.get(0)).unwrap();
        assert!((64..1_000).contains(&kept), "{kind}: {kept}");
    }
}

#[tokio::test] // g11
async fn a_key_that_is_registered_again_and_again_uses_nothing_up() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&[entry("key")]).await.unwrap();
    for _ in 0..50 {
        let registered = store.register(&vec![entry("key"); 1_000]).await.unwrap();
        assert!(registered.iter().all(|it| matches!(it, Registered::Existing(_))));
    }
    store.register(&[entry("next")]).await.unwrap();
    let last: i64 = folder.shell().query_row("SELECT max(id) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!(last, 2);
}

#[tokio::test]
async fn a_value_that_a_person_has_stored_stops_no_claim() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..2)).await.unwrap();
    folder.shell().execute_batch("UPDATE records SET cancel = 3").unwrap();
    assert_eq!(claim(&store, 2).await.records.len(), 2);
}

#[tokio::test]
async fn a_relative_path_is_resolved_once() {
    let missing = Path::new("no such folder").join("registry.db");
    let error = SqliteStore::open(&missing).await.unwrap_err().to_string();
    assert!(error.contains(&*env::current_dir().unwrap().join(missing).to_string_lossy()), "{error}");
}

#[tokio::test]
async fn the_longest_durations_do_not_overflow() {
    let folder = Folder::new();
    let store = folder.open().await;
    let new = Entry { deadline: Some(Duration::MAX), ..entry("key") };
    store.register(&[new, Entry { delay: Duration::MAX, ..entry("later") }]).await.unwrap();
    let request =
        ClaimRequest { lease: Duration::MAX, bucket: Some(common::bucket(f64::NAN)), ..claim_request(1) };
    let fence = store.claim(&request).await.unwrap().records.remove(0).fence;
    let back = GiveBack { fence: fence.clone(), delay: Duration::MAX, counts: false, error: None };
    assert_eq!(store.give_back(&[back]).await.unwrap(), [Written::Stored]);
    assert_eq!(store.retain(Duration::MAX, usize::MAX).await.unwrap(), 0);
    let next = claim(&store, usize::MAX).await.next_due.unwrap();
    assert!(next > Duration::from_secs(90 * 365 * 24 * 3_600));
}

#[tokio::test] // g06, g17
async fn a_clock_that_goes_back_adds_no_token_and_does_not_stop_the_bucket() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..100)).await.unwrap();
    let request = || ClaimRequest { bucket: Some(common::bucket(1_000.0)), ..claim_request(100) };
    let first = store.claim(&request()).await.unwrap();
    assert_eq!(first.records.len(), 1, "a new bucket has one token");
    let shell = folder.shell();
    shell.execute_batch("UPDATE buckets SET tokens = 0, updated = updated + 3600000000").unwrap();
    let claimed = store.claim(&request()).await.unwrap();
    assert_eq!((claimed.records.len(), claimed.next_token > Duration::ZERO), (0, true));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(store.claim(&request()).await.unwrap().records.len(), 10);
}

#[tokio::test] // g07
async fn the_time_zone_of_a_process_changes_no_stored_time() {
    let folder = Folder::new();
    let store = folder.open().await;
    for zone in ["UTC", "Asia/Kolkata", "America/New_York"] {
        let test = ["process_of_another_zone", "--exact", "--ignored"];
        let mut other = Command::new(env::current_exe().unwrap());
        let done = other.args(test).env("STORE", folder.file()).env("TZ", zone).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        let record = get(&store, zone).await.unwrap();
        let due = record.due.unwrap().duration_since(SystemTime::now()).unwrap();
        assert!(due <= LEASE && due > LEASE / 2, "{zone}: {due:?}");
        assert!(record.age < LEASE / 2, "{zone}: {:?}", record.age);
    }
    assert_eq!(claim(&store, 9).await.records, []);
}

#[tokio::test]
#[ignore = "a part of another test"]
async fn process_of_another_zone() {
    let store = SqliteStore::open(env::var("STORE").unwrap()).await.unwrap();
    store.register(&[Entry { delay: LEASE, ..entry(env::var("TZ").unwrap()) }]).await.unwrap();
    assert_eq!(claim(&store, 9).await.records, []);
    assert_eq!(store.retain(Duration::ZERO, 9).await.unwrap(), 0);
}
