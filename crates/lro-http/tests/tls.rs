//! HTTPS: HTTP/2 is negotiated, and a root certificate of the system must have issued the certificate.
//!
//! `SSL_CERT_FILE` names the roots of the system. It is a variable of the environment, so each client runs in a child process.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{convert::Infallible, path::Path, process::Command, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use lro::{LroTransport, OperationName};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

#[tokio::test(flavor = "multi_thread")]
async fn agrees_on_http_2_with_a_server_that_a_root_vouches_for() {
    // SPEC 43, 45
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("known-root.pem");
    std::fs::write(&roots, cert.pem()).unwrap();
    let endpoint = serve(cert, &signing_key).await;
    let printed = client(&endpoint, &roots, "").await;
    assert!(printed.contains("polled over HTTP/2.0"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_through_the_proxy_of_the_environment() {
    // SPEC 43
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proxied-root.pem");
    std::fs::write(&roots, cert.pem()).unwrap();
    let endpoint = serve(cert, &signing_key).await;
    let (proxy, asked) = tunnel().await;
    let printed = client(&endpoint, &roots, &proxy).await;
    assert!(printed.contains("polled over HTTP/2.0"), "{printed}");
    let target = endpoint.trim_start_matches("https://");
    assert!(asked.await.unwrap().starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_server_that_no_root_vouches_for() {
    // SPEC 43
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-root.pem");
    std::fs::write(&roots, other.cert.pem()).unwrap();
    let endpoint = serve(cert, &signing_key).await;
    let printed = client(&endpoint, &roots, "").await;
    assert!(printed.contains(&format!("UNAVAILABLE: cannot connect to {endpoint}: ")), "{printed}");
    assert!(printed.contains("certificate"), "{printed}");
}

/// The client's process: polls once and prints the result.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn polls_once() {
    let endpoint = std::env::var("TLS_ENDPOINT").unwrap();
    let binding = Binding::new(
        lro::Service::new("example.googleapis.com", "v1"),
        NameTemplate::from_static("operations/**"),
    );
    let jobs = HttpTransport::new(HttpClient::builder(endpoint).build().unwrap(), binding);
    match jobs.get_operation(&OperationName::parse("operations/1").unwrap()).await {
        Ok(operation) => {
            let version = operation.metadata.unwrap().decode::<serde_json::Value>().unwrap();
            println!("polled over {}", version["version"].as_str().unwrap());
        }
        Err(status) => println!("{status}"),
    }
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

/// Answers every poll with an operation whose metadata contains the HTTP version.
async fn serve(cert: rcgen::Certificate, key: &rcgen::KeyPair) -> String {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.into()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await
            else {
                continue;
            };
            let service = service_fn(|request: Request<Incoming>| async move {
                let body =
                    format!(r#"{{"done": false, "metadata": {{"version": "{:?}"}}}}"#, request.version());
                Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from(body))))
            });
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    endpoint
}
