/// A set of numbers, with a bit for each. It finds few numbers in a wide range fast.
#[derive(Debug, Default)]
pub(crate) struct Numbers(Vec<u64>);

impl Numbers {
    pub(crate) fn insert(&mut self, number: u32) {
        let (word, bit) = place(number);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    pub(crate) fn remove(&mut self, number: u32) {
        let (word, bit) = place(number);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Calls `visit` with up to `most` numbers from a number on, in order. Returns the number to continue from,
    /// `None` after the last.
    ///
    /// At most [`AT_ONCE`] words are read, so there may be fewer numbers although more follow.
    pub(crate) fn visit(&self, from: u32, most: usize, mut visit: impl FnMut(u32)) -> Option<u32> {
        let (first, bit) = place(from);
        let end = first.saturating_add(AT_ONCE);
        let mut left = most;
        for (index, word) in self.0.iter().enumerate().take(end).skip(first) {
            let mut rest = if index == first { word & !(bit - 1) } else { *word };
            while rest != 0 {
                let number = number(index, rest.trailing_zeros());
                if left == 0 {
                    return Some(number);
                }
                left -= 1;
                visit(number);
                rest &= rest - 1;
            }
        }
        (end < self.0.len()).then(|| number(end, 0))
    }
}

fn place(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}

fn number(word: usize, bit: u32) -> u32 {
    word as u32 * 64 + bit
}

/// A million numbers: some tens of microseconds.
const AT_ONCE: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(numbers: &Numbers, from: u32, most: usize) -> (Vec<u32>, Option<u32>) {
        let mut found = Vec::new();
        let next = numbers.visit(from, most, |number| found.push(number));
        (found, next)
    }

    #[test]
    fn numbers_are_found_in_order_and_none_is_promised_after_the_last() {
        let mut numbers = Numbers::default();
        assert_eq!(from(&numbers, 0, 10), (vec![], None));
        for number in [700, 0, 63, 64, 65] {
            numbers.insert(number);
        }
        numbers.remove(64);
        numbers.remove(1_000_000);
        assert_eq!(from(&numbers, 0, 2), (vec![0, 63], Some(65)));
        assert_eq!(from(&numbers, 1, 3), (vec![63, 65, 700], None));
        assert_eq!(from(&numbers, 701, 3), (vec![], None));
        assert_eq!(from(&numbers, u32::MAX, 3), (vec![], None));
    }

    #[test]
    fn a_wide_range_is_read_in_parts() {
        let mut numbers = Numbers::default();
        numbers.insert(5_000_000);
        let (mut position, mut parts) = (0, 0);
        let found = loop {
            let (found, next) = from(&numbers, position, 1);
            let Some(next) = next else { break found };
            (position, parts) = (next, parts + 1);
        };
        assert_eq!((found, parts), (vec![5_000_000], 4));
    }
}
