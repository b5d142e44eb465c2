//! The time that a call of a fleet takes while another thread lists all operations, or shuts the fleet down.

use std::{
    hint::black_box,
    mem::forget,
    thread,
    time::{Duration, Instant},
};

use lro::Pacing;
use lro_fleet::Fleet;
use serde::de::IgnoredAny;
use tokio::runtime::Runtime;

use super::{AN_HOUR, runtime};
use crate::{
    Fault, names,
    peers::{
        fleet::{register, settle},
        ours::InMemory,
    },
};

/// A fleet whose operations wait for their next poll, and its runtime.
#[derive(Debug)]
pub struct Waiting {
    runtime: Runtime,
    fleet: Fleet,
}

impl Waiting {
    /// Registers the operations and polls each once.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub fn start(operations: usize) -> Result<Self, Fault> {
        let runtime = runtime()?;
        let fleet = runtime.block_on(async {
            let fleet = Fleet::builder(InMemory::new()?).pacing(Pacing::fixed(AN_HOUR));
            let fleet = fleet.keep_metadata(false).start();
            register(&fleet, 0..operations)?;
            settle(&fleet, operations).await;
            Ok::<_, Fault>(fleet)
        })?;
        Ok(Self { runtime, fleet })
    }

    /// Shuts the fleet down. Returns the number of handles.
    pub fn shut_down(&self) -> usize {
        self.runtime.block_on(self.fleet.shutdown()).len()
    }
}

/// Returns the longest time that a call of `watch` takes while another thread works on all operations, and the time of that work, in
/// seconds.
///
/// # Errors
///
/// Any error of the run.
pub fn longest_watch(beside: &str, operations: usize) -> Result<[f64; 2], Fault> {
    let act: fn(&Waiting) = match beside {
        "nothing" => |_| thread::sleep(A_WHILE),
        "pending" => |waiting| drop(black_box(waiting.fleet.pending())),
        "shutdown" => |waiting| drop(black_box(waiting.runtime.block_on(waiting.fleet.shutdown()))),
        _ => return Err(format!("not a way: {beside}").into()),
    };
    let waiting = Waiting::start(operations)?;
    let fleet = waiting.fleet.clone();
    let acting = thread::spawn(move || {
        let began = Instant::now();
        act(&waiting);
        (began.elapsed(), waiting)
    });
    let mut longest = Duration::ZERO;
    while !acting.is_finished() {
        let name = names::parsed(0)?;
        let began = Instant::now();
        let watch = fleet.watch::<IgnoredAny>(name);
        longest = longest.max(began.elapsed());
        drop(watch);
    }
    let (took, waiting) = acting.join().map_err(|_| "the other thread panicked")?;
    // Freeing it would take long.
    forget(waiting);
    Ok([longest.as_secs_f64(), took.as_secs_f64()])
}

const A_WHILE: Duration = Duration::from_secs(1);
