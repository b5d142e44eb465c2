//! Publishes the metrics of a driver. For authors of [drivers](crate::rules); code that awaits operations does not need it.
//!
//! The recorder is the caller's code: a driver publishes without its locks.

pub use super::{
    series::{EndLabels, Series},
    share::Share,
    table::{Counter, Gauge},
};

use super::{METADATA, key, record};

/// Adds to a counter. `service` is the key of a service, `None` for a counter without that label.
pub fn count(counter: Counter, service: Option<&str>, number: u64) {
    if number > 0 {
        let key = key(counter.name(), service);
        record(|recorder| recorder.register_counter(&key, &METADATA).increment(number));
    }
}

/// Sets a gauge that is not the sum of [shares](Share). `service` is the key of a service, `None` for a gauge without that label.
pub fn set(gauge: Gauge, service: Option<&str>, value: f64) {
    let key = key(gauge.name(), service);
    record(|recorder| recorder.register_gauge(&key, &METADATA).set(value));
}
