use std::{collections::HashSet, time::Duration};

use futures::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{
    Fault, Verdict,
    fixture::{
        Fixture, LONG, SHORT, all_fenced, all_stored, complete, delivery, entry, give_back, name, numbered,
        service,
    },
};
use crate::{
    RecordState,
    store::{DeliveryRequest, GiveBack},
};

pub(super) async fn outcomes_are_delivered(fixture: &Fixture) -> Verdict {
    fixture.register(&[entry("pending")]).await?;
    let fence = fixture.claim_one("pending", LONG).await?.fence;
    ensure_eq!(fixture.deliver(10).await?, [], "the deliveries before the end");
    fixture.complete(complete(fence.clone())).await?;
    let record = fixture.get("pending").await?;
    ensure_eq!((record.state, record.is_claimed), (RecordState::Finished, false), "a finished record");
    ensure_eq!((record.deliveries, &*record.saved), (0, &b"end"[..]), "a finished record");
    let since = Instant::now();
    let outcome = fixture.deliver_one("pending").await?;
    fixture.ensure_due("pending", LONG, since).await?;
    ensure_eq!(fixture.deliver(10).await?, [], "the deliveries during the lease of a consumer");
    ensure!(outcome.fence.epoch > fence.epoch, "a delivery has the epoch of the claim");
    ensure_eq!((&outcome.service, &outcome.name), (&service(), &name("of-the-contract")), "the operation");
    ensure_eq!((&*outcome.kind, &*outcome.tag), ("kind", &b"tag"[..]), "the kind and the tag");
    ensure_eq!((&*outcome.outcome, &*outcome.state), (&b"outcome"[..], &b"end"[..]), "outcome and state");
    ensure_eq!((outcome.deliveries, &outcome.error), (1, &None), "the first delivery");
    let record = fixture.get("pending").await?;
    ensure_eq!((record.deliveries, record.is_claimed), (1, true), "a delivered record");
    all_stored(&fixture.store.acknowledge(&[outcome.fence]).await?)?;
    let record = fixture.get("pending").await?;
    ensure_eq!((record.state, record.due), (RecordState::Acknowledged, None), "an acknowledged record");
    ensure_eq!(record.outcome.as_deref(), Some(&b"outcome"[..]), "the outcome after the acknowledgement");
    ensure_eq!(fixture.deliver(10).await?, [], "the deliveries after the acknowledgement");
    Ok(())
}

// g23
pub(super) async fn simultaneous_consumers_share_the_outcomes(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 60);
    fixture.finish_all(&keys).await?;
    let handles = fixture.handles(4).await?;
    let consumers = handles.iter().map(async |store| {
        let mut mine = Vec::new();
        loop {
            let delivered = store.undelivered(&delivery(4)).await?;
            ensure!(delivered.len() <= 4, "a request for 4 outcomes has {}", delivered.len());
            if delivered.is_empty() {
                return Ok::<_, Fault>(mine);
            }
            mine.extend(delivered.into_iter().map(|outcome| outcome.fence));
        }
    });
    let mut delivered = try_join_all(consumers).await?.concat();
    delivered.extend(fixture.deliver(60).await?.into_iter().map(|outcome| outcome.fence));
    let different: HashSet<_> = delivered.iter().map(|fence| &fence.key).collect();
    ensure_eq!((delivered.len(), different.len()), (60, 60), "the deliveries of 60 outcomes");
    all_stored(&fixture.store.acknowledge(&delivered).await?)
}

// g23
pub(super) async fn outcomes_are_delivered_again(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let request = DeliveryRequest { lease: SHORT, first_pause: Duration::ZERO, ..delivery(10) };
    let mut epoch = 0;
    for deliveries in 1..=4 {
        let since = Instant::now();
        let outcome = fixture.deliver_next(&request).await?;
        ensure_eq!(outcome.deliveries, deliveries, "the deliveries of an outcome");
        ensure!(outcome.fence.epoch > epoch, "two deliveries have the same epoch");
        epoch = outcome.fence.epoch;
        fixture.ensure_due("key", SHORT, since).await?;
    }
    fixture.ensure_state("key", RecordState::Finished).await
}

