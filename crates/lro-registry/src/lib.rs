//! Long-running operations that outlive the process, shared by several machines.

#[cfg(feature = "contract")]
pub mod contract;
mod deliveries;
mod delivery;
mod error;
pub mod limits;
mod memory;
mod quota;
mod registration;
mod registry;
mod start;
pub mod store;
mod worker;

pub use lro_control::Rate;

pub use crate::{
    deliveries::Deliveries,
    delivery::Delivery,
    error::{Conflict, Error},
    memory::MemoryStore,
    quota::Quota,
    registration::Registration,
    registry::{Receipt, Registry},
    start::{StartRequest, Started},
    store::{CancelRequested, Health, ListRequest, Record, RecordState, Store, StoreError, StoreErrorKind},
    worker::{Worker, WorkerBuilder, WorkerState},
};
