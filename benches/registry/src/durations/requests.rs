//! The arguments of the calls that the cases make to a store.

use std::{ops::Range, time::Duration};

use lro::{OperationName, Status};
use lro_registry::store::{
    CancelStep, ClaimId, ClaimRequest, Complete, DeliveryRequest, Entry, Fence, Reschedule,
};

use crate::{server::name_of, transport::service};

/// Returns new records with the keys of these numbers.
///
/// # Errors
///
/// None: the names are valid.
pub fn entries(operations: Range<u32>) -> Result<Vec<Entry>, Status> {
    operations.map(name_of).map(entry).collect()
}

fn entry(key: String) -> Result<Entry, Status> {
    Ok(Entry {
        name: Some(OperationName::parse(&key)?),
        key,
        service: service(),
        kind: "job".to_owned(),
        fingerprint: "f".to_owned(),
        tag: b"tag".to_vec(),
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: Vec::new(),
        intent: None,
    })
}

/// Returns the request to claim at most this many records. A record is never set aside.
pub fn claim(most: usize, lease: Duration) -> ClaimRequest {
    ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most,
        lease,
        most_claims: u32::MAX >> 1,
        is_random: false,
        bucket: None,
    }
}

/// Returns the reschedule after a poll that found the operation running.
pub fn reschedule(fence: Fence, delay: Duration) -> Reschedule {
    let (state, cursor) = (b"state".to_vec(), b"cursor".to_vec());
    Reschedule {
        fence,
        name: None,
        delay,
        state,
        cursor,
        cancel: CancelStep::NotSeen,
        failures: 0,
        error: None,
    }
}

/// Returns an outcome.
pub fn complete(fence: Fence) -> Complete {
    let (outcome, state) = (b"outcome".to_vec(), b"state".to_vec());
    Complete { fence, name: None, outcome, state, finished: None }
}

/// Returns the request for at most this many outcomes. They are delivered again soon.
pub fn delivery(most: usize) -> DeliveryRequest {
    DeliveryRequest {
        claim: ClaimId::random(),
        most,
        lease: Duration::from_millis(20),
        first_pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
    }
}
