//! Operations of known durations, waited for by the real poller on a paused clock.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use lro::{Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait, poll_until_done};
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::{Instant, sleep},
};

/// Waits for operations one after the other, as fast as the machine computes.
#[derive(Debug)]
pub struct Replay {
    runtime: Runtime,
    round_trip: Duration,
}

/// What a wait for one operation cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// The calls made, the one that saw the end included.
    pub polls: u32,
    /// From the end of the operation until its wait knew of it.
    pub delay: Duration,
}

impl Replay {
    /// Each call takes this long to be answered; the server looks half-way.
    ///
    /// # Errors
    ///
    /// If the system grants no runtime.
    pub fn new(round_trip: Duration) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        Ok(Self { runtime, round_trip })
    }

    /// Waits for an operation that is done so long after its start.
    ///
    /// # Errors
    ///
    /// None that a pacing could cause, unless it gives up.
    pub fn wait(&self, pacing: &Pacing, duration: Duration) -> Result<Cost, Status> {
        self.runtime.block_on(async {
            let server = Server {
                began: Instant::now(),
                duration,
                round_trip: self.round_trip,
                calls: AtomicU32::new(0),
            };
            let name = OperationName::parse("operations/replayed")?;
            let _: Value = poll_until_done(&server, name).pacing(pacing.clone()).await?;
            let delay = server.began.elapsed().saturating_sub(duration);
            Ok(Cost { polls: server.calls.into_inner(), delay })
        })
    }
}

#[derive(Debug)]
struct Server {
    began: Instant,
    duration: Duration,
    round_trip: Duration,
    calls: AtomicU32,
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.calls.fetch_add(1, Relaxed);
        sleep(self.round_trip / 2).await;
        let is_done = self.began.elapsed() >= self.duration;
        sleep(self.round_trip / 2).await;
        Ok(match is_done {
            true => Operation::succeeded(name.as_str(), Any::from_json("{}")?),
            false => Operation::running(name.as_str()),
        })
    }
}
