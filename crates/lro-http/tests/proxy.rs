//! The proxy of the environment: which is used, and what is refused when the client is built.
//!
//! All tests of a process share its environment, so each client runs in a child process.

#![cfg(any(feature = "ring", feature = "aws-lc"))]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro_http::{HttpClient, HttpTransport, Token};
use rcgen::generate_simple_self_signed;
use tokio::{io::AsyncReadExt, net::TcpListener};

mod common;
use common::{RUNNING, Server, binding, get};

#[tokio::test]
async fn a_proxy_of_another_scheme_is_refused_by_name_and_gets_nothing() {
    // SPEC 54
    let proxy = Recorder::start().await;
    for scheme in ["socks4", "SOCKS4", "socks4a", "socks", "ftp", "quic"] {
        let value = proxy.url(scheme);
        let printed = polls_by(HTTPS, &[("HTTPS_PROXY", value.as_ref())]).await;
        let scheme = scheme.to_lowercase();
        assert_refused(
            &printed,
            "HTTPS_PROXY",
            &format!("its scheme is {scheme}, and only http, https, socks5 and socks5h are supported"),
        );
    }
    assert_eq!(proxy.received(), NOTHING);
}

#[tokio::test]
async fn every_variable_is_checked_and_the_refusal_names_it() {
    // SPEC 54
    let proxy = Recorder::start().await;
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for scheme in ["socks4", "ftp"] {
            let printed = polls_by(HTTPS, &[(variable, proxy.url(scheme).as_ref())]).await;
            assert_refused(&printed, variable, &format!("its scheme is {scheme},"));
        }
    }
    let empty: (&str, &OsStr) = ("HTTPS_PROXY", "".as_ref());
    let printed = polls_by(HTTPS, &[empty, ("ALL_PROXY", proxy.url("socks4").as_ref())]).await;
    assert_refused(&printed, "ALL_PROXY", "its scheme is socks4,");
    assert_eq!(proxy.received(), NOTHING);
}

#[tokio::test]
async fn a_value_that_is_not_a_url_is_refused_without_being_shown() {
    // SPEC 54
    let not_utf8 = OsString::from("http://user:canary@\u{1F4A5}");
    #[cfg(unix)]
    let not_utf8 = {
        use std::os::unix::ffi::OsStringExt;
        OsString::from_vec([not_utf8.into_encoded_bytes(), vec![0xff]].concat())
    };
    for value in
        ["http://user:canary@[", " http://user:canary@localhost", "http://", "/canary", "canary canary"]
            .map(OsString::from)
            .into_iter()
            .chain([not_utf8])
    {
        let printed = polls_by(HTTPS, &[("HTTPS_PROXY", &value)]).await;
        assert_refused(&printed, "HTTPS_PROXY", "its value is not a proxy URL");
    }
}

#[tokio::test]
async fn a_proxy_without_a_host_or_with_a_port_that_is_none_is_refused_without_being_shown() {
    // SPEC 54
    for (value, why) in [
        ("http://:3128", "it has no host"),
        ("http://user:canary@:3128", "it has no host"),
        ("user:canary", "its port is not a number from 1 to 65535"),
        ("http://user:canary", "its port is not a number from 1 to 65535"),
        ("http://user:canary@localhost:", "its port is not a number from 1 to 65535"),
        ("http://user:canary@localhost:0", "its port is not a number from 1 to 65535"),
        ("http://user:canary@localhost:65536", "its port is not a number from 1 to 65535"),
    ] {
        let printed = polls_by(HTTPS, &[("HTTPS_PROXY", value.as_ref())]).await;
        assert_refused(&printed, "HTTPS_PROXY", why);
    }
}

