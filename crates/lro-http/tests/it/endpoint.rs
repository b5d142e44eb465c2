//! Endpoints: what is refused before any call, and with which message.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Code, Service, Status};
use lro_http::{Binding, Call, Endpoint, HttpClient, HttpTransport, NameTemplate, NoCredentials, Token};
use tokio::net::TcpListener;

use super::common::{RUNNING, Server, assert_clear, get, jobs, reply};

/// An invalid endpoint, and words that its refusal must contain.
const REFUSED: [(&str, &str); 27] = [
    ("", "https://"),
    (" ", "https://"),
    ("example.googleapis.com", "https://"),
    ("example.googleapis.com:443", "https://"),
    ("/v1/operations", "https://"),
    ("//example.googleapis.com", "https://"),
    ("https://", "https://"),
    ("https://:443", "host"),
    ("not an endpoint", "https://"),
    ("\u{1F4A5}", "https://"),
    ("ftp://example.googleapis.com", "https"),
    ("ws://localhost", "https"),
    ("file:///etc/passwd", "https"),
    ("http://example.googleapis.com", "use https"),
    ("http://192.168.0.1", "use https"),
    ("http://0.0.0.0:80", "use https"),
    ("http://localhost.example.com", "use https"),
    ("http://127.0.0.1.example.com", "use https"),
    ("http://[2001:db8::1]", "use https"),
    ("https://example.googleapis.com/./v1", "segment"),
    ("https://example.googleapis.com//v1", "segment"),
    ("https://example.googleapis.com/v1/../v2", "segment"),
    ("https://example.googleapis.com:", "port"),
    ("https://example.googleapis.com:65536", "port"),
    ("https://example.googleapis.com:99999999999", "port"),
    ("http://localhost:70000", "port"),
    ("https://example.googleapis.com:https", "https://"),
];

/// Invalid endpoints that contain a password or a key.
const WITH_A_SECRET: [&str; 14] = [
    "https://user:canary@example.googleapis.com",
    "https://canary@example.googleapis.com",
    "https://user:can@ary:canary@example.googleapis.com",
    "http://user:canary@localhost:8080",
    "http://localhost:80@canary:canary@example.googleapis.com",
    "ftp://user:canary@example.googleapis.com",
    "https://user:canary@example.googleapis.com/v1",
    "https://user:canary@example .googleapis.com",
    "user:canary@example.googleapis.com",
    "https:user:canary@example.googleapis.com",
    "https://example.googleapis.com/?key=canary",
    "https://example.googleapis.com?access_token=canary",
    "https://example.googleapis.com/#canary",
    "https://example.googleapis.com/v1#canary",
];

#[test]
fn refuses_a_fragment_which_would_be_lost() {
    for url in ["https://example.googleapis.com/#v1", "https://example.googleapis.com#"] {
        assert!(Endpoint::parse(url).unwrap_err().message().contains("it has a fragment"), "{url}");
    }
}

#[tokio::test]
async fn sends_a_version_without_the_slashes_at_its_ends() {
    for (version, path) in [
        ("/v1", "/v1/operations/1"),
        ("v1/", "/v1/operations/1"),
        ("/v1/", "/v1/operations/1"),
        ("/", "/operations/1"),
        ("/api/v1/", "/api/v1/operations/1"),
    ] {
        let server = Server::always(200, RUNNING).await;
        get(&of_version(&server, version)).await.unwrap();
        assert_eq!(server.request().target, path);
    }
}

#[tokio::test]
async fn refuses_a_version_with_an_empty_part_before_anything_is_sent() {
    let server = Server::always(200, RUNNING).await;
    let status = get(&of_version(&server, "v1//beta")).await.unwrap_err();
    assert_clear(&status, Code::InvalidArgument, "a version without slashes at its ends");
    assert!(status.message().contains("/v1//beta/operations/1"), "{status}");
    for version in ["/v1", "v1/", "/v1/", "/", "v1//beta"] {
        let call = Call::get(version, "operations/1", "");
        let status = server.client().build().unwrap().response(call).await.unwrap_err();
        assert_clear(&status, Code::InvalidArgument, "a version without slashes at its ends");
        assert!(status.message().contains(&format!("/{version}/operations/1")), "{status}");
    }
    assert_eq!(server.connections(), 0);
}

fn of_version(server: &Server, version: &'static str) -> HttpTransport {
    let service = Service::new("example.googleapis.com", version);
    let binding = Binding::new(service, NameTemplate::from_static("operations/**"));
    HttpTransport::new(server.client().build().unwrap(), binding)
}

#[test]
fn refuses_what_is_no_endpoint_and_says_what_is() {
    // SPEC 43
    let mut accepted = Vec::new();
    for (url, advice) in REFUSED {
        let Err(status) = Endpoint::parse(url) else {
            accepted.push(url);
            continue;
        };
        assert_clear(&status, Code::InvalidArgument, &format!("{url:?}"));
        assert!(status.message().contains(advice), "{url:?} without {advice:?}: {status}");
    }
    assert!(accepted.is_empty(), "accepted: {accepted:?}");
}

