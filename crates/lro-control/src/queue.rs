use std::{collections::VecDeque, mem};

/// Items in the order in which they became due.
///
/// Deletion is lazy: an item that was taken at random or by worth, or that left by another way, stays inside until it comes to
/// the front or until a compaction removes it. Compaction is incremental, a few items at a time: a queue is used under a lock.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    /// The front of the queue: what a running compaction has kept so far.
    kept: VecDeque<T>,
    items: VecDeque<T>,
    is_compacting: bool,
    /// How many of the items are waiting.
    waiting: usize,
    /// How many more items than were waiting the last compaction left.
    ///
    /// An item that left and came back at the same moment is there twice. It must not cause a compaction each time.
    doubles: usize,
}

impl<T: Copy + Eq> Queue<T> {
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items.push_back(item);
        self.waiting += 1;
    }

    /// Counts that a waiting item has left.
    pub(crate) fn forget(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
        if self.waiting == 0 {
            *self = Self::default();
        }
    }

    /// All items in their order, with some that are not waiting any more.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.kept.iter().chain(&self.items).copied()
    }

    /// Takes the item that has been due for the longest.
    pub(crate) fn take_first(&mut self, is_waiting: &mut impl FnMut(&T) -> bool) -> Option<T> {
        while let Some(item) = self.kept.pop_front().or_else(|| self.items.pop_front()) {
            if is_waiting(&item) {
                self.forget();
                return Some(item);
            }
        }
        self.waiting = 0;
        None
    }

    /// Takes an item at random, with two draws on average or three while a compaction runs.
    pub(crate) fn take_random(&mut self, chance: f64, is_waiting: &mut impl FnMut(&T) -> bool) -> Option<T> {
        let len = self.len();
        let mut drawn = ((chance * len as f64) as usize).min(len.checked_sub(1)?);
        for attempt in 0..DRAWS {
            let item = self.get(drawn)?;
            if is_waiting(&item) {
                self.forget();
                return Some(item);
            }
            drawn = scatter(drawn as u64 + (attempt << 32)) as usize % len;
        }
        self.take_first(is_waiting)
    }

    /// Goes on to remove the items that are not waiting, or begins once they are more than half.
    pub(crate) fn compact(&mut self, is_waiting: &mut impl FnMut(&T) -> bool) {
        self.is_compacting |= self.len() > 2 * (self.waiting + self.doubles) + FEW;
        if !self.is_compacting {
            return;
        }
        let step = self.items.len().min(STEP);
        self.kept.extend(self.items.drain(..step).filter(|item| is_waiting(item)));
        if self.items.is_empty() {
            mem::swap(&mut self.kept, &mut self.items);
            self.kept = VecDeque::new();
            self.is_compacting = false;
            self.doubles = self.items.len().saturating_sub(self.waiting);
        }
    }

    fn len(&self) -> usize {
        self.kept.len() + self.items.len()
    }

    fn get(&self, position: usize) -> Option<T> {
        let kept = self.kept.len();
        if position < kept { self.kept.get(position) } else { self.items.get(position - kept) }.copied()
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), items: VecDeque::new(), is_compacting: false, waiting: 0, doubles: 0 }
    }
}

/// The next of a sequence of random numbers (the finalizer of SplitMix64).
fn scatter(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// So few items that have left are no cause for a compaction, and a draw passes over them quickly.
const FEW: usize = 32;
/// A million items are through in 16,000 takes, each of which looks at 64: some microseconds.
const STEP: usize = 64;
/// With half of the items waiting, all of these draws fail once in 2^20.
const DRAWS: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: impl IntoIterator<Item = u32>) -> Queue<u32> {
        let mut queue = Queue::default();
        items.into_iter().for_each(|item| queue.push(item));
        queue
    }

    #[test]
    fn goes_in_the_order_of_becoming_due() {
        let mut queue = of(0..5);
        let mut is_waiting = |item: &u32| *item != 2;
        queue.forget();
        let taken: Vec<_> = std::iter::from_fn(|| queue.take_first(&mut is_waiting)).collect();
        assert_eq!(taken, [0, 1, 3, 4]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn every_item_can_be_drawn() {
        for (chance, expected) in [(0.0, 0), (0.5, 50), (0.999, 99), (1.0, 99)] {
            assert_eq!(of(0..100).take_random(chance, &mut |_| true), Some(expected));
        }
        assert_eq!(of([]).take_random(0.5, &mut |_| true), None);
    }

    #[test]
    fn a_draw_finds_the_few_that_are_left() {
        let mut queue = of(0..10_000);
        let mut is_waiting = |item: &u32| *item == 7_777;
        (0..9_999).for_each(|_| queue.forget());
        (0..10_000 / STEP + 1).for_each(|_| queue.compact(&mut is_waiting));
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.take_random(0.1, &mut is_waiting), Some(7_777));
    }

    #[test]
    fn items_that_left_take_no_more_room_than_those_that_wait() {
        let mut queue = Queue::default();
        for item in 0..100_000_u32 {
            queue.push(item);
            if item >= 100 {
                queue.forget();
            }
            queue.compact(&mut |other| *other < 100);
            assert!(queue.len() <= 2 * queue.waiting() + FEW + 8, "{}", queue.len());
        }
        assert_eq!(queue.waiting(), 100);
    }

    #[test]
    fn the_order_holds_while_a_compaction_runs() {
        let mut queue = of(0..1_000);
        (0..1_000).filter(|item| item % 3 != 0).for_each(|_| queue.forget());
        queue.compact(&mut |item| item % 3 == 0);
        assert!(!queue.kept.is_empty() && !queue.items.is_empty());
        queue.push(3_000);
        let expected: Vec<u32> = (0..1_000).step_by(3).chain([3_000]).collect();
        assert!(queue.iter().filter(|item| item % 3 == 0).eq(expected.iter().copied()));
        assert_eq!(queue.clone().take_random(0.01, &mut |item| item % 3 == 0), Some(27));
        let taken = std::iter::from_fn(|| {
            queue.compact(&mut |item| item % 3 == 0);
            queue.take_first(&mut |item| item % 3 == 0)
        });
        assert!(taken.eq(expected));
    }

    #[test]
    fn one_that_came_back_at_the_same_moment_costs_no_compaction_each_time() {
        let mut queue = of(0..10);
        let mut looks = 0_usize;
        for _ in 0..1_000 {
            queue.forget();
            queue.push(3);
            queue.compact(&mut |_| {
                looks += 1;
                true
            });
        }
        assert!(looks < 10_000, "{looks}");
        assert_eq!(queue.waiting(), 10);
    }
}
