//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../client/mod.rs"]
mod client;
#[path = "../raw/mod.rs"]
mod raw;

mod breaks;
mod contract;
mod emulator;
mod faults;
mod operations;
mod route_optimization;
mod workspace_events;
