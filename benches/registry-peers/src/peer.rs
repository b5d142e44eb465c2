//! What polls, with operations that are due at once and run for ever. The next poll is an hour later.

mod apalis;
mod batcher;
mod graphile;
mod registry;

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::Fault;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Registry,
    Graphile,
    GraphileBatched,
    Apalis,
    ApalisBatched,
}

/// The polls of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Polls(Arc<AtomicU64>);

impl Peer {
    pub(crate) const ALL: [Self; 5] =
        [Self::Registry, Self::Graphile, Self::GraphileBatched, Self::Apalis, Self::ApalisBatched];

    /// Stores operations that are due at once, by the calls for many of them that each peer has.
    pub(crate) async fn fill(self, url: &str, operations: u32) -> Result<(), Fault> {
        match self {
            Self::Registry => registry::fill(url, operations).await,
            Self::Graphile | Self::GraphileBatched => graphile::fill(url, operations).await,
            Self::Apalis | Self::ApalisBatched => apalis::fill(url, operations).await,
        }
    }

    /// Runs a worker, until the future is dropped.
    pub(crate) async fn run(self, url: &str, polls: Polls) -> Result<(), Fault> {
        match self {
            Self::Registry => registry::run(url, polls).await,
            Self::Graphile => graphile::run(url, polls, false).await,
            Self::GraphileBatched => graphile::run(url, polls, true).await,
            Self::Apalis => apalis::run(url, polls, false).await,
            Self::ApalisBatched => apalis::run(url, polls, true).await,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "lro-registry-postgres",
            Self::Graphile => "graphile_worker",
            Self::GraphileBatched => "graphile_worker, batched",
            Self::Apalis => "apalis-postgres",
            Self::ApalisBatched => "apalis-postgres, batched",
        })
    }
}

impl FromStr for Peer {
    type Err = Fault;

    fn from_str(name: &str) -> Result<Self, Fault> {
        let peer = Self::ALL.into_iter().find(|peer| peer.to_string() == name);
        peer.ok_or_else(|| format!("no such peer: {name}").into())
    }
}

impl Polls {
    /// Makes the call of a poll, which each peer makes: the operation is still running.
    pub(crate) fn poll(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Returns the name of each operation, in batches.
fn batches(operations: u32) -> impl Iterator<Item = Vec<String>> {
    (0..operations).step_by(BATCH as usize).map(move |first| {
        let batch = first..operations.min(first + BATCH);
        batch.map(|operation| format!("operations/job-{operation:07}")).collect()
    })
}

/// No operation is polled twice while the bench runs.
const PAUSE: Duration = Duration::from_secs(3_600);
/// The operations that are stored at once.
const BATCH: u32 = 1_000;
