use std::time::Duration;

use tokio::time::sleep;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, all_fenced, claim, complete, entry, give_back, numbered, reschedule},
};
use crate::{
    Record, RecordState,
    store::{ClaimId, ClaimRequest, Fence, Reschedule, Written},
};

// g01
pub(super) async fn replaced_claims_change_nothing(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 20);
    fixture.register_keys(&keys).await?;
    let [stopped] = &fixture.handles(1).await?[..] else { return Ok(()) };
    let first = stopped.claim(&ClaimRequest { lease: SHORT, ..claim(20) }).await?.records;
    sleep(SHORT * 2).await;
    let second = fixture.claim(20).await?.records;
    ensure_eq!((first.len(), second.len()), (20, 20), "the records of both claims");
    let before = timeless(fixture.store.get(&keys).await?);
    let fences: Vec<_> = first.iter().map(|record| record.fence.clone()).collect();
    let writes: Vec<_> = fences.iter().cloned().map(reschedule).collect();
    all_fenced(&stopped.reschedule(&writes).await?, "a reschedule of a replaced claim")?;
    let writes: Vec<_> = fences.iter().cloned().map(complete).collect();
    all_fenced(&stopped.complete(&writes).await?, "an outcome of a replaced claim")?;
    let writes: Vec<_> = fences.iter().cloned().map(give_back).collect();
    all_fenced(&stopped.give_back(&writes).await?, "a give_back of a replaced claim")?;
    all_fenced(&stopped.acknowledge(&fences).await?, "an acknowledgement of a replaced claim")?;
    ensure_eq!(timeless(fixture.store.get(&keys).await?), before, "the records of the second claim");
    let writes: Vec<_> = second.into_iter().map(|record| complete(record.fence)).collect();
    super::fixture::all_stored(&fixture.store.complete(&writes).await?)
}

/// The records without the age, which is another one in each call.
fn timeless(records: Vec<Option<Record>>) -> Vec<Option<Record>> {
    let timeless = |record| Record { age: Duration::ZERO, ..record };
    records.into_iter().map(|record| record.map(timeless)).collect()
}

pub(super) async fn fences_work_once(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("rescheduled").await?.fence;
    let twice =
        [reschedule(fence.clone()), Reschedule { delay: Duration::ZERO, ..reschedule(fence.clone()) }];
    let written = fixture.store.reschedule(&twice).await?;
    ensure_eq!(written, [Written::Stored, Written::Fenced], "two writes of one claim in a batch");
    all_fenced(&fixture.store.reschedule(&twice).await?, "a write after the claim has ended")?;
    all_fenced(&fixture.store.complete(&[complete(fence)]).await?, "an outcome after the claim has ended")?;

    let fence = fixture.claimed("completed").await?.fence;
    let written = fixture.store.complete(&[complete(fence.clone()), complete(fence.clone())]).await?;
    ensure_eq!(written, [Written::Stored, Written::Fenced], "two outcomes of one claim in a batch");
    all_fenced(&fixture.store.reschedule(&[reschedule(fence)]).await?, "a write after the outcome")?;
    fixture.ensure_state("completed", RecordState::Finished).await?;

    let fence = fixture.claimed("given back").await?.fence;
    let written = fixture.store.give_back(&[give_back(fence.clone()), give_back(fence.clone())]).await?;
    ensure_eq!(written, [Written::Stored, Written::Fenced], "a claim that is given back twice in a batch");
    all_fenced(
        &fixture.store.complete(&[complete(fence)]).await?,
        "an outcome after the claim was given back",
    )?;

    fixture.deliver(10).await?;
    fixture.finished("acknowledged").await?;
    let fence = fixture.deliver_one("acknowledged").await?.fence;
    let written = fixture.store.acknowledge(&[fence.clone(), fence]).await?;
    ensure_eq!(
        written,
        [Written::Stored, Written::Fenced],
        "two acknowledgements of one delivery in a batch"
    );
    Ok(())
}

pub(super) async fn late_writes_without_a_rival_are_stored(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    let fence = fixture.claim_one("key", SHORT / 4).await?.fence;
    sleep(SHORT / 2).await;
    fixture.complete(complete(fence)).await
}

// g04
pub(super) async fn epoch_and_claim_id_both_count(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    let other_claim = Fence { claim: ClaimId::random(), ..fence.clone() };
    let earlier = Fence { epoch: fence.epoch - 1, ..fence.clone() };
    let later = Fence { epoch: fence.epoch + 1, ..fence.clone() };
    for wrong in [other_claim, earlier, later] {
        fixture.ensure_fenced(&wrong).await?;
    }
    fixture.reschedule(Reschedule { delay: Duration::ZERO, ..reschedule(fence) }).await?;
    let fence = fixture.claim_one("key", LONG).await?.fence;
    fixture.complete(complete(fence)).await?;
    let fence = fixture.deliver_one("key").await?.fence;
    for wrong in [
        Fence { claim: ClaimId::random(), ..fence.clone() },
        Fence { epoch: fence.epoch - 1, ..fence.clone() },
    ] {
        fixture.ensure_fenced(&wrong).await?;
    }
    Ok(())
}

