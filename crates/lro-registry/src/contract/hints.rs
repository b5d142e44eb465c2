use std::{future::Future, time::Duration};

use futures::FutureExt;
use tokio::time::timeout;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, PATIENCE, SHORT, entry, name, other_service, reschedule},
};
use crate::{
    StoreError,
    store::{CancelRequested, Entry, Fence, Reschedule},
};

pub(super) async fn new_records_are_hinted(fixture: &Fixture) -> Verdict {
    fixture.ensure_hints().await?;
    let soon = [Entry { service: other_service(), delay: Duration::from_secs(3), ..entry("soon") }];
    fixture.ensure_hint("a record that is due soon", fixture.store.register(&soon)).await?;
    fixture.set_aside("aside", 1).await?;
    let keys = ["aside".to_owned()];
    fixture.ensure_hint("a record that was taken back", fixture.store.take_back(&keys)).await?;
    Ok(())
}

pub(super) async fn resolved_intents_are_hinted(fixture: &Fixture) -> Verdict {
    fixture.ensure_hints().await?;
    let fence = fixture.intent("started", LONG).await?;
    let started = [Reschedule { name: name("started"), delay: SHORT, ..reschedule(fence) }];
    fixture.ensure_hint("the result of a start", fixture.store.reschedule(&started)).await?;
    fixture.intent("found", LONG).await?;
    fixture.cancel("found", CancelRequested::Requested).await?;
    let found = [Entry { delay: LONG, ..entry("found") }];
    fixture
        .ensure_hint("a request to cancel an intent that is resolved", fixture.store.register(&found))
        .await?;
    Ok(())
}

// g20
pub(super) async fn requests_to_cancel_are_hinted(fixture: &Fixture) -> Verdict {
    fixture.ensure_hints().await?;
    fixture.register(&[Entry { delay: LONG, ..entry("pending") }]).await?;
    let keys = ["pending".to_owned()];
    fixture.ensure_hint("a request to cancel", fixture.store.request_cancel(&keys)).await?;
    fixture.store.forget(&keys).await?;
    // The worker did not know of the request when it polled.
    let polled = [reschedule(fixture.requested_while_claimed("polled").await?)];
    fixture.ensure_hint("a request that a poll has not seen", fixture.store.reschedule(&polled)).await?;
    Ok(())
}

impl Fixture {
    /// Registers a record that is due, as a store that gives hints gives one then.
    async fn ensure_hints(&self) -> Verdict {
        let due = [Entry { service: other_service(), ..entry("due") }];
        if self.is_hinted(self.store.register(&due)).await? {
            return Ok(());
        }
        Err(Fault::NotRun("the store gives no hints"))
    }

    async fn ensure_hint<T>(
        &self,
        after: &str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Verdict {
        ensure!(self.is_hinted(call).await?, "there is no hint after {after}");
        Ok(())
    }

    /// Makes a call while somebody waits for a hint. Returns whether it comes.
    async fn is_hinted<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<bool, Fault> {
        // Those of earlier calls.
        while timeout(QUIET, self.store.changed()).await.is_ok() {}
        let mut hint = self.store.changed();
        if (&mut hint).now_or_never().is_some() {
            hint = self.store.changed();
        }
        call.await?;
        Ok(timeout(PATIENCE, hint).await.is_ok())
    }

    /// Registers a record and claims it, and requests its cancellation then.
    async fn requested_while_claimed(&self, key: &str) -> Result<Fence, Fault> {
        let fence = self.claimed(key).await?.fence;
        self.cancel(key, CancelRequested::Requested).await?;
        Ok(fence)
    }
}

/// A store may hold hints back for a moment, so that they are few.
const QUIET: Duration = Duration::from_millis(300);
