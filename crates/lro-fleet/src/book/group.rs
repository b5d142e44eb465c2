use std::sync::Arc;

use crate::interned::Interned;

/// The properties that operations share. A group is removed with its last operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// Operations of a kind take a similar time, and have one pacing.
    pub(crate) kind: Arc<str>,
    /// The number of the quota key.
    pub(crate) key: usize,
    /// The number of the collection, if it can be listed.
    pub(crate) collection: Option<usize>,
}

/// The groups, with the number of operations in each.
#[derive(Debug, Default)]
pub(crate) struct Groups(Interned<Group, usize>);

impl Groups {
    /// Adds an operation to a group. Returns the number of the group.
    pub(crate) fn join(&mut self, group: Group) -> u32 {
        let number = self.0.number(group, || 0);
        self.0[number] += 1;
        number as u32
    }

    /// Removes an operation from a group.
    pub(crate) fn leave(&mut self, number: u32) {
        let number = number as usize;
        let Some(members) = self.0.get_mut(number) else {
            return;
        };
        *members -= 1;
        if *members == 0 {
            self.0.remove(number);
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Group> {
        self.0.name(number as usize)
    }
}
