//! The path, headers and body of a call.

mod call;
mod encode;
mod payload;
mod prepared;
mod template;

pub use self::{
    call::Call,
    template::{NameTemplate, resource_name},
};
pub(crate) use self::{
    call::parsed_header,
    payload::Payload,
    prepared::{Prepared, PreparedPolls},
    template::safe_name,
};
