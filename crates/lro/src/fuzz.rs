//! What holds of any bytes at all: one check for each door, for the fuzzer and for the tests beside them.
//!
//! An expectation comes from the rules and reads the JSON in its own way, not by the code that it judges.

mod handle;
mod json;
mod operation;
mod status;
#[cfg(test)]
mod strategy;
mod wkt;

pub use self::{
    handle::handle,
    operation::operation,
    status::status,
    wkt::{duration, field_mask, timestamp},
};
