use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, claim, complete, entry, give_back, name, numbered, reschedule},
};
use crate::{
    RecordState,
    store::{
        CancelRequested, CancelState, CancelStep, ClaimId, ClaimRequest, Entry, Fence, GiveBack, Intent,
        Reschedule,
    },
};

// g20
pub(super) async fn unclaimed_records_are_due_at_once(fixture: &Fixture) -> Verdict {
    fixture.register(&[Entry { delay: LONG, ..entry("key") }]).await?;
    fixture.register(&[Entry { delay: LONG, ..entry("other") }]).await?;
    let twice = ["key", "unknown", "key"].map(str::to_owned);
    let requested = fixture.store.request_cancel(&twice).await?;
    use CancelRequested::{Already, Requested, Unknown};
    ensure_eq!(requested, [Requested, Unknown, Already], "the results of a request");
    ensure_eq!(fixture.get("key").await?.cancel, CancelState::Requested, "the state of the request");
    ensure!(fixture.claim_one("key", LONG).await?.cancel, "the claim does not report the request");
    ensure_eq!(fixture.get("other").await?.cancel, CancelState::None, "the state of another record");
    Ok(())
}

// g20
pub(super) async fn claimed_records_keep_their_lease(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    let before = fixture.get("key").await?;
    fixture.cancel("key", CancelRequested::Requested).await?;
    let after = fixture.get("key").await?;
    ensure_eq!((after.due, after.epoch, after.is_claimed), (before.due, before.epoch, true), "the lease");
    ensure_eq!(fixture.claim(10).await?.records.len(), 0, "the claims of a claimed record");
    // The worker has polled before it knows of the request.
    fixture.reschedule(reschedule(fence)).await?;
    let again = fixture.claim_one("key", LONG).await?;
    ensure!(again.cancel, "a request is lost in the reschedule of a worker that has not seen it");
    ensure_eq!(fixture.get("key").await?.cancel, CancelState::Requested, "the state of the request");
    Ok(())
}

// g20
pub(super) async fn failed_requests_stay(fixture: &Fixture) -> Verdict {
    let fence = fixture.requested("key").await?;
    let since = Instant::now();
    let failed = Reschedule { cancel: CancelStep::Failed, delay: SHORT, ..reschedule(fence) };
    fixture.reschedule(failed).await?;
    fixture.ensure_due("key", SHORT, since).await?;
    ensure_eq!(fixture.get("key").await?.cancel, CancelState::Requested, "a request that was not sent");
    ensure!(
        fixture.claim_next("key", LONG).await?.cancel,
        "a request that was not sent is not reported again"
    );
    Ok(())
}

// g20
pub(super) async fn sent_requests_are_not_repeated(fixture: &Fixture) -> Verdict {
    let fence = fixture.requested("key").await?;
    let since = Instant::now();
    let sent = Reschedule { cancel: CancelStep::Sent, delay: SHORT, ..reschedule(fence) };
    fixture.reschedule(sent).await?;
    fixture.ensure_due("key", SHORT, since).await?;
    fixture.cancel("key", CancelRequested::Already).await?;
    fixture.ensure_due("key", SHORT, since).await?;
    let claimed = fixture.claim_next("key", LONG).await?;
    ensure!(!claimed.cancel, "a request that was sent is reported again");
    let since = Instant::now();
    fixture.reschedule(reschedule(claimed.fence)).await?;
    fixture.ensure_due("key", LONG, since).await?;
    ensure_eq!(fixture.get("key").await?.cancel, CancelState::Sent, "the state of a request that was sent");
    Ok(())
}

// g20
pub(super) async fn given_back_records_are_due_at_once(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    fixture.cancel("key", CancelRequested::Requested).await?;
    fixture.give_back(give_back(fence)).await?;
    let claimed = fixture.claim_one("key", LONG).await?;
    ensure!(claimed.cancel, "a request is lost when the claim is given back");
    let since = Instant::now();
    fixture.give_back(GiveBack { counts: true, ..give_back(claimed.fence) }).await?;
    fixture.ensure_due("key", LONG, since).await?;
    ensure_eq!(fixture.get("key").await?.cancel, CancelState::Requested, "the state of the request");
    Ok(())
}

