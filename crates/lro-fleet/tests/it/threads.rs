//! A fleet whose handles are used by many threads at a time loses nobody. In real time, by no runtime but its own.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use futures::{FutureExt, StreamExt, channel::oneshot, executor::block_on};
use lro::pacing::Pacing;
use lro_fleet::Fleet;
use serde_json::Value;

use super::common::{Server, millis, secs};

#[test]
fn threads_that_watch_register_and_drop_are_all_told() {
    let (give_fleet, take_fleet) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let driving = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let server = Server::new(millis(1));
            server.has_many(NAMES, |number| millis(number as u64));
            let fleet = Fleet::builder(server).pacing(Pacing::fixed(millis(2))).most_completions(4).start();
            give_fleet.send(fleet).unwrap();
            let _ = stopped.await;
        });
    });
    let fleet: Fleet = take_fleet.recv().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let (told, all_told) = mpsc::channel();
    for thread in 0..THREADS {
        let (fleet, told, taken) = (fleet.clone(), told.clone(), taken.clone());
        thread::spawn(move || {
            (0..NAMES).for_each(|number| use_fleet(&fleet, thread, number, &taken));
            told.send(thread).unwrap();
        });
    }
    for _ in 0..THREADS {
        all_told.recv_timeout(secs(60)).expect("a thread that waits for ever");
    }
    // Each was registered by one thread, and taken by any.
    let rest = block_on(fleet.completions().take(NAMES - taken.load(Ordering::Relaxed)).count());
    assert_eq!(rest + taken.load(Ordering::Relaxed), NAMES);
    // An operation whose watch was dropped stays until the reply to its call in flight.
    let has_settled = |_| {
        thread::sleep(millis(1));
        fleet.metrics().pending == 0
    };
    assert!((0..10_000).any(has_settled), "{}", fleet.metrics());
    assert!(fleet.completions().next().now_or_never().is_none());
    stop.send(()).unwrap();
    driving.join().unwrap();
}

fn use_fleet(fleet: &Fleet, thread: usize, number: usize, taken: &AtomicUsize) {
    let name = || format!("operations/{number}").parse().unwrap();
    if number % THREADS == thread {
        fleet.register(name()).unwrap();
    }
    match (number + 3 * thread) % 5 {
        0 => drop(fleet.watch::<Value>(name())),
        1 => {
            let mut watch = pin!(fleet.watch::<Value>(name()));
            assert!(watch.as_mut().now_or_never().is_none_or(|outcome| outcome.is_ok()));
        }
        2 => {
            let snapshots = block_on(fleet.watch::<Value>(name()).into_stream().collect::<Vec<_>>());
            assert!(snapshots.last().unwrap().as_ref().unwrap().is_done());
        }
        _ => assert!(block_on(fleet.watch::<Value>(name())).is_ok()),
    }
    if number % 17 == thread {
        fleet.pause();
        thread::sleep(Duration::from_micros(100));
        fleet.unpause();
    }
    // Those registered by now may be many more than are kept.
    while fleet.completions().next().now_or_never().is_some() {
        taken.fetch_add(1, Ordering::Relaxed);
    }
}

const THREADS: usize = 6;
const NAMES: usize = 600;
