//! Proxies that the builder is given: each scheme against a proxy on loopback that forwards to a server of HTTPS.

#![cfg(any(feature = "ring", feature = "aws-lc"))]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use lro::{Code, Origin};
use lro_http::{HttpClient, HttpClientBuilder};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::{
    common::{RUNNING, Server, assert_clear, assert_final, assert_survived, get, jobs},
    tls::{Identity, acceptor, identity, serve},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_reaches_the_server() {
    // SPEC 54
    let server = identity();
    let endpoint = serve(acceptor(&server, None)).await;
    let port = endpoint.rsplit(':').next().unwrap().to_owned();
    let connect = format!("CONNECT localhost:{port}");
    for (scheme, asked) in [
        ("http", connect.clone()),
        ("https", connect),
        ("HTTPS", format!("CONNECT localhost:{port}")),
        ("socks5", format!("SOCKS address:{port}")),
        ("socks5h", format!("SOCKS name:{port}")),
        ("SOCKS5H", format!("SOCKS name:{port}")),
    ] {
        for user in ["", "user:p%40ss@"] {
            let proxy = Proxy::start(&scheme.to_lowercase(), &server, Answer::Forward).await;
            let client = client(&endpoint, &server).proxy(proxy.url(scheme, user));
            get(&jobs(client)).await.unwrap_or_else(|status| panic!("{scheme}: {status}"));
            let credentials = if user.is_empty() { "" } else { " user:p@ss" };
            assert_eq!(proxy.asked(), [format!("{asked}{credentials}")], "{scheme}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_in_clear_text_to_an_https_proxy() {
    // SPEC 54; case n05
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4_096];
        let read = stream.read(&mut bytes).await.unwrap();
        bytes.truncate(read);
        bytes
    });
    let root = identity();
    let proxy = format!("https://user:canary@{address}");
    get(&jobs(client("https://localhost:1", &root).proxy(proxy))).await.unwrap_err();
    let received = received.await.unwrap();
    let text = String::from_utf8_lossy(&received);
    // A handshake record of TLS.
    assert_eq!(received.first(), Some(&22), "{text:?}");
    for secret in ["CONNECT", "canary", "dXNlcjpjYW5hcnk="] {
        assert!(!text.contains(secret), "{text:?}");
    }
}

#[tokio::test]
async fn an_https_proxy_that_no_root_vouches_for_gets_no_request() {
    // SPEC 54
    let (server, impostor) = (identity(), identity());
    let proxy = Proxy::start("https", &impostor, Answer::Forward).await;
    let client = client("https://localhost:1", &server).proxy(proxy.url("https", "user:canary@"));
    let status = get(&jobs(client)).await.unwrap_err();
    assert!(status.message().contains("certificate"), "{status}");
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_failed_call_that_names_it_without_its_credentials() {
    // SPEC 43, 54
    let server = identity();
    for scheme in ["http", "https", "socks5", "socks5h"] {
        let proxy = Proxy::start(scheme, &server, Answer::Refuse).await;
        let client = client("https://localhost:1", &server).proxy(proxy.url(scheme, "user:canary@"));
        let status = get(&jobs(client)).await.unwrap_err();
        assert_eq!(status.origin(), Origin::CallFailed);
        assert_clear(&status, Code::Unavailable, "cannot connect to https://localhost:1: ");
        let shown = format!("(through the proxy {})", proxy.url(scheme, ""));
        assert!(status.message().ends_with(&shown), "{status}");
        assert!(!format!("{status} {status:?}").contains("canary"), "{status:?}");
    }
}

#[tokio::test]
async fn any_success_opens_a_tunnel() {
    // RFC 9110, 9.3.6
    let server = identity();
    let endpoint = serve(acceptor(&server, None)).await;
    for line in ["200", "201 Created", "204 No Content", "299 Through"] {
        let proxy = Proxy::start("http", &server, Answer::Says(line)).await;
        get(&jobs(client(&endpoint, &server).proxy(proxy.url("http", "")))).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_of_a_tunnel_shows_its_status_and_says_whether_it_is_final() {
    let root = identity();
    for (line, is_final) in [
        ("403 Forbidden", true),
        ("407 Proxy Authentication Required", true),
        ("405 Method Not Allowed", true),
        ("429 Too Many Requests", false),
        ("502 Bad Gateway", false),
        ("503 Service Unavailable", false),
        ("302 Found", false),
    ] {
        for scheme in ["http", "https"] {
            let proxy = Proxy::start(scheme, &root, Answer::Says(line)).await;
            let client = client("https://localhost:1", &root).proxy(proxy.url(scheme, "user:p%40ss@"));
            let status = get(&jobs(client)).await.unwrap_err();
            assert_clear(
                &status,
                Code::Unavailable,
                &format!("CONNECT was answered by HTTP {line} (through"),
            );
            if is_final { assert_final(&status) } else { assert_survived(&status) }
        }
    }
}

#[tokio::test]
async fn a_proxy_that_does_not_speak_tls_is_named() {
    let root = identity();
    let plain = Server::always(400, "").await;
    let proxy = plain.url().replace("http://", "https://");
    let status = get(&jobs(client("https://localhost:1", &root).proxy(proxy))).await.unwrap_err();
    let host = plain.url().replace("http://", "");
    assert_clear(&status, Code::Unavailable, &format!("{host} does not speak TLS"));
}

#[test]
fn a_proxy_that_cannot_be_used_is_refused_when_the_client_is_built() {
    // SPEC 54
    let long = "x".repeat(256);
    for (proxy, why) in [
        ("socks4://user:canary@localhost", "its scheme is socks4,"),
        ("ftp://user:canary@localhost", "its scheme is ftp,"),
        ("canary canary", "its value is not a proxy URL"),
        ("http://user:canary@:3128", "it has no host"),
        ("https://user:canary@localhost:0", "its port is not a number"),
        (&format!("socks5://canary:{long}@localhost"), "more than 255 bytes"),
    ] {
        for endpoint in ["https://localhost", "http://localhost"] {
            let status = HttpClient::builder(endpoint).proxy(proxy).build().unwrap_err();
            assert_clear(&status, Code::InvalidArgument, "cannot use the proxy in the builder: ");
            assert!(status.message().contains(why), "{proxy}: {status}");
            assert!(!format!("{status} {status:?}").contains("canary"), "{status:?}");
        }
    }
}

#[tokio::test]
async fn a_given_proxy_serves_plain_http_too() {
    let server = Server::always(200, RUNNING).await;
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let identity = identity();
    for (scheme, asked) in [("http", "CONNECT 127.0.0.1"), ("socks5h", "SOCKS address")] {
        let proxy = Proxy::start(scheme, &identity, Answer::Forward).await;
        get(&jobs(server.client().proxy(proxy.url(scheme, "")))).await.unwrap();
        assert_eq!(proxy.asked(), [format!("{asked}:{port}")]);
    }
}

/// A client that trusts this identity.
fn client(endpoint: &str, root: &Identity) -> HttpClientBuilder {
    HttpClient::builder(endpoint).root_certificates(root.cert.pem())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Forward,
    Refuse,
    /// This status line, and the tunnel if it is a success.
    Says(&'static str),
}

/// A proxy that records what it is asked.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start(scheme: &str, identity: &Identity, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (record, tls, scheme) = (asked.clone(), acceptor(identity, None), scheme.to_owned());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (record, tls, scheme) = (record.clone(), tls.clone(), scheme.clone());
                tokio::spawn(async move {
                    match &*scheme {
                        "http" => tunnel(stream, &record, answer).await,
                        "https" => tunnel(tls.accept(stream).await?, &record, answer).await,
                        _ => socks(stream, &record, answer).await,
                    }
                });
            }
        });
        Self { port, asked }
    }

    fn url(&self, scheme: &str, user: &str) -> String {
        format!("{scheme}://{user}127.0.0.1:{}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves CONNECT.
async fn tunnel(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    record: &Mutex<Vec<String>>,
    answer: Answer,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let credentials = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
    let credentials = credentials.map(|basic| match basic {
        "dXNlcjpwQHNz" => " user:p@ss",
        other => panic!("{other}"),
    });
    let asked = format!("{} {target}{}", &head[..7], credentials.unwrap_or_default());
    record.lock().unwrap().push(asked);
    if answer == Answer::Refuse {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
    }
    let line = if let Answer::Says(line) = answer { line } else { "200 OK" };
    let head = format!("HTTP/1.1 {line}\r\nVia: 1.1 proxy\r\n\r\n");
    if !line.starts_with('2') {
        return client.write_all(head.as_bytes()).await;
    }
    let mut server = TcpStream::connect(target).await?;
    client.write_all(head.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Serves SOCKS 5 (RFC 1928), with a user and a password if they are offered (RFC 1929).
async fn socks(mut client: TcpStream, record: &Mutex<Vec<String>>, answer: Answer) -> io::Result<()> {
    assert_eq!(client.read_u8().await?, 5, "the version");
    let methods = bytes(&mut client).await?;
    let mut credentials = String::new();
    if methods.contains(&2) {
        client.write_all(&[5, 2]).await?;
        assert_eq!(client.read_u8().await?, 1, "the version");
        let (user, password) = (bytes(&mut client).await?, bytes(&mut client).await?);
        credentials = format!(" {}:{}", String::from_utf8_lossy(&user), String::from_utf8_lossy(&password));
        client.write_all(&[1, 0]).await?;
    } else {
        client.write_all(&[5, 0]).await?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    assert_eq!(head[..3], [5, 1, 0], "CONNECT");
    let (kind, host) = match head[3] {
        3 => ("name", String::from_utf8(bytes(&mut client).await?).unwrap()),
        4 => {
            client.read_exact(&mut [0; 16]).await?;
            ("address", "localhost".to_owned())
        }
        _ => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await?;
            ("address", std::net::Ipv4Addr::from(address).to_string())
        }
    };
    let port = client.read_u16().await?;
    record.lock().unwrap().push(format!("SOCKS {kind}:{port}{credentials}"));
    if answer == Answer::Refuse {
        return client.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    }
    let mut server = TcpStream::connect((&*host, port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Reads a byte for the length, and so many bytes.
async fn bytes(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
