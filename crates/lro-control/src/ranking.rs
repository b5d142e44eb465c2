/// Items by their worth.
///
/// A ranking is computed by the caller, outside of its locks, and handed to [`Lines::rank`](crate::Lines::rank).
#[derive(Clone, Debug)]
pub struct Ranking<T> {
    /// The last is the best.
    items: Vec<T>,
}

impl<T: Copy> Ranking<T> {
    /// The best `most` of these items, each with its worth. Items of equal worth keep their order. NaN is worth nothing.
    ///
    /// This sorts: n items take n + m log m steps for the m best.
    pub fn new(worths: Vec<(f64, T)>, most: usize) -> Self {
        let rank =
            |(worth, item): (f64, T)| if worth.is_nan() { (f64::NEG_INFINITY, item) } else { (worth, item) };
        let mut ranked: Vec<(f64, usize, T)> = worths
            .into_iter()
            .map(rank)
            .enumerate()
            .map(|(position, (worth, item))| (worth, position, item))
            .collect();
        let worst_first = |one: &(f64, usize, T), other: &(f64, usize, T)| {
            one.0.total_cmp(&other.0).then(other.1.cmp(&one.1))
        };
        let dropped = ranked.len().saturating_sub(most);
        if dropped > 0 && dropped < ranked.len() {
            ranked.select_nth_unstable_by(dropped, worst_first);
        }
        ranked.drain(..dropped);
        ranked.sort_unstable_by(worst_first);
        Self { items: ranked.into_iter().map(|(.., item)| item).collect() }
    }

    /// How many items are left.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether no item is left.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn take_best(&mut self, is_waiting: &mut impl FnMut(&T) -> bool) -> Option<T> {
        while let Some(item) = self.items.pop() {
            if is_waiting(&item) {
                return Some(item);
            }
        }
        None
    }
}

impl<T> Default for Ranking<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(worths: &[f64], most: usize) -> Vec<usize> {
        let worths = worths.iter().enumerate().map(|(position, worth)| (*worth, position)).collect();
        let mut ranking = Ranking::new(worths, most);
        std::iter::from_fn(|| ranking.take_best(&mut |_| true)).collect()
    }

    #[test]
    fn the_best_come_first_and_equals_in_their_order() {
        assert_eq!(order(&[1.0, 3.0, 2.0, 3.0], 9), [1, 3, 2, 0]);
        assert_eq!(order(&[1.0, 3.0, 2.0, 3.0], 2), [1, 3]);
        assert_eq!(order(&[0.0; 5], 3), [0, 1, 2]);
        assert_eq!(order(&[1.0], 0), Vec::<usize>::new());
    }

    #[test]
    fn nan_is_worth_nothing() {
        assert_eq!(order(&[f64::NAN, -1.0, f64::INFINITY, -f64::NAN], 9), [2, 1, 0, 3]);
    }

    #[test]
    fn those_that_left_are_passed_over() {
        let mut ranking = Ranking::new(vec![(1.0, 'a'), (2.0, 'b'), (3.0, 'c')], 3);
        assert_eq!(ranking.take_best(&mut |item| *item != 'c'), Some('b'));
        assert_eq!(ranking.len(), 1);
    }
}
