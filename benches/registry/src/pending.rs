//! A million pending operations: how long a store takes to open, what a worker takes, and what a poll costs.

pub mod bare;
pub mod child;
pub mod cost;
pub mod usage;

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use lro::{OperationName, Status};
use lro_registry::{Registration, Registry};

use crate::{Fault, server::name_of, transport::service};

/// Registers operations that are due at once, from several tasks. Returns how long that took.
///
/// # Errors
///
/// The fault of the store.
pub async fn fill(registry: &Registry, operations: u32) -> Result<Duration, Fault> {
    let began = Instant::now();
    let share = operations.div_ceil(TASKS);
    let shares = (0..TASKS).map(|task| task * share..operations.min((task + 1) * share));
    try_join_all(shares.map(|share| register(registry, share))).await?;
    Ok(began.elapsed())
}

async fn register(registry: &Registry, operations: Range<u32>) -> Result<(), Fault> {
    for first in operations.clone().step_by(BATCH as usize) {
        let batch = first..operations.end.min(first + BATCH);
        let registrations = batch.map(|operation| {
            Ok(Registration::new(&service(), OperationName::parse(&name_of(operation))?).kind("job"))
        });
        for receipt in registry.register_all(registrations.collect::<Result<Vec<_>, Status>>()?).await? {
            receipt?;
        }
    }
    Ok(())
}

const TASKS: u32 = 4;
const BATCH: u32 = 1_000;
