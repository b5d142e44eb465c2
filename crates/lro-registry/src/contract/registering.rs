use std::time::Duration;

use futures::future::try_join_all;
use lro::Service;
use tokio::time::Instant;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, claim, complete, delivery, entry, name, numbered, reschedule},
};
use crate::{
    RecordState, Store,
    limits::{LONGEST_FINGERPRINT, LONGEST_KEY, LONGEST_WORD},
    store::{
        Bucket, CancelRequested, CancelState, ClaimId, ClaimRequest, Claimed, DeliveryRequest, Entry, Fence,
        ListRequest, Registered, Written,
    },
};

pub(super) async fn records_come_back_as_registered(fixture: &Fixture) -> Verdict {
    let entry = Entry {
        deadline: Some(Duration::from_micros(86_400_000_001)),
        delay: LONG,
        tag: vec![7; 300],
        state: b"a state".to_vec(),
        ..entry("key")
    };
    let since = Instant::now();
    let new = fixture.register(std::slice::from_ref(&entry)).await?.pop();
    let mut record = fixture.get("key").await?;
    fixture.ensure_due("key", LONG, since).await?;
    ensure!(
        record.age <= since.elapsed() + Duration::from_secs(1),
        "a new record has an age of {:?}",
        record.age
    );
    ensure_eq!((&record.service, &record.name), (&entry.service, &entry.name), "the service and the name");
    ensure_eq!(
        (&*record.kind, &*record.fingerprint),
        ("kind", "fingerprint"),
        "the kind and the fingerprint"
    );
    ensure_eq!((record.state, record.deadline), (RecordState::Pending, entry.deadline), "state and deadline");
    ensure_eq!((record.epoch, record.claims, record.deliveries), (0, 0, 0), "the counters of a new record");
    ensure_eq!((record.is_claimed, record.cancel), (false, CancelState::None), "claim and cancellation");
    ensure_eq!((&record.error, &record.outcome), (&None, &None), "error and outcome of a new record");
    ensure_eq!((&record.tag, &record.saved), (&entry.tag, &entry.state), "the payloads");
    // A registration returns the record without its payloads.
    record.tag.clear();
    record.saved.clear();
    let new = new.map(|mut new| {
        new.age = record.age;
        new
    });
    ensure_eq!(new, Some(record), "the record that the registration returns");
    Ok(())
}

pub(super) async fn existing_records_stay(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("pending")]).await?;
    fixture.claim_one("pending", LONG).await?;
    fixture.finished("finished").await?;
    fixture.deliver_one("finished").await?;
    fixture.acknowledged("acknowledged").await?;
    for key in ["pending", "finished", "acknowledged"] {
        let before = fixture.get(key).await?;
        let other = Entry { kind: "other".to_owned(), tag: b"other".to_vec(), delay: LONG, ..entry(key) };
        let conflict = Entry { fingerprint: "another".to_owned(), ..other.clone() };
        let registered = fixture.store.register(&[other, conflict]).await?;
        let [Registered::Existing(existing), Registered::Conflict(conflict)] = &registered[..] else {
            return Err(Fault::Broken(format!("{key} was registered again: {registered:?}")));
        };
        let mut after = fixture.get(key).await?;
        after.age = before.age;
        ensure_eq!(after, before, "{key}, after it was registered again");
        for shown in [existing, conflict] {
            let shown = (&shown.key, &shown.kind, &shown.fingerprint, shown.state, shown.due, shown.epoch);
            let stored =
                (&before.key, &before.kind, &before.fingerprint, before.state, before.due, before.epoch);
            ensure_eq!(shown, stored, "the record that exists");
        }
    }
    Ok(())
}

// g19
pub(super) async fn batches_may_repeat_a_key(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("b")]).await?;
    let first = Entry { kind: "first".to_owned(), ..entry("c") };
    let conflict = Entry { fingerprint: "another".to_owned(), ..entry("c") };
    let batch = [first, entry("b"), entry("c"), entry("a"), conflict];
    let registered = fixture.store.register(&batch).await?;
    let [
        Registered::New(c),
        Registered::Existing(b),
        Registered::Existing(again),
        Registered::New(a),
        Registered::Conflict(conflict),
    ] = &registered[..]
    else {
        return Err(Fault::Broken(format!("a batch with repeated keys has the results {registered:?}")));
    };
    let keys = [c, b, again, a, conflict].map(|record| &*record.key);
    ensure_eq!(keys, ["c", "b", "c", "a", "c"], "the order of the results");
    ensure_eq!([&*again.kind, &conflict.kind], ["first", "first"], "the record that the batch has stored");
    ensure_eq!(fixture.get("c").await?.kind, "first", "the record that is stored");
    Ok(())
}

