//! Long-running operations that outlive the process, shared by several machines.
//!
//! ```
//! # use std::time::Duration;
//! # use lro::{LroTransport, Operation, OperationName, Service, Status, async_trait};
//! # #[derive(Debug)] struct Printer;
//! # #[async_trait] impl LroTransport for Printer {
//! #     async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
//! #         Operation::succeeded(name.as_str(), serde_json::json!({"pages": 3}))
//! #     }
//! #     fn service(&self) -> Service { Service::new("print.example.com", "v1") }
//! # }
//! use lro_registry::{MemoryStore, Registration, Registry, Worker};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new(MemoryStore::new()); // or a store in SQLite or PostgreSQL
//! let printer = Printer; // any `LroTransport` that names its service
//! let name = OperationName::parse("operations/1")?;
//! registry.register(Registration::new(&printer.service(), name).tag("order 7")).await?;
//!
//! let worker = Worker::builder(&registry).serve(printer).start().await?;
//! let mut deliveries = registry.deliveries();
//! if let Some(delivery) = deliveries.next().await {
//!     let job: serde_json::Value = delivery.decode()?;
//!     assert_eq!((delivery.tag(), &job["pages"]), (&b"order 7"[..], &serde_json::json!(3)));
//!     delivery.acknowledge().await?;
//! }
//! worker.stop().await;
//! # Ok(()) }
//! ```
//!
//! | to | |
//! |---|---|
//! | register an operation by its name | [`Registry::register`], [`Registry::register_all`] |
//! | start one at most once | [`Registry::start`] |
//! | poll what is registered | [`Worker`], in any number of processes |
//! | receive outcomes | [`Registry::deliveries`] |
//! | look and mend | [`Registry::get`], [`list`](Registry::list), [`health`](Registry::health), [`counts`](Registry::counts), [`cancel`](Registry::cancel), [`forget`](Registry::forget), [`take_back`](Registry::take_back) |
//! | limit the calls of all workers together | [`Quota`] |
//!
//! The crate `lro-registry-sqlite` has a store in a file, which needs no server, and `lro-registry-postgres` one that several
//! machines share. [`store::Store`] is the trait for others.
//!
//! # What is promised
//!
//! - What [`Registry::register`] has returned for survives a crash, and its operation is polled until it ends or is given up.
//! - Each operation has at most one recorded outcome. It is delivered until it is acknowledged.
//! - One worker at a time holds an operation. A worker that was paused beyond its lease changes nothing: its writes are fenced.
//! - No worker cancels or deletes an operation on the server, unless [`Registry::cancel`] requested that.
//! - A starting call is made at most once for a key.
//! - With a [`Quota`], no second holds more calls than the rate, however many workers there are.
//!
//! # What is not promised
//!
//! - **Delivery exactly once.** A consumer that dies after it handled an outcome and before it acknowledged it gets it again. The
//!   [key](Delivery::key) recognizes it.
//! - **An order** of the deliveries.
//! - **Poll times under overload.** If more operations are due than the rate and the workers can poll, each waits for its turn, the
//!   one that has been due for the longest time first.
//! - **A poll exactly once.** A poll whose worker dies is made again. Polls are safe reads.
//! - **More than the database keeps.** What a failover or a restored copy loses is lost: see the crate of the store.
//!
//! # What is logged
//!
//! By `tracing`: a wait that is given up, an operation that is set aside, a call that panics, a service that is away, a store that
//! fails, an outcome that is not handled (all as warnings or errors, once in a row), and twice a minute what needs attention: services
//! that no worker serves, unresolved intents, operations that are set aside, outcomes that nobody acknowledges. Every call is a debug
//! event.
//!
//! With the feature `metrics`, workers and consumers publish metrics. The page of `lro::metrics` has the table.
//!
//! # How it works
//!
//! A record is plain data: no URL, no credential, no transport. A worker claims records that are due, of the services that it was
//! given transports for. A claim is a lease and the permission for one call. The call is judged by
//! [`rules`](lro::rules), as in [`poll_until_done`](lro::poll_until_done), and its result ends the claim: the next due time, or the
//! outcome. Due time and lease are one column of the store, and all times are those of the store's clock.
//!
//! | module | what it holds |
//! |---|---|
//! | `registry`, `registration`, `start` | what a program calls |
//! | `worker` | `driver` (the task); `claims`, `calls`, `judge`, `writer`: what may be claimed, what is in flight, what follows, what is stored; `permit` (when a call may be sent), `isolation` (suspects are polled alone) |
//! | `deliveries`, `delivery` | the outcomes |
//! | `quota` | the bucket behind a rate |
//! | [`store`] | the trait, and its records; `memory` is the smallest store |
//! | [`limits`] | the sizes that every store accepts |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "contract")]
pub mod contract;
mod deliveries;
mod delivery;
mod error;
pub mod limits;
mod memory;
#[cfg_attr(not(feature = "metrics"), path = "published/off.rs")]
mod published;
mod pulse;
mod quota;
mod registration;
mod registry;
mod start;
pub mod store;
mod worker;

pub use lro_control::Rate;

pub use crate::{
    deliveries::Deliveries,
    delivery::Delivery,
    error::{Conflict, Error},
    memory::MemoryStore,
    quota::Quota,
    registration::Registration,
    registry::{Receipt, Registry},
    start::{StartRequest, Started},
    store::{CancelRequested, Health, ListRequest, Record, RecordState, Store, StoreError, StoreErrorKind},
    worker::{ServedService, Worker, WorkerBuilder, WorkerState, WorkerWatch},
};
