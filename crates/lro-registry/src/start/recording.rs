//! The result of a starting call, on its way into the store.

use std::time::Duration;

use lro::{
    Operation, OperationName, Status,
    rules::{Ending, Saved, Tally, Trouble},
};
use tokio::time::{Instant, sleep};

use super::Started;
use crate::{
    Error, Registry, StoreErrorKind,
    limits::stored_error,
    store::{CancelStep, Complete, Fence, GiveBack, Reschedule, StoreError, Written},
    worker::{outcome as stored_outcome, state as stored_state},
};

impl Registry {
    /// Stores the result of a starting call. A fault of the store is retried for a while.
    pub(super) async fn record(
        &self,
        fence: Fence,
        result: Result<Operation, Status>,
    ) -> Result<Started, Error> {
        let operation = match result {
            Ok(operation) => operation,
            Err(status) => return self.record_failure(fence, status).await,
        };
        let name = OperationName::parse(&operation.name).ok();
        let until = Instant::now() + RECORD_FOR;
        let mut pause = FIRST_PAUSE;
        loop {
            let written = match &operation.outcome {
                Some(outcome) => {
                    let outcome = stored_outcome(&Ending::Done(outcome.clone()));
                    let state = saved_state(&operation);
                    let complete =
                        Complete { fence: fence.clone(), name: name.clone(), outcome, state, finished: None };
                    self.store().complete(&[complete]).await
                }
                None => {
                    let delay = operation.retry_after.unwrap_or(FIRST_DELAY).max(FIRST_DELAY);
                    let reschedule = Reschedule {
                        fence: fence.clone(),
                        name: name.clone(),
                        delay,
                        state: saved_state(&operation),
                        cursor: Vec::new(),
                        cancel: CancelStep::NotSeen,
                        failures: 0,
                        error: None,
                    };
                    self.store().reschedule(&[reschedule]).await
                }
            };
            match written {
                // Fenced: the intent was resolved or forgotten meanwhile, or this very write was stored and its reply lost.
                Ok(written)
                    if written.first() == Some(&Written::Stored)
                        || self.is_recorded(&fence.key, &operation).await =>
                {
                    self.completed().notify_waiters();
                    return Ok(Started::New(name));
                }
                Ok(_) => {
                    let source = StoreError::new(
                        StoreErrorKind::Other,
                        "the intent was removed or resolved during the call",
                    );
                    return Err(Error::Unrecorded { operation: Box::new(operation), source });
                }
                Err(source) if !source.is_transient() || Instant::now() >= until => {
                    return Err(Error::Unrecorded { operation: Box::new(operation), source });
                }
                Err(_) => sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Returns whether the record has the name of this operation or, if it has none, an outcome.
    async fn is_recorded(&self, key: &str, operation: &Operation) -> bool {
        let Ok(Some(record)) = self.get(key).await else {
            return false;
        };
        match &record.name {
            Some(name) => name.as_str() == operation.name,
            None => record.outcome.is_some(),
        }
    }

    /// Removes the intent of a call that has surely started nothing. Otherwise stores the error with it.
    async fn record_failure(&self, fence: Fence, status: Status) -> Result<Started, Error> {
        let may_have_started = status.may_have_started();
        let stored = if may_have_started {
            let error = Some(stored_error(&format!("the starting call failed: {status}")));
            let give_back = GiveBack { fence, delay: Duration::ZERO, counts: true, error };
            self.store().give_back(&[give_back]).await.map(|_| ())
        } else {
            self.store().withdraw(&[fence]).await.map(|_| ())
        };
        if let Err(error) = stored {
            tracing::warn!(%error, "the failure of a starting call was not stored; its intent stays unresolved");
        }
        Err(Error::Start { status, may_have_started })
    }
}

/// A running operation without a valid name cannot be polled.
pub(super) fn with_a_name(operation: Operation) -> Result<Operation, Status> {
    if !operation.is_done() {
        operation.started_name()?;
    }
    Ok(operation)
}

fn saved_state(operation: &Operation) -> Vec<u8> {
    let trouble = operation.running_error.clone().map(Trouble::of_running);
    stored_state(Saved::new(Tally::default(), trouble, operation.metadata.clone()))
}

/// The default pacing makes its second poll after 250 ms.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// A failover of a database takes some tens of seconds.
const RECORD_FOR: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
