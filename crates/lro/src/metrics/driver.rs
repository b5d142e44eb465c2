//! Publishes the metrics of a driver. For authors of [drivers](crate::rules); code that awaits operations does not need it.
//!
//! The recorder is the caller's code: a driver publishes without its locks.

pub use super::{series::Series, share::Share, table::Gauge};
