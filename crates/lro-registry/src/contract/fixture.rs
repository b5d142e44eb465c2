use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use lro::{OperationName, Service};
use tokio::time::{Instant, sleep};

use super::{Fault, Fresh, Subject, Verdict};
use crate::{
    Record, RecordState, Store,
    store::{
        CancelStep, ClaimId, ClaimRequest, Claimed, ClaimedRecord, Complete, DeliveryRequest, Entry, Fence,
        GiveBack, Registered, Reschedule, Undelivered, Written,
    },
};

/// A store that a rule may fill, and its first handle.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) fresh: Box<dyn Fresh>,
    pub(super) store: Arc<dyn Store>,
}

/// A lease or delay that does not end within a rule.
pub(super) const LONG: Duration = Duration::from_secs(3_600);
/// A lease or delay that a rule waits for.
pub(super) const SHORT: Duration = Duration::from_millis(200);
/// What two times may differ by because they are rounded.
pub(super) const ROUNDING: Duration = Duration::from_millis(5);
/// How long something that must happen may take on a slow machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Fixture {
    pub(super) async fn new(subject: &dyn Subject) -> Result<Self, Fault> {
        let fresh = subject.fresh().await?;
        let store = fresh.open().await?;
        Ok(Self { fresh, store })
    }

    /// Opens this many handles.
    pub(super) async fn handles(&self, count: usize) -> Result<Vec<Arc<dyn Store>>, Fault> {
        let mut handles = Vec::new();
        for _ in 0..count {
            handles.push(self.fresh.open().await?);
        }
        Ok(handles)
    }

    /// Registers records, all of which must be new.
    pub(super) async fn register(&self, entries: &[Entry]) -> Result<Vec<Record>, Fault> {
        let mut records = Vec::new();
        for registered in self.store.register(entries).await? {
            let Registered::New(record) = registered else {
                return Err(Fault::Broken(format!("a new entry is reported as {registered:?}")));
            };
            records.push(record);
        }
        ensure_eq!(records.len(), entries.len(), "the results of a registration");
        Ok(records)
    }

    /// Registers records that are due now.
    pub(super) async fn register_keys(&self, keys: &[impl AsRef<str> + Sync]) -> Result<(), Fault> {
        for batch in keys.chunks(1_000) {
            let entries: Vec<_> = batch.iter().map(|key| entry(key.as_ref())).collect();
            self.register(&entries).await?;
        }
        Ok(())
    }

    /// Claims what is due, with a long lease.
    pub(super) async fn claim(&self, most: usize) -> Result<Claimed, Fault> {
        Ok(self.store.claim(&claim(most)).await?)
    }

    /// Claims the only record that is due.
    pub(super) async fn claim_one(&self, key: &str, lease: Duration) -> Result<ClaimedRecord, Fault> {
        let mut claimed = self.store.claim(&ClaimRequest { lease, ..claim(10) }).await?;
        ensure_eq!(keys(&claimed.records), [key], "the records that are claimed");
        claimed.records.pop().ok_or_else(|| Fault::Broken("nothing is claimed".to_owned()))
    }

    /// Claims the only record that will be due, as soon as it is.
    pub(super) async fn claim_next(&self, key: &str, lease: Duration) -> Result<ClaimedRecord, Fault> {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut claimed = self.store.claim(&ClaimRequest { lease, ..claim(10) }).await?;
            if let Some(record) = claimed.records.pop() {
                ensure_eq!(record.fence.key, key, "the record that is claimed");
                return Ok(record);
            }
            ensure!(Instant::now() < until, "{key} is not claimed in time: {:?}", self.get(key).await?);
            sleep(claimed.next_due.unwrap_or_default().clamp(Duration::from_millis(1), SHORT)).await;
        }
    }

    /// Registers a record and claims it, with a long lease.
    pub(super) async fn claimed(&self, key: &str) -> Result<ClaimedRecord, Fault> {
        self.register(&[entry(key)]).await?;
        self.claim_one(key, LONG).await
    }

    /// Registers a record and completes it.
    pub(super) async fn finished(&self, key: &str) -> Result<(), Fault> {
        let fence = self.claimed(key).await?.fence;
        self.complete(complete(fence)).await
    }

    /// Registers a record, completes it and acknowledges its outcome.
    pub(super) async fn acknowledged(&self, key: &str) -> Result<(), Fault> {
        self.finished(key).await?;
        let fence = self.deliver_one(key).await?.fence;
        all_stored(&self.store.acknowledge(&[fence]).await?)
    }

    pub(super) async fn deliver(&self, most: usize) -> Result<Vec<Undelivered>, Fault> {
        Ok(self.store.undelivered(&delivery(most)).await?)
    }

    /// Leases the only outcome that is due.
    pub(super) async fn deliver_one(&self, key: &str) -> Result<Undelivered, Fault> {
        let mut delivered = self.deliver(10).await?;
        let keys: Vec<_> = delivered.iter().map(|outcome| &*outcome.fence.key).collect();
        ensure_eq!(keys, [key], "the outcomes that are delivered");
        delivered.pop().ok_or_else(|| Fault::Broken("nothing is delivered".to_owned()))
    }

    /// Leases the only outcome that will be due, as soon as it is.
    pub(super) async fn deliver_next(&self, request: &DeliveryRequest) -> Result<Undelivered, Fault> {
        let until = Instant::now() + PATIENCE;
        loop {
            let request = DeliveryRequest { claim: ClaimId::random(), ..request.clone() };
            if let Some(outcome) = self.store.undelivered(&request).await?.pop() {
                return Ok(outcome);
            }
            ensure!(Instant::now() < until, "no outcome is delivered in time");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Reschedules. The write must be stored.
    pub(super) async fn reschedule(&self, write: Reschedule) -> Verdict {
        all_stored(&self.store.reschedule(&[write]).await?)
    }

    /// Completes. The write must be stored.
    pub(super) async fn complete(&self, write: Complete) -> Verdict {
        all_stored(&self.store.complete(&[write]).await?)
    }

    /// Gives a claim back. The write must be stored.
    pub(super) async fn give_back(&self, write: GiveBack) -> Verdict {
        all_stored(&self.store.give_back(&[write]).await?)
    }

    /// Returns a record that must exist, with its payloads.
    pub(super) async fn get(&self, key: &str) -> Result<Record, Fault> {
        let mut records = self.store.get(&[key.to_owned()]).await?;
        ensure_eq!(records.len(), 1, "the results of a get of one key");
        let record = records.pop().flatten();
        record.ok_or_else(|| Fault::Broken(format!("{key} does not exist")))
    }

    /// Checks when a record is due: this long after a time between `since` and now.
    pub(super) async fn ensure_due(&self, key: &str, after: Duration, since: Instant) -> Verdict {
        let record = self.get(key).await?;
        let now = record.created + record.age;
        let due = record.due.ok_or_else(|| Fault::Broken(format!("{key} is never due")))?;
        let elapsed = since.elapsed();
        ensure!(due <= now + after + ROUNDING, "{key} is due {:?} late", late(due, now + after));
        let earliest = now + after;
        ensure!(
            due + elapsed + ROUNDING >= earliest,
            "{key} is due {:?} early",
            late(earliest, due + elapsed)
        );
        Ok(())
    }

    pub(super) async fn ensure_state(&self, key: &str, state: RecordState) -> Verdict {
        ensure_eq!(self.get(key).await?.state, state, "the state of {key}");
        Ok(())
    }
}

fn late(time: SystemTime, expected: SystemTime) -> Duration {
    time.duration_since(expected).unwrap_or_default()
}

/// The service of the records of most rules.
pub(super) fn service() -> Service {
    Service::new("contract.example", "v1")
}

pub(super) fn other_service() -> Service {
    Service::new("other.example", "v1")
}

pub(super) fn name(id: &str) -> Option<OperationName> {
    OperationName::parse(&format!("operations/{id}")).ok()
}

/// A record that is due now.
pub(super) fn entry(key: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        service: service(),
        name: name("of-the-contract"),
        kind: "kind".to_owned(),
        fingerprint: "fingerprint".to_owned(),
        tag: b"tag".to_vec(),
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: b"{}".to_vec(),
        intent: None,
    }
}

