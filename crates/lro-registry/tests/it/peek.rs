//! A record without its payloads.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use lro_registry::{
    Record, Registry, Store, StoreErrorKind,
    store::{ClaimId, ClaimRequest, Complete, Entry},
};

use super::common::{self, Fault, HookedStore, service};

// g29
#[tokio::test]
async fn a_record_is_read_without_its_payloads() {
    let store = HookedStore::new();
    let keys =
        ["a", "b", "key-0001", "key-0002", "key-0003", "key-0002\u{10ffff}x", "é", "\u{e000}", "𝄞", "k", ""];
    store.register(&keys.map(entry)).await.unwrap();
    let registry = Registry::new(store.clone());
    finish(&store, keys.len()).await;
    let mut bare = Vec::new();
    for key in keys {
        let whole = registry.get(key).await.unwrap().unwrap();
        assert!(!whole.tag.is_empty() && whole.outcome.is_some(), "{whole:?}");
        bare.push(without_payloads(whole));
    }
    let none = ["nothing", "key-0", "key-00020", "\0", "a\0", "aa"];
    let peek = async |key: &str| {
        let record = registry.peek(key).await.unwrap();
        assert!(record.as_ref().is_none_or(|record| record.tag.is_empty() && record.outcome.is_none()));
        record.map(without_payloads)
    };
    for (key, bare) in keys.iter().zip(&bare) {
        assert_eq!(peek(key).await.as_ref(), Some(bare), "{key:?}");
    }
    for key in none {
        assert_eq!(peek(key).await, None, "{key:?}");
    }
    // The store reads no payload, except for a key that has no key before it, or that is next to a strange one.
    store.hook(|call, _| if call == "get" { Fault::Fails(StoreErrorKind::Other) } else { Fault::None });
    for key in keys.iter().filter(|key| !["", "key-0003"].contains(key)) {
        assert!(peek(key).await.is_some(), "{key:?}");
    }
    assert!(registry.peek("key-0003").await.is_err());
}

/// Empties the payloads, and the age, which grows.
fn without_payloads(mut record: Record) -> Record {
    record.age = Duration::ZERO;
    (record.tag, record.saved, record.outcome) = (Vec::new(), Vec::new(), None);
    record
}

fn entry(key: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        service: service(),
        name: Some(common::name("operations/7")),
        kind: "kind".to_owned(),
        fingerprint: String::new(),
        tag: vec![7; 1_000],
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: vec![b' '; 10],
        intent: None,
    }
}

async fn finish(store: &HookedStore, most: usize) {
    let request = ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most,
        lease: Duration::from_secs(60),
        most_claims: 5,
        is_random: false,
        bucket: None,
    };
    let write =
        |fence| Complete { fence, name: None, outcome: vec![7; 1_000], state: vec![7], finished: None };
    let claimed = store.claim(&request).await.unwrap().records;
    let writes: Vec<_> = claimed.into_iter().map(|record| write(record.fence)).collect();
    assert_eq!(writes.len(), most);
    store.complete(&writes).await.unwrap();
}
