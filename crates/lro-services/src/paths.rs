//! The paths of a row, whose columns may refer to those of get.

use lro_http::{Paths, WaitTimeout};

use crate::table::Row;

/// Returns the paths of a row.
pub(crate) fn paths(row: &Row) -> Paths {
    let get = || row.get.split_ascii_whitespace();
    let column = |column: &'static str, verb: &str, derive: fn(&str) -> Option<String>| {
        let method = row.exception(verb).map(|method| format!("{method} ")).unwrap_or_default();
        let mut paths: Vec<String> = match column.strip_prefix('=') {
            None => column.split_ascii_whitespace().map(str::to_owned).collect(),
            Some(rest) => {
                let (without, more): (Vec<&str>, Vec<&str>) =
                    rest.split_ascii_whitespace().partition(|path| path.starts_with('-'));
                let is_kept = |path: &&str| !without.iter().any(|without| without[1..] == **path);
                get().filter(is_kept).filter_map(derive).chain(more.into_iter().map(str::to_owned)).collect()
            }
        };
        paths.iter_mut().for_each(|path| path.insert_str(0, &method));
        paths
    };
    let mut paths = Paths::default();
    paths.names = row.names.split_ascii_whitespace().map(str::to_owned).collect();
    let fetch = row.exception("fetch").map(|path| format!("POST {path}"));
    paths.get = get().map(str::to_owned).chain(fetch).collect();
    paths.list = column(row.list, "list", collection);
    paths.cancel = column(row.cancel, "cancel", |path| Some(format!("{path}:cancel")));
    paths.delete = column(row.delete, "delete", |path| Some(path.to_owned()));
    paths.wait = column(row.wait, "wait", |path| Some(format!("{path}:wait")));
    paths.wait_timeout = match row.exception("timeout") {
        Some("query") => WaitTimeout::Query,
        Some("absent") => WaitTimeout::Absent,
        _ => WaitTimeout::Body,
    };
    paths
}

/// Returns the path that lists the operations beside that of a path, `None` if the last segment is not the only one behind
/// the collection.
fn collection(path: &str) -> Option<String> {
    path.strip_suffix("/operations/*}").map(|parent| format!("{parent}}}/operations"))
}
