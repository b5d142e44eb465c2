//! The solver's numbers as fields of messages.

use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

use super::{model::Load, tour::Amounts};

pub(super) fn loads(amounts: &Amounts) -> BTreeMap<String, Load> {
    amounts.iter().map(|(kind, amount)| (kind.clone(), Load { amount: *amount })).collect()
}

/// Seconds as a duration; `None` if they are too many.
pub(super) fn duration(seconds: i64) -> Option<Duration> {
    Duration::from_seconds(seconds).ok()
}

/// Seconds since 1970 as a timestamp; `None` if there is no such date.
pub(super) fn time(seconds: i64) -> Option<Timestamp> {
    Timestamp::new(seconds, 0).ok()
}
