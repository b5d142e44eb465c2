use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, all_fenced, all_stored, complete, entry, give_back, name, reschedule},
};
use crate::{
    RecordState,
    store::{
        ClaimId, Claimed, Complete, Entry, Fence, GiveBack, Intent, ListRequest, Registered, Reschedule,
        Written,
    },
};

pub(super) async fn intents_are_claimed_by_the_start(fixture: &Fixture) -> Verdict {
    let since = Instant::now();
    fixture.intent("key", LONG).await?;
    fixture.ensure_due("key", LONG, since).await?;
    let record = fixture.get("key").await?;
    ensure_eq!((record.state, record.epoch), (RecordState::Intent, 1), "the state and epoch of an intent");
    ensure_eq!((&record.name, record.is_claimed), (&None, true), "the name and the claim of an intent");
    ensure_eq!(&*record.tag, b"tag", "the tag of an intent");
    ensure_eq!(fixture.claim(10).await?, Claimed::default(), "the claim of an intent by a worker");
    let again = Intent { claim: ClaimId::random(), lease: LONG };
    let again = Entry { name: None, intent: Some(again), ..entry("key") };
    let registered = fixture.store.register(&[again]).await?;
    ensure!(matches!(registered[..], [Registered::Existing(_)]), "a second intent is {registered:?}");
    let after = fixture.get("key").await?;
    ensure_eq!((after.epoch, after.due), (1, record.due), "the claim of the first start");
    Ok(())
}

pub(super) async fn reschedules_resolve_intents(fixture: &Fixture) -> Verdict {
    let fence = fixture.intent("key", LONG).await?;
    sleep(SHORT).await;
    let since = Instant::now();
    let write = Reschedule { name: name("started"), delay: SHORT, ..reschedule(fence.clone()) };
    fixture.reschedule(write).await?;
    fixture.ensure_due("key", SHORT, since).await?;
    let record = fixture.get("key").await?;
    ensure_eq!((record.state, record.claims), (RecordState::Pending, 0), "the state of a resolved intent");
    ensure_eq!((&record.name, record.is_claimed), (&name("started"), false), "the name and the claim");
    fixture.ensure_young(record.age, since)?;
    let claimed = fixture.claim_next("key", LONG).await?;
    ensure_eq!((Some(&claimed.name), claimed.started), (name("started").as_ref(), true), "the first poll");
    ensure_eq!((&*claimed.state, &*claimed.cursor), (&b"state"[..], &b"cursor"[..]), "the first poll");
    ensure!(claimed.fence.epoch > fence.epoch, "the claim has the epoch of the start");
    all_fenced(&fixture.store.complete(&[complete(fence)]).await?, "a second result of the start")
}

pub(super) async fn completions_resolve_intents(fixture: &Fixture) -> Verdict {
    for (key, name) in [("named", name("started")), ("nameless", None)] {
        let fence = fixture.intent(key, LONG).await?;
        sleep(SHORT).await;
        let since = Instant::now();
        fixture.complete(Complete { name: name.clone(), ..complete(fence) }).await?;
        let delivered = fixture.deliver_one(key).await?;
        ensure_eq!(delivered.name, name, "the name of an operation that ended at its start");
        ensure_eq!((&*delivered.outcome, &*delivered.tag), (&b"outcome"[..], &b"tag"[..]), "the outcome");
        fixture.ensure_young(delivered.age, since)?;
    }
    Ok(())
}

// g21
pub(super) async fn unresolved_intents_are_reported(fixture: &Fixture) -> Verdict {
    let overdue = ListRequest { state: Some(RecordState::Intent), overdue: true, ..ListRequest::default() };
    let since = Instant::now();
    let fence = fixture.intent("key", SHORT).await?;
    fixture.intent("starting", LONG).await?;
    let (early, listed) = (fixture.store.health().await?, fixture.store.list(&overdue).await?);
    if since.elapsed() < SHORT {
        ensure_eq!((early.unresolved_intents, listed.len()), (0, 0), "the intents that are unresolved");
    }
    sleep(SHORT * 2).await;
    for _ in 0..2 {
        ensure_eq!(fixture.store.health().await?.unresolved_intents, 1, "the intents that are unresolved");
        let listed = fixture.store.list(&overdue).await?;
        let listed: Vec<_> = listed.iter().map(|record| &*record.key).collect();
        ensure_eq!(listed, ["key"], "the intents that are unresolved");
        ensure_eq!(fixture.claim(10).await?, Claimed::default(), "the claim of an unresolved intent");
    }
    fixture.ensure_state("key", RecordState::Intent).await?;
    // The starting call returns late.
    fixture.reschedule(Reschedule { name: name("started"), ..reschedule(fence) }).await?;
    ensure_eq!(fixture.store.health().await?.unresolved_intents, 0, "the intents that are unresolved");
    Ok(())
}

