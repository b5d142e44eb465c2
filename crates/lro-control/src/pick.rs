use crate::Line;

/// How the next item is taken from the lines of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pick {
    /// The item of the first line that is worth most.
    Best,
    /// The item of the first line that has been due for the longest.
    LongestDue,
    /// An item of the first line at random: is it the service that fails, or what stands in front of the line?
    Random,
    /// The item of the second line that has been due for the longest.
    Second,
}

impl Pick {
    /// The line from which the item is taken.
    pub fn line(self) -> Line {
        match self {
            Self::Best | Self::LongestDue | Self::Random => Line::First,
            Self::Second => Line::Second,
        }
    }
}
