//! The service of the operations, and the polls that it received.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::Method;
use lro::Any;
use lro_emulator::{Emulator, Reply, Script};

use crate::Fault;

/// The emulator, and when each poll arrived.
#[derive(Debug)]
pub struct Server {
    emulator: Emulator,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

/// A poll that has arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The number of the operation.
    pub operation: u32,
    /// The time by the server's clock.
    pub at: Instant,
}

impl Server {
    /// Starts a server without operations.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn start() -> Result<Self, Fault> {
        let emulator = Emulator::builder().keeps_calls(CALLS_KEPT).start().await?;
        Ok(Self { emulator, arrivals: Arc::default() })
    }

    /// Returns the URL.
    pub fn endpoint(&self) -> String {
        self.emulator.endpoint()
    }

    /// Starts the operation of this number. It ends with its number as the response.
    ///
    /// # Errors
    ///
    /// None: the response is JSON.
    pub fn run(&self, operation: u32, runs_for: Duration) -> Result<(), Fault> {
        self.start_script(operation, Script::new().runs_for(runs_for))
    }

    /// Starts the operation of this number. It ends after a number of polls, however long they take.
    ///
    /// # Errors
    ///
    /// None: the response is JSON.
    pub fn run_for_polls(&self, operation: u32, polls: u32) -> Result<(), Fault> {
        self.start_script(operation, Script::new().runs_for_calls(polls))
    }

    fn start_script(&self, operation: u32, script: Script) -> Result<(), Fault> {
        let arrivals = Arc::clone(&self.arrivals);
        let response = Any::from_json(format!(r#"{{"@type":"t/example.v1.Done","number":{operation}}}"#))?;
        let metadata = Any::from_json(r#"{"@type":"t/example.v1.Running"}"#)?;
        // The metadata of a reply is computed once for each poll.
        let script = script.responds(response).metadata(move |_| {
            lock(&arrivals).push(Arrival { operation, at: Instant::now() });
            metadata.clone()
        });
        self.emulator.operation(name_of(operation), script);
        Ok(())
    }

    /// Sets the replies to the next starting calls.
    pub fn expect_starts(&self, starts: usize) {
        let reply = Reply::status(200).body(r#"{"name":"operations/unknown"}"#);
        self.emulator.reply_next(starts, reply);
    }

    /// Returns the polls so far, in order.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = lock(&self.arrivals).clone();
        arrivals.sort_unstable_by_key(|arrival| arrival.at);
        arrivals
    }

    /// Returns the number of polls so far.
    pub fn polls(&self) -> usize {
        lock(&self.arrivals).len()
    }

    /// Returns the number of calls that change something: `(starts, cancellations and deletions)`.
    pub fn changes(&self) -> (usize, usize) {
        let calls = self.emulator.calls();
        let is_cancel = |path: &str| path.split('?').next().is_some_and(|path| path.ends_with(":cancel"));
        let cancels = calls.iter().filter(|call| call.method == Method::DELETE || is_cancel(&call.path));
        let starts = calls.iter().filter(|call| call.method == Method::POST && !is_cancel(&call.path));
        (starts.count(), cancels.count())
    }
}

/// Returns the most polls in any second.
pub fn most_in_a_second(arrivals: &[Arrival]) -> usize {
    let mut first = 0;
    let ends = arrivals.iter().enumerate().map(|(last, arrival)| {
        while arrival.at.duration_since(arrivals[first].at) >= Duration::from_secs(1) {
            first += 1;
        }
        last + 1 - first
    });
    ends.max().unwrap_or(0)
}

/// Returns the longest time between two polls of the same operation.
pub fn longest_gap(arrivals: &[Arrival]) -> Duration {
    let mut last = HashMap::new();
    let gaps = arrivals.iter().filter_map(|arrival| {
        let before = last.insert(arrival.operation, arrival.at)?;
        Some(arrival.at.duration_since(before))
    });
    gaps.max().unwrap_or_default()
}

/// Returns the name of the operation of this number.
pub fn name_of(operation: u32) -> String {
    format!("operations/job-{operation:07}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of calls that are kept, of half a kilobyte each.
const CALLS_KEPT: usize = 200_000;
