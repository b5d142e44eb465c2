use std::time::Duration;

use lro::{OperationName, Service};

use super::{ClaimId, Fence};

/// A request to lease outcomes that are due for delivery.
///
/// The n-th delivery of an outcome is due again after `lease + pause(n)`, if it is neither acknowledged nor given back.
/// `pause(1)` is zero. From `n = 2` on it is `first_pause * 2^(n - 2)`, at most `longest_pause`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRequest {
    /// The id of the lease. Each request has its own.
    pub claim: ClaimId,
    /// The most outcomes.
    pub most: usize,
    /// The time in which one consumer handles an outcome.
    pub lease: Duration,
    /// The pause after the second delivery.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// An outcome that a consumer handles.
#[derive(Clone, Debug, PartialEq)]
pub struct Undelivered {
    /// What the acknowledgement must pass.
    pub fence: Fence,
    /// The service of the operation.
    pub service: Service,
    /// The name of the operation. `None` if the starting call returned none.
    pub name: Option<OperationName>,
    /// The kind of the operation.
    pub kind: String,
    /// The bytes of the caller.
    pub tag: Vec<u8>,
    /// The time since the registration.
    pub age: Duration,
    /// The deliveries of this outcome, this one included.
    pub deliveries: u32,
    /// The error of an earlier delivery.
    pub error: Option<String>,
    /// The outcome, as [`Complete`](super::Complete) stored it.
    pub outcome: Vec<u8>,
    /// The state of the wait at its end, as [`Complete`](super::Complete) stored it.
    pub state: Vec<u8>,
}