// g19
pub(super) async fn simultaneous_batches_agree(fixture: &Fixture) -> Verdict {
    for round in 0..5 {
        let keys = numbered(&format!("{round}-"), 10);
        let handles = fixture.handles(8).await?;
        let batches = handles.iter().enumerate().map(|(task, store)| {
            let mut batch: Vec<_> = keys.iter().map(|key| entry(key)).collect();
            batch.rotate_left(task);
            if task % 2 == 1 {
                batch.reverse();
            }
            registered(&**store, batch)
        });
        let new: usize = try_join_all(batches).await?.into_iter().sum();
        ensure_eq!(new, keys.len(), "the records that eight batches with the same keys have stored");
    }
    Ok(())
}

/// Registers a batch, each entry of which must have its result. Returns the number of new records.
async fn registered(store: &dyn Store, batch: Vec<Entry>) -> Result<usize, Fault> {
    let results = store.register(&batch).await?;
    ensure_eq!(results.len(), batch.len(), "the results of a batch");
    let mut new = 0;
    for (entry, result) in batch.iter().zip(results) {
        let (Registered::New(record) | Registered::Existing(record)) = &result else {
            return Err(Fault::Broken(format!("equal entries conflict: {result:?}")));
        };
        ensure_eq!(record.key, entry.key, "the record of an entry");
        new += usize::from(matches!(result, Registered::New(_)));
    }
    Ok(new)
}

// g19
pub(super) async fn registrations_survive_removals(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 10);
    let handles = fixture.handles(4).await?;
    let register = try_join_all(handles[..2].iter().enumerate().map(async |(task, store)| {
        for round in 0..30 {
            let mut batch: Vec<_> = keys.iter().map(|key| entry(key)).collect();
            batch.rotate_left((task * 5 + round) % 10);
            registered(&**store, batch).await?;
        }
        Ok::<_, Fault>(())
    }));
    let complete = async {
        for _ in 0..30 {
            let claimed = handles[2].claim(&claim(5)).await?;
            let writes: Vec<_> = claimed.records.into_iter().map(|record| complete(record.fence)).collect();
            handles[2].complete(&writes).await?;
        }
        Ok(())
    };
    let forget = async {
        for round in 0..30 {
            let mut keys = keys.clone();
            keys.rotate_right(round % 10);
            ensure_eq!(handles[3].forget(&keys).await?.len(), keys.len(), "the results of a batch");
        }
        Ok(())
    };
    let (registered, completed, forgotten) = tokio::join!(register, complete, forget);
    registered?;
    completed.and(forgotten)
}

// g11
pub(super) async fn repeated_registrations_leave_one_record(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    let batch = vec![entry("key"); 500];
    for _ in 0..6 {
        ensure_eq!(registered(&*fixture.store, batch.clone()).await?, 0, "new records of a key that exists");
    }
    let all = fixture.store.list(&ListRequest::default()).await?;
    ensure_eq!(all.len(), 1, "the records after 3,001 registrations of a key");
    fixture.claim_one("key", LONG).await?;
    Ok(())
}

// g11
pub(super) async fn longest_texts_are_stored(fixture: &Fixture) -> Verdict {
    for length in [300, LONGEST_KEY] {
        let key = random_text(length);
        let [key, other] = ['a', 'b'].map(|last| format!("{}{last}", &key[1..]));
        let word = random_text(LONGEST_WORD);
        let long = Entry {
            service: Service::owned(&*word, &*word),
            kind: word.clone(),
            fingerprint: random_text(LONGEST_FINGERPRINT),
            ..entry(&key)
        };
        let other = Entry { key: other, ..long.clone() };
        fixture.register(&[long.clone(), other.clone()]).await?;
        for entry in [long, other] {
            let record = fixture.get(&entry.key).await?;
            let texts = (&record.key, &record.service, &record.kind, &record.fingerprint);
            ensure_eq!(texts, (&entry.key, &entry.service, &entry.kind, &entry.fingerprint), "long texts");
        }
        let bucket = Bucket { quota: word.clone(), capacity: 10.0, refill: 1.0 };
        let service = Service::owned(&*word, word.clone());
        let request = ClaimRequest { service, bucket: Some(bucket), ..claim(10) };
        ensure_eq!(fixture.store.claim(&request).await?.records.len(), 1, "claims of a long quota key");
    }
    Ok(())
}

/// Text that no compression makes shorter.
fn random_text(bytes: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(bytes).collect()
}

