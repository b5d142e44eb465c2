use std::time::Duration;

use lro::{OperationName, Service};

use super::{ClaimId, Fence};

/// A request to lease due records of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimRequest {
    /// The id of the claim. Each request has its own.
    pub claim: ClaimId,
    /// The service and version whose records are claimed.
    pub service: Service,
    /// The most records.
    pub most: usize,
    /// The duration of the lease.
    pub lease: Duration,
    /// The number of claims without a result from which on a record is set aside.
    pub most_claims: u32,
    /// Whether the records are picked at random.
    ///
    /// They are then drawn from any 1,000 of the 10,000 that have been due for the longest time or, as often, from the 1,000 that became
    /// due last. Among them those with the fewest [failures](super::Reschedule::failures) go first.
    /// A worker that probes a service which is down asks for it: operations that always fail must not hide the others.
    pub is_random: bool,
    /// The bucket from which a token is taken for each record. `None` for no rate.
    pub bucket: Option<Bucket>,
}

/// A token bucket that all workers of a quota key share. The store keeps its level by the key.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The quota key.
    pub quota: String,
    /// The most tokens that the bucket holds. A new bucket holds one token, or as much as fits.
    pub capacity: f64,
    /// The tokens that are added in a second.
    pub refill: f64,
}

/// The result of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claimed {
    /// The records that were leased.
    pub records: Vec<ClaimedRecord>,
    /// The keys of the records that this claim has set aside.
    pub set_aside: Vec<String>,
    /// The time until the next pending record of the service is due, leases included. Zero if one is due now. `None` if there is none.
    pub next_due: Option<Duration>,
    /// The time until the bucket has a token again. Zero if it has one or if there is no bucket.
    pub next_token: Duration,
}

/// A record that a worker may poll once.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedRecord {
    /// What each later write must pass.
    pub fence: Fence,
    /// The name of the operation.
    pub name: OperationName,
    /// The kind of the operation.
    pub kind: String,
    /// The age of the wait.
    pub age: Duration,
    /// The deadline, as the age at which the wait ends.
    pub deadline: Option<Duration>,
    /// Whether a starting call returned the operation.
    pub started: bool,
    /// Whether a request to cancel the operation is to be sent.
    pub cancel: bool,
    /// The claims without a result, this one included.
    pub claims: u32,
    /// The state of the wait, as [`Reschedule`](super::Reschedule) stored it.
    pub state: Vec<u8>,
    /// The position of the pacing, as [`Reschedule`](super::Reschedule) stored it. Empty before the first poll.
    pub cursor: Vec<u8>,
}
