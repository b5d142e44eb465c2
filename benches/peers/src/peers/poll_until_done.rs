//! `lro`'s own wait, a task for each operation.

use std::{sync::Arc, time::Duration};

use lro::{LroTransport, OperationName, Pacing, poll_until_done};
use serde::de::IgnoredAny;

use super::{Loop, ended};
use crate::Fault;

/// Waits by one transport.
#[derive(Clone, Debug)]
pub struct Waits {
    transport: Arc<dyn LroTransport>,
}

impl Waits {
    /// Waits by this transport.
    pub fn new(transport: impl LroTransport + 'static) -> Self {
        Self { transport: Arc::new(transport) }
    }
}

impl Loop for Waits {
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static {
        let transport = self.transport.clone();
        async move {
            let name = match OperationName::parse(&name) {
                Ok(name) => name,
                Err(fault) => return fault.into(),
            };
            let wait = poll_until_done::<IgnoredAny>(transport, name).pacing(Pacing::fixed(pause));
            wait.await.map_or_else(Fault::from, |_| ended())
        }
    }
}
