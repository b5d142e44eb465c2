use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use lro::{OperationName, Service};
use lro_registry::{
    Record, RecordState, Store, StoreError,
    store::{
        Bucket, CancelRequested, CancelStep, ClaimId, ClaimRequest, Claimed, Complete, CountRequest, Counts,
        DeliveryRequest, Entry, Fence, Finished, GiveBack, Health, ListRequest, Registered, Reschedule,
        Undelivered, Written,
    },
};

use crate::faulty::{Fault, Faulty};

#[async_trait]
impl Store for Faulty {
    async fn register(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError> {
        self.fails_if(Fault::RejectsEmptyBatches, entries.is_empty())?;
        let longest = entries.iter().map(|entry| entry.delay.max(entry.deadline.unwrap_or_default())).max();
        self.fails_if(Fault::Overflows, longest > Some(Duration::from_secs(1 << 40)))?;
        self.mutes_if(Fault::HintsWhatIsDueOnly, longest > Some(Duration::ZERO));
        if self.has(Fault::Overwrites) {
            self.forget(&entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>()).await?;
        }
        let entries: Vec<_> = entries.iter().map(|entry| self.entry(entry)).collect();
        if self.has(Fault::SplitsBatches) {
            return self.register_each(&entries).await;
        }
        if self.has(Fault::KeepsIntents)
            && let [Entry { key, intent: None, .. }] = &entries[..]
            && let Some(intent) = self.inner.get(std::slice::from_ref(key)).await?.pop().flatten()
            && intent.state == RecordState::Intent
        {
            return Ok(vec![Registered::Existing(intent)]);
        }
        let registered = self.inner.register(&entries).await?;
        for entry in &entries {
            if let Some(intent) = entry.intent {
                self.hold(&Fence { key: entry.key.clone(), epoch: 1, claim: intent.claim }, intent.lease);
            }
        }
        let seen = registered.into_iter().filter_map(|registered| self.registered(registered));
        let mut seen: Vec<_> = seen.collect();
        if self.has(Fault::ReversesResults) {
            seen.reverse();
        }
        Ok(seen)
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let mut request = self.claim_request(request).await?;
        let most = request.most;
        if self.has(Fault::ClaimsByKey) {
            request.most = usize::MAX;
        }
        let mut claimed = self.inner.claim(&request).await?;
        if self.has(Fault::ClaimsByKey) {
            claimed.records.sort_by(|a, b| b.fence.key.cmp(&a.fence.key));
            let rest = claimed.records.split_off(most.min(claimed.records.len()));
            self.release(rest.into_iter().map(|record| record.fence)).await?;
        }
        if self.has(Fault::ForgetsRandomClaims) && request.is_random {
            self.release(claimed.records.iter().map(|record| record.fence.clone())).await?;
        }
        for record in &mut claimed.records {
            self.hold(&record.fence, request.lease);
            if self.has(Fault::ShortensEpochs) {
                record.fence.epoch = i64::from(record.fence.epoch as i32);
            }
            if self.has(Fault::CountsNoClaims) {
                record.claims = 1;
            }
        }
        if self.has(Fault::HidesLeases) && claimed.next_due != Some(Duration::ZERO) {
            claimed.next_due = None;
        }
        if self.is_frozen.load(Ordering::Relaxed) {
            claimed.records.clear();
            claimed.next_token = Duration::from_secs(3_600);
        }
        Ok(claimed)
    }

    async fn reschedule(&self, writes: &[Reschedule]) -> Result<Vec<Written>, StoreError> {
        let nul = writes.iter().any(|write| write.error.as_ref().is_some_and(|error| error.contains('\0')));
        self.fails_if(Fault::RejectsNul, nul)?;
        self.mutes_if(Fault::HintsNoStarts, writes.iter().any(|write| write.name.is_some()));
        let writes: Vec<_> = writes.iter().map(|write| self.rescheduled(write)).collect();
        Ok(self.written(self.inner.reschedule(&writes).await?))
    }

    async fn complete(&self, writes: &[Complete]) -> Result<Vec<Written>, StoreError> {
        let mut written = Vec::new();
        for write in writes {
            let fence = self.fence(&write.fence);
            let is_stopped = self.has(Fault::StopsAtFences) && written.contains(&Written::Fenced);
            let fence = if is_stopped { Fence { claim: ClaimId::random(), ..fence } } else { fence };
            let write = Complete {
                fence,
                name: self.name(write.name.as_ref()),
                outcome: self.bytes(&write.outcome),
                state: self.bytes(&write.state),
                finished: self.finish(write.finished.as_ref()),
            };
            written.extend(self.inner.complete(&[write]).await?);
        }
        Ok(self.written(written))
    }

    async fn give_back(&self, writes: &[GiveBack]) -> Result<Vec<Written>, StoreError> {
        let nul = writes.iter().any(|write| write.error.as_ref().is_some_and(|error| error.contains('\0')));
        self.fails_if(Fault::RejectsNul, nul)?;
        let give_back = |write: &GiveBack| GiveBack {
            fence: self.fence(&write.fence),
            counts: write.counts || self.has(Fault::CountsGiveBacks),
            error: self.error(write.error.as_ref()),
            ..write.clone()
        };
        let writes: Vec<_> = writes.iter().map(give_back).collect();
        Ok(self.written(self.inner.give_back(&writes).await?))
    }

    async fn withdraw(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        let fences: Vec<_> = fences.iter().map(|fence| self.fence(fence)).collect();
        match self.fault {
            Fault::WithdrawsNothing => Ok(vec![Written::Stored; fences.len()]),
            Fault::WithdrawsByKey | Fault::WithdrawsAnyState => self.withdraw_each(&fences).await,
            _ => Ok(self.written(self.inner.withdraw(&fences).await?)),
        }
    }

    async fn undelivered(&self, request: &DeliveryRequest) -> Result<Vec<Undelivered>, StoreError> {
        let mut request = request.clone();
        let most = request.most;
        match self.fault {
            Fault::DeliversOneTooMany => request.most += 1,
            Fault::DeliversOnce => request.lease = Duration::MAX,
            Fault::DeliversWithoutPause => request.longest_pause = Duration::ZERO,
            Fault::DeliversByKey => request.most = usize::MAX,
            _ => {}
        }
        let mut delivered = self.inner.undelivered(&request).await?;
        if self.has(Fault::DeliversByKey) {
            delivered.sort_by(|a, b| a.fence.key.cmp(&b.fence.key));
            let rest = delivered.split_off(most.min(delivered.len()));
            self.release(rest.into_iter().map(|outcome| outcome.fence)).await?;
        }
        for outcome in &mut delivered {
            self.hold(&outcome.fence, request.lease);
            if self.has(Fault::ForgetsTags) {
                outcome.tag.clear();
            }
        }
        Ok(delivered)
    }

    async fn acknowledge(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        let fences: Vec<_> = fences.iter().map(|fence| self.fence(fence)).collect();
        Ok(self.written(self.inner.acknowledge(&fences).await?))
    }

    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Record>>, StoreError> {
        let cut = |key: &String| self.key(key);
        let found = self.inner.get(&keys.iter().map(cut).collect::<Vec<_>>()).await?;
        self.fails_if(Fault::RejectsUnknownKeys, found.contains(&None))?;
        Ok(found)
    }

    async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError> {
        let mut request = request.clone();
        request.payloads |= self.has(Fault::ListsPayloads);
        request.overdue &= !self.has(Fault::ListsAll);
        let mut records = self.inner.list(&request).await?;
        if let (true, Some(after)) = (self.has(Fault::RepeatsPageEnds), request.after) {
            records.splice(..0, self.inner.get(&[after]).await?.into_iter().flatten());
            records.truncate(request.most);
        }
        if self.has(Fault::IgnoresCase) {
            records.sort_by_key(|record| record.key.to_lowercase());
        }
        Ok(records)
    }

    async fn request_cancel(&self, keys: &[String]) -> Result<Vec<CancelRequested>, StoreError> {
        if self.has(Fault::IgnoresCancels) {
            return Ok(vec![CancelRequested::Requested; keys.len()]);
        }
        if self.has(Fault::Deadlocks) {
            self.fails_if(Fault::Deadlocks, self.is_locked.swap(true, Ordering::Relaxed))?;
            tokio::task::yield_now().await;
            self.is_locked.store(false, Ordering::Relaxed);
        }
        self.mutes_if(Fault::HintsNoCancels, true);
        let mut requested = self.inner.request_cancel(keys).await?;
        if self.has(Fault::CancelsEnded) {
            requested.iter_mut().filter(|it| **it == CancelRequested::Ended).for_each(|it| {
                *it = CancelRequested::Requested;
            });
        }
        Ok(requested)
    }

    async fn take_back(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        if self.has(Fault::TakesNothingBack) {
            return Ok(vec![false; keys.len()]);
        }
        self.inner.take_back(keys).await
    }

    async fn forget(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut keys = keys.to_vec();
        if self.has(Fault::ForgetsPendingOnly) {
            let pending = ListRequest { state: Some(RecordState::Pending), ..ListRequest::default() };
            let pending = self.inner.list(&pending).await?;
            keys.retain(|key| pending.iter().any(|record| record.key == *key));
        }
        self.inner.forget(&keys).await
    }

    async fn retain(&self, acknowledged_for: Duration, most: usize) -> Result<usize, StoreError> {
        if self.has(Fault::RemovesFinished) {
            let finished = ListRequest { state: Some(RecordState::Finished), ..ListRequest::default() };
            let finished = self.inner.list(&finished).await?;
            self.forget(&finished.into_iter().map(|record| record.key).collect::<Vec<_>>()).await?;
        }
        let most = if self.has(Fault::RemovesAllAtOnce) { usize::MAX } else { most };
        let at_once = self.has(Fault::RetainsNothing);
        self.inner.retain(if at_once { Duration::ZERO } else { acknowledged_for }, most).await
    }

    async fn finished(&self, after: i64, most: usize) -> Result<Vec<(i64, Finished)>, StoreError> {
        let after = if self.has(Fault::ShortensNumbers) { i64::from(after as i32) } else { after };
        let mut finished = self.inner.finished(after, most).await?;
        if self.has(Fault::ShortensNumbers) {
            finished.retain(|(number, _)| i32::try_from(*number).is_ok());
        }
        if self.has(Fault::ShortensHistory) {
            finished = finished.split_off(finished.len().saturating_sub(64));
        }
        Ok(finished)
    }

    async fn health(&self) -> Result<Health, StoreError> {
        if self.has(Fault::IsAlwaysHealthy) {
            return Ok(Health::default());
        }
        self.inner.health().await
    }

    async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError> {
        let unlimited = CountRequest::default().most(10_000);
        let request = if self.has(Fault::CountsAll) { unlimited } else { *request };
        let mut counts = self.inner.counts(&request).await?;
        if self.has(Fault::CountsStatesOnly) {
            counts.services.clear();
        }
        if self.has(Fault::HidesBuckets) {
            counts.buckets.clear();
        }
        Ok(counts)
    }

    async fn changed(&self) {
        loop {
            self.inner.changed().await;
            while self.inner.changed().now_or_never().is_some() {}
            if !self.is_muted.swap(false, Ordering::Relaxed) {
                return;
            }
        }
    }
}

impl Faulty {
    fn key(&self, key: &str) -> String {
        let length = if self.has(Fault::CutsKeys) { 255 } else { key.len() };
        key.chars().take(length).collect()
    }

