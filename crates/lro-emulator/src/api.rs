//! What all APIs of Google have in common: errors, filters, page tokens and JSON.

pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod json;
pub(crate) mod page;
