//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/tls.rs"]
mod tls;

mod auto_traits;
mod contract;
mod endpoint;
mod failure;
mod fault_matrix;
mod form;
mod headers;
mod paths;
mod progress;
mod proxies;
mod replies;
mod reply;
mod service;
mod target;
mod template;
mod verbs;
