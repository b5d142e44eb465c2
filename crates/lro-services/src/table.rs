//! The rows of `services.tsv` and `aliases.tsv`, as text.

use std::sync::LazyLock;

/// A row of the table. Each column is a text, which is parsed where it is used.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) host: &'static str,
    /// The host without `.googleapis.com`.
    pub(crate) short: &'static str,
    pub(crate) version: &'static str,
    pub(crate) form: &'static str,
    pub(crate) get: &'static str,
    pub(crate) names: &'static str,
    pub(crate) list: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) delete: &'static str,
    pub(crate) wait: &'static str,
    pub(crate) calls: &'static str,
    pub(crate) progress: &'static str,
    pub(crate) scopes: &'static str,
    pub(crate) regions: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let host = next()?;
        Some(Self {
            host,
            short: short(host),
            version: next()?,
            form: next()?,
            get: next()?,
            names: next()?,
            list: next()?,
            cancel: next()?,
            delete: next()?,
            wait: next()?,
            calls: next()?,
            progress: next()?,
            scopes: next()?,
            regions: next()?,
        })
    }

    /// Returns the value of an exception such as `cancel=GET`.
    pub(crate) fn exception(&self, key: &str) -> Option<&'static str> {
        self.calls.split(' ').find_map(|call| call.strip_prefix(key)?.strip_prefix('='))
    }

    /// Whether the row has a mark such as `grpc`.
    pub(crate) fn is(&self, mark: &str) -> bool {
        self.calls.split(' ').any(|call| call == mark)
    }
}

/// Returns all rows, sorted by the short name and the version.
pub(crate) fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Box<[Row]>> =
        LazyLock::new(|| include_str!("../services.tsv").lines().skip(1).filter_map(Row::parse).collect());
    &ROWS
}

/// Returns the rows of a host, by the host without `.googleapis.com`.
pub(crate) fn rows_of(short: &str) -> &'static [Row] {
    let rows = rows();
    let start = rows.partition_point(|row| row.short < short);
    let rows = rows.get(start..).unwrap_or_default();
    let end = rows.iter().take_while(|row| row.short == short).count();
    rows.get(..end).unwrap_or_default()
}

/// Returns the other names of services with the hosts of these, sorted.
pub(crate) fn aliases() -> &'static [(&'static str, &'static str)] {
    static ALIASES: LazyLock<Box<[(&str, &str)]>> = LazyLock::new(|| {
        include_str!("../aliases.tsv").lines().skip(1).filter_map(|line| line.split_once('\t')).collect()
    });
    &ALIASES
}

/// Returns the rows of a service by another name of it.
pub(crate) fn rows_of_alias(alias: &str) -> &'static [Row] {
    let at = aliases().binary_search_by_key(&alias, |(alias, _)| alias).ok();
    at.and_then(|at| aliases().get(at)).map_or(&[], |(_, host)| rows_of(short(host)))
}

pub(crate) fn short(host: &str) -> &str {
    host.strip_suffix(DOMAIN).unwrap_or(host)
}

/// The domain of every host in the table.
pub(crate) const DOMAIN: &str = ".googleapis.com";
