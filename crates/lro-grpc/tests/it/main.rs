//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../../../lro-http/tests/common/tls.rs"]
mod certificates;
#[path = "../common/mod.rs"]
mod common;

mod calls;
mod contract;
mod fault_matrix;
mod foreign;
mod proto;
mod service;
mod simulation;
mod tls;
