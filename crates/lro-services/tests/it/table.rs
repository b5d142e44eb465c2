//! The table: every row can be used, and its text is in order.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::collections::{HashMap, HashSet};

use lro::Code;
use lro_services::{Entry, entries, find};

const SERVICES: &str = include_str!("../../services.tsv");
const SOURCES: &str = include_str!("../../sources.tsv");
const ALIASES: &str = include_str!("../../aliases.tsv");
const HEADER: &str =
    "host\tversion\tform\tget\tnames\tlist\tcancel\tdelete\twait\tcalls\tprogress\tscopes\tregions";

#[test]
fn every_row_has_its_columns_and_can_be_used() {
    let mut refused = 0;
    for (entry, row) in entries().zip(rows(SERVICES)) {
        assert_eq!(row.len(), 13, "{row:?}");
        assert_eq!([entry.host(), entry.version(), entry.form()], row[..3], "{row:?}");
        assert!(row.iter().all(|column| column.trim() == *column && !column.contains("  ")), "{row:?}");
        assert!(entry.host().ends_with(".googleapis.com"), "{entry:?}");
        assert!(FORMS.contains(&entry.form()), "{entry:?}");
        match entry.binding() {
            Ok(binding) => assert_eq!(binding.service, entry.service()),
            Err(status) => {
                assert_eq!(status.code(), Code::Unimplemented, "{entry:?}: {status}");
                assert_eq!(row[3], "", "{entry:?}: {status}");
                refused += 1;
            }
        }
    }
    assert_eq!((entries().len(), refused), (381, 37));
    assert_eq!(SERVICES.lines().next(), Some(HEADER));
}

#[test]
fn every_mark_and_reference_of_a_row_means_something() {
    for row in rows(SERVICES) {
        let get: HashSet<&str> = row[3].split(' ').collect();
        for column in &row[5..9] {
            let without = column.split(' ').filter_map(|path| path.strip_prefix('-'));
            assert!(without.clone().all(|path| get.contains(path)), "{row:?}");
            assert!(without.count() == 0 || column.starts_with('='), "{row:?}");
        }
        for mark in row[9].split_ascii_whitespace() {
            assert!(MARKS.contains(&mark) || mark.starts_with("fetch="), "{row:?}");
            assert!(mark != "cancel=GET" || !row[6].is_empty(), "{row:?}");
            assert!(mark != "wait=GET" && !mark.starts_with("timeout=") || !row[8].is_empty(), "{row:?}");
            assert!(mark != "grpc" || row[2] == "longrunning", "{row:?}");
        }
        for pattern in row[12].split_ascii_whitespace() {
            assert_eq!(pattern.matches("{location").count(), 1, "{row:?}");
            assert!(pattern.ends_with(".googleapis.com"), "{row:?}");
        }
    }
}

#[test]
fn rows_are_sorted_and_there_is_one_of_each() {
    let keys = |text: &'static str| -> Vec<_> {
        rows(text).map(|row| (row[0].trim_end_matches(".googleapis.com"), row[1], row[2])).collect()
    };
    let services = keys(SERVICES);
    assert!(services.windows(2).all(|pair| pair[0] < pair[1]));
    // Each row has its sources and their dates.
    assert_eq!(services, keys(SOURCES));
    assert!(rows(SOURCES).all(|row| row.len() == 5 && !row[3].is_empty() && row[4].contains('=')));
    let aliases: Vec<_> = rows(ALIASES).collect();
    assert!(aliases.windows(2).all(|pair| pair[0][0] < pair[1][0]));
}

#[test]
fn every_alias_is_of_a_host_and_hides_none() {
    let hosts: HashMap<&str, Entry> = entries().map(|entry| (entry.short_name(), entry)).collect();
    for alias in rows(ALIASES) {
        assert_eq!(find(alias[0], None).unwrap().host(), alias[1]);
        assert!(!hosts.contains_key(alias[0]), "{alias:?}");
        assert!(alias[0].bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{alias:?}");
    }
}

#[test]
fn every_row_is_found_by_its_host_and_by_its_short_name() {
    for entry in entries() {
        for service in [entry.host(), entry.short_name()] {
            match find(service, entry.version()) {
                Ok(found) => {
                    assert_eq!((found.host(), found.version()), (entry.host(), entry.version()));
                    assert!(found == entry || found.other_form() == Some(entry), "{entry:?}");
                }
                Err(status) => assert_eq!(status.code(), Code::Unimplemented, "{entry:?}: {status}"),
            }
        }
    }
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect())
}

const FORMS: [&str; 6] = ["longrunning", "compute", "deploymentmanager", "dns", "gke", "sqladmin"];
const MARKS: [&str; 6] = ["cancel=GET", "wait=GET", "timeout=query", "timeout=absent", "grpc", "old"];
