use crate::pace::Pace;

/// Operations that are alike: of one kind, under one quota, in one collection.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) pace: Pace,
    /// The number of its quota key.
    pub(crate) key: usize,
    /// The number of its collection, if it can be listed.
    pub(crate) collection: Option<usize>,
    /// It goes with the last of them.
    pub(crate) entries: usize,
}

/// What makes operations alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag {
    pub(crate) kind: String,
    pub(crate) key: usize,
    pub(crate) collection: Option<usize>,
}

impl Class {
    pub(crate) fn new(tag: &Tag, pace: Pace) -> Self {
        Self { pace, key: tag.key, collection: tag.collection, entries: 0 }
    }
}
