//! What the tests of this crate share.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::time::Duration;

use lro::{OperationName, Service};
use lro_registry::{
    Store,
    store::{ClaimId, ClaimRequest, Claimed, Complete, DeliveryRequest, Entry, Fence, Reschedule},
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// An empty database of the server that the tests of this binary share. `None` skips the test.
pub(crate) fn database() -> Option<String> {
    Some(Postgres::shared()?.database())
}

pub(crate) fn store(config: &str) -> PostgresStore {
    // A busy machine may take more than the default.
    PostgresStore::builder(config).timeout(Duration::from_secs(60)).build().unwrap()
}

pub(crate) fn service() -> Service {
    Service::new("example.googleapis.com", "v1")
}

pub(crate) fn entry(key: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        service: service(),
        name: Some(OperationName::parse(&format!("operations/{key}")).unwrap()),
        kind: "report".to_owned(),
        fingerprint: "f".to_owned(),
        tag: b"tag".to_vec(),
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: Vec::new(),
        intent: None,
    }
}

pub(crate) fn entries(prefix: &str, range: std::ops::Range<usize>) -> Vec<Entry> {
    range.map(|i| entry(&format!("{prefix}{i:06}"))).collect()
}

pub(crate) fn request(most: usize) -> ClaimRequest {
    ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most,
        lease: Duration::from_secs(30),
        most_claims: 5,
        is_random: false,
        bucket: None,
    }
}

pub(crate) async fn claim(store: &impl Store, most: usize) -> Claimed {
    store.claim(&request(most)).await.unwrap()
}

pub(crate) fn reschedule(fence: &Fence, delay: Duration) -> Reschedule {
    Reschedule {
        fence: fence.clone(),
        name: None,
        delay,
        state: b"state".to_vec(),
        cursor: b"cursor".to_vec(),
        cancel: lro_registry::store::CancelStep::NotSeen,
        failures: 0,
        error: None,
    }
}

pub(crate) fn complete(fence: &Fence) -> Complete {
    Complete {
        fence: fence.clone(),
        name: None,
        outcome: b"outcome".to_vec(),
        state: b"state".to_vec(),
        finished: None,
    }
}

pub(crate) fn delivery(most: usize) -> DeliveryRequest {
    DeliveryRequest {
        claim: ClaimId::random(),
        most,
        lease: Duration::from_secs(30),
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(60),
    }
}

/// A session of a person, beside the store.
pub(crate) async fn session(config: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The first value of a query.
pub(crate) async fn value(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    });
    row.unwrap_or_default()
}

pub(crate) async fn number(client: &Client, sql: &str) -> i64 {
    value(client, sql).await.parse().unwrap()
}
