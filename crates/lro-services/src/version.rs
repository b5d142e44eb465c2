//! The order of the versions of an API.

use crate::table::Row;

/// Returns the row of the newest stable version, `None` for no rows.
///
/// A version that can be polled is before one that cannot, one that is maintained before one that may be dead, a stable
/// version before a beta and an alpha. Among those, the larger number wins, and a form of `google.longrunning` wins over
/// another one.
pub(crate) fn newest(
    rows: impl Iterator<Item = &'static Row>,
    is_pollable: impl Fn(&Row) -> bool,
) -> Option<&'static Row> {
    rows.max_by_key(|row| (is_pollable(row), !row.is("old"), rank(row.version), row.form == "longrunning"))
}

/// The stage, the number, the number behind `p`, and the number of the stage: `v1p2beta3` is `(1, 1, 2, 3)`.
type Rank = (u8, u32, u32, u32);

fn rank(version: &str) -> Rank {
    let text =
        version.strip_prefix('v').filter(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    let (major, rest) = number(text.unwrap_or(version));
    let (patch, rest) = rest.strip_prefix('p').map_or((0, rest), number);
    let (stage, rest) = match rest {
        "" if text.is_some() => (2, rest),
        _ if rest.starts_with("beta") => (1, &rest["beta".len()..]),
        _ => (0, rest.strip_prefix("alpha").unwrap_or_default()),
    };
    (stage, major, patch, number(rest).0)
}

/// Splits the number off the start of a text. It is 0 if there is none.
fn number(text: &str) -> (u32, &str) {
    let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.parse().unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn stable_versions_are_the_newest_and_then_larger_numbers() {
        let versions = [
            "preview",
            "alpha",
            "v1alpha",
            "v1alpha1",
            "v1alpha2",
            "v1p2alpha1",
            "v2alpha",
            "beta",
            "v1beta",
            "v1beta1",
            "v1beta4",
            "v1p1beta1",
            "v1p7beta1",
            "v2beta",
            "v4beta1",
            "v1",
            "v2",
            "v9",
            "v25",
        ];
        let ranks = versions.map(rank);
        let is_older = |pair: &[super::Rank]| pair[0] < pair[1] || pair[0] == rank("preview");
        assert!(ranks.windows(2).all(is_older), "{ranks:?}");
    }
}
