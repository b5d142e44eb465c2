//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../common/mod.rs"]
mod common;

mod hostile;
mod isolation;
#[cfg(feature = "metrics")]
mod metrics;
mod outage;
mod peek;
mod permissions;
mod quota;
mod start;
mod store_contract_memory;
mod worker;
