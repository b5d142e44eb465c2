//! How the statements behave under settings and plans that a database administrator may have chosen.

mod common;

use std::time::Duration;

use common::{
    claim, complete, database, delivery, entries, entry, number, request, reschedule, session, store,
};
use lro_registry::{
    RecordState, Store,
    store::{Bucket, Finished, ListRequest, Registered, Written},
};

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
