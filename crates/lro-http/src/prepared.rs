use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use lro::{OperationName, Status};

/// A request but for what is the same in all of them, and its credentials.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) params: Option<HeaderValue>,
    pub(crate) body: Option<Bytes>,
}

/// The requests of the operations that were polled last.
///
/// Checking and encoding a name costs as much as a tenth of a poll over loopback. A fixed number of slots, chosen by
/// where the name lies in memory, bounds what is kept; names that share a slot push each other out.
pub(crate) struct PreparedPolls {
    slots: Box<[Mutex<Slot>]>,
}

type Slot = Option<(OperationName, Arc<Prepared>)>;

impl PreparedPolls {
    pub(crate) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::new(None)).collect() }
    }

    /// What is kept for this very name, or else what `prepare` makes of it.
    pub(crate) fn get(
        &self,
        name: &OperationName,
        prepare: impl FnOnce() -> Result<Prepared, Status>,
    ) -> Result<Arc<Prepared>, Status> {
        // A name in a slot keeps its place in memory, so the same place is the same name.
        let place = name.as_str().as_ptr();
        let mut slot = self.slots[slot_of(place.addr())].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, prepared)) = &*slot
            && known.as_str().as_ptr() == place
        {
            return Ok(prepared.clone());
        }
        let prepared = Arc::new(prepare()?);
        *slot = Some((name.clone(), prepared.clone()));
        Ok(prepared)
    }
}

impl fmt::Debug for PreparedPolls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedPolls").finish_non_exhaustive()
    }
}

/// Names that are made alike lie at regular distances: the multiplication of Fibonacci hashing (Knuth, TAOCP 3, 6.4)
/// spreads those, too.
fn slot_of(address: usize) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    ((address as u64).wrapping_mul(SPREAD) >> (u64::BITS - SLOTS.ilog2())) as usize
}

/// A power of two.
const SLOTS: usize = 256;