    fn name(&self, name: Option<&OperationName>) -> Option<OperationName> {
        name.filter(|_| !self.has(Fault::ForgetsNames)).cloned()
    }

    /// The entry that the inner store is called with.
    fn entry(&self, entry: &Entry) -> Entry {
        let mut entry = Entry {
            key: self.key(&entry.key),
            service: self.service(&entry.service),
            tag: self.bytes(&entry.tag),
            state: self.bytes(&entry.state),
            ..entry.clone()
        };
        match self.fault {
            Fault::ForgetsDeadlines => entry.deadline = None,
            Fault::ClaimsEarly => entry.delay = Duration::ZERO,
            Fault::PollsIntents if entry.intent.is_some() => {
                entry.intent = None;
                entry.name = OperationName::parse("operations/not-started").ok();
            }
            Fault::HidesIntents => {
                entry.intent = entry.intent.map(|mut intent| {
                    intent.lease = Duration::MAX;
                    intent
                });
            }
            _ => {}
        }
        entry
    }

    async fn register_each(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError> {
        let mut registered = Vec::new();
        for entry in entries {
            registered.extend(self.inner.register(std::slice::from_ref(entry)).await?);
            tokio::task::yield_now().await;
        }
        Ok(registered)
    }

    fn registered(&self, registered: Registered) -> Option<Registered> {
        match registered {
            Registered::Existing(_) if self.has(Fault::SkipsExisting) => None,
            Registered::Conflict(record) if self.has(Fault::HidesConflicts) => {
                Some(Registered::Existing(record))
            }
            registered => Some(registered),
        }
    }

    /// The request that the inner store is called with.
    async fn claim_request(&self, request: &ClaimRequest) -> Result<ClaimRequest, StoreError> {
        let mut request = ClaimRequest { service: self.service(&request.service), ..request.clone() };
        match self.fault {
            Fault::ClaimsOneTooMany => request.most += 1,
            Fault::HalvesLeases => request.lease /= 2,
            Fault::NeverSetsAside | Fault::CountsNoClaims => request.most_claims = u32::MAX,
            Fault::IgnoresBuckets => request.bucket = None,
            Fault::IgnoresBucketsAtRandom if request.is_random => request.bucket = None,
            Fault::ClaimsInOrder => request.is_random = false,
            _ => {}
        }
        let Some(bucket) = &mut request.bucket else { return Ok(request) };
        self.fails_if(Fault::DividesByRefill, bucket.refill == 0.0)?;
        match self.fault {
            Fault::EnlargesBuckets => bucket.capacity *= 2.0,
            Fault::RefillsFast => bucket.refill *= 1.2,
            Fault::RefillsSlowly => bucket.refill *= 0.8,
            Fault::HasOneBucket => bucket.quota = "the only one".to_owned(),
            Fault::HasBucketsByService => bucket.quota.push_str(request.service.key()),
            Fault::FillsNewBuckets => self.fill(bucket.clone()).await?,
            _ => {}
        }
        Ok(request)
    }

    async fn fill(&self, bucket: Bucket) -> Result<(), StoreError> {
        let nothing = ClaimRequest {
            claim: ClaimId::random(),
            service: Service::default(),
            most: 1,
            lease: Duration::ZERO,
            most_claims: 1,
            is_random: false,
            bucket: Some(Bucket { refill: 1e9, ..bucket }),
        };
        for _ in 0..2 {
            self.inner.claim(&nothing).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Removes what has the key, or only what is claimed with the epoch.
    async fn withdraw_each(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        let mut written = Vec::new();
        for fence in fences {
            let key = std::slice::from_ref(&fence.key);
            let record = self.inner.get(key).await?.pop().flatten();
            let is_held = record.is_some_and(|record| record.is_claimed && record.epoch == fence.epoch);
            let removes = is_held || self.has(Fault::WithdrawsByKey);
            let is_removed = removes && self.inner.forget(key).await?.contains(&true);
            written.push(if is_removed { Written::Stored } else { Written::Fenced });
        }
        Ok(written)
    }

    /// Ends claims that nobody has seen.
    async fn release(&self, fences: impl Iterator<Item = Fence>) -> Result<(), StoreError> {
        let release = |fence| GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
        self.inner.give_back(&fences.map(release).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// The write that the inner store is called with.
    fn rescheduled(&self, write: &Reschedule) -> Reschedule {
        let forgets_cursor = self.has(Fault::ForgetsCursors);
        Reschedule {
            fence: self.fence(&write.fence),
            name: self.name(write.name.as_ref()),
            delay: write.delay,
            state: self.bytes(&write.state),
            cursor: if forgets_cursor { Vec::new() } else { self.bytes(&write.cursor) },
            cancel: match (self.fault, write.cancel) {
                (Fault::OverwritesCancels, CancelStep::NotSeen) => CancelStep::Sent,
                (Fault::DropsFailedCancels, CancelStep::Failed) => CancelStep::Sent,
                (Fault::RepeatsCancels, CancelStep::Sent) => CancelStep::Failed,
                (_, cancel) => cancel,
            },
            failures: if self.has(Fault::ForgetsFailures) { 0 } else { write.failures },
            error: self.error(write.error.as_ref()),
        }
    }

    fn finish(&self, finished: Option<&Finished>) -> Option<Finished> {
        let invented =
            Finished { worker: 0, kind: "kind".to_owned(), running: Duration::ZERO, done: None, polls: 0 };
        match finished {
            Some(finished) if self.has(Fault::RoundsTimes) => {
                let running = Duration::from_secs(finished.running.as_secs());
                Some(Finished { running, ..finished.clone() })
            }
            None if self.has(Fault::InventsHistory) => Some(invented),
            finished => finished.cloned(),
        }
    }
}
