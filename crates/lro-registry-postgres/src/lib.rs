//! A [`Store`](lro_registry::Store) in PostgreSQL, shared by the processes of several machines.

mod builder;
mod call;
mod claims;
mod connection;
mod health;
mod listen;
mod marks;
mod notify;
mod records;
mod row;
mod store;
mod time;
mod writes;

pub use crate::{builder::PostgresStoreBuilder, store::PostgresStore};
