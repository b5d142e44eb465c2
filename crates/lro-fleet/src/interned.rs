use std::{
    collections::HashMap,
    hash::Hash,
    ops::{Index, IndexMut},
};

use slab::Slab;

/// Values with a key and a number each. A number is reused after the value is removed.
#[derive(Debug)]
pub(crate) struct Interned<K, T> {
    all: Slab<(K, T)>,
    numbers: HashMap<K, usize>,
}

impl<K: Clone + Eq + Hash, T> Interned<K, T> {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns the number of a key. Adds its value if there is none.
    pub(crate) fn number(&mut self, key: K, make: impl FnOnce() -> T) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.all.insert((key.clone(), make()));
        self.numbers.insert(key, number);
        number
    }

    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.all.get(number).map(|(_, value)| value)
    }

    pub(crate) fn name(&self, number: usize) -> Option<&K> {
        self.all.get(number).map(|(key, _)| key)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.all.get_mut(number).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, number: usize) {
        if let Some((key, _)) = self.all.try_remove(number) {
            self.numbers.remove(&key);
        }
    }

    /// Removes the values for which `holds` returns false.
    pub(crate) fn retain(&mut self, mut holds: impl FnMut(&T) -> bool) {
        let numbers = &mut self.numbers;
        self.all.retain(|_, (key, value)| {
            let holds = holds(value);
            if !holds {
                numbers.remove(key);
            }
            holds
        });
        // A reader of all numbers passes over the vacant ones.
        if self.all.len() < self.all.capacity() / 4 {
            self.all.shrink_to_fit();
        }
    }

    /// Returns up to `most` values with their keys, from a number on.
    pub(crate) fn from(&self, number: usize, most: usize) -> impl Iterator<Item = (&K, &T)> {
        let numbers = number..self.end_of_numbers().min(number.saturating_add(most));
        numbers.filter_map(|number| self.all.get(number)).map(|(key, value)| (key, value))
    }

    /// Returns the number after the last one in use.
    pub(crate) fn end_of_numbers(&self) -> usize {
        self.all.iter().next_back().map_or(0, |(number, _)| number + 1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.all.iter().map(|(number, (_, value))| (number, value))
    }
}

impl<K, T> Default for Interned<K, T> {
    fn default() -> Self {
        Self { all: Slab::new(), numbers: HashMap::new() }
    }
}

/// Panics for a number that is not in use, as a slice does.
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
