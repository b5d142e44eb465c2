//! Long-running operations that outlive the process.

mod error;
pub mod limits;
mod memory;
pub mod store;

pub use lro_control::Rate;

pub use crate::{
    error::{StoreError, StoreErrorKind},
    memory::MemoryStore,
    store::{Record, RecordState, Store},
};
