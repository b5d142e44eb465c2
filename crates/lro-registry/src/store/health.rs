use std::time::Duration;

use lro::Service;

/// What needs attention in a store.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// The services that have pending records.
    pub services: Vec<ServiceHealth>,
    /// Intents whose lease has ended, or whose starting call failed without a clear answer: it is not known whether the operation
    /// exists. Those of calls that were dropped count from the end of the [lease](crate::StartRequest::lease) on. Counted up to 10,000.
    pub unresolved_intents: u64,
    /// Records that are set aside. Counted up to 10,000.
    pub set_aside: u64,
    /// Outcomes that are not acknowledged. Counted up to 10,000.
    pub undelivered: u64,
    /// For how long the oldest outcome that is due for delivery has been due.
    pub undelivered_for: Option<Duration>,
    /// What the store reports about itself, by name, such as `oldest snapshot`.
    pub details: Vec<(String, String)>,
}

/// The pending records of a service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceHealth {
    /// The service and version.
    pub service: Service,
    /// For how long the oldest due record has been due. `None` if none is due.
    pub overdue: Option<Duration>,
}

impl ServiceHealth {
    /// Creates the health of a service.
    pub fn new(service: Service, overdue: Option<Duration>) -> Self {
        Self { service, overdue }
    }
}
