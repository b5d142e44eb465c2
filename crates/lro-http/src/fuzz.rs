//! What holds of any bytes at all: one check for each door, for the fuzzer and for the tests beside them.
//!
//! An expectation comes from the rules and reads the input in its own way, not by the code that it judges.

mod failure;
mod name;
mod retry_after;

pub use self::{failure::http_error, name::name_path, retry_after::retry_after};
