use std::fmt;

/// The state of a quota key. From [`Fleet::quota_keys`](crate::Fleet::quota_keys).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QuotaKey {
    /// The key, as [`FleetBuilder::quota_key`](crate::FleetBuilder::quota_key) returned it. Empty if the fleet has one key.
    pub name: String,
    /// Whether the service seems to be down, or its quota to be spent. Only probes are sent then.
    pub is_shut: bool,
    /// The rate that the service was found to bear, in calls a second. `None` if no limit below the configured rate was found.
    pub found_rate: Option<f64>,
    /// The calls in flight.
    pub in_flight: usize,
    /// The calls that are due and have not been sent: gets and pages of lists.
    pub due: usize,
    /// The operations under this key, including those whose outcomes have not been taken.
    pub operations: usize,
}

impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, is_shut, found_rate, in_flight, due, operations } = self;
        write!(f, "{name:?}: {operations} operations, {due} due, {in_flight} in flight")?;
        if let Some(rate) = found_rate {
            write!(f, "; {rate:.1} calls a second")?;
        }
        f.write_str(if *is_shut { "; shut, only probes are sent" } else { "" })
    }
}