// g23
pub(super) async fn pauses_double(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let [lease, first_pause, longest_pause] = [20, 40, 100].map(Duration::from_millis);
    let request = DeliveryRequest { lease, first_pause, longest_pause, ..delivery(10) };
    for pause in [0, 40, 80, 100, 100] {
        let since = Instant::now();
        fixture.deliver_next(&request).await?;
        fixture.ensure_due("key", lease + Duration::from_millis(pause), since).await?;
    }
    Ok(())
}

// g23
pub(super) async fn outcomes_are_given_back(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let mut fence = fixture.deliver_one("key").await?.fence;
    for (deliveries, error) in [(2, Some("no answer".to_owned())), (3, None)] {
        let since = Instant::now();
        fixture.give_back(GiveBack { delay: SHORT, error, ..give_back(fence.clone()) }).await?;
        fixture.ensure_due("key", SHORT, since).await?;
        fixture.ensure_state("key", RecordState::Finished).await?;
        all_fenced(&fixture.store.acknowledge(&[fence]).await?, "an acknowledgement of what was given back")?;
        let again = fixture.deliver_next(&delivery(10)).await?;
        ensure!(
            since.elapsed() >= SHORT,
            "an outcome is delivered {:?} after it was given back",
            since.elapsed()
        );
        ensure_eq!(again.deliveries, deliveries, "the deliveries of an outcome");
        ensure_eq!(again.error.as_deref(), Some("no answer"), "the error of an earlier delivery");
        ensure_eq!(&*again.outcome, b"outcome", "the outcome that is delivered again");
        fence = again.fence;
    }
    all_stored(&fixture.store.acknowledge(&[fence]).await?)
}

// g23
pub(super) async fn only_the_last_delivery_is_acknowledged(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let request = DeliveryRequest { lease: Duration::from_millis(20), ..delivery(10) };
    let first = fixture.deliver_next(&request).await?.fence;
    let second = fixture.deliver_next(&delivery(10)).await?.fence;
    let late = fixture.store.acknowledge(std::slice::from_ref(&first)).await?;
    all_fenced(&late, "an acknowledgement of an earlier delivery")?;
    let late = fixture.store.give_back(&[give_back(first)]).await?;
    all_fenced(&late, "an earlier delivery that is given back")?;
    fixture.ensure_state("key", RecordState::Finished).await?;
    all_stored(&fixture.store.acknowledge(&[second]).await?)?;
    fixture.ensure_state("key", RecordState::Acknowledged).await
}

// g23
pub(super) async fn failing_outcomes_hold_up_nothing(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 20);
    fixture.finish_all(&keys).await?;
    let mut acknowledged = 0;
    for _ in 0..14 {
        sleep(Duration::from_millis(2)).await;
        let mut good = Vec::new();
        for outcome in fixture.deliver(2).await? {
            // The first handler hangs, the second one fails.
            match &*outcome.fence.key {
                "key00000" => {}
                "key00001" => {
                    let again = GiveBack { delay: Duration::ZERO, ..give_back(outcome.fence) };
                    fixture.give_back(again).await?;
                }
                _ => good.push(outcome.fence),
            }
        }
        acknowledged += good.len();
        all_stored(&fixture.store.acknowledge(&good).await?)?;
    }
    ensure_eq!(acknowledged, 18, "the outcomes that are delivered beside two bad ones");
    for key in &keys[..2] {
        fixture.ensure_state(key, RecordState::Finished).await?;
    }
    Ok(())
}

impl Fixture {
    /// Registers records and completes them.
    pub(super) async fn finish_all(&self, keys: &[String]) -> Verdict {
        self.register_keys(keys).await?;
        let claimed = self.claim(keys.len()).await?.records;
        ensure_eq!(claimed.len(), keys.len(), "the records of a claim");
        let writes: Vec<_> = claimed.into_iter().map(|record| complete(record.fence)).collect();
        all_stored(&self.store.complete(&writes).await?)
    }
}
