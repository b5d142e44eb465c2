#![doc = include_str!("../README.md")]

mod call;
mod model;
mod operation;
#[doc(hidden)]
#[allow(missing_docs, reason = "a macro expands to its items")]
pub mod probe;
mod status;
mod transport;

pub use crate::{
    model::Model,
    operation::{from_any, operation, to_any},
    status::{call_failed, to_error, to_rpc},
    transport::GoogleCloudTransport,
};
