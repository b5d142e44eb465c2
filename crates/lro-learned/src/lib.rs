//! The pacing that learns: when the last operations of a kind were seen to finish tells when to ask about the next.
//!
//! ```text
//! [Interval] -> Distribution: when the next one will finish -> Plan: when to ask, at a price or for a number of polls
//! ```
//!
//! Distribution and plan are pure arithmetic in seconds and their natural logarithms: no clock, no randomness.

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
