use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lro::Service;
use lro_registry::{
    MemoryStore, Store, StoreError, StoreErrorKind,
    contract::{Fresh, SubjectError},
    store::{ClaimId, Fence, Written},
};
use tokio::time::Instant;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    ForgetsDeadlines,
    Overwrites,
    HidesConflicts,
    ReversesResults,
    SkipsExisting,
    CutsKeys,
    Overflows,
    RejectsEmptyBatches,
    RejectsUnknownKeys,
    ForgetsCursors,
    ClaimsEarly,
    ClaimsByKey,
    ClaimsOneTooMany,
    ClaimsInOrder,
    IgnoresBucketsAtRandom,
    ForgetsRandomClaims,
    ForgetsFailures,
    HalvesLeases,
    IgnoresVersions,
    HidesLeases,
    CountsGiveBacks,
    CountsNoClaims,
    NeverSetsAside,
    ForgetsErrors,
    TakesNothingBack,
    IgnoresFences,
    IgnoresClaimIds,
    IgnoresEpochs,
    HidesFences,
    FencesLateWrites,
    StopsAtFences,
    ShortensEpochs,
    IgnoresCancels,
    OverwritesCancels,
    DropsFailedCancels,
    RepeatsCancels,
    CancelsEnded,
    PollsIntents,
    ForgetsNames,
    KeepsIntents,
    HidesIntents,
    WithdrawsNothing,
    WithdrawsByKey,
    WithdrawsAnyState,
    ForgetsTags,
    DeliversOneTooMany,
    DeliversOnce,
    DeliversWithoutPause,
    DeliversByKey,
    RetainsNothing,
    RemovesFinished,
    RemovesAllAtOnce,
    ForgetsPendingOnly,
    FillsNewBuckets,
    IgnoresBuckets,
    EnlargesBuckets,
    RefillsFast,
    RefillsSlowly,
    HasOneBucket,
    HasBucketsByService,
    DividesByRefill,
    FreezesBuckets,
    RepeatsPageEnds,
    IgnoresCase,
    ListsPayloads,
    ListsAll,
    CutsAtNul,
    StoresText,
    CutsPayloads,
    RejectsNul,
    RoundsTimes,
    ShortensHistory,
    InventsHistory,
    ShortensNumbers,
    IsAlwaysHealthy,
    CountsStatesOnly,
    CountsAll,
    HidesBuckets,
    HintsWhatIsDueOnly,
    HintsNoStarts,
    HintsNoCancels,
    SeparatesHandles,
    SplitsBatches,
    Deadlocks,
}

/// A store in memory with a fault.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryStore,
    pub(crate) fault: Fault,
    /// The last claim of each record, and the end of its lease.
    held: Arc<Mutex<HashMap<String, (Fence, Instant)>>>,
    pub(crate) is_frozen: Arc<AtomicBool>,
    pub(crate) is_locked: Arc<AtomicBool>,
    /// Whether the next hint is kept back.
    pub(crate) is_muted: Arc<AtomicBool>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        let inner = MemoryStore::new();
        let (is_frozen, is_locked, is_muted) = Default::default();
        Self { inner, fault, held: Arc::default(), is_frozen, is_locked, is_muted }
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(crate) fn fails_if(&self, fault: Fault, condition: bool) -> Result<(), StoreError> {
        if self.has(fault) && condition {
            return Err(StoreError::new(StoreErrorKind::Other, "the statement failed"));
        }
        Ok(())
    }

    /// Keeps back the hint of a call.
    pub(crate) fn mutes_if(&self, fault: Fault, condition: bool) {
        if self.has(fault) && condition {
            self.is_muted.store(true, Ordering::Relaxed);
        }
    }

    /// Remembers a claim.
    pub(crate) fn hold(&self, fence: &Fence, lease: Duration) {
        let end = Instant::now() + lease.min(Duration::from_secs(86_400));
        self.held.lock().unwrap().insert(fence.key.clone(), (fence.clone(), end));
    }

    /// The fence that the inner store is called with.
    pub(crate) fn fence(&self, fence: &Fence) -> Fence {
        let held = self.held.lock().unwrap().get(&fence.key).cloned();
        let Some((held, end)) = held else { return fence.clone() };
        match self.fault {
            Fault::IgnoresFences => held,
            Fault::IgnoresClaimIds => Fence { claim: held.claim, ..fence.clone() },
            Fault::IgnoresEpochs => Fence { epoch: held.epoch, ..fence.clone() },
            Fault::FencesLateWrites if end < Instant::now() => {
                Fence { claim: ClaimId::random(), ..fence.clone() }
            }
            _ => fence.clone(),
        }
    }

    /// The results that the caller sees.
    pub(crate) fn written(&self, mut written: Vec<Written>) -> Vec<Written> {
        if self.has(Fault::HidesFences) {
            written.fill(Written::Stored);
        }
        written
    }

    pub(crate) fn service(&self, service: &Service) -> Service {
        let version = if self.has(Fault::IgnoresVersions) { "" } else { service.version() };
        Service::owned(service.key(), version)
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match self.fault {
            Fault::CutsAtNul => bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
            Fault::StoresText => String::from_utf8_lossy(bytes).into_owned().into_bytes(),
            Fault::CutsPayloads => bytes[..bytes.len().min(1 << 20)].to_vec(),
            _ => bytes.to_vec(),
        }
    }

    pub(crate) fn error(&self, error: Option<&String>) -> Option<String> {
        error.filter(|_| !self.has(Fault::ForgetsErrors)).cloned()
    }
}

#[async_trait]
impl Fresh for Faulty {
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError> {
        let is_separate = self.has(Fault::SeparatesHandles);
        Ok(Arc::new(if is_separate { Self::new(self.fault) } else { self.clone() }))
    }

    async fn set_epoch(&self, key: &str, epoch: i64) -> Result<bool, SubjectError> {
        self.inner.set_epoch(key, epoch).await
    }

    async fn set_last_finished(&self, number: i64) -> Result<bool, SubjectError> {
        self.inner.set_last_finished(number).await
    }

    async fn set_bucket_ahead(&self, quota: &str, ahead: Duration) -> Result<bool, SubjectError> {
        self.is_frozen.store(self.has(Fault::FreezesBuckets), Ordering::Relaxed);
        self.inner.set_bucket_ahead(quota, ahead).await
    }
}