pub(super) async fn registrations_resolve_intents(fixture: &Fixture) -> Verdict {
    let fence = fixture.intent("key", LONG).await?;
    fixture.store.request_cancel(&["key".to_owned()]).await?;
    let other = Entry { fingerprint: "another".to_owned(), ..entry("key") };
    let registered = fixture.store.register(&[other]).await?;
    ensure!(matches!(registered[..], [Registered::Conflict(_)]), "another fingerprint is {registered:?}");
    sleep(SHORT).await;
    let since = Instant::now();
    let named = Entry {
        name: name("found"),
        kind: "found".to_owned(),
        tag: b"found".to_vec(),
        state: b"found".to_vec(),
        deadline: Some(LONG),
        delay: SHORT,
        ..entry("key")
    };
    let new = fixture.register(&[named]).await?.pop();
    let record = fixture.get("key").await?;
    ensure_eq!(
        new.map(|new| (new.name, new.epoch)),
        Some((name("found"), 2)),
        "the record of the registration"
    );
    ensure_eq!(
        (record.state, record.epoch, record.is_claimed),
        (RecordState::Pending, 2, false),
        "the state"
    );
    ensure_eq!((&record.name, &*record.kind), (&name("found"), "found"), "the name and the kind");
    ensure_eq!((&*record.tag, &*record.saved), (&b"found"[..], &b"found"[..]), "the payloads");
    ensure_eq!(record.deadline, Some(LONG), "the deadline");
    fixture.ensure_young(record.age, since)?;
    let late = Reschedule { name: name("late"), ..reschedule(fence.clone()) };
    all_fenced(&fixture.store.reschedule(&[late]).await?, "a late result of the start")?;
    all_fenced(&fixture.store.complete(&[complete(fence)]).await?, "a late outcome of the start")?;
    let claimed = fixture.claim_next("key", LONG).await?;
    ensure_eq!((Some(&claimed.name), claimed.claims), (name("found").as_ref(), 1), "the first poll");
    ensure!(claimed.cancel, "a request to cancel is lost when the intent is resolved");
    let again = fixture.store.register(&[entry("key")]).await?;
    ensure!(
        matches!(again[..], [Registered::Existing(_)]),
        "a record that is no intent any more is {again:?}"
    );
    Ok(())
}

pub(super) async fn intents_are_given_back(fixture: &Fixture) -> Verdict {
    let fence = fixture.intent("key", LONG).await?;
    let since = Instant::now();
    let error = Some("the start has failed".to_owned());
    fixture.give_back(GiveBack { delay: Duration::ZERO, error, ..give_back(fence.clone()) }).await?;
    fixture.ensure_due("key", Duration::ZERO, since).await?;
    let record = fixture.get("key").await?;
    ensure_eq!(
        (record.state, record.is_claimed),
        (RecordState::Intent, false),
        "an intent without its start"
    );
    ensure_eq!(record.error.as_deref(), Some("the start has failed"), "the error of the start");
    ensure_eq!(fixture.store.health().await?.unresolved_intents, 1, "the intents that are unresolved");
    ensure_eq!(fixture.claim(10).await?, Claimed::default(), "the claim of an unresolved intent");
    all_fenced(
        &fixture.store.complete(&[complete(fence)]).await?,
        "an outcome of a start that was given back",
    )
}

pub(super) async fn forgotten_intents_are_fenced(fixture: &Fixture) -> Verdict {
    let fence = fixture.intent("key", LONG).await?;
    ensure_eq!(fixture.store.forget(&["key".to_owned()]).await?, [true], "the result of a forget");
    let write = Reschedule { name: name("started"), ..reschedule(fence.clone()) };
    all_fenced(&fixture.store.reschedule(&[write]).await?, "the result of a forgotten start")?;
    let second = fixture.intent("key", LONG).await?;
    let write = Complete { name: name("started"), ..complete(fence) };
    all_fenced(&fixture.store.complete(&[write]).await?, "the result of a forgotten start")?;
    fixture.reschedule(Reschedule { name: name("second"), ..reschedule(second) }).await?;
    ensure_eq!(fixture.get("key").await?.name, name("second"), "the name");
    Ok(())
}

