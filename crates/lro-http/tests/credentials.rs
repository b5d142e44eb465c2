//! Tokens: when they are requested, how long they are cached, and that no output contains them.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro::{Code, Origin, Status, Tolerance, async_trait, pacing::Pacing, poll_until_done};
use lro_http::{Call, Credentials, HttpClient, NoCredentials, Token, token_fn};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

mod common;
use common::{
    RUNNING, RawServer, SUCCEEDED, Server, Step, assert_clear, failure, get, hasty, in_time, jobs, name,
    raw_reply, reply, trace::Traces,
};

#[tokio::test]
async fn a_token_is_asked_for_before_every_call() {
    // SPEC 30
    let server = Server::in_turn([(200, RUNNING), (503, "{}"), (200, RUNNING), (200, SUCCEEDED)]).await;
    let jobs = jobs(server.client().credentials(Counting::default()));
    jobs.start(Call::post("v1", "jobs", "").body(&json!({})).unwrap()).await.unwrap();
    let wait =
        poll_until_done::<Value>(&jobs, name()).tolerance(hasty()).pacing(Pacing::fixed(Duration::ZERO));
    in_time(wait.into_future()).await.unwrap();
    assert_eq!(tokens(&server), ["Bearer 1", "Bearer 2", "Bearer 3", "Bearer 4"]);
}

