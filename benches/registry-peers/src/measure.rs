//! A worker in a process of its own, because its processor time and its memory are measured.

use std::{
    env,
    process::{Command, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{
    Fault,
    peer::{Peer, Polls},
    pending::{
        cost::Cost,
        usage::{own_memory, own_time, server_time},
    },
};

/// What a worker has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// The polls, with the processor time of the worker and of the server.
    pub(crate) cost: Cost,
    /// The processor time of the worker alone.
    worker: Duration,
    /// The largest memory of the worker, in kilobytes.
    pub(crate) memory: u64,
}

impl Measured {
    /// Starts this program as a worker, and waits for it.
    pub(crate) fn by_child(peer: Peer, url: &str, port: u16, operations: u32) -> Result<Self, Fault> {
        let arguments =
            ["child".to_owned(), peer.to_string(), url.to_owned(), port.to_string(), operations.to_string()];
        let output = Command::new(env::current_exe()?).args(arguments).stderr(Stdio::inherit()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.trim().parse().map_err(|fault| format!("{peer} has written {text:?}: {fault}").into())
    }

    /// Returns the processor time of the worker for a poll, in microseconds.
    pub(crate) fn worker_micros(self) -> f64 {
        Cost { processor: self.worker, ..self.cost }.micros()
    }
}

/// Runs the worker, and prints what it has taken.
pub(crate) async fn run(peer: Peer, url: &str, port: u16, operations: u32) -> Result<(), Fault> {
    let polls = Polls::default();
    tokio::select! {
        ended = peer.run(url, polls.clone()) => ended.and(Err("the worker has ended".into())),
        () = watch(&polls, port, operations) => Ok(()),
    }
}

/// Measures from the end of the warm-up until the time is over or few operations are left.
async fn watch(polls: &Polls, port: u16, operations: u32) {
    sleep(WARM_UP).await;
    let (began, count, worker, server) = (Instant::now(), polls.count(), own_time(), server_time(port));
    while began.elapsed() < TIME && polls.count() < u64::from(operations) * 9 / 10 {
        sleep(TICK).await;
    }
    let (time, count) = (began.elapsed(), polls.count() - count);
    let (worker, server) = (own_time() - worker, server_time(port) - server);
    let [time, worker, server] = [time, worker, server].map(|time| time.as_micros());
    println!("{count} {time} {worker} {server} {}", own_memory());
}

impl FromStr for Measured {
    type Err = Fault;

    fn from_str(line: &str) -> Result<Self, Fault> {
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [polls, time, worker, server, memory] = numbers[..] else {
            return Err("not five numbers".into());
        };
        let [time, worker, server] = [time, worker, server].map(Duration::from_micros);
        Ok(Self { cost: Cost { polls, time, processor: worker + server }, worker, memory })
    }
}

pub(crate) const TIME: Duration = Duration::from_secs(10);
/// Connections are opened and caches filled by then.
const WARM_UP: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(20);
