use std::time::Duration;

use super::{
    Fault, Verdict,
    fixture::{
        Fixture, LONG, SHORT, all_fenced, claim, complete, entry, give_back, keys, numbered, other_service,
        reschedule,
    },
};
use crate::{
    RecordState,
    store::{ClaimRequest, Claimed, Entry, Fence, GiveBack, ListRequest, Reschedule},
};

// g05
pub(super) async fn claims_count_themselves(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    for claims in 1..=2 {
        let claimed = fixture.claim_next("key", SHORT / 4).await?;
        ensure_eq!(claimed.claims, claims, "the claims without a result, after {} leases", claims - 1);
    }
    let fence = fixture.claim_next("key", LONG).await?.fence;
    ensure_eq!(fixture.get("key").await?.claims, 3, "the claims without a result, after two leases");
    fixture.reschedule(Reschedule { delay: Duration::ZERO, ..reschedule(fence) }).await?;
    ensure_eq!(fixture.claim_one("key", LONG).await?.claims, 1, "the claims after a result");
    Ok(())
}

// g05
pub(super) async fn records_are_set_aside(fixture: &Fixture) -> Verdict {
    let fence = fixture.set_aside("key", 2).await?;
    let record = fixture.get("key").await?;
    ensure_eq!(record.state, RecordState::SetAside, "the state of a record that was claimed twice in vain");
    ensure!(record.claims >= 2, "the number of claims is lost: {}", record.claims);
    ensure!(!record.is_claimed, "a record that is set aside is claimed");
    ensure!(record.error.is_some_and(|reason| !reason.is_empty()), "a record is set aside without a reason");

    ensure_eq!(fixture.claim(10).await?, Claimed::default(), "the claim of what is set aside");
    ensure_eq!(fixture.deliver(10).await?, [], "the delivery of what is set aside");
    let aside = ListRequest { state: Some(RecordState::SetAside), ..ListRequest::default() };
    let listed = fixture.store.list(&aside).await?;
    ensure_eq!(listed.len(), 1, "the list of what is set aside");
    all_fenced(&fixture.store.complete(&[complete(fence)]).await?, "a late outcome of what is set aside")?;
    fixture.ensure_state("key", RecordState::SetAside).await
}

// g05
pub(super) async fn the_last_error_is_the_reason(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    let error = Some("the transport panics".to_owned());
    fixture.give_back(GiveBack { delay: Duration::ZERO, counts: true, error, ..give_back(fence) }).await?;
    let claimed = fixture.store.claim(&ClaimRequest { most_claims: 1, ..claim(10) }).await?;
    ensure_eq!(claimed.set_aside, ["key"], "the keys that a claim has set aside");
    let reason = fixture.get("key").await?.error;
    let keeps = reason.as_ref().is_some_and(|reason| reason.contains("the transport panics"));
    ensure!(keeps, "the reason is not the last error: {reason:?}");
    Ok(())
}

// g05
pub(super) async fn records_are_taken_back(fixture: &Fixture) -> Verdict {
    let fence = fixture.set_aside("aside", 1).await?;
    fixture.register(&[Entry { delay: LONG, ..entry("pending") }]).await?;
    fixture.register(&[Entry { service: other_service(), ..entry("other") }]).await?;
    let keys = ["pending", "aside", "other"].map(str::to_owned);
    ensure_eq!(fixture.store.take_back(&keys).await?, [false, true, false], "what was set aside");
    ensure_eq!(fixture.store.take_back(&keys).await?, [false; 3], "what is set aside no more");
    let record = fixture.get("aside").await?;
    ensure_eq!((record.state, record.claims), (RecordState::Pending, 0), "a record that was taken back");
    let late = fixture.store.reschedule(&[reschedule(fence)]).await?;
    all_fenced(&late, "a write of a claim before the record was set aside")?;
    ensure_eq!(fixture.claim_one("aside", LONG).await?.claims, 1, "the claims after a record was taken back");
    Ok(())
}

