//! Completions that are not taken hold back what would add to them, and nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    sync::Arc,
    task::{Context, Wake, Waker},
};

use futures::{StreamExt, future::join_all};
use lro_fleet::Fleet;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::common::{Server, millis, secs};

#[tokio::test(start_paused = true)]
async fn those_that_run_do_not_hold_back_those_that_are_done() {
    let server = Server::new(millis(20));
    let slow = server.has("operations/slow", secs(1_000));
    let quick = server.has_many(20, |_| secs(1));
    let fleet = Fleet::builder(server).most_completions(1).start();
    fleet.register(slow).unwrap();
    for name in quick {
        fleet.register(name).unwrap();
    }
    let completions = timeout(secs(60), fleet.completions().take(20).collect::<Vec<_>>()).await.unwrap();
    assert!(completions.iter().all(|completion| completion.name().as_str() != "operations/slow"));
}

#[tokio::test(start_paused = true)]
async fn a_watch_does_not_wait_for_completions_to_be_taken() {
    for page_size in [1, 2, 100] {
        let server = Server::new(millis(20)).lists(page_size);
        let names = server.has_many(6, |_| secs(0));
        let fleet = Fleet::builder(server).most_completions(1).start();
        for name in &names[..3] {
            fleet.register(name.clone()).unwrap();
        }
        let watches = names[3..].iter().map(|name| fleet.watch::<Value>(name.clone()));
        let outcomes = timeout(secs(10), join_all(watches)).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok));
        sleep(secs(100)).await;
        assert_eq!(fleet.completions().take(3).collect::<Vec<_>>().await.len(), 3);
    }
}

/// Nobody is kept who looks for a completion once and goes away.
#[tokio::test(start_paused = true)]
async fn those_who_stop_listening_are_forgotten() {
    let server = Server::new(millis(20));
    let fleet = Fleet::builder(server.clone()).start();
    fleet.register(server.has("operations/1", secs(100_000))).unwrap();
    let waker = Arc::new(Counted);
    for _ in 0..100 {
        // Another waker each time, as of another task.
        let other = Waker::from(Arc::new(Other(waker.clone())));
        let mut completions = fleet.completions();
        assert!(completions.poll_next_unpin(&mut Context::from_waker(&other)).is_pending());
    }
    assert_eq!(Arc::strong_count(&waker), 1, "wakers of streams that were dropped");
}

struct Counted;

struct Other(#[expect(dead_code, reason = "it is counted")] Arc<Counted>);

impl Wake for Other {
    fn wake(self: Arc<Self>) {}
}
