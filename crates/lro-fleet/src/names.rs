use std::collections::HashMap;

/// The names of operations, side by side: a name costs its length and two to nine bytes, where a string of its own
/// would cost a pointer, two counts and what an allocator adds.
#[derive(Debug, Default)]
pub(crate) struct Names {
    blocks: Vec<Box<[u8]>>,
    kept: usize,
    /// The first unit that was never used.
    end: usize,
    /// Places that are free again, by their length in units.
    free: HashMap<usize, Vec<u32>>,
}

/// Where a name lies, in units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NamePlace(u32);

impl Names {
    /// Keeps a name of up to 2,048 bytes; `None` when 32 GiB are full.
    pub(crate) fn insert(&mut self, name: &str) -> Option<NamePlace> {
        let len = u16::try_from(name.len()).ok()?;
        let units = units(name.len());
        let at = match self.free.get_mut(&units).and_then(Vec::pop) {
            Some(at) => at,
            None => self.grow(units)?,
        };
        let slot = self.slot_mut(NamePlace(at))?;
        let (prefix, text) = slot.get_mut(..PREFIX + name.len())?.split_at_mut(PREFIX);
        prefix.copy_from_slice(&len.to_le_bytes());
        text.copy_from_slice(name.as_bytes());
        self.kept += 1;
        Some(NamePlace(at))
    }

    pub(crate) fn get(&self, place: NamePlace) -> &str {
        self.text(place).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    pub(crate) fn remove(&mut self, place: NamePlace) {
        let units = units(self.get(place).len());
        self.free.entry(units).or_default().push(place.0);
        self.kept -= 1;
        if self.kept == 0 {
            // Places of other lengths than those to come would be lost.
            self.blocks.truncate(1);
            self.free.clear();
            self.end = 0;
        }
    }

    fn text(&self, place: NamePlace) -> Option<&[u8]> {
        let at = place.0 as usize;
        let slot = self.blocks.get(at / BLOCK)?.get(at % BLOCK * UNIT..)?;
        let (prefix, text) = slot.split_first_chunk::<PREFIX>()?;
        text.get(..usize::from(u16::from_le_bytes(*prefix)))
    }

    /// From the place to the end of its block.
    fn slot_mut(&mut self, place: NamePlace) -> Option<&mut [u8]> {
        let at = place.0 as usize;
        self.blocks.get_mut(at / BLOCK)?.get_mut(at % BLOCK * UNIT..)
    }

    /// Room for so many units in one block.
    fn grow(&mut self, units: usize) -> Option<u32> {
        if self.end % BLOCK + units > BLOCK {
            let rest = BLOCK - self.end % BLOCK;
            self.free.entry(rest).or_default().push(u32::try_from(self.end).ok()?);
            self.end += rest;
        }
        let at = u32::try_from(self.end).ok()?;
        self.end += units;
        while self.blocks.len() * BLOCK < self.end {
            self.blocks.push(vec![0; BLOCK * UNIT].into());
        }
        Some(at)
    }
}

fn units(bytes: usize) -> usize {
    (PREFIX + bytes).div_ceil(UNIT)
}

/// The bytes that tell the length of a name.
const PREFIX: usize = 2;
/// In bytes.
const UNIT: usize = 8;
/// In units.
const BLOCK: usize = 8_192;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_kept_is_read_until_it_is_removed(steps in prop::collection::vec((any::<bool>(), "[a-zé/]{1,300}"), 1..60)) {
            let mut names = Names::default();
            let mut kept: Vec<(NamePlace, String)> = Vec::new();
            for (removes, name) in steps {
                if removes && !kept.is_empty() {
                    let (place, _) = kept.swap_remove(name.len() % kept.len());
                    names.remove(place);
                }
                kept.push((names.insert(&name).unwrap(), name));
                prop_assert!(kept.iter().all(|(place, name)| names.get(*place) == name));
            }
        }
    }

    #[test]
    fn a_place_is_used_again() {
        let mut names = Names::default();
        for turn in 0..1_000_000 {
            let place = names.insert(&format!("operations/{:07}", turn)).unwrap();
            names.remove(place);
        }
        assert_eq!(names.blocks.len(), 1);
    }
}
