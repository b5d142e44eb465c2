//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../common/mod.rs"]
mod common;

mod api;
mod completions;
mod fleet;
mod http;
mod metadata;
mod outage;
mod pacing;
mod progress;
mod protobuf;
mod quota_keys;
mod shutdown;
mod starvation;
mod sweep;
mod threads;
mod trouble;
