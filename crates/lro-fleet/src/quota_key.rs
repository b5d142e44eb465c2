use std::fmt;

/// The state of a quota key, from [`Fleet::quota_keys`](crate::Fleet::quota_keys).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QuotaKey {
    /// The key, as [`FleetBuilder::quota_key`](crate::FleetBuilder::quota_key) returned it. Empty if the fleet has one key.
    pub name: String,
    /// Whether the service seems to be down, or its quota to be used up. Then only probes are sent.
    pub is_shut: bool,
    /// The calls a second that the service was found to give. `None` as long as no limit below the configured rate was found.
    pub found_rate: Option<f64>,
    /// The calls in flight.
    pub in_flight: usize,
    /// The calls that are due and not made yet, for pages of lists too.
    pub due: usize,
    /// The operations under this key that the fleet knows, including outcomes that were not taken yet.
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
