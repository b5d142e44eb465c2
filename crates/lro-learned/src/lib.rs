//! A pacing for [`lro`] that learns: how long the last operations of a kind took decides when the next one is polled.
//!
//! ```
//! # use std::time::Duration;
//! use lro::{Any, Operation, poll_until_done, transport_fn};
//! use lro_learned::Learned;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! # let jobs = transport_fn(|name| async move {
//! #     Operation::succeeded(name.as_str(), Any::from_json(r#"{"pages": 3}"#)?)
//! # });
//! let learned = Learned::new(); // one for the program
//! learned.expect("jobs/report", Duration::from_secs(90)); // optional: a first idea of the duration
//! let pacing = learned.pacing("jobs/report");
//! let report: serde_json::Value = poll_until_done(&jobs, "operations/1".parse()?).pacing(pacing).await?;
//!
//! let saved = serde_json::to_string(&learned.history())?; // to begin with, the next time
//! # assert_eq!(report["pages"], 3);
//! # assert!(saved.contains("jobs/report"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! A client or a fleet takes a [`Learned`] as its default pacing, as it takes any
//! [`PacingByKind`](lro::pacing::PacingByKind):
//!
//! ```text
//! RouteOptimization::builder().pacing(learned.clone())
//! Fleet::builder(transport).pacing(learned)
//! ```
//!
//! # How it works
//!
//! ```text
//! intervals in which the last operations ended -> distribution of the next duration -> plan: when to poll
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `learned`, `history` | what is public: [`Learned`], [`History`] |
//! | `kind` | what is known of one kind: intervals, plan, ledger, progress model |
//! | `distribution` | the prediction, from intervals |
//! | `plan` | the cheapest times to poll under a distribution; the ranking of operations for a fleet |
//! | `progress` | how well the progress in the metadata predicts the duration |
//! | `classic`, `ledger` | the usual backoff, and how many polls a kind may be ahead of it |
//! | `schedule` | the position of one operation in the plan of its kind |
//!
//! Everything is arithmetic in seconds and their natural logarithms: no clock, and no randomness but the jitter.
//! `DESIGN.md` beside the code derives the method and gives a reason for every constant.

mod classic;
mod distribution;
mod history;
mod kind;
mod learned;
mod ledger;
mod plan;
mod progress;
mod schedule;

#[cfg(test)]
mod reference;

pub use self::{history::History, learned::Learned};
