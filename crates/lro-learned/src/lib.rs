//! The pacing that learns: when the last operations of a kind were seen to finish tells when to ask about the next.
//!
//! ```text
//! [Interval] -> Curve: when the next one will finish -> Plan: when to ask, at a price or for a number of polls
//! ```
//!
//! Curve and plan are pure arithmetic in seconds and their natural logarithms: no clock, no randomness.

mod bandwidth;
mod bar;
mod classic;
mod course;
mod curve;
mod history;
mod interval;
mod kind;
mod learned;
mod ledger;
mod outlook;
mod plan;
mod policy;
mod schedule;

#[cfg(test)]
mod reference;

pub use self::{history::History, learned::Learned};
