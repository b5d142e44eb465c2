/// Returns whether a list has so many entries that are not live that it should be compacted.
///
/// It bounds the length of a list with lazy deletion.
pub(crate) fn is_crowded(len: usize, live: usize) -> bool {
    len > 2 * live + FEW
}

/// The length below which a list is not compacted.
const FEW: usize = 1_024;
