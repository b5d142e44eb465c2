//! Names in paths: what is sent, and what is refused before any call.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Capabilities, Code, LroTransport, OperationName, Status};
use lro_http::{HttpTransport, NameTemplate, resource_name};

use super::common::{RUNNING, Server, assert_clear, binding, in_time, jobs};

#[tokio::test]
async fn sends_each_name_of_the_table_as_its_path_or_refuses_it() {
    // SPEC 13, 14, 15
    let server = Server::always(200, r#"{"done": false}"#).await;
    let (mut sent, mut refused) = (0, 0);
    for row in rows() {
        let transport = transport(&server, &row);
        let before = (server.connections(), server.requests().len());
        let asked = in_time(ask(&transport, row.name)).await;
        match row.path {
            Some(path) => {
                asked.unwrap_or_else(|status| panic!("{row:?}: {status}"));
                let requests = server.requests();
                assert_eq!(requests.len(), before.1 + 1, "{row:?}");
                assert_eq!(requests[before.1].target, path, "{row:?}");
                sent += 1;
            }
            None => {
                let status = asked.expect_err(row.name);
                assert_eq!(status.code(), Code::InvalidArgument, "{row:?}: {status}");
                assert_eq!((server.connections(), server.requests().len()), before, "{row:?}");
                refused += 1;
            }
        }
    }
    // 35 names by 4 templates.
    assert_eq!((sent, refused), (29, 111));
}

#[test]
fn takes_no_empty_segment_for_a_segment() {
    // SPEC 15: `**` is one or more segments, `*` is one.
    let taken: Vec<_> = rows()
        .filter(|row| row.transcoded == "REJECT" && !row.name.contains(".."))
        .filter(|row| template(row.id).matches(row.name))
        .map(|row| (row.id, row.name))
        .collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn takes_the_names_that_the_table_sends() {
    for row in rows().filter(|row| row.path.is_some()) {
        assert!(template(row.id).matches(row.name), "{row:?}");
    }
}

#[test]
fn matches_many_segments_anywhere_and_none_after_a_star() {
    // SPEC 15
    for (template, matched, others) in [
        (
            "**/operations",
            &["a/operations", "a/b/operations", "operations/operations"][..],
            &["operations", "a/b"][..],
        ),
        (
            "operations/**/*",
            &["operations/a/b", "operations/a/b/c"],
            &["operations/a", "operations", "a/b/c"],
        ),
        (
            "*/*/operations/*/**",
            &["projects/p/operations/1", "projects/p/operations/1/a", "projects/p/operations/1/a/b"],
            &["projects/p/operations", "projects/p/jobs/1", "projects/p/operations/1/"],
        ),
        ("a/**/b/*", &["a/x/b/c", "a/b/b/c"], &["a/b/c", "a/x/b"]),
    ] {
        let template = NameTemplate::parse(template).unwrap();
        assert!(matched.iter().all(|name| template.matches(name)), "{template} of {matched:?}");
        assert!(!others.iter().any(|name| template.matches(name)), "{template} of {others:?}");
    }
}

#[test]
fn lists_few_forms_of_a_service_with_many() {
    let templates: Vec<_> = (0..9).map(|it| NameTemplate::parse(format!("kind{it}/*")).unwrap()).collect();
    let status = resource_name(&templates, "spaces/1").unwrap_err();
    assert!(status.message().contains("kind3/* or kind4/* or 4 more forms, got"), "{status}");
}

#[test]
fn says_which_form_of_name_it_expects() {
    let one = NameTemplate::from_static("projects/*/locations/*/operations/*");
    let status = one.check("operations/1").unwrap_err();
    assert_clear(&status, Code::InvalidArgument, r#""operations/1""#);
    assert!(status.message().contains("projects/*/locations/*/operations/*"), "{status}");

    let two = [NameTemplate::from_static("subscriptions/*"), one];
    let status = resource_name(&two, "spaces/1").unwrap_err();
    assert_clear(&status, Code::InvalidArgument, r#""spaces/1""#);
    assert!(status.message().contains("subscriptions/* or projects/*"), "{status}");
}

#[tokio::test]
async fn says_what_to_give_in_place_of_a_name_with_a_host_or_a_version() {
    // SPEC 15, 59
    let server = Server::always(200, RUNNING).await;
    let mut binding = binding(Capabilities::default());
    binding.names = NameTemplate::from_static("projects/*/locations/*/operations/*");
    let jobs = HttpTransport::new(server.client().build().unwrap(), binding);
    let name = "projects/p/locations/l/operations/1";
    for before in [
        "run.googleapis.com/v2",
        "v2",
        "v1beta1",
        "run.googleapis.com",
        "compute/v1",
        "h.example.com/base/v1",
    ] {
        let status = ask(&jobs, &format!("{before}/{name}")).await.unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &format!("/{name}\"; give {name:?}"));
        assert!(!status.may_be_running());
    }
    for other in ["v2/operations/1", "folders/f/projects/p/locations/l/operations/1", "operations/1", "v2"] {
        let status = ask(&jobs, other).await.unwrap_err();
        assert!(status.message().ends_with(&format!("got {other:?}")), "{status}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn parses_the_templates_of_a_configuration() {
    for text in [
        "*",
        "**",
        "operations",
        "operations/*",
        "operations/**",
        "**/operations",
        "operations/**/*",
        "projects/*/operations/*/**",
        "a b/é/*",
        "v1:x/**",
        ".../*",
        ".a/*",
        "a./..b/\u{a0}",
    ] {
        let template = NameTemplate::parse(text).unwrap();
        assert_eq!((template.as_str(), &*template.to_string()), (text, text));
        assert_eq!(text.parse(), Ok(template));
    }
    assert_eq!(NameTemplate::parse("operations/**"), Ok(NameTemplate::from_static("operations/**")));
}

#[test]
fn refuses_a_template_that_is_none_and_says_why() {
    for (text, why) in [
        ("", "it has an empty segment"),
        ("/", "it has an empty segment"),
        ("/v1/operations/*", "it has an empty segment"),
        ("operations/", "it has an empty segment"),
        ("operations//*", "it has an empty segment"),
        ("https://example.com/*", "it has an empty segment"),
        ("**/**", "`**` may occur once"),
        ("**/operations/**", "`**` may occur once"),
        ("operations/***", "`*` and `**` must be whole segments"),
        ("operations/*a", "`*` and `**` must be whole segments"),
        ("operations/a*/b", "`*` and `**` must be whole segments"),
        ("operations/**:wait", "`*` and `**` must be whole segments"),
        ("{name=operations/**}", "it has braces"),
        ("operations/{id}", "it has braces"),
        ("..", "a segment is `.` or `..`"),
        ("operations/.", "a segment is `.` or `..`"),
        ("operations/../*", "a segment is `.` or `..`"),
        ("./operations/**", "a segment is `.` or `..`"),
        ("operations\n/*", "it has a control character"),
        ("a\u{7f}/*", "it has a control character"),
        ("a/\u{85}", "it has a control character"),
    ] {
        let status = NameTemplate::parse(text).unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &format!("not a name template: {text:?}: {why}"));
    }
}

#[test]
fn takes_a_resource_by_any_of_its_templates_and_never_an_unsafe_one() {
    // SPEC 13
    let templates = [NameTemplate::from_static("subscriptions/*"), NameTemplate::from_static("spaces/**")];
    for name in ["subscriptions/s", "spaces/a", "spaces/a/b", "subscriptions/a b?c"] {
        assert_eq!(resource_name(&templates, name).unwrap(), name);
    }
    for name in
        ["", "subscriptions/", "subscriptions/..", "spaces/a/../b", "spaces/a//b", "spaces/a\nb", "/spaces/a"]
    {
        let status = resource_name(&templates, name).unwrap_err();
        assert_clear(&status, Code::InvalidArgument, "a resource name");
        assert!(!status.message().contains("operation"), "{status}");
    }
}

#[tokio::test]
async fn sends_the_longest_name_and_refuses_one_of_a_byte_more() {
    // SPEC 13
    let server = Server::always(200, RUNNING).await;
    let longest = format!("operations/{}", "a".repeat(OperationName::MAX_LEN - "operations/".len()));
    ask(&server.jobs(), &longest).await.unwrap();
    assert_eq!(server.request().target, format!("/v1/{longest}"));
    assert_eq!(ask(&server.jobs(), &format!("{longest}a")).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn sends_a_name_of_many_slow_bytes_whole() {
    // SPEC 14: three bytes on the wire for each byte of the name, in the path and in the header.
    let server = Server::always(200, RUNNING).await;
    let name = format!("operations/{}", "é".repeat(1_000));
    ask(&jobs(server.client()), &name).await.unwrap();
    let request = server.request();
    assert_eq!(request.target, format!("/v1/operations/{}", "%C3%A9".repeat(1_000)));
    assert_eq!(
        request.headers["x-goog-request-params"],
        format!("name=operations%2F{}", "%C3%A9".repeat(1_000))
    );
}

#[tokio::test]
async fn encodes_every_character_but_the_unreserved_ones() {
    // SPEC 14, 44
    let server = Server::always(200, r#"{"done": false}"#).await;
    let jobs = server.jobs();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |text: &str, kept: &[u8]| -> String {
        let encode = |byte: u8| match unreserved(byte) || kept.contains(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        text.bytes().map(encode).collect()
    };
    let characters =
        (' '..='~').chain(['\u{a0}', 'ß', 'ÿ', '\u{100}', '漢', '\u{10ffff}']).filter(|it| *it != '/');
    for character in characters {
        let name = format!("operations/a{character}b/{character}{character}z");
        ask(&jobs, &name).await.unwrap();
        let request = server.requests().pop().unwrap();
        assert_eq!(request.target, format!("/v1/{}", encoded(&name, b"/")), "{character:?}");
        let params = format!("name={}", encoded(&name, b""));
        assert_eq!(request.headers["x-goog-request-params"], params, "{character:?}");
    }
}

/// One line of the table: a service's template, a name, and the path that it becomes.
#[derive(Debug)]
struct Row {
    id: &'static str,
    name: &'static str,
    transcoded: &'static str,
    path: Option<&'static str>,
}

fn rows() -> impl Iterator<Item = Row> {
    include_str!("../data/transcode_cases.tsv").lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [id, _, name, transcoded, sent] = fields[..] else {
            panic!("not a row: {line:?}");
        };
        // Looser than SPEC 13: an empty segment.
        let refused = transcoded == "REJECT" || name.contains("//") || name.ends_with('/');
        Row { id, name, transcoded, path: (!refused).then_some(sent) }
    })
}

async fn ask(transport: &HttpTransport, name: &str) -> Result<(), Status> {
    transport.get_operation(&OperationName::parse(name)?).await.map(|_| ())
}

fn transport(server: &Server, row: &Row) -> HttpTransport {
    let mut binding = binding(Capabilities::default());
    binding.names = template(row.id);
    if row.id == "ws_get_op_v1beta" {
        binding.service = lro::Service::new("jobs.example.com", "v1beta");
    }
    HttpTransport::new(server.client().build().unwrap(), binding)
}

fn template(id: &str) -> NameTemplate {
    NameTemplate::from_static(match id {
        "ws_get_op_v1" | "ws_get_op_v1beta" => "operations/**",
        "ro_get_op" => "projects/*/locations/*/operations/*",
        "ws_sub" => "subscriptions/*",
        id => panic!("no template {id}"),
    })
}
