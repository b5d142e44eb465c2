//! The path, headers and body of a call.

mod call;
mod encode;
mod payload;
mod prepared;
mod rule;
mod shape;
mod template;
mod variable;

pub use self::{
    call::Call,
    prepared::{PreparedCall, PreparedCalls},
    template::{NameTemplate, resource_name},
};
pub(crate) use self::{
    call::parsed_header,
    payload::Payload,
    rule::Rule,
    template::{safe_name, unfit},
    variable::tokens,
};