#[tokio::test]
async fn an_http_proxy_is_asked_to_connect() {
    // SPEC 43
    let proxy = Recorder::start().await;
    for value in [proxy.url("http"), proxy.url("HTTP"), proxy.url("http").replace("http://", "")] {
        let socks = proxy.url("socks5h");
        let printed =
            polls_by(HTTPS, &[("HTTPS_PROXY", value.as_ref()), ("ALL_PROXY", socks.as_ref())]).await;
        assert!(printed.contains("polled: UNAVAILABLE: cannot connect to"), "{value}: {printed}");
    }
    let asked = async {
        loop {
            let (connections, bytes) = proxy.received();
            if (connections, bytes.matches("CONNECT localhost:1 HTTP/1.1\r\n").count()) == (3, 3) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), asked).await.is_ok(), "{:?}", proxy.received());
}

#[tokio::test]
async fn an_https_proxy_receives_tls_and_a_socks_proxy_receives_socks() {
    // SPEC 54; cases n05, n06
    for variable in ["HTTPS_PROXY", "ALL_PROXY"] {
        // A handshake record of TLS, and SOCKS 5 with one method: a user and a password.
        for (scheme, first) in
            [("https", "\u{16}"), ("socks5h", "\u{5}\u{1}\u{2}"), ("socks5", "\u{5}\u{1}\u{2}")]
        {
            let proxy = Recorder::start().await;
            let printed = polls_by(HTTPS, &[(variable, proxy.url(scheme).as_ref())]).await;
            assert!(printed.contains("polled: UNAVAILABLE: cannot connect to"), "{scheme}: {printed}");
            let (connections, bytes) = proxy.recorded().await;
            assert!(connections == 1 && bytes.starts_with(first), "{scheme}: {bytes:?}");
            for secret in ["CONNECT", "canary", "dXNlcjpjYW5hcnk="] {
                assert!(
                    !bytes.contains(secret) && !printed.contains("canary"),
                    "{scheme}: {bytes:?} {printed}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_that_the_endpoint_does_not_use_is_not_refused() {
    // SPEC 54
    let proxy = Recorder::start().await;
    let socks = proxy.url("socks4");
    for variable in ["NO_PROXY", "no_proxy"] {
        for exempt in ["localhost", ".localhost", "*", "other.example, localhost"] {
            let printed =
                polls_by(HTTPS, &[("HTTPS_PROXY", socks.as_ref()), (variable, exempt.as_ref())]).await;
            assert!(printed.contains("polled: UNAVAILABLE: cannot connect to"), "{exempt}: {printed}");
        }
    }
    let exempt = ("NO_PROXY", "other.example".as_ref());
    let printed = polls_by(HTTPS, &[("HTTPS_PROXY", socks.as_ref()), exempt]).await;
    assert_refused(&printed, "HTTPS_PROXY", "its scheme is socks4,");

    // The variable of plain HTTP is never read, and plain HTTP has no proxy.
    let printed = polls_by(HTTPS, &[("HTTP_PROXY", socks.as_ref())]).await;
    assert!(printed.contains("polled: UNAVAILABLE: cannot connect to"), "{printed}");
    let server = Server::always(200, RUNNING).await;
    for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        let printed = polls_by(&server.url(), &[(variable, socks.as_ref())]).await;
        assert!(printed.contains("polled: operations/1"), "{variable}: {printed}");
    }
    assert_eq!(proxy.received(), NOTHING);
}

#[tokio::test]
async fn plain_http_beyond_loopback_has_the_proxy_of_http_proxy() {
    // SPEC 54
    let plain = "http://service.test";
    let polled = async |endpoint: &str, variables: &[&str]| {
        let proxy = Recorder::start().await;
        let url = proxy.url("http");
        let variables: Vec<(&str, &OsStr)> = variables.iter().map(|name| (*name, url.as_ref())).collect();
        polls_by(endpoint, &variables).await;
        proxy
    };
    let is_connect = |bytes: &str| bytes.starts_with("CONNECT service.test:80 HTTP/1.1\r\n");
    let is_asked = async |endpoint: &str, variables: &[&str]| {
        is_connect(&polled(endpoint, variables).await.received().1)
    };
    for variable in ["http_proxy", "all_proxy", "ALL_PROXY"] {
        assert!(is_connect(&polled(plain, &[variable]).await.recorded().await.1), "{variable}");
    }
    for variables in
        [&["HTTP_PROXY"][..], &["HTTPS_PROXY"], &["https_proxy"], &["http_proxy", "REQUEST_METHOD"]]
    {
        assert!(!is_asked(plain, variables).await, "{variables:?}");
    }
    let proxy = Recorder::start().await;
    let url = proxy.url("http");
    polls_by(plain, &[("http_proxy", url.as_ref()), ("NO_PROXY", ".test".as_ref())]).await;
    let loopback = Server::always(200, RUNNING).await;
    let printed = polls_by(&loopback.url(), &[("http_proxy", url.as_ref())]).await;
    assert!(printed.contains("polled: operations/1"), "{printed}");
    assert_eq!(proxy.received(), NOTHING);
}

/// The client's process: builds a client, polls once, and prints the result.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn polls_once() {
    let endpoint = std::env::var("ENDPOINT").unwrap();
    let client = HttpClient::builder(&endpoint);
    let client = match endpoint.starts_with("http://service") {
        true => client.plain_http(),
        false => client.credentials(Token::bearer("canary-token").unwrap()),
    };
    let client = client
        .connect_timeout(Duration::from_secs(1))
        .map(|client| HttpTransport::new(client, binding(lro::Capabilities::default())));
    match client.build() {
        Err(status) => println!("refused: {status:#?}\nrefused: {status}"),
        Ok(jobs) => match get(&jobs).await {
            Ok(operation) => println!("polled: {}", operation.name),
            Err(status) => println!("polled: {status}"),
        },
    }
}

async fn polls_by(endpoint: &str, variables: &[(&str, &OsStr)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "polls_once", "--ignored", "--nocapture"]);
    for name in ["HTTP", "HTTPS", "ALL", "NO"].map(|kind| format!("{kind}_PROXY")) {
        command.env_remove(&name).env_remove(name.to_lowercase());
    }
    command.env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", roots());
    command.env("ENDPOINT", endpoint).envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that the client was not built, for this reason, and that the output contains no secret.
#[track_caller]
fn assert_refused(printed: &str, variable: &str, why: &str) {
    let message = format!("refused: INVALID_ARGUMENT: cannot use the proxy in {variable}: {why}");
    assert!(printed.contains(&message), "no {message:?} in {printed}");
    assert!(!printed.contains("canary") && !printed.contains("polled: "), "{printed}");
}

/// A root certificate, for systems without any.
fn roots() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proxy-root.pem");
    if !path.exists() {
        let root = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let draft = path.with_extension(format!("{:?}", std::thread::current().id()));
        std::fs::write(&draft, root.cert.pem()).unwrap();
        std::fs::rename(draft, &path).unwrap();
    }
    path
}

/// A listener that records every connection and byte. It closes a connection after the end of a head, or after a second.
struct Recorder {
    port: u16,
    received: Arc<Mutex<(usize, String)>>,
}

impl Recorder {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<(usize, String)>> = Arc::default();
        let record = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                record.lock().unwrap().0 += 1;
                let mut bytes = Vec::new();
                let reading = async {
                    while !bytes.ends_with(b"\r\n\r\n") && stream.read_buf(&mut bytes).await.unwrap_or(0) > 0
                    {
                    }
                };
                let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
                record.lock().unwrap().1.push_str(&String::from_utf8_lossy(&bytes));
            }
        });
        Self { port, received }
    }

    /// This listener as a proxy with a user and a password.
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://user:canary@127.0.0.1:{}", self.port)
    }

    /// What was received, once the end of a connection is noticed.
    async fn recorded(&self) -> (usize, String) {
        let some = async {
            while self.received().1.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(10), some).await;
        self.received()
    }

    fn received(&self) -> (usize, String) {
        self.received.lock().unwrap().clone()
    }
}

/// An endpoint without a server.
const HTTPS: &str = "https://localhost:1";
const NOTHING: (usize, String) = (0, String::new());
