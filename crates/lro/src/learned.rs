//! The pacing that learns: when the last operations of a kind were seen to finish tells when to ask about the next.
//!
//! ```text
//! [Interval] -> Curve: when the next one will finish -> Plan: when to ask, at a price or for a number of polls
//! ```
//!
//! Pure arithmetic in seconds and their natural logarithms: no clock, no randomness.

mod bandwidth;
mod curve;
mod interval;
mod plan;
mod policy;

#[cfg(test)]
mod reference;
