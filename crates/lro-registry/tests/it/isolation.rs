//! Records that end the process of their worker, and healthy records beside them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro_registry::{
    ListRequest, MemoryStore, RecordState, Registry, Store, StoreErrorKind, Worker,
    store::{ClaimId, ClaimRequest},
};
use tokio::{sync::Notify, time::sleep};

use super::common::{Fault, HookedStore, Reply, SECOND, Script, deliver, register, service};

// g05
#[tokio::test(start_paused = true)]
async fn faults_of_the_store_set_no_healthy_record_aside() {
    let store = HookedStore::new();
    let registry = Registry::new(store.clone());
    register(&registry, &service(), "", 20).await;
    lose_claims(&store, 2).await;
    store.hook(|call, _| match call {
        "give_back" => Fault::Fails(StoreErrorKind::Unavailable),
        _ => Fault::None,
    });
    let _worker = Worker::builder(&registry).serve(done()).start().await.unwrap();
    sleep(240 * SECOND).await;
    store.hook(|_, _| Fault::None);
    deliver(&registry, "", 20).await;
    assert_eq!(set_aside(&registry).await, [""; 0]);
}

// g05
#[tokio::test(start_paused = true)]
async fn records_that_end_their_worker_are_set_aside_and_no_healthy_one_is() {
    let store = MemoryStore::new();
    let registry = Registry::new(store.clone());
    register(&registry, &service(), "healthy", 300).await;
    register(&registry, &service(), "deadly", 3).await;
    let crashes = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let (store, crashes) = (store.clone(), crashes.clone());
        tokio::spawn(async move {
            loop {
                run_until_it_crashes(&store).await;
                crashes.fetch_add(1, Ordering::Relaxed);
                sleep(SECOND).await;
            }
        });
    }
    let took = deliver(&registry, "healthy", 300).await;
    assert!(took < 600 * SECOND, "{took:?}");
    sleep(1_800 * SECOND).await;
    let mut aside = set_aside(&registry).await;
    aside.sort();
    assert_eq!(aside, ["operations/deadly0", "operations/deadly1", "operations/deadly2"]);
    // Five claims each, and a worker may end while the other one holds a deadly record.
    let crashes = crashes.load(Ordering::Relaxed);
    assert!((3..=15).contains(&crashes), "{crashes} crashes");
}

// g05, g18
#[tokio::test(start_paused = true)]
async fn healthy_records_go_on_beside_many_suspects() {
    for (suspects, round_trip, within) in [(500, 50, 5), (500, 900, 20)] {
        let store = HookedStore::new();
        let registry = Registry::new(store.clone());
        register(&registry, &service(), "suspect", suspects).await;
        lose_claims(&store, 2).await;
        let server = Script::new(move |_, _| Reply::Done(Duration::from_millis(round_trip)));
        let _worker = Worker::builder(&registry).serve(server).start().await.unwrap();
        register(&registry, &service(), "healthy", 500).await;
        let took = deliver(&registry, "healthy", 500).await;
        assert!(took < within * SECOND, "{suspects} suspects of {round_trip} ms: {took:?}");
        assert_eq!(set_aside(&registry).await, [""; 0]);
    }
}

/// Runs a worker in a process of its own: a call of a deadly operation ends it after 20 ms.
async fn run_until_it_crashes(store: &MemoryStore) {
    let store = HookedStore::on(store);
    let (crash, is_dead) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (crashes, dies) = (crash.clone(), is_dead.clone());
    store.hook(move |_, _| if is_dead.load(Ordering::Relaxed) { Fault::Hangs } else { Fault::None });
    let server = Script::new(move |name, _| {
        if !name.contains("deadly") {
            return Reply::Done(Duration::from_millis(30));
        }
        let (crashes, dies) = (crashes.clone(), dies.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(20)).await;
            dies.store(true, Ordering::Relaxed);
            crashes.notify_one();
        });
        Reply::Hangs
    });
    let _worker = Worker::builder(&Registry::new(store)).serve(server).start().await.unwrap();
    crash.notified().await;
}

/// Claims everything for a worker that ends before it has a result.
async fn lose_claims(store: &HookedStore, times: u32) {
    for _ in 0..times {
        let request = ClaimRequest {
            claim: ClaimId::random(),
            service: service(),
            most: 100_000,
            lease: SECOND,
            most_claims: 5,
            is_random: false,
            bucket: None,
        };
        assert!(!store.claim(&request).await.unwrap().records.is_empty());
        sleep(SECOND).await;
    }
}

async fn set_aside(registry: &Registry) -> Vec<String> {
    let request = ListRequest { state: Some(RecordState::SetAside), most: 1_000, ..ListRequest::default() };
    registry.list(&request).await.unwrap().into_iter().map(|record| record.key).collect()
}

fn done() -> Script {
    Script::new(|_, _| Reply::Done(Duration::ZERO))
}
