//! A wait that is dropped at any await point: nothing is lost but that wait.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{sync::Mutex, time::Duration};

use lro::{LroTransport, Operation, OperationName, Pacing, Status, async_trait, poll_until_done};
use serde_json::Value;
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use super::common::{NAME, answer, failed, forty_two, millis, name, polled, seconds};

#[tokio::test(start_paused = true)]
async fn reaches_the_same_outcome_by_a_new_wait() {
    // SPEC 37
    for drops_at in 1.. {
        let server = Server::new(succeeded);
        let first = poll_until_done::<Value>(&server, name()).into_future();
        if let Some(outcome) = polled(drops_at, first).await {
            assert_eq!(outcome.unwrap(), forty_two());
            assert!(drops_at > AWAIT_POINTS, "{drops_at}");
            break;
        }
        assert_eq!(poll_until_done::<Value>(&server, name()).await.unwrap(), forty_two(), "{drops_at}");
    }
}

#[tokio::test(start_paused = true)]
async fn reaches_the_same_failure_by_a_new_wait() {
    // SPEC 37
    for drops_at in 1.. {
        let server = Server::new(failed);
        let first = poll_until_done::<Value>(&server, name()).into_future();
        let dropped = polled(drops_at, first).await;
        let is_over = dropped.is_some();
        let outcome = match dropped {
            Some(outcome) => outcome,
            None => poll_until_done::<Value>(&server, name()).await,
        };
        assert_eq!(outcome.unwrap_err().message(), "out of paper");
        if is_over {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn goes_on_with_the_same_wait() {
    // SPEC 9, 37: the server panics if it is asked once more after it said done.
    for drops_at in 1.. {
        let server = Server::new(succeeded);
        let mut wait = poll_until_done::<Value>(&server, name());
        let all = async {
            while let Some(snapshot) = wait.next().await {
                snapshot.unwrap();
            }
        };
        let is_over = polled(drops_at, all).await.is_some();
        let mut done = usize::from(is_over);
        while let Some(snapshot) = wait.next().await {
            done += usize::from(snapshot.unwrap().is_done());
        }
        // Handed out at most once more than it was heard.
        assert!(done <= 1, "{drops_at}");
        assert_eq!(wait.await.unwrap(), forty_two(), "{drops_at}");
        if is_over {
            assert!(drops_at > AWAIT_POINTS, "{drops_at}");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn goes_on_with_the_outcome_of_the_same_wait() {
    // SPEC 37
    for drops_at in 1.. {
        let server = Server::new(succeeded);
        let mut wait = poll_until_done::<Value>(&server, name());
        let is_over = polled(drops_at, wait.outcome()).await.is_some();
        assert_eq!(wait.outcome().await.unwrap(), forty_two(), "{drops_at}");
        assert_eq!(wait.await.unwrap(), forty_two(), "{drops_at}");
        if is_over {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keeps_its_times_where_its_steps_are_dropped_while_it_sleeps() {
    // SPEC 37: as in a `select!` with something that is ready more often.
    let undisturbed = Server::new(succeeded);
    steadily(&undisturbed).await.unwrap();

    let server = Server::new(succeeded);
    let mut wait = steadily(&server);
    loop {
        // A call takes less than this, so none is lost.
        match timeout(millis(700), wait.next()).await {
            Ok(None) => break,
            Ok(Some(snapshot)) => assert!(!snapshot.unwrap().is_done() || server.is_done()),
            Err(_) => {}
        }
    }
    assert_eq!(server.times(), undisturbed.times());
    assert!(server.times().len() > 3);
}

#[tokio::test(start_paused = true)]
async fn loses_a_call_in_flight_and_no_more() {
    // SPEC 37
    let server = Server::new(succeeded);
    let mut wait = steadily(&server);
    wait.next().await.unwrap().unwrap();
    sleep(seconds(4)).await;
    assert!(timeout(millis(50), wait.next()).await.is_err());
    let times = server.times();
    assert_eq!(times.len(), 2);
    // The call that was dropped is made again at once.
    sleep(seconds(7)).await;
    wait.next().await.unwrap().unwrap();
    assert_eq!(server.times()[2], times[1] + seconds(7) + millis(50));
    assert_eq!(wait.await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn stops_asking_when_it_is_dropped() {
    // SPEC 37
    let server = Server::new(succeeded);
    let mut wait = steadily(&server);
    wait.next().await.unwrap().unwrap();
    drop(wait);
    sleep(seconds(1_000)).await;
    assert_eq!(server.times().len(), 1);
}

fn steadily(server: &Server) -> lro::Wait<'_, Value> {
    poll_until_done(server, name()).pacing(Pacing::fixed(seconds(4))).seed(7)
}

fn succeeded() -> Result<Operation, Status> {
    Operation::succeeded(NAME, answer())
}

/// An operation that takes 20 s; every third call fails, and every call has await points of its own.
#[derive(Debug)]
struct Server {
    began: Instant,
    end: fn() -> Result<Operation, Status>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    times: Vec<Duration>,
    done: bool,
}

impl Server {
    fn new(end: fn() -> Result<Operation, Status>) -> Self {
        Self { began: Instant::now(), end, seen: Mutex::default() }
    }

    fn times(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().times.clone()
    }

    fn is_done(&self) -> bool {
        self.seen.lock().unwrap().done
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        assert_eq!(name.as_str(), NAME);
        let call = {
            let mut seen = self.seen.lock().unwrap();
            assert!(!seen.done, "a call after the reply that was done");
            seen.times.push(self.began.elapsed());
            seen.times.len()
        };
        yield_now().await;
        sleep(millis(100)).await;
        yield_now().await;
        if call.is_multiple_of(3) {
            return Err(Status::unavailable("busy"));
        }
        if self.began.elapsed() < seconds(20) {
            return Ok(Operation::running(NAME));
        }
        self.seen.lock().unwrap().done = true;
        (self.end)()
    }
}

/// An undisturbed wait is polled more often than this.
const AWAIT_POINTS: usize = 50;