#[tokio::test]
async fn operations_that_are_polled_at_once_wait_for_one_fetch() {
    // SPEC 55: n07
    let server = Server::always(200, SUCCEEDED).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let lifetime = Duration::from_secs(59);
    let credentials = issued(&fetched, move |token| async move {
        sleep(Duration::from_millis(50)).await;
        Ok(token.expires_in(lifetime))
    });
    for outcome in waits(&server, credentials, 200, Tolerance::none()).await {
        outcome.unwrap();
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_renewal_that_fails_ends_no_wait_while_the_token_is_valid() {
    // SPEC 55: n08
    let fetched = Arc::new(AtomicUsize::new(0));
    let renewals = Arc::clone(&fetched);
    // The operation runs until the renewal has failed, in the last 10 s of the token.
    let server = Server::start(move |request| {
        assert_eq!(request.headers["authorization"], "Bearer 1");
        reply(200, if renewals.load(Ordering::SeqCst) > 1 { SUCCEEDED } else { RUNNING })
    })
    .await;
    let credentials = issued(&fetched, |token| async {
        if token == Token::bearer("1")? {
            Ok(token.expires_in(Duration::from_secs(100)))
        } else {
            Err(no_token())
        }
    });
    let jobs = jobs(server.client().credentials(credentials));
    let wait = poll_until_done::<Value>(&jobs, name()).tolerance(Tolerance::none());
    let mut wait = wait.pacing(Pacing::fixed(Duration::from_millis(20)));
    in_time(wait.next()).await.unwrap().unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(91)).await;
    tokio::time::resume();
    in_time(wait.into_future()).await.unwrap();
    // On a busy machine the next poll may come when the renewal is due again, after half a second.
    assert!((2..=3).contains(&fetched.load(Ordering::SeqCst)), "{fetched:?}");
}

#[tokio::test]
async fn all_waits_for_a_token_end_with_the_failure_of_the_fetch() {
    // SPEC 55: n09
    let server = Server::always(200, SUCCEEDED).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let credentials = issued(&fetched, |_| async {
        sleep(Duration::from_secs(1)).await;
        Err(no_token())
    });
    for outcome in waits(&server, credentials, 100, Tolerance::none()).await {
        let status = outcome.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
        assert!(status.message().contains("the token server is down"), "{status}");
    }
    assert!(fetched.load(Ordering::SeqCst) <= 3, "{fetched:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_that_refuses_every_token_causes_few_fetches() {
    // SPEC 30, 55: n10
    let server = Server::always(401, "{}").await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let credentials = issued(&fetched, |token| async { Ok(token) });
    let count = Arc::clone(&fetched);
    let limit = async move {
        while count.load(Ordering::SeqCst) < 2 {
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_secs(3)).await;
    };
    let ended = tokio::select! {
        ended = waits(&server, credentials, 1_000, Tolerance::default()) => Some(ended),
        () = in_time(limit) => None,
    };
    assert!((2..=5).contains(&fetched.load(Ordering::SeqCst)), "{fetched:?}");
    for outcome in ended.into_iter().flatten() {
        assert_eq!(outcome.unwrap_err().code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn a_panic_of_the_closure_ends_the_wait_and_says_so() {
    // SPEC 61
    let server = Server::always(200, SUCCEEDED).await;
    let credentials = token_fn(|| async { panic!("no vault") });
    let jobs = jobs(server.client().credentials(credentials));
    let status = in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Internal));
    assert!(status.message().contains("the closure that fetches the token panicked: no vault"), "{status}");
    let report = status.report().unwrap();
    assert_eq!((report.polls, report.failed_calls), (0, 1));
}

#[tokio::test]
async fn headers_of_any_name_are_sent_and_hidden() {
    // SPEC 43, 56
    let traces = Traces::record();
    let bearer = Token::bearer("canary-bearer").unwrap();
    for (token, sent) in [
        (Token::header("x-goog-api-key", "canary-key"), vec![("x-goog-api-key", "canary-key")]),
        (Token::header("api-key", "canary key"), vec![("api-key", "canary key")]),
        (Token::header("authorization", "ApiKey canary-key"), vec![("authorization", "ApiKey canary-key")]),
        (
            bearer.with_header("x-tenant-key", "canary-tenant"),
            vec![("authorization", "Bearer canary-bearer"), ("x-tenant-key", "canary-tenant")],
        ),
    ] {
        for http2 in [false, true] {
            let echo = |request: &common::Recorded| {
                let values: Vec<_> = request.headers.values().map(|value| value.to_str().unwrap()).collect();
                let error = json!({"message": values.join(" "), "status": "PERMISSION_DENIED"});
                reply(403, json!({"error": error}).to_string())
            };
            let server = Server::start(echo).await;
            let client = server.client().credentials(token.clone().unwrap());
            let status = failure(&jobs(if http2 { client.http2_only() } else { client })).await;
            assert!(!format!("{status} {status:?}").contains("canary"), "{status:?}");
            let request = server.request();
            for (name, value) in &sent {
                assert_eq!(request.headers[*name], value);
            }
            assert_eq!(request.headers.contains_key("authorization"), sent[0].0 == "authorization");
        }
    }
    let text = traces.text();
    assert!(text.contains("h2") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn calls_that_are_refused_together_fetch_one_new_token() {
    // SPEC 30
    let server = Server::start(|request| match request.headers["authorization"].to_str().unwrap() {
        "Bearer 1" => reply(401, "{}"),
        _ => reply(200, SUCCEEDED),
    })
    .await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    let mut waits = JoinSet::new();
    for _ in 0..20 {
        let jobs = jobs.clone();
        waits.spawn(async move { poll_until_done::<Value>(jobs, name()).await });
    }
    for outcome in in_time(waits.join_all()).await {
        outcome.unwrap();
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_wait_goes_on_with_a_fresh_token_after_a_401() {
    // SPEC 30
    let server = Server::in_turn([(200, RUNNING), (401, "{}"), (200, SUCCEEDED)]).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO));
    assert_eq!(in_time(wait.into_future()).await.unwrap()["answer"], 42);
    assert_eq!(tokens(&server), ["Bearer 1", "Bearer 1", "Bearer 2"]);
}

#[tokio::test]
async fn a_second_401_in_a_row_is_final() {
    // SPEC 20, 30
    let server = Server::always(401, r#"{"error": {"status": "UNAUTHENTICATED", "message": "no"}}"#).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    let status = in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unauthenticated));
    assert!(status.may_be_running());
    assert_eq!(status.report().unwrap().name, Some(name()));
    assert_eq!(tokens(&server), ["Bearer 1", "Bearer 2"]);
}

#[tokio::test]
async fn a_good_reply_makes_room_for_another_401() {
    // SPEC 30: a wait outlives many tokens.
    let server = Server::in_turn([
        (401, "{}"),
        (200, RUNNING),
        (401, "{}"),
        (200, RUNNING),
        (401, "{}"),
        (200, SUCCEEDED),
    ])
    .await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO));
    in_time(wait.into_future()).await.unwrap();
    assert_eq!(tokens(&server), ["Bearer 1", "Bearer 2", "Bearer 2", "Bearer 3", "Bearer 3", "Bearer 4"]);
}

#[tokio::test]
async fn unauthenticated_by_name_drops_the_token_whatever_the_status_line_says() {
    // SPEC 23, 30
    let refused = r#"{"error": {"code": 403, "status": "UNAUTHENTICATED", "message": "expired"}}"#;
    let server = Server::in_turn([(403, refused), (200, SUCCEEDED)]).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap();
    assert_eq!(tokens(&server), ["Bearer 1", "Bearer 2"]);
}

#[tokio::test]
async fn a_401_with_a_body_that_never_comes_drops_the_token_too() {
    // SPEC 30
    let stalled = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\n{".to_vec();
    let good = vec![Step::Read, Step::Send(raw_reply("", SUCCEEDED.as_bytes()))];
    let server = RawServer::start([vec![Step::Read, Step::Send(stalled), Step::Stall], good]).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(HttpClient::builder(server.url()).credentials(numbered(&fetched)));
    let wait = poll_until_done::<Value>(&jobs, name()).tolerance(hasty());
    in_time(wait.attempt_timeout(Duration::from_secs(3)).into_future()).await.unwrap();
    let heads = server.heads();
    assert!(heads[0].contains("bearer 1\r\n") && heads[1].contains("bearer 2\r\n"), "{heads:?}");
}

#[tokio::test]
async fn other_refusals_keep_the_token() {
    let server = Server::in_turn([(403, "{}"), (500, "{}"), (404, "{}"), (302, "{}"), (200, "<html>")]).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let jobs = jobs(server.client().credentials(numbered(&fetched)));
    for _ in 0..5 {
        failure(&jobs).await;
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_token_no_call_is_made() {
    let server = Server::always(200, RUNNING).await;
    let jobs = jobs(server.client().credentials(token_fn(|| async { Token::bearer("canary\nx: y") })));
    let status = failure(&jobs).await;
    assert_clear(&status, Code::Unauthenticated, "bearer token");
    // SPEC 59
    let status = poll_until_done::<Value>(&jobs, name()).tolerance(Tolerance::none()).await.unwrap_err();
    assert_eq!(status.report().unwrap().polls, 0);
    assert!(status.to_string().ends_with("(operations/1, no call was made)"), "{status}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_poll_that_has_no_token_any_more_is_not_counted() {
    // SPEC 21, 59
    let server = Server::always(200, RUNNING).await;
    let wait = poll_until_done::<Value>(jobs(server.client().credentials(Once::default())), name());
    let wait = wait.tolerance(Tolerance::none()).pacing(Pacing::fixed(Duration::ZERO));
    let status = in_time(wait.into_future()).await.unwrap_err();
    assert_eq!(status.report().unwrap().polls, 1);
    assert_eq!(server.requests().len(), 1);
    assert!(status.to_string().ends_with("it may still be running)"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_had_for_now_is_asked_for_again_after_delays() {
    // SPEC 33: the token server is down, and requests without a delay would not help.
    let asked = Arc::new(Mutex::new(Vec::new()));
    let credentials = Unreachable(Arc::clone(&asked));
    let jobs = jobs(HttpClient::builder("http://127.0.0.1:1").credentials(credentials));
    let status = poll_until_done::<Value>(&jobs, name()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unauthenticated));
    let report = status.report().unwrap();
    assert_eq!((report.polls, report.failed_calls), (0, 6));
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 6, "five failures are survived");
    let pauses: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[1..].iter().all(|pause| *pause >= Duration::from_millis(500)), "{pauses:?}");
}

#[tokio::test]
async fn a_starting_call_is_sent_once_however_it_fails() {
    // SPEC 42
    for http in [302, 401, 404, 408, 409, 425, 429, 500, 501, 502, 503, 504] {
        for http2 in [false, true] {
            let server = Server::always(http, "{}").await;
            let fetched = Arc::new(AtomicUsize::new(0));
            let client = server.client().credentials(numbered(&fetched));
            start(if http2 { client.http2_only() } else { client }).await.unwrap_err();
            assert_eq!(server.requests().len(), 1, "HTTP {http}");
        }
    }
    let html = Server::always(200, "<html>").await;
    start(html.client()).await.unwrap_err();
    assert_eq!(html.requests().len(), 1);
}

#[tokio::test]
async fn a_starting_call_is_sent_once_when_the_connection_breaks() {
    // SPEC 42
    let head = || Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec());
    for broken in [
        vec![Step::Read],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, head()],
        vec![Step::Read, head(), Step::Reset],
        vec![Step::Read, Step::Stall],
    ] {
        // The first call on a connection, and a later call on a reused connection.
        for before in [0, 1] {
            let good = [Step::Read, Step::Send(raw_reply("", b"{}"))];
            let script = good.into_iter().cycle().take(2 * before).chain(broken.clone()).collect();
            let server = RawServer::start([script]).await;
            let stalls = matches!(broken.last(), Some(Step::Stall));
            let limit = Duration::from_secs(if stalls { 1 } else { 30 });
            let client = HttpClient::builder(server.url()).call_timeout(limit).build().unwrap();
            for _ in 0..before {
                client.send::<Value>(starting()).await.unwrap();
            }
            in_time(client.send::<Value>(starting())).await.unwrap_err();
            sleep(Duration::from_millis(50)).await;
            assert_eq!(server.heads().len(), before + 1, "{broken:?}");
        }
    }
}

#[tokio::test]
async fn nobody_sees_a_token() {
    // SPEC 43
    let token = || Token::bearer("canary").unwrap().expires_in(Duration::from_secs(3_600));
    let mut seen = BTreeMap::from([("a token", format!("{:?}", token()))]);
    let traces = Traces::record();
    for http2 in [false, true] {
        let server = Server::in_turn([
            (200, RUNNING),
            (503, "{}"),
            (401, r#"{"error": "invalid_token"}"#),
            (403, "<html>"),
            (302, ""),
            (200, "{"),
        ])
        .await;
        let builder = server.client().credentials(token_fn(move || async move { Ok(token()) }));
        let builder = if http2 { builder.http2_only() } else { builder };
        let static_builder = server.client().credentials(token());
        seen.insert("a builder", format!("{builder:?} {static_builder:?}"));
        let jobs = jobs(builder);
        seen.insert("a transport", format!("{jobs:?} {:?}", jobs.client()));
        get(&jobs).await.unwrap();
        for what in ["503", "401", "403", "302", "truncated"] {
            let status = failure(&jobs).await;
            seen.insert(what, format!("{status} {status:?} {status:#?}"));
        }
        assert!(tokens(&server).iter().all(|token| token == "Bearer canary"));
    }
    let broken = RawServer::start([vec![Step::Read]]).await;
    let status = failure(&jobs(HttpClient::builder(broken.url()).credentials(token()))).await;
    seen.insert("a broken connection", format!("{status} {status:?}"));
    let text = traces.text();
    assert!(
        text.contains("replied") && text.contains("lro_http") && text.contains("h2"),
        "not traced: {text}"
    );
    seen.insert("the traces", text);
    for (what, text) in seen {
        assert!(!text.contains("canary"), "{what}: {text}");
    }
}

#[tokio::test]
async fn nobody_sees_a_payload() {
    // SPEC 43
    let traces = Traces::record();
    let reply =
        r#"{"name": "operations/1", "done": true, "response": {"@type": "t/a.B", "secret": "canary"}}"#;
    let server = Server::always(200, reply).await;
    for client in [server.client(), server.client().http2_only()] {
        let jobs = jobs(client);
        let call = Call::post("v1", "jobs", "").body(&json!({"secret": "canary"})).unwrap();
        let operation = jobs.start(call).await.unwrap();
        assert!(!format!("{operation:?}").contains("canary"), "{operation:?}");
        poll_until_done::<Value>(&jobs, name()).await.unwrap();
    }
    let text = traces.text();
    assert!(text.contains("replied") && !text.contains("canary"), "{text}");
}

#[test]
fn a_call_does_not_show_its_body() {
    // SPEC 43
    let call = Call::post("v1", "jobs", "").body(&json!({"secret": "canary"})).unwrap();
    assert!(!format!("{call:?}").contains("canary"), "{call:?}");
}

#[tokio::test]
async fn no_credentials_are_no_header() {
    assert_eq!(NoCredentials.token().await.unwrap(), None);
    let server = Server::always(200, RUNNING).await;
    get(&jobs(server.client().credentials(NoCredentials))).await.unwrap();
    assert!(!server.request().headers.contains_key("authorization"));
}

/// Credentials with a new token at each request.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

#[async_trait]
impl Credentials for Counting {
    async fn token(&self) -> Result<Option<Token>, Status> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Token::bearer(&number.to_string()).map(Some)
    }
}

/// Credentials that have a token for one call.
#[derive(Debug, Default)]
struct Once(AtomicUsize);

#[async_trait]
impl Credentials for Once {
    async fn token(&self) -> Result<Option<Token>, Status> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            Token::bearer("t").map(Some)
        } else {
            Err(no_token())
        }
    }
}

/// Credentials that fail with a transient status, and record when they are called.
#[derive(Debug)]
struct Unreachable(Arc<Mutex<Vec<Instant>>>);

#[async_trait]
impl Credentials for Unreachable {
    async fn token(&self) -> Result<Option<Token>, Status> {
        self.0.lock().unwrap().push(Instant::now());
        Err(Status::new(Code::Unauthenticated, "cannot fetch a token: no route").with_transient(true))
    }
}

/// The tokens `1`, `2`, ...
fn numbered(fetched: &Arc<AtomicUsize>) -> impl Credentials + use<> {
    issued(fetched, |token| async { Ok(token) })
}

/// The tokens `1`, `2`, ..., or what becomes of them.
fn issued<F, Fut>(fetched: &Arc<AtomicUsize>, issue: F) -> impl Credentials + use<F, Fut>
where
    F: Fn(Token) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, Status>> + Send + 'static,
{
    let fetched = Arc::clone(fetched);
    token_fn(move || issue(Token::bearer(&(fetched.fetch_add(1, Ordering::SeqCst) + 1).to_string()).unwrap()))
}

/// The outcomes of waits that start at once and share the credentials.
async fn waits(
    server: &Server,
    credentials: impl Credentials + 'static,
    number: usize,
    tolerance: Tolerance,
) -> Vec<Result<Value, Status>> {
    let jobs = jobs(server.client().credentials(credentials).http2_only());
    let mut waits = JoinSet::new();
    for _ in 0..number {
        let wait = poll_until_done::<Value>(jobs.clone(), name()).tolerance(tolerance.clone());
        waits.spawn(wait.into_future());
    }
    in_time(waits.join_all()).await
}

fn no_token() -> Status {
    Status::unavailable("the token server is down")
}

fn starting() -> Call {
    Call::post("v1", "jobs", "").body(&json!({})).unwrap()
}

async fn start(client: lro_http::HttpClientBuilder) -> Result<lro::Operation, Status> {
    in_time(jobs(client).start(starting())).await
}

fn tokens(server: &Server) -> Vec<String> {
    let authorization =
        |request: &common::Recorded| request.headers["authorization"].to_str().unwrap().to_owned();
    server.requests().iter().map(authorization).collect()
}
