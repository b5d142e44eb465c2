//! How the statements behave under settings and plans that a database administrator may have chosen.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::{
    iter,
    time::{Duration, Instant, SystemTime},
};

use common::{
    claim, complete, database, delivery, entries, entry, number, request, reschedule, session, store, value,
};
use lro::Service;
use lro_registry::{
    RecordState, Store, StoreErrorKind,
    limits::{LONGEST_KEY, LONGEST_WORD},
    store::{Bucket, ClaimRequest, Finished, GiveBack, ListRequest, Registered, Written},
};
use lro_registry_postgres::PostgresStore;
use tokio_postgres::Client;

/// g22 and the life of a record.
#[tokio::test]
async fn a_record_goes_through_its_life() {
    let Some(config) = database() else { return };
    let store = store(&config);
    let mut new = entry("a key with 'quotes', \\ and \u{1f600}");
    new.tag = vec![0, 255, 92, 39];
    let registered = store.register(&[new.clone(), new.clone()]).await.unwrap();
    assert!(matches!(&registered[..], [Registered::New(a), Registered::Existing(b)] if a.key == b.key));
    let claimed = claim(&store, 10).await;
    assert_eq!(claimed.records.len(), 1);
    assert!(claimed.next_due.unwrap() > Duration::from_secs(25));
    let fence = claimed.records[0].fence.clone();
    assert_eq!(store.reschedule(&[reschedule(&fence, Duration::ZERO)]).await.unwrap(), [Written::Stored]);
    assert_eq!(store.reschedule(&[reschedule(&fence, Duration::ZERO)]).await.unwrap(), [Written::Fenced]);
    let claimed = claim(&store, 10).await;
    assert_eq!(claimed.records[0].cursor, b"cursor");
    let mut write = complete(&claimed.records[0].fence);
    write.outcome = vec![0, 1, 2, 255];
    let running = Duration::from_secs(3);
    write.finished = Some(Finished { worker: -5, kind: "report".into(), running, done: None, polls: 2 });
    assert_eq!(store.complete(&[write.clone()]).await.unwrap(), [Written::Stored]);
    assert_eq!(store.finished(0, 10).await.unwrap(), [(1, write.finished.unwrap())]);
    let delivered = store.undelivered(&delivery(5)).await.unwrap();
    assert_eq!((&delivered[0].outcome, &delivered[0].tag), (&vec![0, 1, 2, 255], &new.tag));
    assert_eq!(store.acknowledge(&[delivered[0].fence.clone()]).await.unwrap(), [Written::Stored]);
    let record = store.get(&[new.key.clone()]).await.unwrap().remove(0).unwrap();
    assert_eq!((record.state, record.epoch, record.due), (RecordState::Acknowledged, 3, None));
    let list = ListRequest {
        service: Some(common::service()),
        state: Some(RecordState::Acknowledged),
        ..Default::default()
    };
    assert_eq!(store.list(&list).await.unwrap().len(), 1);
    let health = store.health().await.unwrap();
    assert!(health.details.iter().any(|(name, _)| name == "dead rows"), "{health:?}");
    assert_eq!(store.retain(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(store.forget(&[new.key]).await.unwrap(), [false]);
}

#[tokio::test]
async fn a_value_that_a_person_has_stored_hides_no_other_record() {
    let Some(config) = database() else { return };
    let store = store(&config);
    store.register(&entries("k", 0..2)).await.unwrap();
    let session = session(&config).await;
    session.simple_query("UPDATE lro.records SET name = '../1' WHERE key = 'k000000'").await.unwrap();
    let listed = store.list(&ListRequest::default()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].name.is_none() && listed[1].name.is_some(), "{listed:?}");
}

#[tokio::test]
async fn a_bucket_limits_a_claim() {
    let Some(config) = database() else { return };
    let store = store(&config);
    store.register(&entries("k", 0..30)).await.unwrap();
    let mut request = request(10);
    request.bucket = Some(Bucket { quota: "q".into(), capacity: 7.0, refill: 0.01 });
    let claimed = store.claim(&request).await.unwrap();
    assert_eq!(claimed.records.len(), 1, "a new bucket has one token");
    assert!(claimed.next_token > Duration::from_secs(90), "{:?}", claimed.next_token);
    let session = session(&config).await;
    session.simple_query("UPDATE lro.buckets SET tokens = 100").await.unwrap();
    assert_eq!(store.claim(&request).await.unwrap().records.len(), 7);
    assert_eq!(number(&session, "SELECT floor(tokens)::bigint FROM lro.buckets").await, 0);
}
/// g06
#[tokio::test]
async fn a_lease_begins_after_the_lock_is_held() {
    let Some(config) = database() else { return };
    let store = store(&config);
    store.register(&entries("k", 0..99)).await.unwrap();
    let bucket = Bucket { quota: "q".into(), capacity: 100.0, refill: 1.0 };
    let request = move || ClaimRequest { bucket: Some(bucket.clone()), ..request(100) };
    let begun = Instant::now();
    assert_eq!(store.claim(&request()).await.unwrap().records.len(), 1);
    let emptied = Instant::now();
    let session = session(&config).await;
    session.batch_execute("BEGIN; SELECT * FROM lro.buckets FOR UPDATE").await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.claim(&request()).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (committed, least) = (Instant::now(), emptied.elapsed().as_secs());
    session.batch_execute("COMMIT").await.unwrap();
    let claimed = waiting.await.unwrap();
    // One token each second: neither none for the time of the wait nor a refill for it twice.
    let refilled = least as usize..=begun.elapsed().as_secs() as usize;
    let number_claimed = claimed.records.len();
    assert!(refilled.contains(&number_claimed), "{number_claimed} of {refilled:?} records");
    let key = &claimed.records[0].fence.key;
    let left =
        number(&session, &format!("SELECT due - lro.now_v1() FROM lro.records WHERE key = '{key}'")).await;
    let age = i64::try_from(committed.elapsed().as_micros()).unwrap();
    assert!(left + age > 28_500_000, "the lease is {left} us long after {age} us");
}

/// g07
#[tokio::test]
async fn times_do_not_depend_on_the_zone_of_the_session() {
    let Some(config) = database() else { return };
    let mut kept = Vec::new();
    for zone in ["UTC", "Asia/Kolkata", "America/New_York"] {
        let session = session(&config).await;
        let role = format!("zone_{}", zone.to_lowercase().replace('/', "_"));
        let sql = format!(
            "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET TimeZone = '{zone}'; \
            ALTER ROLE {role} SET DateStyle = 'German'; ALTER ROLE {role} SET IntervalStyle = 'sql_standard'; \
            ALTER ROLE {role} SET bytea_output = 'escape'; ALTER ROLE {role} SET extra_float_digits = -5; \
            ALTER ROLE {role} SET standard_conforming_strings = off"
        );
        session.batch_execute(&sql).await.unwrap();
        let store = store(&config.replace("user=postgres", &format!("user={role}")));
        let mut entry = entry(zone);
        entry.delay = Duration::from_secs(200 * 24 * 3_600);
        entry.tag = vec![0, 92, 200];
        store.register(&[entry]).await.unwrap();
        let record = store.get(&[zone.to_owned()]).await.unwrap().remove(0).unwrap();
        assert_eq!(record.tag, [0, 92, 200]);
        let delay = record.due.unwrap().duration_since(record.created).unwrap();
        assert_eq!(delay, Duration::from_secs(200 * 24 * 3_600), "over a change of summer time");
        let off = SystemTime::now().duration_since(record.created).unwrap_or_else(|error| error.duration());
        assert!(off < Duration::from_secs(60), "{off:?}");
        kept.push(zone.to_owned());
    }
    assert!(claim(&store(&config), 10).await.records.is_empty());
}

/// g08
#[tokio::test]
async fn no_plan_claims_too_many() {
    let Some(config) = database() else { return };
    let session = session(&config).await;
    let settings = [
        "enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off",
        "enable_nestloop = off; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_tidscan = off",
        "enable_sort = off; SET enable_material = off; SET plan_cache_mode = force_custom_plan",
        "enable_nestloop = off; SET plan_cache_mode = force_generic_plan; SET jit_above_cost = 0",
    ];
    for thousand in entries("k", 0..10_000).chunks(1_000) {
        store(&config).register(thousand).await.unwrap();
    }
    session.batch_execute("CREATE TABLE lro.taken (n bigint)").await.unwrap();
    let mut workers = Vec::new();
    for (i, settings) in settings.iter().enumerate() {
        let role = format!(
            "plan_{i}_{}",
            number(&session, "SELECT oid FROM pg_database WHERE datname = current_database()").await
        );
        session.batch_execute(&format!("CREATE ROLE {role} LOGIN SUPERUSER")).await.unwrap();
        for setting in settings.split("; SET ") {
            session.batch_execute(&format!("ALTER ROLE {role} SET {setting}")).await.unwrap();
        }
        let store = store(&config.replace("user=postgres", &format!("user={role}")));
        workers.push(tokio::spawn(async move {
            let bucket = Bucket { quota: "q".into(), capacity: 1e6, refill: 1e6 };
            let mut sizes = Vec::new();
            while sizes.last() != Some(&0) || sizes.len() < 3 {
                let request = ClaimRequest {
                    bucket: Some(bucket.clone()),
                    lease: Duration::from_secs(600),
                    is_random: sizes.len() % 2 == 0,
                    ..request(10)
                };
                sizes.push(store.claim(&request).await.unwrap().records.len());
            }
            sizes
        }));
    }
    let mut all = 0;
    for worker in workers {
        let sizes = worker.await.unwrap();
        assert!(sizes.iter().all(|size| *size <= 10), "{sizes:?}");
        all += sizes.iter().sum::<usize>();
    }
    assert_eq!(all, 10_000, "each record once");
    assert_eq!(
        number(&session, "SELECT count(*) FROM lro.records WHERE epoch = 1 AND claims = 1").await,
        10_000
    );
}

/// g08, g17: as many tokens are spent as records are claimed.
#[tokio::test]
async fn tokens_spent_are_records_claimed() {
    let Some(config) = database() else { return };
    let (store, session) = (store(&config), session(&config).await);
    store.register(&entries("k", 0..1_000)).await.unwrap();
    let bucket = Bucket { quota: "q".into(), capacity: 1e6, refill: 0.0 };
    store.claim(&ClaimRequest { bucket: Some(bucket.clone()), ..request(0) }).await.unwrap();
    session.batch_execute("UPDATE lro.buckets SET tokens = 777").await.unwrap();
    let mut workers = Vec::new();
    for _ in 0..8 {
        let (store, bucket) = (store.clone(), bucket.clone());
        workers.push(tokio::spawn(async move {
            let mut all = 0;
            for most in 1..30 {
                let request = ClaimRequest { bucket: Some(bucket.clone()), ..request(most) };
                all += store.claim(&request).await.unwrap().records.len();
            }
            all
        }));
    }
    let mut all = 0;
    for worker in workers {
        all += worker.await.unwrap();
    }
    assert_eq!(all, 777);
    assert_eq!(value(&session, "SELECT tokens FROM lro.buckets").await, "0");
}

/// g11
#[tokio::test]
async fn numbers_are_64_bits_wide_and_repeated_registrations_use_up_none() {
    let Some(config) = database() else { return };
    let (store, session) = (store(&config), session(&config).await);
    store.register(&entries("k", 0..3)).await.unwrap();
    for (epoch, history) in [(i64::from(i32::MAX) - 1, 1_i64 << 40), (1 << 53, 1 << 53)] {
        let sql = format!(
            "UPDATE lro.records SET epoch = {epoch}, state = 1, due = lro.now_v1(), claims = 0; \
            ALTER TABLE lro.finished ALTER COLUMN id RESTART WITH {history}; \
            INSERT INTO lro.finished (number, worker, kind, running, polls) VALUES ({history}, 1, 'k', 1, 1)"
        );
        session.batch_execute(&sql).await.unwrap();
        let claimed = claim(&store, 3).await;
        assert_eq!(claimed.records[0].fence.epoch, epoch + 1);
        let [a, b, c] = &claimed.records[..] else { panic!("{claimed:?}") };
        assert_eq!(
            store.reschedule(&[reschedule(&a.fence, Duration::MAX)]).await.unwrap(),
            [Written::Stored]
        );
        let mut write = complete(&b.fence);
        let running = Duration::MAX;
        write.finished =
            Some(Finished { worker: i64::MIN, kind: "k".into(), running, done: None, polls: u32::MAX });
        assert_eq!(store.complete(&[write]).await.unwrap(), [Written::Stored]);
        let given = GiveBack { fence: c.fence.clone(), delay: Duration::MAX, counts: false, error: None };
        assert_eq!(store.give_back(&[given]).await.unwrap(), [Written::Stored]);
        assert_eq!(store.undelivered(&delivery(1)).await.unwrap()[0].fence.epoch, epoch + 2);
        assert_eq!(store.finished(history, 9).await.unwrap()[0].0, history + 1);
    }
    let long = random_text(LONGEST_KEY);
    let mut longest = entry("x");
    longest.key = long.clone();
    longest.fingerprint = long;
    // An index entry has room for the longest key, but not for the longest service beside it.
    longest.service = Service::owned(random_text(LONGEST_WORD), random_text(LONGEST_WORD));
    for _ in 0..50 {
        store.register(&vec![longest.clone(); 200]).await.unwrap();
    }
    assert_eq!(
        number(&session, "SELECT count(*) FROM pg_sequences WHERE schemaname = 'lro'").await,
        1,
        "of `finished`"
    );
    assert_eq!(number(&session, "SELECT count(*) FROM lro.records").await, 4);
    let mut longer = entry("x");
    longer.key = random_text(30_000);
    let error = store.register(&[entry("beside"), longer]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}");
    assert_eq!(store.get(&["beside".to_owned()]).await.unwrap(), [None], "nothing of the batch is stored");
}

/// g22
#[tokio::test]
async fn bytes_come_back_bit_by_bit() {
    let Some(config) = database() else { return };
    let store = store(&config);
    let values: [Vec<u8>; 5] = [
        vec![],
        vec![0],
        vec![0xff, 0xfe, 0],
        br#""\ud800""#.to_vec(),
        (0..8 << 20).map(|i| (i % 251) as u8).collect(),
    ];
    for (i, value) in values.into_iter().enumerate() {
        let mut entry = entry(&format!("k{i}"));
        entry.tag.clone_from(&value);
        store.register(&[entry.clone()]).await.unwrap();
        let fence = claim(&store, 1).await.records.remove(0).fence;
        let mut write = reschedule(&fence, Duration::ZERO);
        write.state.clone_from(&value);
        write.cursor.clone_from(&value);
        write.error = Some("a NUL: \0, a quote: '".to_owned());
        store.reschedule(&[write]).await.unwrap();
        let record = claim(&store, 1).await.records.remove(0);
        assert!(record.state == value && record.cursor == value);
        let mut write = complete(&record.fence);
        write.outcome.clone_from(&value);
        store.complete(&[write]).await.unwrap();
        let record = store.get(&[entry.key]).await.unwrap().remove(0).unwrap();
        assert!(record.outcome.as_ref() == Some(&value) && record.tag == value);
    }
}

/// g24: a removal counts from the acknowledgement, and in small batches.
#[tokio::test]
async fn only_acknowledged_records_are_removed() {
    let Some(config) = database() else { return };
    let (store, session) = (store(&config), session(&config).await);
    store.register(&entries("k", 0..500)).await.unwrap();
    let day = 86_400_000_000_i64;
    let sql = format!(
        "UPDATE lro.records SET created = lro.now_v1() - 40 * {day}; \
        UPDATE lro.records SET state = 3, outcome = 'x' WHERE key < 'k000400'; \
        UPDATE lro.records SET state = 4, due = NULL, acknowledged = lro.now_v1() - 10 * {day} WHERE key < 'k000300'; \
        UPDATE lro.records SET acknowledged = lro.now_v1() - 31 * {day} WHERE key < 'k000200'"
    );
    session.batch_execute(&sql).await.unwrap();
    let month = Duration::from_secs(30 * 86_400);
    assert_eq!(store.retain(month, 150).await.unwrap(), 150);
    assert_eq!(store.retain(month, 150).await.unwrap(), 50);
    assert_eq!(store.retain(month, 150).await.unwrap(), 0);
    assert_eq!(number(&session, "SELECT count(*) FROM lro.records").await, 300);
}

/// g18: a claim reads as many index entries as it returns, whatever is due for other services.
#[tokio::test]
async fn a_claim_does_not_read_what_belongs_to_others() {
    let Some(config) = database() else { return };
    let (store, session) = (one_connection(&config), session(&config).await);
    store.register(&entries("b", 0..100)).await.unwrap();
    session
        .batch_execute("INSERT INTO lro.records (key, state, service, version, name, kind, fingerprint, created, due) \
            SELECT 'a' || i, 1, 'a.googleapis.com', 'v1', 'operations/a', 'k', 'f', 0, i FROM generate_series(1, 50000) AS i")
        .await
        .unwrap();
    session.batch_execute("SELECT pg_stat_force_next_flush(); SELECT pg_stat_reset()").await.unwrap();
    for _ in 0..10 {
        assert_eq!(claim(&store, 10).await.records.len(), 10);
    }
    let sql = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'records_due'";
    let read = counted(&store, &session, sql, 100).await;
    assert!((100..2_000).contains(&read), "{read} index entries");
}

/// g18: a claim at random reads a part of what is due, not all of it: 1,000 entries at the newer end, up to 20,000 at the older one.
#[tokio::test]
async fn a_claim_at_random_reads_a_part() {
    let Some(config) = database() else { return };
    let (store, session) = (one_connection(&config), session(&config).await);
    store.connect().await.unwrap();
    session
        .batch_execute("INSERT INTO lro.records (key, state, service, version, name, kind, fingerprint, created, due) \
            SELECT 'a' || i, 1, 'example.googleapis.com', 'v1', 'operations/a', 'k', 'f', 0, i FROM generate_series(1, 50000) AS i")
        .await
        .unwrap();
    session.batch_execute("SELECT pg_stat_force_next_flush(); SELECT pg_stat_reset()").await.unwrap();
    for _ in 0..20 {
        let claimed = store.claim(&ClaimRequest { is_random: true, ..request(10) }).await.unwrap();
        assert_eq!((claimed.records.len(), claimed.next_due), (10, Some(Duration::ZERO)));
    }
    let sql = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'records'";
    let read = counted(&store, &session, sql, 20_000).await;
    assert!((20_000..425_000).contains(&read), "{read} index entries");
    let scans =
        number(&session, "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'records'").await;
    assert_eq!(scans, 0, "rows that were read without an index");
    let sql =
        "SELECT count(*) FROM lro.records WHERE epoch > 0 AND substr(key, 2)::bigint BETWEEN 10201 AND 48800";
    assert_eq!(number(&session, sql).await, 0, "records in the middle");
    // The oldest records that were not drawn are still found.
    let rest = claim(&store, 50_000).await;
    assert_eq!(rest.records.len(), 50_000 - 200);
}

/// A store whose calls all have the same session, and time for a claim of 50,000 records.
fn one_connection(config: &str) -> PostgresStore {
    PostgresStore::builder(config).connections(1).timeout(Duration::from_secs(60)).build().unwrap()
}

/// Reads a statistic until it is large enough, at most for 30 s. Those of a session arrive when it has been idle for a second.
async fn counted(store: &PostgresStore, session: &Client, sql: &str, least: i64) -> i64 {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        store.connect().await.unwrap();
        let counted = number(session, sql).await;
        if counted >= least || begun.elapsed() > Duration::from_secs(30) {
            return counted;
        }
    }
}

/// A text that does not compress: an index entry is compressed before its size is checked.
fn random_text(length: usize) -> String {
    iter::repeat_with(|| fastrand::char('!'..='~')).take(length).collect()
}
