//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

#[path = "../common/mod.rs"]
mod common;

mod any;
mod auto_traits;
mod cancel;
mod cancel_safety;
mod deadline;
mod handle;
mod kind;
mod list;
mod long_poll;
mod map_replies;
mod message;
mod name;
mod operation;
mod pacing;
mod progress;
mod protobuf;
mod rules;
mod settings;
mod sizes;
mod status;
mod stored;
mod tolerance;
mod transport;
mod wait;
mod wkt;
