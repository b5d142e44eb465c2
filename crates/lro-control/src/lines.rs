use crate::{Pick, Ranking, queue::Queue};

/// The two lines of what is due under one quota key: operations, pages of lists, or both.
///
/// What failed at most once in a row waits in the first line, the rest in the second. [`Control::pick`](crate::Control::pick)
/// decides which line is next and how an item is taken from it.
///
/// Deletion is lazy. An item that leaves by another way than [`take`](Self::take) is counted by [`forget`](Self::forget) and stays
/// inside until `is_waiting` says that it has left. So an item names a single stay in the line: a number together with the time at
/// which it became due, for example. `is_waiting` must not hold for an item that was taken until it is pushed again.
///
/// Pushes and takes take constant time on average, random ones included. No code but `is_waiting` is called: worths are
/// computed outside (see [`rank`](Self::rank)).
///
/// ```
/// use lro_control::{Line, Lines, Pick, Ranking};
///
/// let mut lines = Lines::default();
/// for item in ['a', 'b', 'c'] {
///     lines.push(Line::First, item);
/// }
/// let worths = lines.candidates().map(|item| (if item == 'c' { 9.0 } else { 1.0 }, item)).collect();
/// lines.rank(Ranking::new(worths, 100));
/// assert_eq!(lines.take(Pick::Best, 0.5, |_| true), Some('c'));
/// assert_eq!(lines.take(Pick::LongestDue, 0.5, |item| *item != 'c'), Some('a'));
/// assert_eq!(lines.waiting(Line::First), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Lines<T> {
    first: Queue<T>,
    second: Queue<T>,
    /// The best of the first line when it was ranked last.
    ranking: Ranking<T>,
}

/// One of the two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// What failed at most once in a row: one failure is mostly chance.
    First,
    /// What failed twice in a row or more.
    Second,
}

impl Line {
    /// The line of an operation with this number of failures in a row.
    pub fn of(failures: u32) -> Self {
        if failures < SECOND_LINE_FROM { Self::First } else { Self::Second }
    }
}

impl<T: Copy + Eq> Lines<T> {
    /// How many items wait in a line.
    pub fn waiting(&self, line: Line) -> usize {
        match line {
            Line::First => self.first.waiting(),
            Line::Second => self.second.waiting(),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.first.waiting() + self.second.waiting() == 0
    }

    /// Adds an item that has become due.
    pub fn push(&mut self, line: Line, item: T) {
        self.line(line).push(item);
    }

    /// Counts that an item of a line has left by another way than [`take`](Self::take).
    pub fn forget(&mut self, line: Line) {
        self.line(line).forget();
        self.drop_ranking();
    }

    /// Removes a few of the items that left by another way, once they are more than half.
    ///
    /// Every [`take`](Self::take) compacts as well. A caller that pushes and forgets without taking calls this.
    pub fn compact(&mut self, mut is_waiting: impl FnMut(&T) -> bool) {
        self.first.compact(&mut is_waiting);
        self.second.compact(&mut is_waiting);
    }

    /// The items of the first line in the order in which they became due, to be ranked. Some of them may have left.
    pub fn candidates(&self) -> impl Iterator<Item = T> + '_ {
        self.first.iter()
    }

    /// Takes the items of the first line in the order of this ranking from now on, and returns what is left of the last one.
    ///
    /// Items that are not in the ranking come after it, in the order in which they became due; so do all items without a
    /// ranking.
    pub fn rank(&mut self, ranking: Ranking<T>) -> Ranking<T> {
        std::mem::replace(&mut self.ranking, ranking)
    }

    /// How many items of the ranking are left, including items that have left the line since. At 0 it is time to rank again.
    pub fn ranked(&self) -> usize {
        self.ranking.len()
    }

    /// Takes an item as [`Control::pick`](crate::Control::pick) decided. `None` if none waits in that line.
    ///
    /// `chance` is drawn at random from `0.0..1.0`; only [`Pick::Random`] uses it.
    pub fn take(&mut self, pick: Pick, chance: f64, mut is_waiting: impl FnMut(&T) -> bool) -> Option<T> {
        let line = self.line(pick.line());
        line.compact(&mut is_waiting);
        let taken = match pick {
            Pick::LongestDue | Pick::Second => line.take_first(&mut is_waiting),
            Pick::Random => line.take_random(crate::time::unit(chance), &mut is_waiting),
            Pick::Best => match self.ranking.take_best(&mut is_waiting) {
                Some(item) => {
                    self.first.forget();
                    Some(item)
                }
                None => self.first.take_first(&mut is_waiting),
            },
        };
        self.drop_ranking();
        taken
    }

    fn line(&mut self, line: Line) -> &mut Queue<T> {
        match line {
            Line::First => &mut self.first,
            Line::Second => &mut self.second,
        }
    }

    /// A ranking of an empty line only holds memory.
    fn drop_ranking(&mut self) {
        if self.first.waiting() == 0 {
            self.ranking = Ranking::default();
        }
    }
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { first: Queue::default(), second: Queue::default(), ranking: Ranking::default() }
    }
}

/// One failure is mostly chance: with 20 % of all calls refused at random, a fifth of the operations would wait in the
/// second line if a single failure were enough.
const SECOND_LINE_FROM: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(first: std::ops::Range<u32>, second: std::ops::Range<u32>) -> Lines<u32> {
        let mut lines = Lines::default();
        first.for_each(|item| lines.push(Line::First, item));
        second.for_each(|item| lines.push(Line::Second, item));
        lines
    }

    fn take_all(lines: &mut Lines<u32>, pick: Pick) -> Vec<u32> {
        let mut taken = Vec::new();
        while let Some(item) = lines.take(pick, 0.5, |item| !taken.contains(item)) {
            taken.push(item);
        }
        taken
    }

    #[test]
    fn two_failures_in_a_row_are_for_the_second_line() {
        assert_eq!([0, 1, 2, u32::MAX].map(Line::of), [Line::First, Line::First, Line::Second, Line::Second]);
    }

    #[test]
    fn without_a_ranking_the_best_is_what_has_been_due_for_the_longest() {
        let mut lines = lines(0..4, 4..6);
        assert_eq!(take_all(&mut lines, Pick::Best), [0, 1, 2, 3]);
        assert_eq!(take_all(&mut lines, Pick::Second), [4, 5]);
        assert!(lines.is_empty());
    }

    #[test]
    fn what_is_not_in_the_ranking_comes_after_it() {
        let mut lines = lines(0..4, 0..0);
        lines.rank(Ranking::new(vec![(1.0, 2), (2.0, 3)], 10));
        lines.push(Line::First, 9);
        assert_eq!(lines.ranked(), 2);
        assert_eq!(take_all(&mut lines, Pick::Best), [3, 2, 0, 1, 9]);
    }

    #[test]
    fn each_is_drawn_once() {
        let mut lines = lines(0..100, 100..105);
        let mut drawn = take_all(&mut lines, Pick::Random);
        assert_ne!(drawn, (0..100).collect::<Vec<_>>());
        drawn.sort_unstable();
        assert_eq!(drawn, (0..100).collect::<Vec<_>>());
        assert_eq!(lines.waiting(Line::Second), 5);
    }

    #[test]
    fn an_empty_line_keeps_no_ranking() {
        let mut lines = lines(0..2, 0..0);
        lines.rank(Ranking::new(vec![(1.0, 0), (2.0, 1)], 10));
        lines.forget(Line::First);
        assert_eq!(lines.ranked(), 2);
        lines.forget(Line::First);
        assert_eq!((lines.ranked(), lines.candidates().count()), (0, 0));
    }
}