// g04
pub(super) async fn repeated_epochs_are_fenced(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    let lost = fixture.claim_one("key", SHORT).await?.fence;
    fixture.set_epoch("key", lost.epoch - 1).await?;
    let fence = fixture.claim_next("key", LONG).await?.fence;
    ensure_eq!(fence.epoch, lost.epoch, "the epoch after that of an older copy");
    fixture.ensure_fenced(&lost).await?;
    fixture.complete(complete(fence)).await
}

pub(super) async fn forgotten_records_are_fenced(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    fixture.store.forget(&["key".to_owned()]).await?;
    fixture.ensure_fenced(&fence).await?;
    fixture.register(&[entry("key")]).await?;
    fixture.ensure_fenced(&fence).await?;
    let again = fixture.claim_one("key", LONG).await?.fence;
    fixture.ensure_fenced(&fence).await?;
    fixture.complete(complete(again)).await
}

pub(super) async fn claims_and_deliveries_are_apart(fixture: &Fixture) -> Verdict {
    let claim = fixture.claimed("key").await?.fence;
    let acknowledged = fixture.store.acknowledge(std::slice::from_ref(&claim)).await?;
    all_fenced(&acknowledged, "an acknowledgement of what has no outcome")?;
    fixture.ensure_state("key", RecordState::Pending).await?;
    fixture.complete(complete(claim.clone())).await?;
    fixture.ensure_fenced(&claim).await?;
    let delivery = fixture.deliver_one("key").await?.fence;
    let store = &fixture.store;
    let written = store.reschedule(&[reschedule(delivery.clone())]).await?;
    all_fenced(&written, "a reschedule by the consumer of an outcome")?;
    let other = crate::store::Complete { outcome: b"other".to_vec(), ..complete(delivery.clone()) };
    all_fenced(&store.complete(&[other]).await?, "an outcome of the consumer of an outcome")?;
    ensure_eq!(fixture.get("key").await?.outcome.as_deref(), Some(&b"outcome"[..]), "the first outcome");
    super::fixture::all_stored(&store.acknowledge(&[delivery]).await?)
}

pub(super) async fn batches_keep_their_order(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 12);
    fixture.register_keys(&keys).await?;
    let records = fixture.claim(12).await?.records;
    ensure_eq!(records.len(), 12, "the records of a claim");
    let spoiled = |index: usize| index % 3 == 1 || index == 8;
    // The order of the batch is not that of the keys.
    let mut fences: Vec<_> = records.into_iter().map(|record| record.fence).collect();
    fences.sort_by_key(|fence| fence.key.bytes().rev().collect::<Vec<_>>());
    for (index, fence) in fences.iter_mut().enumerate() {
        if spoiled(index) {
            fence.claim = ClaimId::random();
        }
    }
    let expected: Vec<_> =
        (0..12).map(|index| if spoiled(index) { Written::Fenced } else { Written::Stored }).collect();
    let writes: Vec<_> = fences.iter().cloned().map(complete).collect();
    ensure_eq!(fixture.store.complete(&writes).await?, expected, "the results of a batch");
    for (index, fence) in fences.iter().enumerate() {
        let state = if spoiled(index) { RecordState::Pending } else { RecordState::Finished };
        fixture.ensure_state(&fence.key, state).await?;
    }
    Ok(())
}

// g11
pub(super) async fn epochs_have_64_bits(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("key")]).await?;
    for start in [(1 << 31) - 5, 1 << 53] {
        fixture.set_epoch("key", start).await?;
        for epoch in start + 1..start + 10 {
            let fence = fixture.claim_one("key", LONG).await?.fence;
            ensure_eq!(
                (fence.epoch, fixture.get("key").await?.epoch),
                (epoch, epoch),
                "the epoch of a claim"
            );
            fixture.ensure_fenced(&Fence { epoch: epoch - 1, ..fence.clone() }).await?;
            fixture.reschedule(Reschedule { delay: Duration::ZERO, ..reschedule(fence) }).await?;
        }
    }
    let fence = fixture.claim_one("key", LONG).await?.fence;
    fixture.complete(complete(fence)).await?;
    let fence = fixture.deliver_one("key").await?.fence;
    super::fixture::all_stored(&fixture.store.acknowledge(&[fence]).await?)
}

impl Fixture {
    /// Checks that no write with this fence is stored.
    async fn ensure_fenced(&self, fence: &Fence) -> Verdict {
        let store = &self.store;
        let what = format!("a write with the fence {fence:?}");
        all_fenced(&store.reschedule(&[reschedule(fence.clone())]).await?, &what)?;
        all_fenced(&store.complete(&[complete(fence.clone())]).await?, &what)?;
        all_fenced(&store.give_back(&[give_back(fence.clone())]).await?, &what)?;
        all_fenced(&store.acknowledge(std::slice::from_ref(fence)).await?, &what)
    }

    async fn set_epoch(&self, key: &str, epoch: i64) -> Verdict {
        let is_set = self.fresh.set_epoch(key, epoch).await?;
        if is_set { Ok(()) } else { Err(Fault::NotRun("the subject does not set epochs")) }
    }
}
