//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

mod token;
mod token_file;
mod token_fn;
