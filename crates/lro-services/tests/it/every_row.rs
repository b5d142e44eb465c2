//! Every row against a server that records: each call has the method and the path of the row, and a call that the row does
//! not declare makes no request.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::Duration;

use lro::{Code, ListOperationsRequest, LroTransport, OperationName, Status};
use lro_emulator::{Emulator, Reply};
use lro_http::HttpTransport;
use lro_services::entries;

#[tokio::test]
async fn each_call_has_the_method_and_the_path_of_its_row() {
    // SPEC 15, 38
    let (mut sent, mut refused) = (0, 0);
    for (entry, row) in entries().zip(rows()) {
        let emulator = Emulator::start().await.unwrap();
        let Ok(builder) = entry.connect() else {
            assert!(row.get.is_empty(), "{row:?}");
            refused += 1;
            continue;
        };
        let server =
            Server { emulator: &emulator, jobs: builder.endpoint(emulator.endpoint()).build().unwrap() };
        let mut expected = Vec::new();
        for path in &row.get {
            let name = row.name_for(path, &row.forms);
            server.ask_all(&row, &name, &mut expected).await;
        }
        // Two rows have the list of a collection that contains none of their names.
        let has_own = !["chromemanagement v1", "remotebuildexecution v1"].contains(&&*format!(
            "{} {}",
            entry.short_name(),
            entry.version()
        ));
        assert_eq!(server.jobs.capabilities().list, !row.list.is_empty() && has_own, "{row:?}");
        for path in row.list.iter().filter(|_| has_own) {
            server.list(&row, path, &mut expected).await;
        }
        if !server.jobs.capabilities().list {
            server.refuses(server.jobs.list_operations(&ListOperationsRequest::default()).await);
        }
        let requests: Vec<_> =
            emulator.calls().iter().map(|call| format!("{} {}", call.method, call.path)).collect();
        assert_eq!(requests, expected, "{row:?}");
        sent += requests.len();
    }
    assert_eq!((sent, refused), (2_869, 37));
}

/// A row, with its columns as whole paths.
#[derive(Debug)]
struct Row {
    get: Vec<String>,
    forms: Vec<&'static str>,
    list: Vec<String>,
    cancel: Vec<String>,
    delete: Vec<String>,
    wait: Vec<String>,
    marks: Vec<&'static str>,
}

struct Server<'a> {
    emulator: &'a Emulator,
    jobs: HttpTransport,
}

impl Server<'_> {
    /// Gets, cancels, deletes and waits for an operation, and adds the requests that the row has for it.
    async fn ask_all(&self, row: &Row, name: &str, expected: &mut Vec<String>) {
        let operation = OperationName::parse(name).unwrap();
        self.replies(RUNNING);
        self.jobs.get_operation(&operation).await.unwrap();
        expected.push(format!("GET /{}", row.path(&row.get, name).unwrap()));

        for (verb, paths) in [("cancel", &row.cancel), ("delete", &row.delete), ("wait", &row.wait)] {
            let path = row.path(paths, name);
            let before = self.emulator.call_count();
            if path.is_some() {
                self.replies(RUNNING);
            }
            let done = match verb {
                "cancel" => self.jobs.cancel_operation(&operation).await,
                "delete" => self.jobs.delete_operation(&operation).await,
                _ => self.jobs.wait_operation(&operation, Some(Duration::from_secs(7))).await.map(|_| ()),
            };
            let Some(path) = path else {
                self.refuses(done);
                assert_eq!(self.emulator.call_count(), before, "{verb} {name} of {row:?}");
                continue;
            };
            done.unwrap_or_else(|status| panic!("{verb} {name} of {row:?}: {status}"));
            let usual = if verb == "delete" { "DELETE" } else { "POST" };
            let method = if row.has(&format!("{verb}=GET")) { "GET" } else { usual };
            let is_in_query = verb == "wait" && row.has("timeout=query");
            let query = if is_in_query { "?timeout=7s" } else { "" };
            let body = match (verb, method) {
                ("cancel", "POST") => "{}",
                ("wait", "POST") if !is_in_query && !row.has("timeout=absent") => r#"{"timeout":"7s"}"#,
                _ => "",
            };
            expected.push(format!("{method} /{path}{query}"));
            assert_eq!(self.emulator.calls().pop().unwrap().body, body, "{verb} {name} of {row:?}");
        }
    }

    async fn list(&self, row: &Row, path: &str, expected: &mut Vec<String>) {
        let parents: Vec<_> = row.forms.iter().map(|form| without_last(without_last(form))).collect();
        let parent = match path {
            _ if path.contains("}/operations") || path.contains("/global/operations") => {
                row.name_for(path, &parents)
            }
            // The collection is inside of the variable, or there is only one.
            _ if path.contains("/operations}") => without_last(&row.name_for(path, &parents)).to_owned(),
            _ if path.contains('{') => row.name_for(path, &parents),
            _ => String::new(),
        };
        self.replies("{}");
        let listed = self.jobs.list_operations(&ListOperationsRequest::new(&*parent)).await;
        listed.unwrap_or_else(|status| panic!("{parent} of {path}: {status}"));
        expected.push(format!("GET /{}", filled(path)));
    }

    fn replies(&self, body: &str) {
        self.emulator.reply_next(1, Reply::status(200).body(body.to_owned()));
    }

    fn refuses<T>(&self, result: Result<T, Status>) {
        assert_eq!(result.err().unwrap().code(), Code::Unimplemented);
    }
}

