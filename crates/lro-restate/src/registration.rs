use std::time::Duration;

use lro::{Handle, OperationName, Service, Status};
use serde::{Deserialize, Serialize};

/// An operation to wait for.
///
/// Its JSON is `{"handle": {"format": 1, "service": …, "version": …, "name": …}}`, with the members `deadline_ms` and `started`
/// if they are set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    handle: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline_ms: Option<u64>,
    #[serde(default)]
    started: bool,
}

impl Registration {
    /// Creates the registration of an operation of this service. The [kind](Handle::with_kind) of the handle selects the pacing.
    pub fn new(handle: Handle) -> Self {
        Self { handle, deadline_ms: None, started: false }
    }

    /// Sets the time from the registration after which the polling stops, in whole milliseconds. Default: no limit.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline_ms: Some(u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX)), ..self }
    }

    /// Sets that a starting call has just returned the operation, which the service may not find for a while.
    pub fn started(self) -> Self {
        Self { started: true, ..self }
    }

    /// Returns the key of the virtual object: the service, the version of its API and the name, separated by slashes.
    pub fn key(&self) -> String {
        let service = self.service();
        let name = self.handle.name_for(service).map(|name| name.to_string()).unwrap_or_default();
        format!("{}/{}/{name}", service.key(), service.version())
    }

    pub(crate) fn service(&self) -> &Service {
        self.handle.service()
    }

    /// # Errors
    ///
    /// As [`Handle::name_for`]: the service has no key.
    pub(crate) fn name(&self) -> Result<OperationName, Status> {
        self.handle.name_for(self.service())
    }

    /// The kind selects the pacing. Without one it is the key of the service.
    pub(crate) fn kind(&self) -> &str {
        self.handle.kind().unwrap_or_else(|| self.service().key())
    }

    pub(crate) fn limit(&self) -> Option<Duration> {
        self.deadline_ms.map(Duration::from_millis)
    }

    pub(crate) fn was_started(&self) -> bool {
        self.started
    }
}
