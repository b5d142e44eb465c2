use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    Verdict,
    fixture::{Fixture, LONG, SHORT, all_stored, entry, numbered},
};
use crate::store::{ClaimId, Entry, Intent, ListRequest};

// g24
pub(super) async fn retention_counts_from_the_acknowledgement(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let delivered = fixture.deliver_one("key").await?;
    // The operation is older than the retention when its outcome is acknowledged.
    sleep(SHORT * 3).await;
    let since = Instant::now();
    all_stored(&fixture.store.acknowledge(&[delivered.fence]).await?)?;
    let removed = fixture.store.retain(SHORT * 2, 10).await?;
    if since.elapsed() < SHORT * 2 {
        ensure_eq!(removed, 0, "the removals right after the acknowledgement");
        fixture.get("key").await?;
    }
    sleep(SHORT * 3).await;
    let removed = removed + fixture.store.retain(SHORT * 2, 10).await?;
    ensure_eq!(removed, 1, "the removals after the retention");
    ensure_eq!(fixture.store.get(&["key".to_owned()]).await?, [None], "the record after the retention");
    Ok(())
}

// g24
pub(super) async fn retention_removes_only_acknowledged_records(fixture: &Fixture) -> Verdict {
    fixture.one_in_each_state().await?;
    let keys = numbered("key", 25);
    fixture.finish_all(&keys).await?;
    let fences: Vec<_> = fixture.deliver(25).await?.into_iter().map(|outcome| outcome.fence).collect();
    ensure_eq!(fences.len(), 25, "the outcomes that are delivered");
    all_stored(&fixture.store.acknowledge(&fences).await?)?;
    sleep(Duration::from_millis(5)).await;
    for expected in [10, 10, 6, 0] {
        let removed = fixture.store.retain(Duration::from_millis(1), 10).await?;
        ensure_eq!(removed, expected, "the removals, at most 10");
    }
    let rest = fixture.store.list(&ListRequest::default()).await?;
    let rest: Vec<_> = rest.iter().map(|record| &*record.key).collect();
    ensure_eq!(rest, ["aside", "claimed", "finished", "intent", "pending"], "what is not acknowledged");
    Ok(())
}

pub(super) async fn records_are_forgotten_in_any_state(fixture: &Fixture) -> Verdict {
    let mut keys = fixture.one_in_each_state().await?;
    ensure_eq!(fixture.store.list(&ListRequest::default()).await?.len(), 6, "the records");
    keys.insert(3, "unknown".to_owned());
    let existed: Vec<_> = keys.iter().map(|key| key != "unknown").collect();
    ensure_eq!(fixture.store.forget(&keys).await?, existed, "what existed");
    ensure_eq!(fixture.store.list(&ListRequest::default()).await?, [], "the records that were forgotten");
    ensure_eq!(fixture.deliver(10).await?, [], "the outcomes that were forgotten");
    Ok(())
}

impl Fixture {
    /// Registers a record in each state, and a claimed one. Returns their keys.
    pub(super) async fn one_in_each_state(&self) -> Result<Vec<String>, super::Fault> {
        self.acknowledged("acknowledged").await?;
        self.finished("finished").await?;
        self.deliver_one("finished").await?;
        self.set_aside("aside", 1).await?;
        self.claimed("claimed").await?;
        let intent = Some(Intent { claim: ClaimId::random(), lease: LONG });
        let intent = Entry { name: None, intent, ..entry("intent") };
        self.register(&[intent, Entry { delay: LONG, ..entry("pending") }]).await?;
        let keys = ["intent", "pending", "acknowledged", "aside", "claimed", "finished"];
        Ok(keys.map(str::to_owned).to_vec())
    }
}
