//! A worker on a million operations, in a process of its own, because its memory is measured.

use std::{
    process::Command,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use lro::{LroTransport, Operation, OperationName, Pacing, Service, Status, async_trait};
use lro_registry::Worker;
use tokio::time::sleep;

use super::usage::{own_memory, own_time, server_time};
use crate::{Fault, stores::open, transport::service};

/// The port of a store without a server.
pub const NO_SERVER: u16 = 0;

/// What the child has measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The time in which the store was opened.
    pub open: Duration,
    /// The polls.
    pub polls: u64,
    /// The processor time of the process and of the database while it polled.
    pub processor: Duration,
    /// The largest memory, in kilobytes.
    pub memory: u64,
}

/// A service in memory, whose operations run for ever.
#[derive(Debug)]
struct Running(Arc<AtomicU64>);

impl Measured {
    /// Starts the child with this program, and waits for it. `server` is the port of the PostgreSQL server, or [`NO_SERVER`].
    ///
    /// # Errors
    ///
    /// If it fails.
    pub fn by_child(url: &str, time: Duration, server: u16) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command
            .args(["child", url, &time.as_secs().to_string(), &server.to_string()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.trim().parse().map_err(|fault| format!("the child has written {text:?}: {fault}").into())
    }
}

/// Runs the child.
///
/// # Errors
///
/// The fault of the store.
pub async fn run(url: &str, time: Duration, server: u16) -> Result<(), Fault> {
    let began = Instant::now();
    let registry = open(url).await?;
    let open = began.elapsed();
    let polls = Arc::new(AtomicU64::new(0));
    let worker = Worker::builder(&registry).serve(Running(Arc::clone(&polls))).pacing(Pacing::fixed(ONCE));
    let worker = worker.start().await?;
    sleep(WARM_UP).await;
    let processor_time =
        || own_time() + if server == NO_SERVER { Duration::ZERO } else { server_time(server) };
    let (polls_before, time_before) = (polls.load(Relaxed), processor_time());
    sleep(time).await;
    let (polls, processor) = (polls.load(Relaxed) - polls_before, processor_time() - time_before);
    println!("{} {polls} {} {}", open.as_micros(), processor.as_micros(), own_memory());
    worker.stop().await;
    Ok(())
}

#[async_trait]
impl LroTransport for Running {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.fetch_add(1, Relaxed);
        Ok(Operation::running(name.as_str()))
    }

    fn service(&self) -> Service {
        service()
    }
}

impl FromStr for Measured {
    type Err = Fault;

    fn from_str(line: &str) -> Result<Self, Fault> {
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [open, polls, processor, memory] = numbers[..] else { return Err("not four numbers".into()) };
        let [open, processor] = [open, processor].map(Duration::from_micros);
        Ok(Self { open, polls, processor, memory })
    }
}

/// No operation is polled twice while the bench runs.
const ONCE: Duration = Duration::from_secs(100_000);
/// Connections are opened and caches filled by then.
const WARM_UP: Duration = Duration::from_secs(2);