// g20
pub(super) async fn ended_operations_are_reported(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    fixture.cancel("key", CancelRequested::Requested).await?;
    fixture.complete(complete(fence)).await?;
    fixture.cancel("key", CancelRequested::Ended).await?;
    let delivered = fixture.deliver_one("key").await?;
    ensure_eq!(&*delivered.outcome, b"outcome", "the outcome of an operation that ended before");
    let leased = fixture.get("key").await?;
    fixture.cancel("key", CancelRequested::Ended).await?;
    ensure_eq!(fixture.get("key").await?.due, leased.due, "the lease of the consumer");
    fixture.store.acknowledge(&[delivered.fence]).await?;
    fixture.cancel("key", CancelRequested::Ended).await?;
    fixture.ensure_state("key", RecordState::Acknowledged).await
}

// g20
pub(super) async fn requests_wait_for_a_worker(fixture: &Fixture) -> Verdict {
    fixture.set_aside("aside", 1).await?;
    fixture.cancel("aside", CancelRequested::Requested).await?;
    ensure_eq!(fixture.claim(10).await?.records.len(), 0, "the claims of what is set aside");
    fixture.store.take_back(&["aside".to_owned()]).await?;
    ensure!(
        fixture.claim_one("aside", LONG).await?.cancel,
        "the request is lost while a record is set aside"
    );

    let intent = Intent { claim: ClaimId::random(), lease: LONG };
    let since = Instant::now();
    fixture.register(&[Entry { name: None, intent: Some(intent), ..entry("intent") }]).await?;
    fixture.cancel("intent", CancelRequested::Requested).await?;
    fixture.ensure_due("intent", LONG, since).await?;
    let fence = Fence { key: "intent".to_owned(), epoch: 1, claim: intent.claim };
    fixture.reschedule(Reschedule { name: name("started"), ..reschedule(fence) }).await?;
    ensure!(fixture.claim_one("intent", LONG).await?.cancel, "the request is lost during the start");
    Ok(())
}

// g20
pub(super) async fn simultaneous_requests_are_kept(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 60);
    fixture.register_keys(&keys).await?;
    let handles = fixture.handles(3).await?;
    let claimed = fixture.claim(60).await?.records;
    let mut requested = Vec::new();
    for (round, records) in claimed.chunks(6).enumerate() {
        let [first, rest @ ..] = records else { continue };
        let outcome = [complete(first.fence.clone())];
        let writes: Vec<_> = rest.iter().map(|record| reschedule(record.fence.clone())).collect();
        let keys: Vec<_> = records.iter().rev().map(|record| record.fence.key.clone()).collect();
        let pause = |turn: u64| sleep(Duration::from_micros(turn * 137 * (round as u64 % 3)));
        let cancel = async {
            pause(1).await;
            handles[0].request_cancel(&keys).await
        };
        let reschedule = async {
            pause(2).await;
            handles[1].reschedule(&writes).await
        };
        let complete = handles[2].complete(&outcome);
        let (cancelled, rescheduled, completed) = tokio::join!(cancel, reschedule, complete);
        super::fixture::all_stored(&rescheduled?)?;
        super::fixture::all_stored(&completed?)?;
        requested.extend(keys.into_iter().zip(cancelled?));
    }
    let due = fixture.store.claim(&ClaimRequest { lease: LONG, ..claim(100) }).await?.records;
    let pending = join_all(requested.iter().map(|(key, _)| fixture.get(key))).await;
    for ((key, requested), record) in requested.iter().zip(pending) {
        let is_due = due.iter().any(|record| record.fence.key == *key && record.cancel);
        match (requested, record?.state) {
            (CancelRequested::Requested, RecordState::Pending) if is_due => {}
            (CancelRequested::Requested | CancelRequested::Ended, RecordState::Finished) => {}
            other => return Err(Fault::Broken(format!("the request for {key} is lost: {other:?}"))),
        }
    }
    Ok(())
}

impl Fixture {
    pub(super) async fn cancel(&self, key: &str, expected: CancelRequested) -> Verdict {
        let requested = self.store.request_cancel(&[key.to_owned()]).await?;
        ensure_eq!(requested, [expected], "the result of a request to cancel {key}");
        Ok(())
    }

    /// Registers a record, requests its cancellation and claims it.
    async fn requested(&self, key: &str) -> Result<Fence, Fault> {
        self.register(&[Entry { delay: LONG, ..entry(key) }]).await?;
        self.cancel(key, CancelRequested::Requested).await?;
        let claimed = self.claim_one(key, LONG).await?;
        ensure!(claimed.cancel, "the claim does not report the request");
        Ok(claimed.fence)
    }
}
