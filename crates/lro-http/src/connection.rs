//! Endpoint, proxy, TCP and TLS.

mod connector;
mod endpoint;
mod proxy;

pub use self::endpoint::Endpoint;
pub(crate) use self::{
    connector::{Connector, connector},
    endpoint::shown,
};