pub(super) async fn intents_are_withdrawn_by_the_start(fixture: &Fixture) -> Verdict {
    let fence = fixture.intent("key", LONG).await?;
    let given = fixture.intent("given back", LONG).await?;
    let late = fixture.intent("late", SHORT).await?;
    fixture.give_back(give_back(given.clone())).await?;
    sleep(SHORT).await;
    let rival = Fence { claim: ClaimId::random(), ..fence.clone() };
    let earlier = Fence { epoch: 0, ..fence.clone() };
    let later = Fence { epoch: 2, ..fence.clone() };
    all_fenced(
        &fixture.store.withdraw(&[rival.clone(), earlier, later]).await?,
        "a withdrawal by another claim",
    )?;
    all_fenced(&fixture.store.withdraw(&[given]).await?, "a withdrawal after the claim was given back")?;
    for key in ["key", "given back"] {
        fixture.ensure_state(key, RecordState::Intent).await?;
    }
    let written = fixture.store.withdraw(&[rival, fence.clone(), fence.clone(), late]).await?;
    let expected = [Written::Fenced, Written::Stored, Written::Fenced, Written::Stored];
    ensure_eq!(written, expected, "the results of withdrawals");
    let left = fixture.store.list(&ListRequest::default()).await?;
    let left: Vec<_> = left.iter().map(|record| &*record.key).collect();
    ensure_eq!(left, ["given back"], "the records after the withdrawals");
    all_fenced(&fixture.store.withdraw(std::slice::from_ref(&fence)).await?, "a second withdrawal")?;
    let write = Reschedule { name: name("started"), ..reschedule(fence) };
    all_fenced(&fixture.store.reschedule(&[write]).await?, "the result of a start that was withdrawn")?;
    // The key is free.
    let again = Entry { fingerprint: "another".to_owned(), ..entry("key") };
    fixture.register(&[again]).await?;
    Ok(())
}

pub(super) async fn only_intents_are_withdrawn(fixture: &Fixture) -> Verdict {
    let mut fences = Vec::new();
    for key in ["registered", "rescheduled", "completed", "again"] {
        fences.push(fixture.intent(key, LONG).await?);
    }
    fixture.register(&[entry("registered")]).await?;
    let write = Reschedule { name: name("started"), ..reschedule(fences[1].clone()) };
    fixture.reschedule(write).await?;
    fixture.complete(complete(fences[2].clone())).await?;
    fixture.store.forget(&["again".to_owned()]).await?;
    let second = fixture.intent("again", LONG).await?;
    // Those of claims that go on.
    fences.push(fixture.claim_one("registered", LONG).await?.fence);
    fences.push(fixture.deliver_one("completed").await?.fence);
    all_fenced(&fixture.store.withdraw(&fences).await?, "a withdrawal of what is no intent of its start")?;
    let states = [
        ("registered", RecordState::Pending),
        ("rescheduled", RecordState::Pending),
        ("completed", RecordState::Finished),
        ("again", RecordState::Intent),
    ];
    for (key, state) in states {
        fixture.ensure_state(key, state).await?;
    }
    fixture.reschedule(reschedule(fences[4].clone())).await?;
    all_stored(&fixture.store.acknowledge(&fences[5..]).await?)?;
    all_stored(&fixture.store.withdraw(&[second]).await?)
}

impl Fixture {
    /// Registers an intent and returns the fence of its starting call.
    pub(super) async fn intent(&self, key: &str, lease: Duration) -> Result<Fence, Fault> {
        let intent = Intent { claim: ClaimId::random(), lease };
        let entry = Entry { name: None, started: true, intent: Some(intent), ..entry(key) };
        self.register(&[entry]).await?;
        Ok(Fence { key: key.to_owned(), epoch: 1, claim: intent.claim })
    }

    /// Checks that the age counts from a time after `since`.
    fn ensure_young(&self, age: Duration, since: Instant) -> Verdict {
        let longest = since.elapsed() + Duration::from_millis(5);
        ensure!(age <= longest, "the age counts from before the start: {age:?}, not at most {longest:?}");
        Ok(())
    }
}
