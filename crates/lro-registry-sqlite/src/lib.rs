//! The store of `lro-registry` in an SQLite file.

mod backup;
mod builder;
mod call;
mod calls;
mod fault;
mod file_system;
mod reader;
mod schema;
mod store;
mod time;
mod trouble;
mod worker_lock;
mod writer;

pub use crate::{builder::Builder, store::SqliteStore};
