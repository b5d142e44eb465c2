//! Names of operations.

use std::collections::HashSet;

use lro::{Code, OperationName};
use proptest::prelude::*;

#[test]
fn takes_any_text_that_is_safe_in_a_path() {
    // SPEC 13
    for name in [
        "operations/1",
        "a",
        "projects/p/locations/l/operations/o",
        "projects/my-project:example.com/locations/us-central1/operations/o",
        "operations/CiRhMDA5NDg5My0wYmE1LTRlYmI=",
        "operations/a+b/c_d-e:f~g.h",
        "operations/a b",
        "operations/a%2Fb",
        "operations/%2e%2e",
        "operations/a?x=1#f",
        "operations/...",
        "operations/.a",
        "operations/a..b",
        "operations/\u{e9}\u{1F600}",
        "operations/\\..\\",
        " ",
    ] {
        let parsed = OperationName::parse(name).unwrap_or_else(|status| panic!("{name:?}: {status}"));
        // SPEC 7: verbatim.
        assert_eq!(parsed.as_str(), name);
        assert_eq!(parsed.to_string(), name);
        assert_eq!(parsed.segments().collect::<Vec<_>>().join("/"), name);
    }
}

#[test]
fn refuses_what_could_lead_elsewhere_and_says_why() {
    // SPEC 13
    for (name, why) in [
        ("", "empty"),
        ("/", "slash"),
        ("/operations/1", "slash"),
        ("/v1/operations/1", "slash and a version; give what follows the version"),
        ("/v2beta1/projects/p/operations/1", "give what follows the version"),
        ("/videos/1", "it has a leading, trailing or double slash"),
        ("v1/operations/1/", "it has a leading, trailing or double slash"),
        ("operations/1/", "slash"),
        ("operations//1", "slash"),
        ("operations/./1", "`..`"),
        ("operations/../1", "`..`"),
        ("..", "`..`"),
        (".", "`..`"),
        ("operations/..", "`..`"),
        ("operations/1\n", "control"),
        ("operations/\r\nHost: evil", "control"),
        ("operations/\0", "control"),
        ("operations/\u{7f}", "control"),
        ("operations/\u{85}", "control"),
        ("\t", "control"),
    ] {
        let status = OperationName::parse(name).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(why), "{name:?}: {status}");
        assert!(status.message().contains(&format!("{name:?}")), "{name:?}: {status}");
    }
}

#[test]
fn is_at_most_2048_bytes_long() {
    // SPEC 13
    let longest = "x".repeat(2_048);
    assert_eq!(OperationName::MAX_LEN, 2_048);
    assert_eq!(OperationName::parse(&longest).unwrap().as_str(), longest);
    let status = OperationName::parse(&format!("{longest}x")).unwrap_err();
    assert!(status.message().contains("2048"), "{status}");
    // Bytes, not characters.
    assert!(OperationName::parse(&"\u{e9}".repeat(1_025)).is_err());
    assert!(OperationName::parse(&"\u{e9}".repeat(1_024)).is_ok());
}

#[test]
fn keeps_a_hostile_name_from_filling_a_log() {
    let status = OperationName::parse(&"\u{1F600}\n".repeat(1_000_000)).unwrap_err();
    assert!(status.to_string().len() < 1_000, "{}", status.to_string().len());
}

#[test]
fn is_parsed_whichever_way_it_comes() {
    let name = OperationName::parse("operations/1").unwrap();
    assert_eq!("operations/1".parse::<OperationName>().unwrap(), name);
    assert_eq!(OperationName::try_from("operations/1").unwrap(), name);
    assert_eq!(OperationName::try_from("operations/1".to_owned()).unwrap(), name);
    assert_eq!(serde_json::from_str::<OperationName>(r#""operations\/1""#).unwrap(), name);
    assert_eq!(serde_json::to_string(&name).unwrap(), r#""operations/1""#);
    assert_eq!((name.as_ref() as &str, &*format!("{name:?}")), ("operations/1", "\"operations/1\""));

    assert!("operations//1".parse::<OperationName>().is_err());
    assert!(OperationName::try_from("operations//1").is_err());
    assert!(OperationName::try_from("operations//1".to_owned()).is_err());
    let error = serde_json::from_str::<OperationName>(r#""operations//1""#).unwrap_err();
    assert!(error.to_string().contains("not an operation name"), "{error}");
    for json in ["5", "null", r#"["operations/1"]"#] {
        assert!(serde_json::from_str::<OperationName>(json).is_err());
    }
}

#[test]
fn is_compared_verbatim() {
    // SPEC 7
    let name = |name: &str| OperationName::parse(name).unwrap();
    assert_ne!(name("operations/a"), name("operations/A"));
    assert_ne!(name("operations/%61"), name("operations/a"));
    assert_ne!(name("operations/e\u{301}"), name("operations/\u{e9}"));
    assert!(name("operations/1") < name("operations/2"));
    let names: HashSet<_> = [name("a"), name("b"), name("a")].into();
    assert_eq!(names.len(), 2);
}

proptest! {
    #[test]
    fn is_taken_if_and_only_if_it_is_safe(name in name_like()) {
        // SPEC 13
        let parsed = OperationName::parse(&name);
        prop_assert_eq!(parsed.is_ok(), is_safe(&name), "{:?}", name);
        match parsed {
            Ok(parsed) => {
                prop_assert_eq!(parsed.as_str(), &name);
                prop_assert!(parsed.segments().all(|segment| !segment.is_empty()));
                let json = serde_json::to_string(&parsed).unwrap();
                prop_assert_eq!(serde_json::from_str::<OperationName>(&json).unwrap(), parsed);
            }
            Err(status) => prop_assert_eq!(status.code(), Code::InvalidArgument),
        }
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
        let name = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(OperationName::parse(&name).is_ok(), is_safe(&name));
    }
}

/// The rule, said in another way than the code does.
fn is_safe(name: &str) -> bool {
    let framed = format!("/{name}/");
    let leads_astray = ["//", "/./", "/../"].iter().any(|part| framed.contains(part));
    let has_control = name.chars().any(|c| matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}'));
    name.len() <= 2_048 && !leads_astray && !has_control
}

/// Slashes and dots come often, controls seldom.
fn name_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-zA-Z0-9_=+:-]{1,8}",
        3 => Just("/".to_owned()),
        1 => Just(".".to_owned()),
        1 => proptest::char::any().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[test]
fn is_no_url() {
    for url in [
        "https://user:s3cret@jobs.example.com/v1/operations/1?key=s3cret",
        "http://localhost:8080/v1/operations/1",
        "https://jobs.example.com/\n",
    ] {
        let status = OperationName::parse(url).unwrap_err();
        assert!(status.message().contains("it is a URL; give what follows the version"), "{status}");
        assert!(!status.to_string().contains("s3cret"), "{status}");
    }
    for name in [
        "//run.googleapis.com/v2/projects/p/locations/l/operations/1",
        "//run.googleapis.com/projects/p/locations/l/operations/1",
        "//user:s3cret@localhost/v1/operations/1",
    ] {
        let status = OperationName::parse(name).unwrap_err();
        assert!(status.message().contains("give what follows the host and the version"), "{status}");
        assert!(!status.to_string().contains("s3cret"), "{status}");
    }
}
