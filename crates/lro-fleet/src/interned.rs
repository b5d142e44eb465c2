use std::{
    collections::HashMap,
    hash::Hash,
    ops::{Index, IndexMut},
};

use slab::Slab;

/// Things that are each known by a name and, once they are, by a number, which is used again after their removal.
#[derive(Debug)]
pub(crate) struct Interned<K, T> {
    all: Slab<(K, T)>,
    numbers: HashMap<K, usize>,
}

impl<K: Clone + Eq + Hash, T> Interned<K, T> {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The number of what has this name; it is made if it is not there.
    pub(crate) fn number(&mut self, name: K, make: impl FnOnce() -> T) -> usize {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.all.insert((name.clone(), make()));
        self.numbers.insert(name, number);
        number
    }

    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.all.get(number).map(|(_, it)| it)
    }

    pub(crate) fn name(&self, number: usize) -> Option<&K> {
        self.all.get(number).map(|(name, _)| name)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.all.get_mut(number).map(|(_, it)| it)
    }

    pub(crate) fn remove(&mut self, number: usize) {
        if let Some((name, _)) = self.all.try_remove(number) {
            self.numbers.remove(&name);
        }
    }

    /// Removes those for which it does not hold.
    pub(crate) fn retain(&mut self, mut holds: impl FnMut(&T) -> bool) {
        let numbers = &mut self.numbers;
        self.all.retain(|_, (name, it)| {
            let holds = holds(it);
            if !holds {
                numbers.remove(name);
            }
            holds
        });
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.all.iter_mut().map(|(_, (_, it))| it)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter().map(|(_, (_, it))| it)
    }
}

impl<K, T> Default for Interned<K, T> {
    fn default() -> Self {
        Self { all: Slab::new(), numbers: HashMap::new() }
    }
}

/// Of a number that is in use; as with a slice, another one is a bug.
impl<K, T> Index<usize> for Interned<K, T> {
    type Output = T;

    fn index(&self, number: usize) -> &T {
        &self.all[number].1
    }
}

impl<K, T> IndexMut<usize> for Interned<K, T> {
    fn index_mut(&mut self, number: usize) -> &mut T {
        &mut self.all[number].1
    }
}