impl Row {
    fn parse(line: &'static str) -> Self {
        let columns: Vec<_> = line.split('\t').collect();
        let get: Vec<_> = columns[3].split_ascii_whitespace().map(str::to_owned).collect();
        let paths = |column: usize, derived: fn(&String) -> String| {
            let (kept, own): (Vec<&str>, Vec<&str>) = columns[column]
                .split_ascii_whitespace()
                .partition(|path| *path == "=" || path.starts_with('-'));
            let is_kept = |path: &&String| !kept.contains(&&*format!("-{path}"));
            let from_get = get.iter().filter(is_kept).map(derived).filter(|path| !path.is_empty());
            let mut paths = if kept.is_empty() { Vec::new() } else { from_get.collect() };
            paths.extend(own.into_iter().map(str::to_owned));
            paths
        };
        let parent = |path: &String| match path.strip_suffix("/operations/*}") {
            Some(parent) => format!("{parent}}}/operations"),
            None => String::new(),
        };
        Self {
            list: paths(5, parent),
            cancel: paths(6, |path| format!("{path}:cancel")),
            delete: paths(7, String::clone),
            wait: paths(8, |path| format!("{path}:wait")),
            forms: columns[4].split_ascii_whitespace().collect(),
            marks: columns[9].split_ascii_whitespace().collect(),
            get,
        }
    }

    fn has(&self, mark: &str) -> bool {
        self.marks.contains(&mark)
    }

    /// Returns a name for a path: that of the form with the same variables, or the value of the only variable.
    fn name_for(&self, path: &str, forms: &[&str]) -> String {
        let is_of = |form: &&&str| {
            variables(form) == variables(path) && (form.contains('{') || path.contains(**form))
        };
        match forms.iter().find(is_of) {
            Some(form) => filled(form),
            None => filled(&path[path.find('{').unwrap()..=path.find('}').unwrap()]),
        }
    }

    /// Returns the first of these paths that has the name.
    fn path(&self, paths: &[String], name: &str) -> Option<String> {
        paths.iter().find_map(|path| match variables(path)[..] {
            [(_, pattern)] if self.forms.iter().all(|form| variables(form) != variables(path)) => {
                let (wanted, given): (Vec<_>, Vec<_>) =
                    (pattern.split('/').collect(), name.split('/').collect());
                let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
                is_match(&wanted, &given).then(|| format!("{}{name}{}", &path[..start], &path[end + 1..]))
            }
            _ => (self.name_for(path, &self.forms) == name).then(|| filled(path)),
        })
    }
}

fn rows() -> impl Iterator<Item = Row> {
    include_str!("../../services.tsv").lines().skip(1).map(Row::parse)
}

/// Returns the variables of a path with their patterns, sorted.
fn variables(path: &str) -> Vec<(&str, &str)> {
    let mut variables: Vec<_> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .map(|variable| variable.split_once('=').unwrap_or((variable, "*")))
        .collect();
    variables.sort_unstable();
    variables
}

/// Replaces the variables of a path by values that match their patterns.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((text, after)) = rest.split_once('{') {
        let (variable, after) = after.split_once('}').unwrap();
        let (key, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        filled.push_str(text);
        filled.push_str(&pattern.replace("**", "m-1/m-2").replace('*', &format!("{key}-1")));
        rest = after;
    }
    filled + rest
}

fn is_match(wanted: &[&str], given: &[&str]) -> bool {
    match (wanted, given) {
        ([], []) => true,
        (["**", wanted @ ..], _) => (0..=given.len()).any(|many| is_match(wanted, &given[many..])),
        ([first, wanted @ ..], [second, given @ ..]) => {
            (*first == "*" || first == second) && is_match(wanted, given)
        }
        _ => false,
    }
}

/// It runs in the form of `google.longrunning` and in the others.
const RUNNING: &str = r#"{"done": false, "status": "RUNNING"}"#;

fn without_last(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(before, _)| before)
}
