//! Credentials from the crate `google-cloud-auth`, with a token server on the loopback interface.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]
#![cfg(feature = "google-cloud-auth")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro::{Code, Origin, pacing::Pacing, poll_until_done};
use lro_http::{
    Credentials, GoogleCloudCredentials, HttpClient,
    google_cloud_auth::credentials::{anonymous, api_key_credentials, user_account},
};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

mod common;
use common::{
    RUNNING, Recorded, Reply, SUCCEEDED, Server, assert_clear, failure, get, hasty, in_time, jobs, name,
    reply, trace::Traces,
};

#[tokio::test]
async fn a_token_is_fetched_once_and_goes_with_every_call() {
    // SPEC 30, 44
    let issuer = issuer().await;
    let server = Server::in_turn([(200, RUNNING), (200, RUNNING), (200, SUCCEEDED)]).await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)));
    let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO));
    assert_eq!(in_time(wait.into_future()).await.unwrap()["answer"], 42);
    assert_eq!(tokens(&server), ["Bearer token-1"; 3]);
    let asked: Value = serde_json::from_slice(&issuer.request().body).unwrap();
    assert_eq!(asked["refresh_token"], "secret-refresh");
}

#[tokio::test]
async fn the_quota_project_is_sent_and_the_clients_goes_before_it() {
    // SPEC 44
    let issuer = issuer().await;
    for (ours, theirs, sent) in [
        (None, None, None),
        (None, Some("theirs"), Some("theirs")),
        (Some("ours"), Some("theirs"), Some("ours")),
        (Some("ours"), None, Some("ours")),
    ] {
        let server = Server::always(200, RUNNING).await;
        let mut client = server.client().credentials(user(&issuer, theirs));
        if let Some(project) = ours {
            client = client.quota_project(project);
        }
        in_time(get(&jobs(client))).await.unwrap();
        let header = server.request().headers.get("x-goog-user-project").cloned();
        assert_eq!(header.as_ref().map(|project| project.to_str().unwrap()), sent);
    }
}

#[tokio::test]
async fn a_wait_goes_on_with_a_token_that_is_fetched_anew_by_force() {
    // SPEC 30
    let issuer = issuer().await;
    let server = Server::start(takes_all_but("Bearer token-1")).await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)));
    assert_eq!(in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap()["answer"], 42);
    assert_eq!(tokens(&server), ["Bearer token-1", "Bearer token-2"]);
    in_time(get(&jobs)).await.unwrap();
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn calls_that_are_refused_together_fetch_one_new_token() {
    // SPEC 30
    let issuer = issuer().await;
    let server = Server::start(takes_all_but("Bearer token-1")).await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)));
    let mut waits = JoinSet::new();
    for _ in 0..20 {
        let jobs = jobs.clone();
        waits.spawn(async move { poll_until_done::<Value>(jobs, name()).await });
    }
    for outcome in in_time(waits.join_all()).await {
        outcome.unwrap();
    }
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_refuses_every_token_causes_few_fetches() {
    // SPEC 55: n10
    let issuer = issuer().await;
    let server = Server::always(401, "{}").await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)).http2_only());
    let mut waits = JoinSet::new();
    for _ in 0..200 {
        let jobs = jobs.clone();
        waits.spawn(async move { poll_until_done::<Value>(jobs, name()).await });
    }
    let limit = async {
        while issuer.requests().len() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_secs(3)).await;
    };
    tokio::select! {
        _ = waits.join_all() => {}
        () = in_time(limit) => {}
    }
    assert!((2..=5).contains(&issuer.requests().len()), "{}", issuer.requests().len());
}

#[tokio::test]
async fn api_keys_are_sent_and_anonymous_credentials_send_nothing() {
    let server = Server::always(200, RUNNING).await;
    let key = || Ok(api_key_credentials::Builder::new("secret-key").build());
    in_time(get(&jobs(server.client().credentials(GoogleCloudCredentials::new(key).unwrap()))))
        .await
        .unwrap();
    assert_eq!(server.request().headers["x-goog-api-key"], "secret-key");
    assert!(!server.request().headers.contains_key("authorization"));

    let anonymous = GoogleCloudCredentials::new(|| Ok(anonymous::Builder::new().build())).unwrap();
    assert_eq!(anonymous.token().await.unwrap(), None);
    assert_eq!(anonymous.token_at_hand(), None);
}

