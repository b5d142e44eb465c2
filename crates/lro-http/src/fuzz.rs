//! Properties of arbitrary input, one check for each entry point, for the fuzzer and for the unit tests.
//!
//! Each check computes its expectation from the rules, independently of the code under test.

mod failure;
mod name;
mod retry_after;

pub use self::{failure::http_error, name::name_path, retry_after::retry_after};
