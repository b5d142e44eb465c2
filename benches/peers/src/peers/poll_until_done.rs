//! `poll_until_done` of `lro`, a task for each operation.

use std::{future::IntoFuture, sync::Arc, time::Duration};

use futures::FutureExt;
use lro::{LroTransport, OperationName, Status, poll_until_done};
use serde::de::IgnoredAny;

use super::{Loop, ended, ours::OverHttp};
use crate::Fault;

/// A client that waits over HTTP.
#[derive(Clone, Debug)]
pub struct Waits(Arc<dyn LroTransport>);

impl Waits {
    /// Returns a client of the server at this endpoint that pauses so long between two polls.
    ///
    /// # Errors
    ///
    /// If the endpoint is not valid.
    pub fn new(endpoint: &str, pause: Duration) -> Result<Self, Status> {
        Ok(Self(Arc::new(OverHttp::new(endpoint, pause)?)))
    }
}

impl Loop for Waits {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let wait = poll_until_done::<IgnoredAny>(self.0.clone(), OperationName::parse(&name)?);
        Ok(wait.into_future().map(|done| done.map_or_else(Fault::from, |_| ended())))
    }
}
