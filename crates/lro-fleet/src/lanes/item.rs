use crate::clock::Time;

/// What waits in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// An operation. Its number and the lower half of its due time distinguish this item from its earlier ones.
    Get { id: u32, due: u32 },
    /// The next page of a collection.
    Page(u32),
}

/// A call that may be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    pub(crate) key: usize,
    pub(crate) item: Item,
}

impl Item {
    pub(crate) fn get(id: u32, due: Time) -> Self {
        Self::Get { id, due: due.micros() as u32 }
    }

    /// Returns whether the item is that of an operation with this due time.
    pub(crate) fn is_of(self, due: Time) -> bool {
        matches!(self, Self::Get { due: stamp, .. } if stamp == due.micros() as u32)
    }
}
