//! `SERVICES.md`, a part of the crate's documentation, lists every row.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro_services::{Entry, entries};

/// `UPDATE_SERVICES=1 cargo test -p lro-services --test services_md` writes the file.
#[test]
fn lists_every_row_of_the_table() {
    let rows: String = entries().map(row).collect();
    let expected = format!("| service | version | form | calls | progress |\n|---|---|---|---|---|\n{rows}");
    if std::env::var_os("UPDATE_SERVICES").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/SERVICES.md"), &expected).unwrap();
    }
    let written = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/SERVICES.md")).unwrap();
    assert_eq!(written, expected, "write it by UPDATE_SERVICES=1");
}

fn row(entry: Entry) -> String {
    let calls = match entry.binding() {
        Ok(binding) => {
            let declared = binding.capabilities;
            let calls = [
                (true, "get"),
                (declared.list, "list"),
                (declared.cancel, "cancel"),
                (declared.delete, "delete"),
                (declared.wait, "wait"),
            ];
            calls.into_iter().filter(|(has, _)| *has).map(|(_, call)| call).collect::<Vec<_>>().join(", ")
        }
        Err(status) => status.message().split_once(": ").unwrap().1.to_owned(),
    };
    let (short, version, form) = (entry.short_name(), entry.version(), entry.form());
    let progress = if entry.has_progress() { "yes" } else { "" };
    format!("| `{short}` | {version} | {form} | {calls} | {progress} |\n")
}