#[test]
fn is_refused_when_the_client_is_built() {
    for url in ["", "http://example.googleapis.com", "https://example.googleapis.com/v1?alt=json"] {
        let parsed = Endpoint::parse(url).unwrap_err();
        assert_eq!(HttpClient::builder(url).build().unwrap_err(), parsed);
        assert_eq!(HttpClient::builder("https://ok.example.com").endpoint(url).build().unwrap_err(), parsed);
    }
}

#[tokio::test]
async fn may_have_a_path_before_those_of_the_calls() {
    for (base, expected) in
        [("", "/v1/operations/1"), ("/", "/v1/operations/1"), ("/a/b", "/a/b/v1/operations/1")]
    {
        for end in ["", "/"] {
            let server = Server::always(200, RUNNING).await;
            let url = format!("{}{base}{end}", server.url());
            if url.ends_with("//") {
                continue;
            }
            let client = server.client().endpoint(&url);
            get(&jobs(client)).await.unwrap();
            assert_eq!(server.request().target, expected, "{url}");
        }
    }
    let endpoint = Endpoint::parse("https://gateway.example.com/jobs/").unwrap();
    assert_eq!(endpoint.to_string(), "https://gateway.example.com/jobs");
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_a_choice_that_takes_no_credentials() {
    // SPEC 43
    let server = Server::always(200, RUNNING).await;
    let url = server.url().replace("127.0.0.1", "0.0.0.0");
    let client = || HttpClient::builder(&url);
    assert_clear(&client().build().unwrap_err(), Code::InvalidArgument, "use https");
    get(&jobs(client().plain_http())).await.unwrap();
    get(&jobs(client().credentials(NoCredentials).plain_http())).await.unwrap();
    assert_eq!(server.requests().len(), 2);

    let token = || Token::bearer("canary").unwrap();
    for client in [client().plain_http().credentials(token()), client().credentials(token()).plain_http()] {
        let status = client.build().unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &url);
        assert!(status.message().contains("in clear text") && !format!("{status:?}").contains("canary"));
    }
    // Loopback hosts and HTTPS take credentials as before.
    get(&jobs(server.client().plain_http().credentials(token()))).await.unwrap();
    HttpClient::builder("https://example.com").plain_http().credentials(token()).build().unwrap();
    assert_eq!(
        HttpClient::builder("ftp://localhost").plain_http().build().unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[test]
fn never_shows_a_password_in_an_error() {
    // SPEC 43
    let shown: Vec<_> = WITH_A_SECRET
        .iter()
        .map(|url| Endpoint::parse(url).expect_err(url))
        .filter(|status| format!("{status} {status:?}").contains("canary"))
        .map(|status| status.to_string())
        .collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[test]
fn never_shows_a_password_in_a_builder() {
    // SPEC 43
    let shown: Vec<_> = WITH_A_SECRET
        .iter()
        .flat_map(|url| {
            [HttpClient::builder(*url), HttpClient::builder("https://a.example.com").endpoint(*url)]
        })
        .map(|builder| format!("{builder:?}"))
        .filter(|debug| debug.contains("canary"))
        .collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[test]
fn says_where_to_put_a_credential_instead() {
    let status = Endpoint::parse("https://user:canary@example.googleapis.com").unwrap_err();
    assert_clear(&status, Code::InvalidArgument, "@example.googleapis.com");
    assert!(status.message().contains("give credentials to the builder"), "{status}");
}

#[test]
fn accepts_https_anywhere_and_http_on_loopback() {
    // SPEC 43
    for url in [
        "https://example.googleapis.com",
        "https://example.googleapis.com:8443",
        "https://192.0.2.1",
        "https://[2001:db8::1]:443",
        "http://localhost",
        "http://LOCALHOST:8080",
        "http://127.0.0.1:1",
        "http://127.1.2.3:65535",
        "http://[::1]",
        "http://[::1]:8080",
    ] {
        assert_eq!(Endpoint::parse(url).map(|endpoint| endpoint.to_string()), Ok(url.to_owned()));
    }
}

#[test]
fn is_the_same_with_a_slash_at_the_end() {
    let plain = Endpoint::parse("https://example.googleapis.com").unwrap();
    assert_eq!(Endpoint::parse("https://example.googleapis.com/").unwrap(), plain);
    assert_eq!(plain.to_string(), "https://example.googleapis.com");
    assert_eq!(format!("{plain:?}"), "https://example.googleapis.com");
}

#[tokio::test]
async fn reaches_every_form_of_loopback() {
    for (bind, host) in [("127.0.0.1:0", "localhost"), ("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]")] {
        let listener = TcpListener::bind(bind).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server::on(listener, |_| reply(200, RUNNING));
        let url = format!("http://{host}:{port}");
        let client = HttpClient::builder(&url);
        get(&jobs(client)).await.unwrap_or_else(|status: Status| panic!("{url}: {status}"));
        assert_eq!(server.request().headers["host"], format!("{host}:{port}"));
    }
}
