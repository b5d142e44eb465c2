//! No output of any call contains a secret.
//!
//! Each secret is a canary, a text that names its kind. The tests search for canaries in all that a program may print:
//! `Debug`, `Display` and `source()` of every value, and the traces of all crates.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{path::Path, process::Command, time::Duration};

use http::{HeaderValue, header};
use lro::{Code, Status, async_trait};
use lro_http::{Credentials, Endpoint, HttpClient, HttpClientBuilder, Token, token_fn};
use lro_testkit::ReservedPort;
use rcgen::generate_simple_self_signed;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

#[path = "../common/mod.rs"]
mod common;
mod echo;
mod seen;

use common::{RUNNING, RawServer, Server, Step, failure, jobs, raw_reply, reply, say};
use echo::{ECHOES, SAID_BACK};
use seen::{ATTEMPT, PAYLOAD, PROXY, QUERY, REFRESH, REPLY, Seen, TOKEN};

#[tokio::test]
async fn nobody_sees_a_secret_of_a_good_call() {
    // SPEC 43
    for body in [
        json!({"name": "operations/1", "metadata": {"@type": "t/a.B", "secret": REPLY}}),
        json!({"name": "operations/1", "done": true, "response": {"@type": "t/a.B", "secret": REPLY}}),
        json!({"name": "operations/1", "done": true, "response": {"secret": REPLY}}),
        json!({"name": "operations/1", "done": true, "metadata": {"secret": REPLY}}),
        json!({"done": true, "error": {"code": 5, "details": [{"@type": "t/a.B", "secret": REPLY}]}}),
        json!({"operations": [{"name": "operations/1", "metadata": {"secret": REPLY}}]}),
    ] {
        for http2 in [false, true] {
            let server = Server::always(200, &body.to_string()).await;
            let seen = Seen::of_all_calls(client(&server, http2)).await;
            assert_all_sent(&server);
            let traced = seen.traced();
            assert!(traced.contains("lro.wait") && traced.contains("http.response.status_code"), "{traced}");
            assert!(!http2 || traced.contains("(\"h2::"), "{traced}");
            seen.assert_nothing(&body.to_string());
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_a_failed_poll_of_any_status() {
    // SPEC 43
    for http in (300..=308).chain(400..=431).chain([451, 499]).chain(500..=511).chain([599]) {
        for (what, echo) in ECHOES {
            let server = Server::start(move |request| reply(http, echo(request))).await;
            Seen::of_a_poll(client(&server, false)).await.assert_nothing(&format!("HTTP {http}, {what}"));
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_any_call_that_failed() {
    // SPEC 43
    for http in [302, 401, 503] {
        for (what, echo) in ECHOES {
            for http2 in [false, true] {
                let server = Server::start(move |request| reply(http, echo(request))).await;
                let seen = Seen::of_all_calls(client(&server, http2)).await;
                assert_all_sent(&server);
                seen.assert_nothing(&format!("HTTP {http}, {what}, HTTP/2 {http2}"));
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_a_server_says_back_is_left_out_and_the_rest_is_said() {
    // SPEC 23, 43
    for (body, said) in SAID_BACK {
        let server = Server::always(403, &body.replace("TOKEN", TOKEN)).await;
        let status = failure(&jobs(client(&server, false))).await;
        assert_eq!(status.message(), said, "{body}");
    }
    // A short token is a word that occurs in messages, so it is not hidden.
    let server = Server::always(403, r#"{"error": {"message": "a test is refused"}}"#).await;
    let status = failure(&jobs(server.client().credentials(Token::bearer("test").unwrap()))).await;
    assert_eq!(status.message(), "a test is refused");
}

#[tokio::test]
async fn nobody_sees_a_secret_of_a_reply_that_cannot_be_read() {
    // SPEC 19, 43
    let deep = format!(r#"{{"metadata": {}"{REPLY}"{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    let not_utf8 = [REPLY.as_bytes(), &[0xff]].concat();
    let mut bodies = vec![deep.into_bytes(), not_utf8];
    bodies.extend(echo::MALFORMED.map(|body| body.replace("REPLY", REPLY).into_bytes()));
    for body in bodies {
        for http2 in [false, true] {
            let text = body.clone();
            let server = Server::start(move |_| reply(200, text.clone())).await;
            let seen = Seen::of_all_calls(client(&server, http2)).await;
            seen.assert_nothing(&String::from_utf8_lossy(&body));
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_headers_that_say_it_back() {
    // SPEC 43
    for http in [200, 302, 401, 503] {
        for name in [
            "content-encoding",
            "content-type",
            "location",
            "retry-after",
            "set-cookie",
            "www-authenticate",
            "x-authorization",
        ] {
            let server = Server::start(move |request| {
                let mut reply = reply(http, RUNNING);
                let said = request.headers[header::AUTHORIZATION].as_bytes();
                let said =
                    [b"https://elsewhere.example.com/?", said.strip_prefix(b"Bearer ").unwrap()].concat();
                reply.headers_mut().insert(name, HeaderValue::from_bytes(&said).unwrap());
                reply
            })
            .await;
            for http2 in [false, true] {
                let seen = Seen::of_all_calls(client(&server, http2)).await;
                seen.assert_nothing(&format!("HTTP {http}, {name}, HTTP/2 {http2}"));
            }
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_a_connection_that_breaks() {
    // SPEC 43
    let begun = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{REPLY}");
    let gzip = "content-encoding: gzip\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (what, script) in [
        ("a close before the request", vec![]),
        ("a close before the head", vec![Step::Read]),
        ("a reset before the head", vec![Step::Read, Step::Reset]),
        ("no answer", vec![Step::Read, Step::Stall]),
        ("a close in the head", vec![Step::Read, say(format!("HTTP/1.1 200 OK\r\nx: {TOKEN}"))]),
        ("a close in the body", vec![Step::Read, say(begun(100))]),
        ("a reset in the body", vec![Step::Read, say(begun(100)), Step::Reset]),
        ("a stall in the body", vec![Step::Read, say(begun(100)), Step::Stall]),
        ("more than the body", vec![Step::Read, say(begun(3))]),
        ("no HTTP", vec![Step::Read, say(format!("{TOKEN}\r\n\r\n"))]),
        ("a status line of another kind", vec![Step::Read, say(format!("HTTP/1.1 {TOKEN}\r\n\r\n"))]),
        ("a reason", vec![Step::Read, say(format!("HTTP/1.1 503 {TOKEN}\r\ncontent-length: 0\r\n\r\n"))]),
        ("a broken header", vec![Step::Read, say(format!("HTTP/1.1 200 OK\r\n{TOKEN} \0: x\r\n\r\n"))]),
        (
            "a broken length",
            vec![Step::Read, say(format!("HTTP/1.1 200 OK\r\ncontent-length: {TOKEN}\r\n\r\n"))],
        ),
        ("a broken chunk", vec![Step::Read, say(format!("{chunked}{TOKEN}\r\n"))]),
        ("broken gzip", vec![Step::Read, Step::Send(raw_reply(gzip, REPLY.as_bytes()))]),
    ] {
        let server = RawServer::start([script]).await;
        let client = with_secrets(HttpClient::builder(server.url())).call_timeout(ATTEMPT);
        Seen::of_timed_calls(client).await.assert_nothing(what);
    }
    let closed = ReservedPort::any();
    let url = closed.url();
    Seen::of_all_calls(with_secrets(HttpClient::builder(url))).await.assert_nothing("a refused connection");
}

#[tokio::test]
async fn nobody_sees_a_secret_of_an_http_2_server_that_goes_away() {
    // SPEC 43
    let ok = frame(1, 4, 1, &[0x88]);
    // The last stream, the code ENHANCE_YOUR_CALM, and text of the server.
    let goaway = |last| frame(7, 0, 0, &[&[0, 0, 0, last, 0, 0, 0, 11], TOKEN.as_bytes()].concat());
    for (what, said) in [
        ("before the head", goaway(0)),
        ("after the head", [ok.clone(), goaway(0)].concat()),
        ("in the body", [ok, goaway(1), frame(3, 0, 1, &[0, 0, 0, 11])].concat()),
    ] {
        let client = with_secrets(HttpClient::builder(goes_away(said).await));
        let seen = Seen::of_timed_calls(client.call_timeout(Duration::from_secs(1)).http2_only()).await;
        assert!(seen.traced().contains("GoAway"), "{what}");
        seen.assert_nothing_but_by_h2(what);
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_credentials_that_fail() {
    // SPEC 43
    let server = Server::always(200, RUNNING).await;
    let held = REFRESH.to_owned();
    let fetched = token_fn(move || {
        let found = held.is_empty();
        async move { if found { Token::bearer("") } else { Token::bearer(&format!("{TOKEN}\n")) } }
    });
    let mut seen = Seen::of_all_calls(server.client().credentials(fetched)).await;
    for token in [format!("{TOKEN}\n"), format!("{TOKEN}\0"), format!("\r\n{TOKEN}")] {
        seen.outcome("a token that no header can carry", Token::bearer(&token));
    }
    seen.outcome("a token", Token::bearer(TOKEN));
    let lasting = Token::bearer(TOKEN).unwrap().expires_in(Duration::from_secs(60));
    seen.outcome("a token with a project", lasting.clone().quota_project("p"));
    seen.outcome("a token with what is no project", lasting.quota_project("p\n"));
    seen.assert_nothing("a token that cannot be made");

    let broken = Account { refresh: REFRESH.to_owned(), token: None };
    Seen::of_all_calls(server.client().credentials(broken))
        .await
        .assert_nothing("an account without a token");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn nobody_sees_a_secret_of_an_endpoint() {
    // SPEC 43
    for url in [
        "https://user:canary@example.com",
        "https://canary@example.com",
        "HTTPS://user:canary@example.com",
        "https://user:canary@example.com/path",
        "https://user:canary@example.com?x=1",
        "https://user:can@canary@example.com",
        "https://user:canary/@example.com",
        "https://user:/canary@example.com",
        "https://user:canary?@example.com",
        "https://user:?canary@example.com",
        "https://user:canary#@example.com",
        "https://user:canary?@example.com?x=1",
        "https://example.com?at=@canary",
        "https://example.com/?key=canary",
        "https://example.com/#canary",
        "https://user:canary @example.com",
        "https://user:canary\u{e9}@example.com",
        "https//user:canary@example.com",
        "https:/user:canary@example.com",
        "user:canary://user@example.com",
        "user:canary@example.com",
        "ftp://user:canary@example.com",
        "http://user:canary@example.com",
        "http://user:canary@localhost:1",
        "http://user:canary@127.0.0.1:1",
        " https://user:canary@example.com",
    ] {
        let mut seen = Seen::begin();
        seen.outcome("the endpoint", Endpoint::parse(url));
        let client = || HttpClient::builder("https://example.com").endpoint(url);
        seen.keep("the builder", &client());
        seen.outcome("the client", client().build());
        seen.assert_nothing(url);
    }
}

#[tokio::test]
async fn nobody_sees_a_secret_of_the_environments_proxy() {
    // SPEC 43
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets-root.pem");
    let root = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&roots, root.cert.pem()).unwrap();
    let back =
        |status: &str| say(format!("HTTP/1.1 {status}\r\nx: Basic {PROXY_BASIC}\r\n\r\n{PROXY_BASIC}"));
    for (what, script) in [
        ("a close", vec![Step::Read]),
        ("a reset", vec![Step::Read, Step::Reset]),
        ("no answer", vec![Step::Read, Step::Stall]),
        ("a refusal", vec![Step::Read, back("407 Proxy Authentication Required")]),
        ("another refusal", vec![Step::Read, back("502 Bad Gateway")]),
        ("no HTTP", vec![Step::Read, say(format!("{PROXY_BASIC}\r\n\r\n"))]),
        ("no TLS", vec![Step::Read, say("HTTP/1.1 200 OK\r\n\r\n"), say(PROXY_BASIC)]),
    ] {
        let (mut heads, mut attempts) = (Vec::new(), 0);
        // On a busy machine a call may end before the proxy has read it.
        while heads.is_empty() && attempts < 20 {
            attempts += 1;
            let proxy = RawServer::start([script.clone()]).await;
            let at = proxy.url().replace("http://", &format!("http://user:{PROXY}@"));
            polls_once_by(&at, &roots).await;
            heads = proxy.heads();
        }
        let authorization = format!("proxy-authorization: basic {}", PROXY_BASIC.to_lowercase());
        assert!(heads.first().is_some_and(|head| head.contains(&authorization)), "{what}: {heads:?}");
    }
    for at in [
        "http://user:canary-proxy@127.0.0.1:1",
        "http://user:canary-proxy@[",
        "user:canary-proxy",
        "https://user:canary-proxy@127.0.0.1:1",
        "socks5h://user:canary-proxy@127.0.0.1:1",
    ] {
        polls_once_by(at, &roots).await;
    }
}

/// The client's process, with a proxy in its environment.
#[tokio::test]
#[ignore = "run by the tests of the proxy, in a process of its own"]
async fn polls_once() {
    let client = || {
        with_secrets(HttpClient::builder("https://127.0.0.1:1"))
            .call_timeout(ATTEMPT)
            .connect_timeout(ATTEMPT)
    };
    let seen = match client().build() {
        Ok(_) => Seen::of_timed_calls(client()).await,
        refused => {
            let mut seen = Seen::begin();
            seen.outcome("the client", refused);
            seen
        }
    };
    seen.assert_nothing(&std::env::var("HTTPS_PROXY").unwrap());
}

async fn polls_once_by(proxy: &str, roots: &Path) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "polls_once", "--ignored", "--nocapture"]);
    for name in ["https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command.env("HTTPS_PROXY", proxy).env("SSL_CERT_FILE", roots);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let printed = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}

/// Credentials with a derived `Debug`.
#[derive(Debug)]
struct Account {
    refresh: String,
    token: Option<&'static str>,
}

#[async_trait]
impl Credentials for Account {
    async fn token(&self) -> Result<Option<Token>, Status> {
        assert_eq!(self.refresh, REFRESH);
        match self.token {
            Some(token) => Token::bearer(token).map(Some),
            None => Err(Status::new(Code::Unauthenticated, "the account has no token")),
        }
    }
}

/// An HTTP/2 server that answers any request with these frames.
async fn goes_away(said: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let said = said.clone();
            tokio::spawn(async move {
                let _ = client.write_all(&frame(4, 0, 0, &[])).await;
                // The request has arrived by then.
                sleep(Duration::from_millis(10)).await;
                let _ = client.write_all(&said).await;
                let _ = client.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    url
}

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

fn with_secrets(client: HttpClientBuilder) -> HttpClientBuilder {
    client.credentials(Account { refresh: REFRESH.to_owned(), token: Some(TOKEN) })
}

fn client(server: &Server, http2: bool) -> HttpClientBuilder {
    let client = with_secrets(server.client());
    if http2 { client.http2_only() } else { client }
}

/// Asserts that the secrets reached the server, so that they could be seen.
#[track_caller]
fn assert_all_sent(server: &Server) {
    let requests = server.requests();
    let bearer = format!("Bearer {TOKEN}");
    assert!(requests.iter().all(|request| request.headers[header::AUTHORIZATION] == bearer));
    assert!(requests.iter().any(|request| request.target.contains(QUERY)));
    assert!(requests.iter().any(|request| String::from_utf8_lossy(&request.body).contains(PAYLOAD)));
}

/// `user:canary-proxy`
const PROXY_BASIC: &str = "dXNlcjpjYW5hcnktcHJveHk=";
