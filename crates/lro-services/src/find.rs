use lro::Status;

use crate::{
    Entry, region,
    table::{Row, aliases, rows, rows_of, rows_of_alias, short},
    version::newest,
};

/// Finds a service by its host, its short name or another name of it, and a version of its API.
///
/// The short name is the host without `.googleapis.com`. Other names are those that people use, such as `vertex` for
/// `aiplatform` and `gke` for `container`. Case, spaces and hyphens do not matter in them.
///
/// Without a version, it is the newest stable version whose operations can be polled over HTTP, or the newest beta or alpha
/// version if there is no stable one.
///
/// ```
/// use lro_services::find;
///
/// let vertex = find("Vertex AI", None)?;
/// assert_eq!((vertex.host(), vertex.version()), ("aiplatform.googleapis.com", "v1"));
/// assert_eq!(find("run.googleapis.com", "v1")?.version(), "v1");
///
/// let unknown = find("spaner", None).unwrap_err();
/// assert!(unknown.message().contains("spanner"));
/// # Ok::<(), lro::Status>(())
/// ```
///
/// # Errors
///
/// - `INVALID_ARGUMENT` for a service that the table does not have, with similar names, for a version that it does not have,
///   with those that it has, for the name of an operation, which does not determine the host, and for a regional host.
/// - `UNIMPLEMENTED` for a version that publishes no call over HTTP to get an operation, with what has one.
pub fn find<'a>(service: &str, version: impl Into<Option<&'a str>>) -> Result<Entry, Status> {
    let row = row(service, version.into(), |row| !row.get.is_empty())?;
    pollable(row)?;
    Ok(Entry::of(row))
}

/// Returns the row of a version, or of the newest one.
pub(crate) fn row(
    service: &str,
    version: Option<&str>,
    is_pollable: impl Fn(&Row) -> bool,
) -> Result<&'static Row, Status> {
    let rows = named(service)?;
    let of_version =
        rows.iter().filter(|row| version.is_none_or(|version| row.version.eq_ignore_ascii_case(version)));
    newest(of_version, is_pollable).ok_or_else(|| unknown_version(rows, version.unwrap_or_default()))
}

/// Refuses a row without a path to get an operation.
pub(crate) fn pollable(row: &Row) -> Result<(), Status> {
    if !row.get.is_empty() {
        return Ok(());
    }
    let others: Vec<&str> =
        rows_of(row.short).iter().filter(|row| !row.get.is_empty()).map(|row| row.version).collect();
    let left = match (others.is_empty(), row.is("grpc")) {
        (false, false) => format!("use {}", others.join(" or ")),
        (false, true) => format!("use {}, or gRPC by `find_grpc`", others.join(" or ")),
        (true, true) => "use gRPC by `find_grpc`".to_owned(),
        (true, false) => "no other version does".to_owned(),
    };
    let (host, version) = (row.host, row.version);
    Err(Status::unimplemented(format!(
        "{host} {version} publishes no call over HTTP to get an operation: {left}"
    )))
}

/// Returns the rows of a service by any of its names.
fn named(service: &str) -> Result<&'static [Row], Status> {
    let rows = rows_of(short(host_of(service).unwrap_or(service)));
    if !rows.is_empty() {
        return Ok(rows);
    }
    if service.contains('/') {
        // The user and the query of a URL may be secrets.
        let service =
            if service.contains("://") { "a URL".to_owned() } else { format!("{:?}", cut(service)) };
        return Err(Status::invalid_argument(format!(
            "not a service: {service}: it does not determine the service, add its host, such as \"run.googleapis.com\", or its \
             short name, such as \"run\""
        )));
    }
    let rows = rows_of_alias(service);
    if !rows.is_empty() {
        return Ok(rows);
    }
    let plain = plain(service);
    for rows in [rows_of_alias(&plain), rows_of(&plain)] {
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    Err(region::of_host(service).unwrap_or_else(|| unknown_service(service, &plain)))
}

/// Returns the host of a URL that has nothing else.
fn host_of(url: &str) -> Option<&str> {
    let host = url.strip_prefix("https://")?;
    Some(host.strip_suffix('/').unwrap_or(host))
}

fn unknown_version(rows: &[Row], version: &str) -> Status {
    let mut known: Vec<&str> = rows.iter().map(|row| row.version).collect();
    known.dedup();
    let host = rows.first().map_or("", |row| row.host);
    let (version, known) = (cut(version), known.join(", "));
    Status::invalid_argument(format!("{host} has no version {version:?} in the table: use one of {known}"))
}

fn unknown_service(service: &str, plain: &str) -> Status {
    let (service, plain) = (cut(service), cut(plain));
    let mut names: Vec<&str> =
        rows().iter().map(|row| row.short).chain(aliases().iter().map(|(alias, _)| *alias)).collect();
    names.sort_unstable();
    names.dedup();
    let mut close: Vec<(usize, &str)> =
        names.into_iter().filter_map(|name| Some((distance(plain, name)?, name))).collect();
    close.sort_unstable();
    close.truncate(MOST_CLOSE);
    let close: Vec<&str> = close.into_iter().map(|(_, name)| name).collect();
    let advice = match close.is_empty() {
        true => "give its host, or a `Binding` with its paths".to_owned(),
        false => format!("similar names are {}", close.join(", ")),
    };
    Status::invalid_argument(format!("no service {service:?} in the table: {advice}"))
}

/// Returns the start of a text for a message.
fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST_NAME).map_or(text, |(end, _)| &text[..end])
}

/// Returns a name in lower case, without the domain and without separators.
fn plain(service: &str) -> String {
    let mut plain = service.to_ascii_lowercase();
    plain.truncate(short(&plain).len());
    plain.retain(|letter| !matches!(letter, ' ' | '-' | '_' | '.'));
    plain
}

/// Returns how many letters differ between two names, `None` if they are not similar.
fn distance(one: &str, other: &str) -> Option<usize> {
    let shorter = one.len().min(other.len());
    let is_part = shorter >= SHORTEST_PART && (other.contains(one) || one.contains(other));
    let distance = strsim::levenshtein(one, other);
    (is_part || distance <= shorter / 3).then_some(distance)
}

/// More names than this are no help.
const MOST_CLOSE: usize = 5;
/// Longer than every name in the table. A longer text is cut in a message.
const LONGEST_NAME: usize = 64;
/// Shorter texts are a part of many names.
const SHORTEST_PART: usize = 4;