#[tokio::test]
async fn a_second_401_in_a_row_is_final() {
    // SPEC 30
    let issuer = issuer().await;
    let server = Server::always(401, "{}").await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)));
    let status = in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unauthenticated));
    assert_eq!(tokens(&server), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_token_server_that_refuses_is_a_clear_status_and_no_call() {
    // SPEC 20, 30, 43
    let issuer =
        Server::always(400, r#"{"error": "invalid_grant", "error_description": "it was revoked"}"#).await;
    let server = Server::always(200, SUCCEEDED).await;
    let jobs = jobs(server.client().credentials(user(&issuer, None)));
    let status = in_time(failure(&jobs)).await;
    assert_clear(&status, Code::Unauthenticated, "cannot fetch a token");
    assert!(std::error::Error::source(&status).is_some());
    let why = format!("{status:?}");
    assert!(why.contains("invalid_grant"), "{why}");

    let status = in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unauthenticated));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_token_server_that_is_busy_does_not_use_up_the_wait_at_once() {
    // SPEC 26, 33: `google-cloud-auth` itself retries after ten seconds.
    let issuer = Server::always(503, "{}").await;
    let jobs = jobs(HttpClient::builder("http://127.0.0.1:1").credentials(user(&issuer, None)));
    let wait = poll_until_done::<Value>(&jobs, name());
    let ended = timeout(Duration::from_secs(2), wait.into_future()).await;
    assert!(ended.is_err(), "{ended:?}");
}

#[tokio::test]
async fn a_token_server_that_stalls_is_bounded_by_the_attempt() {
    // SPEC 35
    let issuer = common::RawServer::start([vec![common::Step::Read, common::Step::Stall]]).await;
    let server = Server::always(200, SUCCEEDED).await;
    let jobs = jobs(server.client().credentials(user_of(issuer.url(), None)));
    let wait = poll_until_done::<Value>(&jobs, name()).tolerance(hasty().failures(1));
    let status = in_time(wait.attempt_timeout(Duration::from_millis(100)).into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn credentials_that_cannot_be_built_say_so() {
    let built = GoogleCloudCredentials::new(|| {
        user_account::Builder::new(json!({"type": "authorized_user"})).build()
    });
    assert_clear(&built.unwrap_err(), Code::Unauthenticated, "cannot build credentials");
}

#[test]
fn credentials_that_are_built_outside_of_a_runtime_do_not_panic() {
    let _ = GoogleCloudCredentials::new(|| {
        user_account::Builder::new(authorized_user("http://127.0.0.1:1")).build()
    });
}

#[tokio::test]
async fn credentials_that_cannot_be_built_again_are_kept() {
    let issuer = issuer().await;
    let url = issuer.url();
    let built = AtomicUsize::new(0);
    let credentials = GoogleCloudCredentials::new(move || match built.fetch_add(1, Ordering::SeqCst) {
        0 => user_account::Builder::new(authorized_user(&url)).build(),
        _ => user_account::Builder::new(json!({"type": "authorized_user"})).build(),
    })
    .unwrap();
    let token = credentials.token().await.unwrap().unwrap();
    credentials.invalidate(&token);
    assert_eq!(credentials.token().await.unwrap(), Some(token));
}

#[tokio::test]
async fn only_the_token_that_was_refused_is_dropped() {
    // SPEC 30
    let issuer = issuer().await;
    let credentials = user(&issuer, None);
    let first = credentials.token().await.unwrap().unwrap();
    credentials.invalidate(&first);
    let second = credentials.token().await.unwrap().unwrap();
    assert_ne!(first, second);
    credentials.invalidate(&first);
    assert_eq!(credentials.token().await.unwrap().unwrap(), second);
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn nobody_sees_a_secret() {
    // SPEC 43
    let traces = Traces::record();
    let refused = Arc::new(AtomicBool::new(false));
    let refuse = Arc::clone(&refused);
    let issuer = Server::start(move |_| match refuse.load(Ordering::SeqCst) {
        true => reply(401, r#"{"error": "invalid_client"}"#),
        false => issued("secret-token"),
    })
    .await;
    let server = Server::in_turn([(200, RUNNING), (401, "{}"), (500, "{}")]).await;
    let credentials = user(&issuer, Some("project"));
    let mut seen = vec![format!("{credentials:?} {:?}", credentials.token().await)];
    let jobs = jobs(server.client().credentials(credentials));
    in_time(get(&jobs)).await.unwrap();
    refused.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let status = in_time(failure(&jobs)).await;
        seen.push(format!("{status} {status:?} {status:#?}"));
    }
    seen.push(traces.text());
    for text in seen {
        assert!(!text.contains("secret"), "{text}");
    }
}

/// Issues `token-1`, `token-2`, ...
async fn issuer() -> Server {
    let number = AtomicUsize::new(0);
    Server::start(move |_| issued(&format!("token-{}", number.fetch_add(1, Ordering::SeqCst) + 1))).await
}

fn issued(token: &str) -> Reply {
    reply(200, json!({"access_token": token, "expires_in": 3_600, "token_type": "Bearer"}).to_string())
}

fn takes_all_but(refused: &'static str) -> impl Fn(&Recorded) -> Reply {
    move |request| match request.headers["authorization"] == refused {
        true => reply(401, r#"{"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "expired"}}"#),
        false => reply(200, SUCCEEDED),
    }
}

fn user(issuer: &Server, project: Option<&'static str>) -> GoogleCloudCredentials {
    user_of(issuer.url(), project)
}

fn user_of(token_uri: String, project: Option<&'static str>) -> GoogleCloudCredentials {
    GoogleCloudCredentials::new(move || {
        let builder = user_account::Builder::new(authorized_user(&token_uri));
        match project {
            Some(project) => builder.with_quota_project_id(project).build(),
            None => builder.build(),
        }
    })
    .unwrap()
}

fn authorized_user(token_uri: &str) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "secret-client",
        "refresh_token": "secret-refresh",
        "token_uri": token_uri,
    })
}

fn tokens(server: &Server) -> Vec<String> {
    let authorization = |request: &Recorded| request.headers["authorization"].to_str().unwrap().to_owned();
    server.requests().iter().map(authorization).collect()
}
