use std::{fmt, slice, time::Duration};

use lro::{OperationName, Report, Response, Service, Status, rules::Ending};
use tokio::time::Instant;

use crate::{
    Registry,
    limits::stored_error,
    published,
    store::{GiveBack, StoreError, Undelivered, Written, ending, saved},
};

/// The outcome of an operation, leased to one consumer until it is acknowledged.
///
/// It is delivered at least once. Its [key](Self::key) is the idempotency key: a consumer that stores the key with its own
/// result recognizes a second delivery.
/// A delivery that is dropped, or that outlives its lease, is delivered again.
#[derive(Debug)]
pub struct Delivery {
    registry: Registry,
    undelivered: Undelivered,
    leased_until: Instant,
}

impl Delivery {
    pub(crate) fn new(registry: Registry, undelivered: Undelivered, leased_until: Instant) -> Self {
        Self { registry, undelivered, leased_until }
    }

    /// Returns until when the outcome is to be handled: a moment before the lease ends, so that no other consumer has it meanwhile.
    pub(crate) fn handled_by(&self) -> Instant {
        let left = self.leased_until.saturating_duration_since(Instant::now());
        self.leased_until - (left / 20).min(LONGEST_MARGIN)
    }

    /// Returns the key of the record.
    pub fn key(&self) -> &str {
        &self.undelivered.fence.key
    }

    /// Returns the service of the operation.
    pub fn service(&self) -> &Service {
        &self.undelivered.service
    }

    /// Returns the name of the operation. `None` if the starting call returned none.
    pub fn name(&self) -> Option<&OperationName> {
        self.undelivered.name.as_ref()
    }

    /// Returns the kind of the operation.
    pub fn kind(&self) -> &str {
        &self.undelivered.kind
    }

    /// Returns the bytes that were registered with the operation.
    pub fn tag(&self) -> &[u8] {
        &self.undelivered.tag
    }

    /// Returns the number of this delivery, from 1. From 2 on the outcome may have been handled already.
    pub fn attempt(&self) -> u32 {
        self.undelivered.deliveries
    }

    /// Returns the error of an earlier delivery, as [`retry_later`](Self::retry_later) stored it. `None` at the first delivery.
    pub fn last_error(&self) -> Option<&str> {
        self.undelivered.error.as_deref()
    }

    /// Returns how the wait ended.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`](lro::Origin::MalformedReply) if a later version of this crate stored the outcome.
    pub fn ending(&self) -> Result<Ending, Status> {
        ending(self.key(), &self.undelivered.outcome)
    }

    /// Decodes the response of the operation.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done): the error of the operation, or why the polling stopped. The status has a
    /// [`Report`].
    pub fn decode<R: Response>(&self) -> Result<R, Status> {
        // An outcome that this version cannot read is reported as one that is not known.
        let ending = self.ending().unwrap_or_else(Ending::GaveUp);
        ending.decode().map_err(|status: Status| status.with_report(self.report(&ending)))
    }

    /// Lets workers poll the operation again, if the wait for it was given up. The outcome is not delivered again, and the deadline
    /// counts from now. Returns `false` if the operation is done, or if the wait has begun again already.
    ///
    /// # Errors
    ///
    /// The fault of the store. The outcome is then delivered again.
    pub async fn poll_again(&self) -> Result<bool, StoreError> {
        self.registry.take_back(self.key()).await
    }

    /// Acknowledges the outcome: it is not delivered again.
    ///
    /// Returns `false` if the lease has ended and the outcome was delivered again meanwhile. That delivery must be acknowledged.
    ///
    /// # Errors
    ///
    /// The fault of the store. The outcome is then delivered again, unless the acknowledgement was stored and its reply lost.
    pub async fn acknowledge(&self) -> Result<bool, StoreError> {
        let written = self.registry.store().acknowledge(slice::from_ref(&self.undelivered.fence)).await?;
        let is_stored = written.first() == Some(&Written::Stored);
        if is_stored {
            published::acknowledged(self.service());
        }
        Ok(is_stored)
    }

    /// Ends the lease, and stores the error. The outcome is delivered again after a pause that doubles from 1 s to 10 min.
    ///
    /// # Errors
    ///
    /// The fault of the store. The outcome is then delivered again when the lease has ended.
    pub async fn retry_later(&self, error: impl fmt::Display) -> Result<(), StoreError> {
        let delay = pause_after(self.undelivered.deliveries);
        let error = Some(stored_error(&error.to_string()));
        let give_back = GiveBack { fence: self.undelivered.fence.clone(), delay, counts: true, error };
        self.registry.store().give_back(&[give_back]).await.map(|_| ())
    }

    fn report(&self, ending: &Ending) -> Report {
        saved(&self.undelivered.state).unwrap_or_default().report(self.undelivered.name.clone(), ending)
    }
}

/// The pause after a number of deliveries.
fn pause_after(deliveries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << deliveries.saturating_sub(1).min(MOST_DOUBLINGS)).min(LONGEST_PAUSE)
}

/// A thread that is late by more holds up everything.
const LONGEST_MARGIN: Duration = Duration::from_secs(1);
/// A receiver that restarts is back after some seconds.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// After an outage of hours the outcomes arrive within ten minutes of its end.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// 1,024 s is beyond the longest pause.
const MOST_DOUBLINGS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_ten_minutes() {
        let seconds = |deliveries| pause_after(deliveries).as_secs();
        assert_eq!([0, 1, 2, 3, 10, 11, u32::MAX].map(seconds), [1, 1, 2, 4, 512, 600, 600]);
    }
}
