//! A server in memory.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lro::{Any, LroTransport, Operation, OperationName, Status, async_trait};
use tokio::time::{Instant, sleep};

/// A server in memory. Each operation is done at its own time, counted from when the server was created.
#[derive(Clone, Debug)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    round_trip: Duration,
    outage: Range<Duration>,
    done_at: Mutex<HashMap<String, Duration>>,
    calls: Mutex<Vec<Duration>>,
}

impl Server {
    /// Creates a server that replies after this time, and is down for a while.
    pub fn new(round_trip: Duration, outage: Range<Duration>) -> Self {
        let began = Instant::now();
        Self(Arc::new(Inner {
            began,
            round_trip,
            outage,
            done_at: Mutex::default(),
            calls: Mutex::default(),
        }))
    }

    /// Returns the time since it was created.
    pub fn now(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// Adds an operation that is done at this time.
    pub fn start(&self, name: &OperationName, done_at: Duration) {
        lock(&self.0.done_at).insert(name.as_str().to_owned(), done_at);
    }

    /// Returns the times of all calls.
    pub fn calls(&self) -> Vec<Duration> {
        lock(&self.0.calls).clone()
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let now = self.now();
        lock(&self.0.calls).push(now);
        // The server reads the state in the middle of the round trip.
        let looked = now + self.0.round_trip / 2;
        sleep(self.0.round_trip).await;
        if self.0.outage.contains(&now) {
            return Err(Status::unavailable("down"));
        }
        let done_at = lock(&self.0.done_at).get(name.as_str()).copied();
        let done_at =
            done_at.ok_or_else(|| Status::new(lro::Code::NotFound, format!("no such operation: {name}")))?;
        if looked < done_at {
            return Ok(Operation::running(name.as_str()));
        }
        Operation::succeeded(name.as_str(), Any::from_json("{}")?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
