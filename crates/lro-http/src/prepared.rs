use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use lro::{OperationName, Status};

/// A request but for what is the same in all of them, and its credentials.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) params: Option<HeaderValue>,
    pub(crate) body: Option<Bytes>,
}

/// The requests of the operations that are polled again and again by the same name.
///
/// Checking and encoding a name costs as much as a tenth of a poll over loopback. A fixed number of slots, chosen by
/// where the name lies in memory, bounds what is kept; names that share a slot push each other out.
pub(crate) struct PreparedPolls {
    slots: Box<[Mutex<Slot>]>,
}

#[derive(Clone)]
enum Slot {
    Empty,
    /// A name with this mark was polled. It is not kept yet: one that is made for a single poll would never be seen again.
    Seen(u64),
    Kept(OperationName, Prepared),
}

impl PreparedPolls {
    pub(crate) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::new(Slot::Empty)).collect() }
    }

    /// What is kept for this very name, or else what `prepare` makes of it.
    pub(crate) fn get(
        &self,
        name: &OperationName,
        prepare: impl FnOnce() -> Result<Prepared, Status>,
    ) -> Result<Prepared, Status> {
        // A name in a slot keeps its place in memory, so the same place is the same name.
        let place = name.as_str().as_ptr();
        let mut slot = self.slots[slot_of(place.addr())].lock().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Kept(known, prepared) = &*slot
            && known.as_str().as_ptr() == place
        {
            return Ok(prepared.clone());
        }
        let prepared = prepare()?;
        let mark = mark_of(name.as_str());
        *slot = match *slot {
            Slot::Seen(seen) if seen == mark => Slot::Kept(name.clone(), prepared.clone()),
            _ => Slot::Seen(mark),
        };
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
    ((address as u64).wrapping_mul(SPREAD) >> (u64::BITS - SLOTS.ilog2())) as usize
}

/// Tells one text from another, as a rule: where it does not, a name is kept that need not be.
fn mark_of(text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(SPREAD, |mark, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        (mark ^ u64::from_le_bytes(bytes)).wrapping_mul(SPREAD).rotate_left(23)
    })
}

/// 2^64 by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// A power of two.
const SLOTS: usize = 256;
