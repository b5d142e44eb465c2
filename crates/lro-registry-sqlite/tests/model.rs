//! Any sequence of calls has the results that the store in memory returns.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::time::{Duration, SystemTime};

use common::{Folder, LEASE, bucket, claim_request, complete, delivery, entry, reschedule};
use fastrand::Rng;
use lro::{OperationName, Service};
use lro_registry::{
    MemoryStore, Record, RecordState, Store,
    store::{
        CancelStep, ClaimId, ClaimRequest, Claimed, Complete, DeliveryRequest, Entry, Fence, Finished,
        GiveBack, Intent, ListRequest, Registered, Reschedule, Undelivered,
    },
};

#[tokio::test]
async fn sequences_of_calls_have_the_results_of_the_store_in_memory() {
    for seed in 0..100 {
        let folder = Folder::new();
        let (sqlite, memory) = (folder.open().await, MemoryStore::new());
        let mut rng = Rng::with_seed(seed);
        let mut fences = Vec::new();
        // Records that become due in one call have the same due time, and may be picked in any order.
        let most = if seed % 2 == 0 { Most { items: 4, picks: 100 } } else { Most { items: 1, picks: 4 } };
        for step in 0..80 {
            let call = Call::random(&mut rng, &fences, most);
            let expected = call.run(&memory, &mut fences).await;
            let result = call.run(&sqlite, &mut Vec::new()).await;
            assert_eq!(result, expected, "seed {seed}, step {step}: {call:?}");
        }
    }
}

/// The most items of a batch, and the most records of a claim.
#[derive(Clone, Copy)]
struct Most {
    items: usize,
    picks: usize,
}

#[derive(Debug)]
enum Call {
    Register(Vec<Entry>),
    Claim(ClaimRequest),
    Reschedule(Vec<Reschedule>),
    Complete(Vec<Complete>),
    GiveBack(Vec<GiveBack>),
    Undelivered(DeliveryRequest),
    Acknowledge(Vec<Fence>),
    Cancel(Vec<String>),
    TakeBack(Vec<String>),
    Forget(Vec<String>),
    Withdraw(Vec<Fence>),
    Retain(usize),
    List(ListRequest),
    Get(Vec<String>),
    Finished(i64),
    Health,
}

/// The due times are now or far away, so that the time that a call takes does not matter.
fn delay(rng: &mut Rng) -> Duration {
    Duration::from_secs(if rng.bool() { 0 } else { 36_000 })
}

fn lease(rng: &mut Rng, most: Most) -> Duration {
    if most.items == 1 { LEASE } else { delay(rng) }
}

fn key(rng: &mut Rng) -> String {
    let is_intent = rng.u8(..4) == 0;
    format!("{}-{}", if is_intent { "intent" } else { "key" }, rng.u8(..12))
}

fn service(rng: &mut Rng) -> Service {
    Service::new("example.googleapis.com", if rng.u8(..4) == 0 { "v2" } else { "v1" })
}

fn some<T>(rng: &mut Rng, most: Most, mut make: impl FnMut(&mut Rng) -> T) -> Vec<T> {
    (0..rng.usize(1..=most.items)).map(|_| make(rng)).collect()
}

fn fence(rng: &mut Rng, fences: &[Fence]) -> Fence {
    let recent = &fences[fences.len().saturating_sub(12)..];
    let unknown = || Fence { key: "key-1".to_owned(), epoch: 1, claim: ClaimId::from_bytes([0; 16]) };
    rng.choice(recent).cloned().unwrap_or_else(unknown)
}

/// Returns the fence of a worker or a consumer, not that of a starting call.
fn fence_of_claim(rng: &mut Rng, fences: &[Fence]) -> Fence {
    let fences: Vec<Fence> =
        fences.iter().filter(|it| it.claim != ClaimId::from_bytes(STARTING)).cloned().collect();
    fence(rng, &fences)
}

/// The claim id of all starting calls.
const STARTING: [u8; 16] = [7; 16];

fn error(rng: &mut Rng) -> Option<String> {
    rng.bool().then(|| format!("error {}", rng.u8(..9)))
}

