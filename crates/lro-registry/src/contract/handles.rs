use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use futures::future::try_join_all;
use lro::Service;
use tokio::time::sleep;

use super::{
    Fault, Verdict,
    fixture::{
        Fixture, LONG, SHORT, claim, complete, delivery, entry, give_back, keys, numbered, reschedule,
    },
};
use crate::{
    Record,
    store::{Bucket, ClaimRequest, Entry, ListRequest},
};

pub(super) async fn handles_share_the_store(fixture: &Fixture) -> Verdict {
    let handles = fixture.handles(5).await?;
    let [a, b, c, d, e] = &handles[..] else { return Ok(()) };
    a.register(&[entry("key")]).await?;
    let claimed = b.claim(&claim(10)).await?.records;
    ensure_eq!(keys(&claimed), ["key"], "the claim through another handle");
    let writes: Vec<_> = claimed.into_iter().map(|record| complete(record.fence)).collect();
    c.complete(&writes).await?;
    let delivered = d.undelivered(&delivery(10)).await?;
    ensure_eq!(delivered.len(), 1, "the deliveries through another handle");
    let fences: Vec<_> = delivered.into_iter().map(|outcome| outcome.fence).collect();
    super::fixture::all_stored(&e.acknowledge(&fences).await?)?;
    ensure_eq!(fixture.store.forget(&["key".to_owned()]).await?, [true], "what another handle has stored");
    ensure_eq!(a.get(&["key".to_owned()]).await?, [None], "what another handle has forgotten");
    Ok(())
}

// g12
pub(super) async fn dropped_calls_leave_no_lock(fixture: &Fixture) -> Verdict {
    fixture.full("quota", 1e3).await?;
    for polls in 0..12 {
        // A call that was dropped may still run in the next round, which has other records.
        let round = Service::owned("contract.example", format!("round-{polls}"));
        let keys = numbered(&format!("{polls}-"), 20);
        let entries: Vec<_> = keys.iter().map(|key| Entry { service: round.clone(), ..entry(key) }).collect();
        let dropped = fixture.fresh.open().await?;
        drop_after(polls, dropped.register(&entries)).await;
        let stored = fixture.count(&round, |_| true).await?;
        ensure!(stored == 0 || stored == 20, "a dropped registration has stored {stored} of 20");
        fixture.store.register(&entries).await?;

        let request = || ClaimRequest { service: round.clone(), ..from_bucket() };
        drop_after(polls, dropped.claim(&request())).await;
        let rest = fixture.store.claim(&request()).await?.records;
        ensure!(rest.is_empty() || rest.len() == 20, "a dropped claim has left {} records of 20", rest.len());
        let claimed = fixture.count(&round, |record| record.is_claimed).await?;
        ensure_eq!(claimed, 20, "the records of a dropped claim and of the next one");

        let lost = 20 - rest.len();
        let writes: Vec<_> = rest.into_iter().map(|record| reschedule(record.fence)).collect();
        drop_after(polls, dropped.reschedule(&writes)).await;
        fixture.store.reschedule(&writes).await?;
        let claimed = fixture.count(&round, |record| record.is_claimed).await?;
        ensure_eq!(claimed, lost, "the claims after a dropped reschedule and another one");

        drop_after(polls, dropped.request_cancel(&keys)).await;
        fixture.store.request_cancel(&keys).await?;
        drop_after(polls, dropped.forget(&keys)).await;
        fixture.store.forget(&keys).await?;
        dropped.register(&[Entry { delay: LONG, ..entry("other") }]).await?;
        dropped.forget(&["other".to_owned()]).await?;
    }
    Ok(())
}

// g10
pub(super) async fn overlapping_batches_all_work(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 12);
    let handles = fixture.handles(6).await?;
    let tasks = handles.iter().enumerate().map(async |(task, store)| {
        let mut random = fastrand::Rng::with_seed(task as u64);
        for _ in 0..15 {
            let mut keys = keys.clone();
            random.shuffle(&mut keys);
            store.register(&keys.iter().map(|key| entry(key)).collect::<Vec<_>>()).await?;
            store.request_cancel(&keys).await?;
            let mut fences: Vec<_> =
                store.claim(&from_bucket()).await?.records.into_iter().map(|record| record.fence).collect();
            random.shuffle(&mut fences);
            store.withdraw(&fences).await?;
            let half = fences.split_off(fences.len() / 2);
            store.complete(&fences.into_iter().map(complete).collect::<Vec<_>>()).await?;
            store.give_back(&half.into_iter().map(give_back).collect::<Vec<_>>()).await?;
            store.take_back(&keys).await?;
            let delivered = store.undelivered(&delivery(5)).await?;
            store.acknowledge(&delivered.into_iter().map(|it| it.fence).rev().collect::<Vec<_>>()).await?;
            store.retain(Duration::ZERO, 2).await?;
            store.forget(&keys[..3]).await?;
        }
        Ok::<_, Fault>(())
    });
    try_join_all(tasks).await?;
    Ok(())
}

fn from_bucket() -> ClaimRequest {
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 1e3, refill: 1e6 };
    ClaimRequest { bucket: Some(bucket), ..claim(20) }
}

/// Polls a call this many times, a few milliseconds apart, and drops it.
async fn drop_after(polls: usize, call: impl Future) {
    let mut call = pin!(call);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await {
            return;
        }
        sleep(Duration::from_micros(300)).await;
    }
}

impl Fixture {
    /// Counts records of a service, when a call that was dropped has had some time.
    async fn count(&self, service: &Service, counts: impl Fn(&Record) -> bool) -> Result<usize, Fault> {
        sleep(SHORT / 10).await;
        let request = ListRequest { service: Some(service.clone()), ..ListRequest::default() };
        Ok(self.store.list(&request).await?.into_iter().filter(counts).count())
    }
}
