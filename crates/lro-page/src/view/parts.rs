/// Where the parts of long tables begin that an overview shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) services: usize,
    pub(crate) buckets: usize,
    pub(crate) kinds: usize,
    pub(crate) quota_keys: usize,
}

/// Returns the rows of a table from a position on, and where the next part begins. `None` for the last part.
///
/// The table may be shorter than when somebody chose the position: then it becomes that of the last part.
pub(crate) fn part<T: Clone>(all: &[T], from: &mut usize) -> (Vec<T>, Option<usize>) {
    *from = all.len().saturating_sub(1).min(*from) / PART * PART;
    let end = all.len().min(*from + PART);
    (all[*from..end].to_vec(), (end < all.len()).then_some(end))
}

/// The rows of a part: some screens.
pub(crate) const PART: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_each_row_once() {
        let all: Vec<_> = (0..250).collect();
        let (mut seen, mut next) = (Vec::new(), Some(0));
        while let Some(mut from) = next {
            let (rows, after) = part(&all, &mut from);
            seen.extend(rows);
            next = after;
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_position_after_the_end_is_that_of_the_last_part() {
        for (length, mut from, rows) in
            [(250, 900, 200..250), (200, usize::MAX, 100..200), (0, 100, 0..0), (90, 9, 0..90)]
        {
            let all: Vec<_> = (0..length).collect();
            assert_eq!(part(&all, &mut from), (rows.clone().collect(), None));
            assert_eq!(from, rows.start);
        }
    }
}
