use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use lro::{OperationName, Status};

/// A request without its credentials and the headers that all requests of a client share.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) params: Option<HeaderValue>,
    pub(crate) headers: Box<[(HeaderName, HeaderValue)]>,
    pub(crate) body: Option<Bytes>,
}

/// The requests of recent polls, by the operation's name.
///
/// Checking and encoding a name takes 14 % of the instructions of a poll over loopback.
#[derive(Default)]
pub(crate) struct PreparedPolls(Mutex<HashMap<OperationName, Arc<Prepared>>>);

impl PreparedPolls {
    /// Returns the stored request of this operation, or stores what `prepare` returns.
    pub(crate) fn get(
        &self,
        name: &OperationName,
        prepare: impl FnOnce() -> Result<Prepared, Status>,
    ) -> Result<Arc<Prepared>, Status> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = stored.get(name) {
            return Ok(prepared.clone());
        }
        let prepared = Arc::new(prepare()?);
        if stored.len() >= CAPACITY {
            stored.clear();
        }
        stored.insert(name.clone(), prepared.clone());
        Ok(prepared)
    }
}

impl fmt::Debug for PreparedPolls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedPolls").finish_non_exhaustive()
    }
}

/// More operations than this that are polled in turn are prepared at every poll. So many take about 2 MB.
const CAPACITY: usize = 4_096;
