//! HTTPS: HTTP/2 is negotiated, and a root certificate of the system or of the builder must have issued the certificate.
//!
//! `SSL_CERT_FILE` names the roots of the system. It is a variable of the environment, so clients that depend on it run in
//! child processes.

#![cfg(any(feature = "ring", feature = "aws-lc"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    io,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lro::{Code, LroTransport, OperationName, Status};
use lro_http::{Binding, Call, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, Stream};

#[path = "common/tls.rs"]
mod tls;

use tls::{acceptor, http1_acceptor, identity, serve};

#[tokio::test(flavor = "multi_thread")]
async fn agrees_on_http_2_with_a_server_that_a_root_vouches_for() {
    // SPEC 43, 45
    let server = identity();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("known-root.pem");
    std::fs::write(&roots, server.cert.pem()).unwrap();
    let endpoint = serve(acceptor(&server, None)).await;
    let printed = client(&endpoint, &roots, "").await;
    assert!(printed.contains("polled over HTTP/2.0"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_through_the_proxy_of_the_environment() {
    // SPEC 43
    let server = identity();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proxied-root.pem");
    std::fs::write(&roots, server.cert.pem()).unwrap();
    let endpoint = serve(acceptor(&server, None)).await;
    let (proxy, asked) = tunnel().await;
    let printed = client(&endpoint, &roots, &proxy).await;
    assert!(printed.contains("polled over HTTP/2.0"), "{printed}");
    let target = endpoint.trim_start_matches("https://");
    assert!(asked.await.unwrap().starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_server_that_no_root_vouches_for() {
    // SPEC 43
    let server = identity();
    let other = identity();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-root.pem");
    std::fs::write(&roots, other.cert.pem()).unwrap();
    let endpoint = serve(acceptor(&server, None)).await;
    let printed = client(&endpoint, &roots, "").await;
    assert!(printed.contains(&format!("UNAVAILABLE: cannot connect to {endpoint}: ")), "{printed}");
    assert!(printed.contains("certificate"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trusts_a_root_that_the_builder_is_given() {
    // SPEC 43
    let (server, other) = (identity(), identity());
    let endpoint = serve(acceptor(&server, None)).await;
    let client = || HttpClient::builder(&endpoint).no_proxy();
    let both = format!("{}\n{}", other.cert.pem(), server.cert.pem());
    for roots in [vec![server.cert.pem()], vec![other.cert.pem(), server.cert.pem()], vec![both]] {
        let client = roots.into_iter().fold(client(), HttpClientBuilder::root_certificates);
        assert_eq!(version(client).await.unwrap(), "HTTP/2.0");
    }
    let status = version(client().root_certificates(other.cert.pem())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("certificate"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn presents_the_certificate_of_the_client() {
    let (server, ours, other) = (identity(), identity(), identity());
    let endpoint = serve(acceptor(&server, Some(&ours))).await;
    let client = || HttpClient::builder(&endpoint).no_proxy().root_certificates(server.cert.pem());
    let with = |identity: &tls::Identity| {
        client().client_certificate(identity.cert.pem(), identity.signing_key.serialize_pem())
    };
    assert_eq!(version(with(&ours)).await.unwrap(), "HTTP/2.0");
    for refused in [with(&other), client()] {
        assert_eq!(version(refused).await.unwrap_err().code(), Code::Unavailable);
    }
}

#[test]
fn refuses_a_certificate_that_is_none_when_the_client_is_built() {
    let (one, other) = (identity(), identity());
    let (chain, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let client = || HttpClient::builder("https://localhost").no_proxy();
    let with_root = || client().root_certificates(chain.clone());
    for (what, client) in [
        ("the root certificate is not PEM", client().root_certificates("canary")),
        ("the root certificate is not PEM", client().root_certificates(key.clone())),
        ("the client certificate is not PEM", with_root().client_certificate("canary", key)),
        ("is not a private key in PEM", with_root().client_certificate(chain.clone(), "canary")),
        ("do not fit", with_root().client_certificate(chain.clone(), other.signing_key.serialize_pem())),
    ] {
        let status = client.build().unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status}");
        assert!(status.message().contains(what), "{what}: {status}");
        assert!(!format!("{status} {status:?}").contains("canary"), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn speaks_http_1_with_a_server_that_knows_no_other() {
    // SPEC 45
    let server = identity();
    let endpoint = serve(http1_acceptor(&server)).await;
    let client = HttpClient::builder(&endpoint).no_proxy().root_certificates(server.cert.pem());
    assert_eq!(version(client).await.unwrap(), "HTTP/1.1");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_named_and_so_is_the_way_out() {
    let root = identity();
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    tokio::spawn(async move {
        for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"] {
            let (mut stream, _) = plain.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            stream.write_all(greeting.as_bytes()).await.unwrap();
        }
    });
    let endpoint = format!("https://{address}");
    for _ in 0..2 {
        let client = HttpClient::builder(&endpoint).no_proxy().root_certificates(root.cert.pem());
        let status = version(client).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        let message = format!("cannot connect to {endpoint}: {address} does not speak TLS");
        assert!(status.message().starts_with(&message), "{status}");
        assert!(status.message().contains("`plain_http`"), "{status}");
    }
}

#[tokio::test]
async fn a_kept_connection_is_used_again_although_tickets_have_arrived() {
    // SPEC 45
    let identity = identity();
    let mut config = ServerConfig::clone(http1_acceptor(&identity).config());
    config.send_tls13_tickets = 8;
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let config = config.clone();
            thread::spawn(move || -> io::Result<()> {
                let mut server = ServerConnection::new(config).map_err(io::Error::other)?;
                let mut stream = stream?;
                let mut tls = Stream::new(&mut server, &mut stream);
                while io::Read::read(&mut tls, &mut [0; 4_096])? > 0 {
                    io::Write::write_all(&mut tls, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
                }
                Ok(())
            });
        }
    });
    let client = HttpClient::builder(&endpoint).no_proxy().root_certificates(identity.cert.pem());
    let client = client.build().unwrap();
    for _ in 0..20 {
        client.send::<Value>(Call::get("v1", "jobs/1", "")).await.unwrap();
        // The runtime has no turn in which it could read what arrives.
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// The client's process: polls once and prints the result.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn polls_once() {
    let endpoint = std::env::var("TLS_ENDPOINT").unwrap();
    match version(HttpClient::builder(endpoint)).await {
        Ok(version) => println!("polled over {version}"),
        Err(status) => println!("{status}"),
    }
}

/// Polls once, and returns the version of HTTP that the server has seen.
async fn version(client: HttpClientBuilder) -> Result<String, Status> {
    let binding = Binding::new(
        lro::Service::new("example.googleapis.com", "v1"),
        NameTemplate::from_static("operations/**"),
    );
    let jobs = HttpTransport::new(client.build()?, binding);
    let operation = jobs.get_operation(&OperationName::parse("operations/1")?).await?;
    let metadata: Value = operation.metadata.unwrap().decode().unwrap();
    Ok(metadata["version"].as_str().unwrap().to_owned())
}

async fn client(endpoint: &str, roots: &Path, proxy: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "polls_once", "--ignored", "--nocapture"]);
    command.env("TLS_ENDPOINT", endpoint).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    for name in ["HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
    {
        command.env_remove(name);
    }
    command.env("HTTPS_PROXY", proxy);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A proxy for one connection, and the head of its request.
async fn tunnel() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        head
    });
    (proxy, asked)
}
