//! Application default credentials: where they are found, and what a failure advises.
//!
//! Each case runs in a process with an environment of its own, where `HOME` is an empty folder.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]
#![cfg(feature = "google-cloud-auth")]

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use lro_auth::{Credentials, GoogleCloudCredentials, Token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, lookup_host},
    time::sleep,
};

const LOGIN: &str = "run `gcloud auth application-default login`";
const VARIABLE: &str = "set GOOGLE_APPLICATION_CREDENTIALS to the path of a file with credentials";

#[tokio::test]
async fn credentials_that_are_nowhere_are_reported_at_once_with_what_to_run() {
    // SPEC 55: p07
    if lookup_host("metadata.google.internal:80").await.is_ok() {
        println!("skipped: this machine has a metadata server");
        return;
    }
    let printed = run("nowhere", &[]).await;
    assert!(printed.contains("failed: UNAUTHENTICATED: no application default credentials"), "{printed}");
    assert!(printed.contains(LOGIN) && printed.contains(VARIABLE), "{printed}");
    assert!(printed.contains("at once"), "{printed}");
}

#[tokio::test]
async fn credentials_that_appear_later_are_found() {
    if lookup_host("metadata.google.internal:80").await.is_ok() {
        println!("skipped: this machine has a metadata server");
        return;
    }
    let issuer =
        serve("200 OK", r#"{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}"#).await;
    let printed = run("later", &[("LATER", &authorized_user(&issuer))]).await;
    assert!(printed.contains("failed: UNAUTHENTICATED") && printed.contains("found"), "{printed}");
}

#[tokio::test]
async fn a_file_that_has_no_credentials_is_reported_with_what_to_run() {
    // p07
    let folder = home("of-files");
    let file = |name: &str, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let missing = folder.join("missing.json").to_str().unwrap().to_owned();
    for (what, path) in [
        ("a missing file", missing),
        ("no path", String::new()),
        ("an empty file", file("empty.json", "")),
        ("no JSON", file("text.json", "ya29.c0AY")),
        ("no type", file("untyped.json", "{}")),
        ("an unknown type", file("unknown.json", r#"{"type": "password"}"#)),
        ("a type without its fields", file("bare.json", r#"{"type": "authorized_user"}"#)),
    ] {
        let printed = run("file", &[("GOOGLE_APPLICATION_CREDENTIALS", &path)]).await;
        assert!(printed.contains("failed: UNAUTHENTICATED: cannot build credentials"), "{what}: {printed}");
        assert!(printed.contains(LOGIN) && printed.contains("at once"), "{what}: {printed}");
    }
}

#[tokio::test]
async fn a_login_that_was_revoked_is_reported_with_what_to_run() {
    // p07
    let issuer = serve("400 Bad Request", r#"{"error": "invalid_grant"}"#).await;
    let file = home("of-revoked").join("user.json");
    fs::write(&file, authorized_user(&issuer)).unwrap();
    let printed = run("revoked", &[("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap())]).await;
    assert!(printed.contains("failed: UNAUTHENTICATED: cannot fetch a token"), "{printed}");
    assert!(printed.contains(LOGIN) && printed.contains("at once"), "{printed}");
}

#[tokio::test]
async fn a_metadata_server_is_asked() {
    let server =
        serve("200 OK", r#"{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}"#).await;
    let printed = run("metadata", &[("GCE_METADATA_HOST", server.trim_start_matches("http://"))]).await;
    assert!(printed.contains("found"), "{printed}");

    // Bound without listening, so that no other test gets the port.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = closed.local_addr().unwrap().to_string();
    let printed = run("no-metadata", &[("GCE_METADATA_HOST", &address)]).await;
    assert!(printed.contains("Connection refused") && !printed.contains(LOGIN), "{printed}");
}

/// The program under test.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn program() {
    let start = Instant::now();
    let mut outcome = fetch().await;
    if start.elapsed() < Duration::from_secs(15) {
        println!("at once");
    }
    if let Ok(text) = std::env::var("LATER") {
        println!("{}", shown(&outcome));
        let folder = PathBuf::from(std::env::var("HOME").unwrap()).join(".config/gcloud");
        let credentials = GoogleCloudCredentials::application_default(["scope"]).unwrap();
        credentials.token().await.unwrap_err();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("application_default_credentials.json"), text).unwrap();
        outcome = credentials.token().await;
    }
    println!("{}", shown(&outcome));
}

async fn fetch() -> Result<Option<Token>, lro::Status> {
    GoogleCloudCredentials::application_default(["scope"])?.token().await
}

fn shown(outcome: &Result<Option<Token>, lro::Status>) -> String {
    match outcome {
        Ok(Some(_)) => "found".to_owned(),
        Ok(None) => "none".to_owned(),
        Err(status) => format!("failed: {status}"),
    }
}

/// Runs the program with these variables, and returns what it prints.
async fn run(case: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--ignored", "--nocapture"]);
    for name in [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GCE_METADATA_HOST",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env_remove(name);
    }
    command.env("HOME", home(case)).envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let printed = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    printed
}

/// An empty folder.
fn home(case: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("default-credentials").join(case);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A server with one answer.
async fn serve(status: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let _ = client.read(&mut request).await;
                let _ = client.write_all(answer.as_bytes()).await;
                // The request may still be on its way.
                sleep(Duration::from_millis(100)).await;
            });
        }
    });
    url
}

fn authorized_user(issuer: &str) -> String {
    format!(
        r#"{{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": "{issuer}"}}"#
    )
}
