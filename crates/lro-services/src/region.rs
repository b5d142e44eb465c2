//! The hosts of a service in a location.

use lro::{OperationName, Status};

use crate::table::{DOMAIN, Row, rows};

/// Returns the host of a service in a location, `None` if the table has none.
///
/// A location that is no label of a host is refused by `None` as well, so that no name leads to another domain.
pub(crate) fn host_in(row: &Row, location: &str) -> Option<String> {
    let is_label = location.starts_with(|first: char| first.is_ascii_lowercase())
        && location.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_label || location.len() > LONGEST_LOCATION {
        return None;
    }
    patterns(row).find_map(|pattern| {
        let has_location =
            pattern.locations.is_empty() || pattern.locations.split('|').any(|it| it == location);
        has_location.then(|| format!("{}{location}{}", pattern.before, pattern.after))
    })
}

/// Returns the location in a name, `None` if it has none or it is `global`.
pub(crate) fn location_of(name: &OperationName) -> Option<&str> {
    let mut segments = name.segments();
    segments.find(|segment| matches!(*segment, "locations" | "regions"))?;
    segments.next().filter(|location| *location != "global")
}

/// Returns the error for the host of a location, `None` for a text that is no such host.
pub(crate) fn of_host(host: &str) -> Option<Status> {
    rows().iter().find_map(|row| {
        patterns(row).find_map(|pattern| {
            let location = host.strip_prefix(pattern.before)?.strip_suffix(pattern.after)?;
            (host_in(row, location)? == host).then(|| {
                let short = row.short;
                Status::invalid_argument(format!(
                    "{host} is the host of {short} in a location: find {short:?} and connect in {location:?}"
                ))
            })
        })
    })
}

/// A host with a place for the location, and the only locations that it has, such as `us|eu`.
struct Pattern {
    before: &'static str,
    locations: &'static str,
    after: &'static str,
}

/// Returns the patterns of a row, such as `{location}-run.googleapis.com` and `translate-{location=us|eu}.googleapis.com`.
fn patterns(row: &Row) -> impl Iterator<Item = Pattern> {
    row.regions.split(' ').filter_map(|pattern| {
        let (before, rest) = pattern.split_once("{location")?;
        let (locations, after) = rest.split_once('}')?;
        let locations = locations.strip_prefix('=').unwrap_or(locations);
        after.ends_with(DOMAIN).then_some(Pattern { before, locations, after })
    })
}

/// The longest label of a host. Locations have about twenty characters.
const LONGEST_LOCATION: usize = 40;
