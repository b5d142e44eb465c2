//! A real HTTP server of long-running operations, as a library: for tests, examples and benchmarks without an account.
//!
//! ```
//! use std::time::Duration;
//! use lro::Any;
//! use lro_emulator::{Emulator, Reply, Script};
//! use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpStream};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start().await?;
//! let job = Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Job", "pages": 7}"#)?;
//! emulator.operation("operations/print", Script::new().runs_for(Duration::ZERO).responds(job));
//! emulator.reply_next(1, Reply::status(503));
//!
//! // A client of a few lines. Any other client of HTTP works too.
//! let get = async || {
//!     let mut socket = TcpStream::connect(emulator.address()).await?;
//!     socket.write_all(b"GET /v1/operations/print HTTP/1.0\r\n\r\n").await?;
//!     let mut reply = String::new();
//!     socket.read_to_string(&mut reply).await.map(|_| reply)
//! };
//! assert!(get().await?.starts_with("HTTP/1.0 503"));
//! assert!(get().await?.ends_with(r#""pages": 7}}"#));
//! assert_eq!(emulator.call_count(), 2);
//! # Ok(()) }
//! ```
//!
//! It speaks HTTP/1.1 and HTTP/2 (with prior knowledge) on one loopback port and serves
//!
//! - Workspace Events `v1` and `v1beta`, on a small store of subscriptions,
//! - Route Optimization `v1`, by a stand-in for its solver,
//! - `google.longrunning` for any operation that a test [defines](Emulator::operation).
//!
//! Operations run for a time, report metadata, and end with a response, an error or neither. A [`Script`] sets how an
//! operation runs and the replies to single calls about it. [`Emulator::reply_next`] sets the [`Reply`] to the next
//! calls about any operation: an error, a false state, a body that is hard to read, a connection that
//! [breaks](Reply::breaks). [`Emulator::calls`] returns the calls that were received. [`contract`] has the rules for every transport.
//!
//! The services refuse what Google documents as invalid, with the documented error. Event types, lifetimes of subscriptions,
//! timeouts and sizes of batches have the documented limits. A second subscription for a target and a topic is refused with
//! the name of the first. Route Optimization solves with the default `solvingMode` only.
//!
//! # gRPC
//!
//! With the feature `grpc` a request whose content type is `application/grpc` is a call of `google.longrunning.Operations`, on the
//! same port and about the same operations: get, list, cancel, delete and wait. Names have no version of an API. An
//! operation that a service started has only get. Scripts, tokens and recorded calls are the same. Replies differ:
//!
//! - An error becomes the status of the call with its details, in the headers of an empty reply. The header `retry-after` adds a
//!   `RetryInfo`.
//! - A body in JSON is sent as the message or the error that it describes. Any other body is sent as it is, as a proxy
//!   sends it.
//! - Large bodies, false states, delays and breaks are as over JSON. `Reply::trailer` replaces the status after a message.
//!
//! An [`Any`](lro::Any) that is protobuf is sent as it is. JSON of the standard details and of the well-known types is
//! converted to their messages. Any other JSON becomes a `google.protobuf.Struct` of all its members.
//!
//! A compressed request may be gzip, and its reply then is too, if the client accepts that. A wait ends at the deadline of the
//! call, `grpc-timeout`, if that comes before its timeout. The deadline does not shorten a delay that a script sets.
//!
//! # Time
//!
//! All time is that of tokio's clock. A paused clock advances as soon as all tasks wait, and a task that waits for a socket
//! waits, too. Timeouts of a client may then pass while a reply is on its way.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | request | what a client sends |
//! | [`Call`] | the record of a request |
//! | [`Reply`] | all that is sent for a request |
//! | body | the bytes of a reply after its headers |
//! | message | what a service returns before it is encoded as a body |
//!
//! # Modules
//!
//! A module may use those below it and no others.
//!
//! | module | what it is |
//! |---|---|
//! | `contract` | checks of any transport, by the public API |
//! | `builder`, then `emulator` | the settings of a server, and a running server |
//! | `server` | sockets: reads requests, sends replies, breaks connections |
//! | `protocol` | HTTP/JSON and gRPC: converts a request to a call of a service, and its message to a reply |
//! | `service` | Workspace Events, Route Optimization and `google.longrunning`: requests to messages |
//! | `store` | operations as they run, and the calls about them; it knows no service |
//! | `script` | how an operation runs |
//! | `reply` | the reply to a call |
//! | `request` | a request that was read, and its record |
//! | `api`, `rng` | what all APIs of Google have in common; random numbers |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod builder;
pub mod contract;
mod emulator;
mod protocol;
mod reply;
mod request;
mod rng;
mod script;
mod server;
mod service;
mod store;

pub use crate::{
    builder::Builder,
    emulator::Emulator,
    reply::{Break, Point, Reply},
    request::call::Call,
    script::Script,
};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