fn random_entry(rng: &mut Rng) -> Entry {
    let key = key(rng);
    let intent = Intent { claim: ClaimId::from_bytes(STARTING), lease: delay(rng) };
    let intent = key.starts_with("intent").then_some(intent);
    let name = OperationName::parse(&format!("operations/{}", rng.u8(..9))).unwrap();
    Entry {
        service: service(rng),
        name: intent.is_none().then_some(name),
        fingerprint: rng.u8(..2).to_string(),
        tag: vec![0; rng.usize(..3)],
        deadline: rng.bool().then_some(Duration::from_secs(9)),
        started: rng.bool(),
        delay: delay(rng),
        state: vec![1; rng.usize(..3)],
        intent,
        ..entry(key)
    }
}

impl Call {
    fn random(rng: &mut Rng, fences: &[Fence], most: Most) -> Self {
        match rng.u8(..20) {
            0..4 => Self::Register(some(rng, most, random_entry)),
            4..7 => {
                let bucket = (most.items == 1 && rng.bool()).then(|| bucket(0.0));
                let claim = ClaimId::from_bytes(rng.u128(..).to_be_bytes());
                let request =
                    claim_request(if most.items == 1 { rng.usize(..most.picks) } else { most.picks });
                Self::Claim(ClaimRequest {
                    claim,
                    service: service(rng),
                    lease: lease(rng, most),
                    most_claims: 3,
                    // It picks the same records if it may pick all.
                    is_random: most.items > 1 && rng.bool(),
                    bucket,
                    ..request
                })
            }
            7..9 => Self::Reschedule(some(rng, most, |rng| {
                let cancel =
                    *rng.choice(&[CancelStep::NotSeen, CancelStep::Failed, CancelStep::Sent]).unwrap();
                let name = Some(OperationName::parse("operations/new").unwrap());
                Reschedule { name, cancel, error: error(rng), ..reschedule(fence(rng, fences), delay(rng)) }
            })),
            9 => Self::Complete(some(rng, most, |rng| {
                let finished = rng.bool().then(|| Finished {
                    worker: rng.i64(..),
                    kind: "report".to_owned(),
                    running: delay(rng),
                    done: rng.bool().then(|| delay(rng)),
                    polls: rng.u32(..9),
                });
                Complete { finished, ..complete(fence(rng, fences), &[0, 255][rng.usize(..2)..]) }
            })),
            10 => Self::GiveBack(some(rng, most, |rng| GiveBack {
                fence: fence_of_claim(rng, fences),
                delay: delay(rng),
                counts: rng.bool(),
                error: error(rng),
            })),
            11 => {
                let claim = ClaimId::from_bytes(rng.u128(..).to_be_bytes());
                Self::Undelivered(DeliveryRequest {
                    claim,
                    lease: lease(rng, most),
                    first_pause: delay(rng),
                    longest_pause: Duration::from_secs(36_000),
                    ..delivery(most.picks)
                })
            }
            _ => Self::of_people(rng, fences, most),
        }
    }

    /// A call that is not a part of polling.
    fn of_people(rng: &mut Rng, fences: &[Fence], most: Most) -> Self {
        match rng.u8(12..20) {
            12 => Self::Acknowledge(some(rng, most, |rng| fence(rng, fences))),
            13 => Self::Cancel(some(rng, most, key)),
            14 => Self::TakeBack(some(rng, most, key)),
            15 => {
                if rng.bool() {
                    Self::Forget(vec![key(rng)])
                } else {
                    Self::Withdraw(some(rng, most, |rng| fence(rng, fences)))
                }
            }
            16 => Self::Retain(rng.usize(..3)),
            17 => {
                let states =
                    [RecordState::Intent, RecordState::Pending, RecordState::SetAside, RecordState::Finished];
                Self::List(ListRequest {
                    state: rng.bool().then(|| *rng.choice(&states).unwrap()),
                    service: rng.bool().then(|| service(rng)),
                    overdue: rng.bool(),
                    after: rng.bool().then(|| key(rng)),
                    most: rng.usize(..9),
                    payloads: rng.bool(),
                })
            }
            18 => {
                if rng.bool() {
                    Self::Get(some(rng, most, key))
                } else {
                    Self::Finished(rng.i64(..3))
                }
            }
            _ => Self::Health,
        }
    }

