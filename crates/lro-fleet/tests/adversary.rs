//! A fleet among callers, wakers, transports and settings that are not kind.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use common::{Server, millis, secs};
use futures::{StreamExt, future::join_all};
use lro::{LroTransport, Operation, OperationName, Tolerance, pacing::Pacing, transport_fn};
use lro_fleet::{Fleet, Rate, Watch};
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// Calls into its fleet whenever it is woken, and when it is dropped.
struct Meddler {
    fleet: Fleet,
    watch: Mutex<Option<Watch<Value>>>,
    calls: Arc<AtomicU32>,
}

impl Meddler {
    fn meddle(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        drop(self.watch.lock().unwrap().take());
        drop(self.fleet.watch::<Value>("operations/of-a-waker".parse().unwrap()));
        let _ = (self.fleet.metrics(), self.fleet.pending());
    }
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.meddle();
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.meddle();
    }
}

#[tokio::test(start_paused = true)]
async fn a_waker_may_call_the_fleet_and_drop_watches() {
    let server = Server::new(millis(20));
    let names = server.has_many(40, |number| secs(number as u64 % 5));
    let fleet = Fleet::builder(server).most_completions(3).start();
    let calls = Arc::new(AtomicU32::new(0));
    let mut watches = Vec::new();
    for name in &names {
        let watch = Mutex::new(Some(fleet.watch(names[0].clone())));
        let waker = Waker::from(Arc::new(Meddler { fleet: fleet.clone(), watch, calls: calls.clone() }));
        let mut watch = Box::pin(fleet.watch::<Value>(name.clone()));
        let mut completions = fleet.completions();
        fleet.register(name.clone()).unwrap();
        // Replaces the waker that is kept, too.
        for waker in [&waker, Waker::noop(), &waker] {
            let mut context = Context::from_waker(waker);
            assert!(watch.as_mut().poll(&mut context).is_pending());
            assert!(completions.poll_next_unpin(&mut context).is_pending());
        }
        watches.push(watch);
    }
    let taken = fleet.completions().take(40).collect::<Vec<_>>();
    assert_eq!(timeout(secs(100), taken).await.unwrap().len(), 40);
    drop(watches);
    assert!(calls.load(Ordering::Relaxed) >= 40);
    sleep(secs(1)).await;
    assert_eq!(fleet.metrics().pending, 0);
}

/// Watches and drops in each call of its own.
#[tokio::test(start_paused = true)]
async fn a_transport_may_call_the_fleet() {
    let cell: Arc<OnceLock<std::sync::Weak<Fleet>>> = Arc::default();
    let server = Server::new(millis(20));
    let names = server.has_many(20, |number| secs(number as u64));
    let (inner, of_calls) = (server.clone(), cell.clone());
    let transport = transport_fn(move |name: OperationName| {
        let (server, fleet) = (inner.clone(), of_calls.get().and_then(std::sync::Weak::upgrade).unwrap());
        async move {
            let itself = fleet.watch::<Value>(name.clone());
            let another = fleet.watch::<Value>("operations/another".parse().unwrap());
            let reply = server.get_operation(&name).await;
            let _ = (fleet.pending(), fleet.metrics());
            drop((itself, another));
            reply
        }
    });
    let tolerant = Tolerance::default().not_found_for(Duration::ZERO);
    let fleet = Arc::new(Fleet::builder(transport).tolerance(tolerant).start());
    cell.set(Arc::downgrade(&fleet)).unwrap();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name)));
    assert!(timeout(secs(100), outcomes).await.unwrap().iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_watches_of_one_name_cost_one_poll() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(10));
    let fleet = Fleet::builder(server.clone()).start();
    let began = Instant::now();
    let mut watches: Vec<_> = (0..10_000).map(|_| fleet.watch::<Value>(name.clone())).collect();
    let kept = watches.split_off(5_000);
    drop(watches);
    let outcomes = join_all(kept).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(server.calls().len() < 50);
    assert_eq!(fleet.metrics().pending, 0);
    assert!(began.elapsed() < secs(60), "{:?} of real time", began.elapsed());
}

/// A pacing without any delay, and a transport that answers at once.
#[test]
fn a_fleet_without_any_delay_leaves_others_their_turn() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let transport =
            transport_fn(|name: OperationName| async move { Ok(Operation::running(name.as_str())) });
        let fleet = Fleet::builder(transport).pacing(Pacing::fixed(Duration::ZERO)).start();
        let watches: Vec<_> = (0..100)
            .map(|number| fleet.watch::<Value>(format!("operations/{number}").parse().unwrap()))
            .collect();
        let began = Instant::now();
        let mut turns = 0;
        while turns < 5 && began.elapsed() < secs(5) {
            tokio::task::yield_now().await;
            turns += 1;
        }
        let polls = fleet.metrics().polls;
        // Who yields has its turn after 61 others of tokio's.
        assert!(polls < 5 * 61 * 300, "{polls} polls in {turns} turns, {:?}", began.elapsed());
        sleep(millis(1)).await;
        drop(watches);
        let polls = fleet.metrics().polls;
        sleep(millis(50)).await;
        assert!(fleet.metrics().polls <= polls + 1_000, "nobody wants to know any more");
    });
}

#[tokio::test(start_paused = true)]
async fn settings_at_their_bounds_do_no_harm() {
    for (nought, all) in [(true, false), (false, true), (true, true)] {
        let server = Server::new(millis(20)).lists(2);
        let names = server.has_many(5, |number| secs(number as u64));
        let mut builder = Fleet::builder(server);
        if nought {
            builder =
                builder.max_in_flight(0).most_completions(0).tick(Duration::ZERO).rate(Rate::per_second(0));
        }
        if all {
            builder = builder
                .deadline(Duration::MAX)
                .attempt_timeout(Duration::MAX)
                .tick(Duration::MAX)
                .rate(Rate::per_second(u32::MAX))
                .max_in_flight(usize::MAX)
                .most_completions(usize::MAX);
        }
        let fleet = builder.start();
        let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name)));
        assert!(timeout(secs(100), outcomes).await.unwrap().iter().all(Result::is_ok));
    }
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(5));
    let fleet = Fleet::builder(server).pacing(Pacing::fixed(Duration::MAX)).start();
    assert!(timeout(secs(1_000_000), fleet.watch::<Value>(name)).await.is_err(), "never means never");
}

/// Whatever is done with it, a watch that has ended tells its end.
#[tokio::test(start_paused = true)]
async fn a_watch_outlives_its_fleet_and_its_shutdown() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server).start();
    let mut first = fleet.watch::<Value>(name.clone());
    drop(fleet.shutdown());
    let _ = timeout(millis(1), fleet.shutdown()).await;
    assert_eq!(fleet.shutdown().await.len(), 0);
    let second = fleet.watch::<Value>(name);
    drop(fleet);
    let polled = pin!(second).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(_))));
    assert!(first.outcome().await.is_err());
    assert!(first.next().await.unwrap().is_err());
    assert!(first.next().await.is_none());
}
