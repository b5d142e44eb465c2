//! What every API of Google has: errors and filters.

pub(crate) mod error;
pub(crate) mod filter;
