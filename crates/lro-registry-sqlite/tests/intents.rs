//! Intents that are resolved or given up from outside of the starting call.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::time::Duration;

use common::{Folder, LEASE, claim, complete, entry, get};
use lro_registry::{
    RecordState, Store,
    store::{ClaimId, Entry, Fence, GiveBack, Intent, Registered, Written},
};
use lro_registry_sqlite::SqliteStore;

async fn intent(store: &SqliteStore) -> Fence {
    let intent = Intent { claim: ClaimId::random(), lease: LEASE };
    let new = Entry { name: None, tag: b"old".to_vec(), intent: Some(intent), ..entry("key") };
    assert!(matches!(store.register(&[new]).await.unwrap()[..], [Registered::New(_)]));
    Fence { key: "key".to_owned(), epoch: 1, claim: intent.claim }
}

#[tokio::test] // g19, g21
async fn an_entry_with_a_name_resolves_an_intent_and_fences_its_starting_call() {
    let folder = Folder::new();
    let store = folder.open().await;
    let fence = intent(&store).await;
    for tag in [&b"new"[..], b""] {
        let other = Entry { fingerprint: "other".to_owned(), ..entry("key") };
        assert!(matches!(store.register(&[other]).await.unwrap()[..], [Registered::Conflict(_)]));
        let found = Entry { tag: tag.to_vec(), kind: "found".to_owned(), started: true, ..entry("key") };
        let registered = store.register(std::slice::from_ref(&found)).await.unwrap().remove(0);
        if tag.is_empty() {
            assert!(matches!(registered, Registered::Existing(_)), "it is no intent any more");
            continue;
        }
        let Registered::New(record) = registered else { panic!("{registered:?}") };
        assert_eq!((record.state, record.epoch, record.is_claimed), (RecordState::Pending, 2, false));
        assert_eq!((record.name, &*record.kind), (found.name, "found"));
        assert_eq!(get(&store, "key").await.unwrap().tag, tag);
    }
    assert_eq!(store.complete(&[complete(fence, b"late")]).await.unwrap(), [Written::Fenced]);
    let claimed = claim(&store, 9).await.records.remove(0);
    assert!(claimed.started && claimed.fence.epoch == 3);
}

#[tokio::test] // g20
async fn a_cancellation_that_was_requested_of_an_intent_is_sent_as_soon_as_it_is_resolved() {
    let folder = Folder::new();
    let store = folder.open().await;
    intent(&store).await;
    store.request_cancel(&["key".to_owned()]).await.unwrap();
    store.register(&[Entry { delay: LEASE, ..entry("key") }]).await.unwrap();
    assert!(claim(&store, 9).await.records.remove(0).cancel);
}

#[tokio::test] // g21
async fn an_intent_that_is_given_back_is_unresolved_with_the_error() {
    let folder = Folder::new();
    let store = folder.open().await;
    let fence = intent(&store).await;
    let error = Some("no answer".to_owned());
    let back = GiveBack { fence, delay: Duration::ZERO, counts: true, error: error.clone() };
    assert_eq!(store.give_back(std::slice::from_ref(&back)).await.unwrap(), [Written::Stored]);
    assert_eq!(store.give_back(&[back]).await.unwrap(), [Written::Fenced]);
    let record = get(&store, "key").await.unwrap();
    assert_eq!((record.state, record.is_claimed, record.error), (RecordState::Intent, false, error));
    assert_eq!(store.health().await.unwrap().unresolved_intents, 1);
}
