//! Properties that hold for any input: one check per parser, for the fuzz targets and for the property tests.
//!
//! Each check computes the expected result from the protocol, with a separate JSON reader. It does not use the parser that
//! it tests.

mod any;
mod handle;
mod json;
mod operation;
mod status;
#[cfg(test)]
mod strategy;
mod wkt;

pub use self::{
    any::any,
    handle::handle,
    operation::operation,
    status::status,
    wkt::{duration, field_mask, timestamp},
};
