//! The way to the database: connection strings, connections and the statements that run on them.

mod connector;
mod failure;
mod migration;
mod outage;
mod pool;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use self::{
    connector::{Connector, Messages},
    failure::failure,
    pool::{Pool, Settings},
};
