use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::time::sleep;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, claim, complete, delivery, entry, keys, numbered, reschedule},
};
use crate::{
    Record,
    store::{Bucket, ClaimRequest, Entry, Fence, ListRequest, Reschedule},
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
    let all = numbered("key", 20);
    let entries: Vec<_> = all.iter().map(|key| entry(key)).collect();
    fixture.full("quota", 1e3).await?;
    for polls in 0..12 {
        let dropped = fixture.fresh.open().await?;
        drop_after(polls, dropped.register(&entries)).await;
        let stored = fixture.settled(|_| true).await?;
        ensure!(stored == 0 || stored == 20, "a dropped registration has stored {stored} of 20");
        fixture.store.register(&entries).await?;

        drop_after(polls, dropped.claim(&from_bucket())).await;
        let lost = fixture.settled(|record| record.is_claimed).await?;
        ensure!(lost == 0 || lost == 20, "a dropped claim has claimed {lost} of 20");
        let rest = fixture.store.claim(&from_bucket()).await?.records;
        ensure_eq!(lost + rest.len(), 20, "the records of a dropped claim and of the next one");

        let writes: Vec<_> = rest.into_iter().map(|record| now(record.fence)).collect();
        drop_after(polls, dropped.reschedule(&writes)).await;
        fixture.store.reschedule(&writes).await?;
        let pending = fixture.settled(|record| record.is_claimed).await?;
        ensure_eq!(pending, lost, "the claims after a dropped reschedule and another one");

        drop_after(polls, dropped.request_cancel(&all)).await;
        fixture.store.request_cancel(&all).await?;
        drop_after(polls, dropped.forget(&all)).await;
        fixture.store.forget(&all).await?;
        ensure_eq!(fixture.settled(|_| true).await?, 0, "the records that were forgotten");
        dropped.register(&[Entry { delay: LONG, ..entry("other") }]).await?;
        dropped.forget(&["other".to_owned()]).await?;
    }
    Ok(())
}

fn from_bucket() -> ClaimRequest {
    let bucket = Bucket { quota: "quota".to_owned(), capacity: 1e3, refill: 1e6 };
    ClaimRequest { bucket: Some(bucket), ..claim(20) }
}

fn now(fence: Fence) -> Reschedule {
    Reschedule { delay: Duration::ZERO, ..reschedule(fence) }
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
    /// Counts records, once a call that was dropped has ended.
    async fn settled(&self, counts: impl Fn(&Record) -> bool) -> Result<usize, Fault> {
        sleep(SHORT / 10).await;
        Ok(self.store.list(&ListRequest::default()).await?.into_iter().filter(counts).count())
    }
}
