//! Holds the dependency block of each chapter to the snippets below it.

use std::{collections::BTreeMap, fs, path::Path};

#[test]
fn each_chapter_begins_with_the_dependencies_of_its_snippets() {
    for (chapter, text) in chapters() {
        let blocks: Vec<(&str, String)> = fenced(&text);
        let (kind, dependencies) = blocks.first().unwrap();
        assert_eq!(*kind, "toml", "{chapter} begins with a block of dependencies");
        let has = |name: &str, word: &str| {
            dependencies.lines().any(|line| line.split(" = ").next() == Some(name) && line.contains(word))
        };
        let snippets = blocks.iter().filter(|(kind, _)| is_rust(kind)).map(|(_, code)| &**code);
        let snippets: String = snippets.collect();
        for name in crates() {
            let is_used = uses(&snippets, &format!("{}::", name.replace('-', "_")));
            assert!(!is_used || has(name, ""), "{chapter} uses {name}, and its block does not name it");
        }
        for (used, name, feature) in FEATURES {
            assert!(
                !uses(&snippets, used) || has(name, feature),
                "{chapter} uses {used}, and its block has no {name} with {feature}"
            );
        }
    }
}

#[test]
fn each_chapter_is_listed_and_included() {
    for (chapter, _) in chapters() {
        let [file, link, module] =
            [format!("({chapter}.md)"), format!("[`{chapter}`]"), format!("\"{chapter}.md\"")];
        let readme = include_str!("../README.md").replace("src/", "");
        assert!(readme.contains(&file), "README.md does not list {chapter}");
        let front = include_str!("lib.rs");
        assert!(
            front.contains(&link) && front.contains(&module),
            "lib.rs does not list and include {chapter}"
        );
    }
}

#[test]
fn the_chapters_are_a_path_in_the_order_of_the_table() {
    let front = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let listed: Vec<&str> = front.filter_map(|row| row.split("[`").nth(1)?.split('`').next()).collect();
    let texts: BTreeMap<String, String> = chapters().collect();
    for (at, chapter) in listed.iter().enumerate() {
        let next = texts[*chapter].split("Next: [`").nth(1).and_then(|rest| rest.split('`').next());
        assert_eq!(next, listed.get(at + 1).copied(), "the chapter behind {chapter}");
    }
}

/// Returns the names of the chapters, with their texts.
fn chapters() -> impl Iterator<Item = (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(file).unwrap())
    })
}

/// Returns the fenced blocks of a chapter, each with the words behind its fence.
fn fenced(text: &str) -> Vec<(&str, String)> {
    let parts = text.split("\n```").skip(1).step_by(2);
    parts.filter_map(|part| part.split_once('\n')).map(|(kind, code)| (kind, format!("{code}\n"))).collect()
}

fn is_rust(kind: &str) -> bool {
    matches!(kind, "" | "no_run" | "compile_fail")
}

/// Returns the crates that a snippet can use: those that this crate depends on.
fn crates() -> impl Iterator<Item = &'static str> {
    let (_, rest) = include_str!("../Cargo.toml").split_once("[dependencies]\n").unwrap();
    let names = rest.lines().take_while(|line| !line.is_empty());
    names.filter_map(|line| line.split(['.', ' ']).next())
}

/// Whether the snippets contain a word, not as the end of another one.
fn uses(snippets: &str, word: &str) -> bool {
    let is_end = |before: char| before.is_alphanumeric() || matches!(before, '_' | ':');
    snippets.match_indices(word).any(|(at, _)| !snippets[..at].ends_with(is_end))
}

/// What a snippet uses, and the feature that it needs.
const FEATURES: [(&str, &str, &str); 7] = [
    ("tokio::main", "tokio", "macros"),
    ("start_paused", "tokio", "test-util"),
    ("tokio::net", "tokio", "net"),
    ("Deserialize", "serde", "derive"),
    ("GoogleCloudCredentials", "lro-route-optimization", "google-cloud-auth"),
    ("find_grpc", "lro-services", "grpc"),
    ("lro::metrics", "lro", "metrics"),
];
