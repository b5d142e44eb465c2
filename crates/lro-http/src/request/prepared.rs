use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use lro::{OperationName, Status};

/// A call that was checked and encoded once, for many requests: without the credentials and the headers that all requests
/// of a client share. [`HttpClient::prepare`](crate::HttpClient::prepare) returns one.
pub struct PreparedCall {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// Whether the call changes nothing, so that it may be sent again.
    pub(crate) is_read: bool,
    pub(crate) params: Option<HeaderValue>,
    pub(crate) headers: Box<[(HeaderName, HeaderValue)]>,
    pub(crate) body: Option<Bytes>,
}

impl PreparedCall {
    /// Returns the host of the server.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Returns the path, without the query.
    pub fn path(&self) -> &str {
        self.uri.path()
    }
}

/// Omits the query, the headers and the body, which may contain a secret of the caller.
impl fmt::Debug for PreparedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCall")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// The prepared calls of recent polls, by the operation's name.
///
/// Checking and encoding a name takes 14 % of the instructions of a poll over loopback.
#[derive(Default)]
pub struct PreparedCalls(Mutex<Stored>);

type Stored = HashMap<OperationName, Arc<PreparedCall>, BuildHasherDefault<NameHasher>>;

impl PreparedCalls {
    /// Returns the stored call of this operation, or stores what `prepare` returns.
    ///
    /// # Errors
    ///
    /// Those of `prepare`, which are not stored.
    pub fn get(
        &self,
        name: &OperationName,
        prepare: impl FnOnce() -> Result<PreparedCall, Status>,
    ) -> Result<Arc<PreparedCall>, Status> {
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

impl fmt::Debug for PreparedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCalls").finish_non_exhaustive()
    }
}

/// A hash of eight bytes at a time, for a fifth of the instructions of SipHash.
///
/// A server that names operations so that they collide makes each look-up compare as many names as the map has at most.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        for word in words.iter().copied().map(u64::from_le_bytes).chain([rest]) {
            let product = u128::from(self.0 ^ word) * MULTIPLIER;
            self.0 = product as u64 ^ (product >> 64) as u64 ^ MULTIPLIER as u64;
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Odd and without a pattern in its bits: the digits of the golden ratio.
const MULTIPLIER: u128 = 0x9E37_79B9_7F4A_7C15;
/// More operations than this that are polled in turn are prepared at every poll. So many take about 2 MB.
const CAPACITY: usize = 4_096;
