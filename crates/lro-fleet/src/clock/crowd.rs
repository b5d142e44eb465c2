/// Returns whether a list holds so many entries more than are alive that it pays to drop the dead ones.
///
/// A list from which entries are not removed at once stays within that bound.
pub(crate) fn is_crowded(len: usize, live: usize) -> bool {
    len > 2 * live + FEW
}

/// So few entries are not worth a pass.
const FEW: usize = 1_024;