    /// Runs the call. The result is a text without times.
    async fn run(&self, store: &dyn Store, fences: &mut Vec<Fence>) -> String {
        match self {
            Self::Register(entries) => {
                let held = entries.iter().filter_map(|entry| {
                    let Intent { claim, .. } = entry.intent?;
                    Some(Fence { key: entry.key.clone(), epoch: 1, claim })
                });
                fences.extend(held);
                let registered = store.register(entries).await.unwrap();
                let timeless = registered.into_iter().map(|registered| match registered {
                    Registered::New(it) => Registered::New(timeless(it)),
                    Registered::Existing(it) => Registered::Existing(timeless(it)),
                    Registered::Conflict(it) => Registered::Conflict(timeless(it)),
                });
                format!("{:?}", timeless.collect::<Vec<_>>())
            }
            Self::Claim(request) => claimed(store.claim(request).await.unwrap(), fences),
            Self::Reschedule(writes) => format!("{:?}", store.reschedule(writes).await.unwrap()),
            Self::Complete(writes) => format!("{:?}", store.complete(writes).await.unwrap()),
            Self::GiveBack(writes) => format!("{:?}", store.give_back(writes).await.unwrap()),
            Self::Undelivered(request) => delivered(store.undelivered(request).await.unwrap(), fences),
            Self::Acknowledge(fences) => format!("{:?}", store.acknowledge(fences).await.unwrap()),
            Self::Cancel(keys) => format!("{:?}", store.request_cancel(keys).await.unwrap()),
            Self::TakeBack(keys) => format!("{:?}", store.take_back(keys).await.unwrap()),
            Self::Forget(keys) => format!("{:?}", store.forget(keys).await.unwrap()),
            Self::Withdraw(fences) => format!("{:?}", store.withdraw(fences).await.unwrap()),
            Self::Retain(most) => store.retain(Duration::ZERO, *most).await.unwrap().to_string(),
            Self::List(request) => {
                let records = store.list(request).await.unwrap();
                format!("{:?}", records.into_iter().map(timeless).collect::<Vec<_>>())
            }
            Self::Get(keys) => {
                let records = store.get(keys).await.unwrap();
                format!("{:?}", records.into_iter().map(|it| it.map(timeless)).collect::<Vec<_>>())
            }
            Self::Finished(after) => format!("{:?}", store.finished(*after, 3).await.unwrap()),
            Self::Health => {
                let mut health = store.health().await.unwrap();
                health.details.clear();
                health.undelivered_for = health.undelivered_for.map(|_| Duration::ZERO);
                for service in &mut health.services {
                    service.overdue = service.overdue.map(|_| Duration::ZERO);
                }
                format!("{health:?}")
            }
        }
    }
}

fn claimed(mut claimed: Claimed, fences: &mut Vec<Fence>) -> String {
    fences.extend(claimed.records.iter().map(|record| record.fence.clone()));
    claimed.set_aside.sort();
    let is_due = claimed.next_due.map(|due| due.is_zero());
    let mut records: Vec<String> = claimed
        .records
        .into_iter()
        .map(|mut it| {
            it.age = Duration::ZERO;
            format!("{it:?}")
        })
        .collect();
    records.sort();
    format!("{records:?} {:?} {is_due:?} {:?}", claimed.set_aside, claimed.next_token)
}

fn delivered(outcomes: Vec<Undelivered>, fences: &mut Vec<Fence>) -> String {
    fences.extend(outcomes.iter().map(|outcome| outcome.fence.clone()));
    let mut outcomes: Vec<String> = outcomes
        .into_iter()
        .map(|mut it| {
            it.age = Duration::ZERO;
            format!("{it:?}")
        })
        .collect();
    outcomes.sort();
    format!("{outcomes:?}")
}

fn timeless(mut record: Record) -> Record {
    let epoch = SystemTime::UNIX_EPOCH;
    record.age = Duration::ZERO;
    record.created = epoch;
    record.due = record.due.map(|_| epoch);
    record
}
