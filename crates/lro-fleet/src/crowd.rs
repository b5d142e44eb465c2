/// Whether there are so many more than are alive that it pays to look which those are: lists from which what has left is
/// not taken out at once stay within that bound.
pub(crate) fn is_crowded(len: usize, live: usize) -> bool {
    len > 2 * live + FEW
}

/// So few are not worth a look.
const FEW: usize = 1_024;