pub(super) async fn outcomes_are_taken_back(fixture: &Fixture) -> Verdict {
    for key in ["finished", "acknowledged"] {
        let fence = fixture.claimed(key).await?.fence;
        let error = Some("a poll failed".to_owned());
        fixture.reschedule(Reschedule { delay: Duration::ZERO, error, ..reschedule(fence) }).await?;
        let fence = fixture.claim_one(key, LONG).await?.fence;
        fixture.store.complete(&[complete(fence)]).await?;
        ensure_eq!(fixture.get(key).await?.error, None, "the error of a poll, after the operation has ended");
        let [delivered] = &fixture.deliver(10).await?[..] else {
            return Err(Fault::Broken("an outcome is not delivered".to_owned()));
        };
        if key == "acknowledged" {
            fixture.store.acknowledge(std::slice::from_ref(&delivered.fence)).await?;
        }
        ensure_eq!(fixture.store.take_back(&[key.to_owned()]).await?, [true], "the result for an outcome");
        all_fenced(
            &fixture.store.acknowledge(std::slice::from_ref(&delivered.fence)).await?,
            "the acknowledgement of an outcome that was taken back",
        )?;
        let record = fixture.get(key).await?;
        let is_as_new = (record.state, record.claims, record.deliveries) == (RecordState::Pending, 0, 0);
        ensure!(
            is_as_new && record.outcome.is_none() && record.saved.is_empty(),
            "it does not begin again: {record:?}"
        );
        let again = fixture.claim_one(key, LONG).await?;
        ensure!(
            again.state.is_empty() && again.cursor.is_empty(),
            "the state of the last wait remains: {again:?}"
        );
        fixture.store.complete(&[complete(again.fence)]).await?;
        let delivered = fixture.deliver(10).await?;
        ensure_eq!(delivered.len(), 1, "the deliveries of the second outcome");
        ensure_eq!(delivered[0].deliveries, 1, "the number of its first delivery");
        fixture.store.acknowledge(&[delivered[0].fence.clone()]).await?;
    }
    Ok(())
}

// g05
pub(super) async fn healthy_records_go_on(fixture: &Fixture) -> Verdict {
    fixture.set_aside("poison", 1).await?;
    fixture.store.take_back(&["poison".to_owned()]).await?;
    let first = fixture.claim_one("poison", LONG).await?;
    let now = GiveBack { delay: Duration::ZERO, counts: true, ..give_back(first.fence) };
    fixture.give_back(now).await?;
    let healthy = numbered("healthy", 20);
    fixture.register_keys(&healthy).await?;
    let mut seen = 0;
    for _ in 0..8 {
        let claimed = fixture.store.claim(&ClaimRequest { most_claims: 1, ..claim(3) }).await?;
        ensure!(claimed.records.len() + claimed.set_aside.len() <= 3, "a claim of 3 picks more: {claimed:?}");
        ensure!(!keys(&claimed.records).contains(&"poison"), "a record is claimed instead of set aside");
        seen += claimed.records.len();
    }
    ensure_eq!(seen, healthy.len(), "the healthy records that are claimed beside one that is set aside");
    fixture.ensure_state("poison", RecordState::SetAside).await
}

impl Fixture {
    /// Registers a record and claims it in vain until it is set aside. Returns the fence of its last claim.
    pub(super) async fn set_aside(&self, key: &str, most_claims: u32) -> Result<Fence, Fault> {
        self.register(&[entry(key)]).await?;
        let mut fence = self.claim_one(key, LONG).await?.fence;
        for _ in 1..most_claims {
            self.give_back(GiveBack { delay: Duration::ZERO, counts: true, ..give_back(fence) }).await?;
            fence = self.claim_one(key, LONG).await?.fence;
        }
        self.give_back(GiveBack { delay: Duration::ZERO, counts: true, ..give_back(fence.clone()) }).await?;
        let claimed = self.store.claim(&ClaimRequest { most_claims, ..claim(10) }).await?;
        ensure_eq!(claimed.set_aside, [key], "the keys that a claim has set aside");
        ensure_eq!(keys(&claimed.records), [] as [&str; 0], "the records of a claim that sets one aside");
        Ok(fence)
    }
}