pub(super) async fn longest_durations_are_accepted(fixture: &Fixture) -> Verdict {
    let years = Duration::from_secs(50 * 365 * 86_400);
    let never = Entry { delay: Duration::MAX, deadline: Some(Duration::MAX), ..entry("never") };
    fixture.register(&[never, entry("now")]).await?;
    ensure!(fixture.get("never").await?.deadline >= Some(years), "the longest deadline has become short");
    let fence = fixture.claim_one("now", Duration::MAX).await?.fence;
    let next = fixture.claim(10).await?.next_due;
    ensure!(next >= Some(years), "records that are never due are due after {next:?}");
    fixture.reschedule(reschedule(fence)).await?;
    fixture.finished("end").await?;
    let longest = DeliveryRequest { lease: Duration::MAX, first_pause: Duration::MAX, ..delivery(10) };
    let longest = DeliveryRequest { longest_pause: Duration::MAX, ..longest };
    let fence = fixture.store.undelivered(&longest).await?.pop().map(|outcome| outcome.fence);
    ensure_eq!(fixture.deliver(10).await?, [], "outcomes with the longest lease");
    fixture.store.acknowledge(&Vec::from_iter(fence)).await?;
    ensure_eq!(fixture.store.retain(Duration::MAX, 10).await?, 0, "the records that are kept for ever");
    Ok(())
}

pub(super) async fn empty_batches_do_nothing(fixture: &Fixture) -> Verdict {
    let store = &fixture.store;
    fixture.finished("key").await?;
    fixture.register(&[entry("due")]).await?;
    ensure_eq!(store.register(&[]).await?, [], "the results of no entry");
    ensure_eq!(store.reschedule(&[]).await?, [], "the results of no write");
    ensure_eq!(store.complete(&[]).await?, [], "the results of no write");
    ensure_eq!(store.give_back(&[]).await?, [], "the results of no write");
    ensure_eq!(store.withdraw(&[]).await?, [], "the results of no write");
    ensure_eq!(store.acknowledge(&[]).await?, [], "the results of no write");
    ensure_eq!(store.get(&[]).await?, [], "the records of no key");
    ensure_eq!(store.request_cancel(&[]).await?, [], "the results of no key");
    ensure_eq!(store.take_back(&[]).await?, [] as [bool; 0], "the results of no key");
    ensure_eq!(store.forget(&[]).await?, [] as [bool; 0], "the results of no key");
    ensure_eq!(store.retain(Duration::ZERO, 0).await?, 0, "the removals at most 0");
    ensure_eq!(fixture.deliver(0).await?, [], "the deliveries at most 0");
    ensure_eq!(store.finished(0, 0).await?, [], "the history at most 0");
    ensure_eq!(
        store.list(&ListRequest { most: 0, ..ListRequest::default() }).await?,
        [],
        "the list at most 0"
    );
    let none = Claimed { next_due: Some(Duration::ZERO), ..Claimed::default() };
    ensure_eq!(fixture.claim(0).await?, none, "the claim at most 0");
    fixture.claim_one("due", LONG).await?;
    Ok(())
}

pub(super) async fn unknown_keys_are_no_errors(fixture: &Fixture) -> Verdict {
    let store = &fixture.store;
    fixture.register(&[Entry { name: name("known"), ..entry("known") }]).await?;
    let unknown = ["unknown".to_owned()];
    let fence = Fence { key: "unknown".to_owned(), epoch: 1, claim: ClaimId::random() };
    let mixed = ["unknown".to_owned(), "known".to_owned(), "unknown".to_owned(), "known".to_owned()];
    let found = store.get(&mixed).await?;
    let found: Vec<_> = found.iter().map(|record| record.as_ref().map(|record| &*record.key)).collect();
    ensure_eq!(found, [None, Some("known"), None, Some("known")], "a get of known and unknown keys");
    ensure_eq!(store.request_cancel(&unknown).await?, [CancelRequested::Unknown], "a request to cancel");
    ensure_eq!(store.take_back(&unknown).await?, [false], "the result for an unknown key");
    ensure_eq!(store.forget(&unknown).await?, [false], "the result for an unknown key");
    let fenced = [Written::Fenced];
    ensure_eq!(
        store.reschedule(&[reschedule(fence.clone())]).await?,
        fenced,
        "a reschedule of an unknown key"
    );
    ensure_eq!(store.complete(&[complete(fence.clone())]).await?, fenced, "a completion of an unknown key");
    ensure_eq!(store.withdraw(std::slice::from_ref(&fence)).await?, fenced, "a withdrawal of an unknown key");
    ensure_eq!(store.acknowledge(&[fence]).await?, fenced, "an acknowledgement of an unknown key");
    fixture.claim_one("known", LONG).await?;
    Ok(())
}
