//! Waits of `lro` for operations of known durations, on a paused clock.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use lro::{Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait, poll_until_done};
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::{Instant, sleep},
};

/// Waits for operations one after the other, without real sleeps.
#[derive(Debug)]
pub struct Replay {
    runtime: Runtime,
    round_trip: Duration,
}

/// The cost of the wait for one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// The calls made, including the one that found the operation done.
    pub polls: u32,
    /// The time from the end of the operation until the wait ended.
    pub delay: Duration,
}

impl Replay {
    /// Creates a replay in which each call takes this time. The server reads the state in the middle of it.
    ///
    /// # Errors
    ///
    /// If the runtime cannot be built.
    pub fn new(round_trip: Duration) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        Ok(Self { runtime, round_trip })
    }

    /// Waits for an operation of this duration.
    ///
    /// # Errors
    ///
    /// None, unless the pacing gives up.
    pub fn wait(&self, pacing: &Pacing, duration: Duration) -> Result<Cost, Status> {
        self.run(pacing, duration, None)
    }

    /// Waits for an operation of this duration that reports its progress.
    ///
    /// `told` is given the number of polls and the share of the duration that has passed. It returns the progress.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn wait_telling(
        &self,
        pacing: &Pacing,
        duration: Duration,
        told: &(dyn Fn(u32, f64) -> f64 + Sync),
    ) -> Result<Cost, Status> {
        self.run(pacing, duration, Some(told))
    }

    fn run(&self, pacing: &Pacing, duration: Duration, told: Option<Told<'_>>) -> Result<Cost, Status> {
        self.runtime.block_on(async {
            let server = Server {
                began: Instant::now(),
                duration,
                round_trip: self.round_trip,
                calls: AtomicU32::new(0),
                told,
            };
            let name = OperationName::parse("operations/replayed")?;
            let wait = poll_until_done::<Value>(&server, name)
                .with_metadata::<Value>()
                .pace_by_progress(|metadata| metadata["share"].as_f64())
                .attempt_timeout(self.round_trip.saturating_mul(2).max(Duration::from_secs(30)));
            wait.pacing(pacing.clone()).await?;
            let delay = server.began.elapsed().saturating_sub(duration);
            Ok(Cost { polls: server.calls.into_inner(), delay })
        })
    }
}

type Told<'a> = &'a (dyn Fn(u32, f64) -> f64 + Sync);

struct Server<'a> {
    began: Instant,
    duration: Duration,
    round_trip: Duration,
    calls: AtomicU32,
    told: Option<Told<'a>>,
}

#[async_trait]
impl LroTransport for Server<'_> {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let call = self.calls.fetch_add(1, Relaxed);
        sleep(self.round_trip / 2).await;
        let elapsed = self.began.elapsed();
        sleep(self.round_trip / 2).await;
        if elapsed >= self.duration {
            return Operation::succeeded(name.as_str(), Any::from_json("{}")?);
        }
        let running = Operation::running(name.as_str());
        let Some(told) = self.told else { return Ok(running) };
        let share = told(call, elapsed.as_secs_f64() / self.duration.as_secs_f64());
        Ok(running.with_metadata(Any::from_json(format!("{{\"share\": {share}}}"))?))
    }
}

impl fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("duration", &self.duration).finish_non_exhaustive()
    }
}