/// This many keys, in order.
pub(super) fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number:05}")).collect()
}

pub(super) fn claim(most: usize) -> ClaimRequest {
    ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most,
        lease: LONG,
        most_claims: 5,
        is_random: false,
        bucket: None,
    }
}

pub(super) fn delivery(most: usize) -> DeliveryRequest {
    DeliveryRequest {
        claim: ClaimId::random(),
        most,
        lease: LONG,
        first_pause: Duration::from_secs(1),
        longest_pause: LONG,
    }
}

/// A state that is due again after a long delay.
pub(super) fn reschedule(fence: Fence) -> Reschedule {
    Reschedule {
        fence,
        name: None,
        delay: LONG,
        state: b"state".to_vec(),
        cursor: b"cursor".to_vec(),
        cancel: CancelStep::NotSeen,
        failures: 0,
        error: None,
    }
}

pub(super) fn complete(fence: Fence) -> Complete {
    Complete { fence, name: None, outcome: b"outcome".to_vec(), state: b"end".to_vec(), finished: None }
}

/// A claim that is given back, for a long time.
pub(super) fn give_back(fence: Fence) -> GiveBack {
    GiveBack { fence, delay: LONG, counts: false, error: None }
}

pub(super) fn keys(records: &[ClaimedRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.fence.key).collect()
}

pub(super) fn all_stored(written: &[Written]) -> Verdict {
    ensure!(
        written.iter().all(|it| *it == Written::Stored),
        "a write of the last claim is refused: {written:?}"
    );
    Ok(())
}

pub(super) fn all_fenced(written: &[Written], what: &str) -> Verdict {
    ensure!(written.iter().all(|it| *it == Written::Fenced), "{what} is stored: {written:?}");
    Ok(())
}
