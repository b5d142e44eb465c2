//! What each reply of `cases/replies.tsv` means, over a connection.
//!
//! A row has a reply, its meaning, the number of calls until a wait ends, and a text that the status shows. The waits
//! survive two failed calls.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{error::Error, time::Duration};

use http::{HeaderName, HeaderValue};
use lro::{
    Cancellation, Capabilities, Code, Empty, ListOperationsRequest, LroTransport, Origin, Status, Tolerance,
    poll_until_done,
};
use lro_http::{Call, HttpTransport, Token};
use serde_json::{Value, json};

use super::common::{RUNNING, Server, binding, failure, hasty, in_time, jobs, name, reply, running};

/// The row of a case.
#[derive(Clone, Copy, Debug)]
struct Case {
    id: &'static str,
    call: &'static str,
    http: u16,
    header: &'static str,
    body: &'static str,
    result: &'static str,
    calls: &'static str,
    shown: &'static str,
}

#[tokio::test]
async fn each_reply_means_what_its_row_says() {
    // SPEC 2, 46 to 51, 56, 57
    let mut wrong = Vec::new();
    for case in cases() {
        let server = case.serve().await;
        // A wait uses long polls where it can.
        let capabilities = Capabilities::ALL.wait(case.call == "wait");
        let result = in_time(case.made(&transport(&server, capabilities))).await;
        let calls = server.requests().len().to_string();
        let (meaning, shown) = match &result {
            Ok(()) => ("good".to_owned(), String::new()),
            Err(status) => (meaning(status), status.to_string()),
        };
        let is_counted = case.calls.is_empty() || calls == case.calls;
        if meaning != case.result || !shown.contains(case.shown) || !is_counted {
            wrong.push(format!("{}: {meaning} after {calls} calls: {shown}", case.id));
        }
        if let Err(status) = result
            && everything(&status).contains(TOKEN)
        {
            wrong.push(format!("{} shows the token: {}", case.id, everything(&status)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_refused_cancellation_in_a_200_is_the_refusal() {
    // SPEC 39, 46
    let refusal = r#"{"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}"#;
    let server = Server::start(move |request| match request.target.ends_with(":cancel") {
        true => reply(200, refusal),
        false => reply(200, RUNNING),
    })
    .await;
    let jobs = transport(&server, Capabilities::ALL);
    let cancellation = in_time(poll_until_done::<Value>(&jobs, name()).cancel_and_wait()).await;
    let status = match cancellation {
        Err(status) => status,
        Ok(Cancellation::StillRunning(status)) => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(status.message(), "the server refused to cancel the operation: no");
}

#[tokio::test]
async fn a_credential_that_is_refused_in_a_200_is_renewed() {
    // SPEC 30, 46
    let refusal = r#"{"error": {"code": 401, "message": "expired", "status": "UNAUTHENTICATED"}}"#;
    let server =
        Server::start(move |request| match request.headers["authorization"] == "Bearer first-token" {
            true => reply(200, refusal),
            false => reply(200, DONE),
        })
        .await;
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let tokens = lro_http::token_fn(move || {
        let first = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move { Token::bearer(if first { "first-token" } else { "second-token" }) }
    });
    let jobs = jobs(server.client().credentials(tokens));
    in_time(poll_until_done::<()>(&jobs, name()).into_future()).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_long_message_is_shown_on_one_short_line() {
    // SPEC 57
    let said = format!("\u{1b}[31m red\r\n{}", "x".repeat(10 << 20));
    let server = Server::always(400, &json!({"error": {"message": said}}).to_string()).await;
    let status = failure(&server.jobs()).await;
    let shown = status.to_string();
    assert!(shown.starts_with(r"INVALID_ARGUMENT: \u{1b}[31m red\r\nxxx"), "{shown}");
    assert!(shown.chars().count() < 1_030 && !shown.chars().any(char::is_control), "{shown}");
    assert!(status.message() == said);
}

#[tokio::test]
async fn a_reply_with_the_token_that_is_good_stays_good() {
    // SPEC 56
    let body = r#"{"name": "operations/1", "metadata": {"@type": "t/a.B", "url": "x?<ENCODED TOKEN>\"", "seen": "<TOKEN>"}}"#;
    let server = Server::always(200, &filled(body)).await;
    let operation = in_time(transport(&server, Capabilities::ALL).get_operation(&name())).await.unwrap();
    let metadata: Value = operation.metadata.unwrap().decode().unwrap();
    assert_eq!(metadata["seen"], "…");
    assert!(metadata["url"].as_str().unwrap().starts_with('x'), "{metadata}");
    // Without the token the body is as it was sent.
    let server =
        Server::always(200, r#"{"name": "operations\/1", "metadata": {"a": "100%25 \u0041"}}"#).await;
    let operation = in_time(transport(&server, Capabilities::ALL).get_operation(&name())).await.unwrap();
    assert_eq!(operation, running().with_metadata(lro::Any::from_json(r#"{"a": "100%25 \u0041"}"#).unwrap()));
}

#[tokio::test]
async fn a_reply_that_does_not_fit_names_the_call_the_type_and_the_field() {
    // SPEC 43
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only the parser reads it")]
    struct Tour {
        stops: Vec<u32>,
    }
    let server = Server::always(200, r#"{"stops": [1, "s3cret"]}"#).await;
    let call = Call::post("v1", "projects/a b", ":tour").query("key", "s3cret");
    let status = in_time(server.client().build().unwrap().send::<Tour>(call)).await.unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply);
    let said =
        "POST /v1/projects/a%20b:tour: the reply does not have the expected form of Tour at stops[1]: ";
    assert!(status.message().starts_with(said), "{status}");
    assert!(!everything(&status).contains("s3cret"), "{status:?}");
}

#[tokio::test]
async fn the_reply_to_a_failed_call_can_be_read() {
    // SPEC 30, 56
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let tokens = lro_http::token_fn(move || {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Token::bearer(&format!("{TOKEN}{turn}")) }
    });
    let body = filled(r#"{"fault": "<TOKEN>0"}"#);
    let server = Server::start(move |_| {
        let mut reply = reply(401, body.clone());
        reply.headers_mut().insert("x-reason", HeaderValue::from_static("spent"));
        reply
    })
    .await;
    let client = server.client().credentials(tokens).build().unwrap();
    let refused = in_time(client.any_response(Call::get("v1", "jobs/1", ""))).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["x-reason"].as_bytes()), (401, &b"spent"[..]));
    assert_eq!(&**refused.body(), r#"{"fault": "…"}"#.as_bytes());
    let status = Status::from_http(refused.status(), refused.headers(), refused.body());
    assert_eq!(status.code(), Code::Unauthenticated);
    // The token that was refused is not used again.
    in_time(client.any_response(Call::get("v1", "jobs/1", ""))).await.unwrap();
    let last = server.requests().pop().unwrap();
    assert_eq!(last.headers["authorization"], format!("Bearer {TOKEN}1"));
    // `response` has it as a failed call.
    let status = in_time(client.response(Call::get("v1", "jobs/1", ""))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

impl Case {
    fn parse(row: &'static str) -> Self {
        let [id, call, http, header, body, result, calls, shown] = row.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("not a case: {row}");
        };
        Self { id, call, http: http.parse().unwrap(), header, body, result, calls, shown }
    }

    async fn serve(self) -> Server {
        let body = filled(self.body);
        Server::start(move |_| {
            let mut reply = reply(self.http, body.clone());
            if let Some((name, value)) = self.header.split_once(": ") {
                let value = HeaderValue::try_from(filled(value)).unwrap();
                reply.headers_mut().insert(HeaderName::from_static(name), value);
            }
            reply
        })
        .await
    }

    /// Makes the call of the row.
    async fn made(self, jobs: &HttpTransport) -> Result<(), Status> {
        match self.call {
            "get" => {
                let tolerance: Tolerance = hasty().failures(2).not_found_for(Duration::ZERO);
                let wait = poll_until_done::<Option<Empty>>(jobs, name()).tolerance(tolerance);
                match self.result {
                    // On a busy machine a reply may take longer than a short deadline.
                    "running" => match wait.deadline(Duration::from_millis(100)).await {
                        Err(status) if status.message().contains("during a call") => {
                            let wait = poll_until_done::<Option<Empty>>(jobs, name());
                            wait.deadline(Duration::from_secs(5)).await.map(|_| ())
                        }
                        ended => ended.map(|_| ()),
                    },
                    // Deep values are decoded by a value.
                    _ if self.id == "r12" => poll_until_done::<Value>(jobs, name()).await.map(|_| ()),
                    _ => wait.await.map(|_| ()),
                }
            }
            "start" => jobs.start(Call::post("v1", "jobs", "")).await.map(|_| ()),
            "send" => jobs.client().send::<Value>(Call::get("v1", "jobs/1", "")).await.map(|_| ()),
            "cancel" => jobs.cancel_operation(&name()).await,
            "delete" => jobs.delete_operation(&name()).await,
            "list" => jobs.list_operations(&ListOperationsRequest::default()).await.map(|_| ()),
            "wait" => jobs.wait_operation(&name(), None).await.map(|_| ()),
            call => panic!("no call {call}"),
        }
    }
}

fn cases() -> impl Iterator<Item = Case> {
    include_str!("../cases/replies.tsv").lines().skip(1).map(Case::parse)
}

/// Replaces the marks of a case.
fn filled(text: &str) -> String {
    let escaped: String = TOKEN.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    text.replace("<BOM>", "\u{feff}")
        .replace("<2 MB>", &"x".repeat(2 << 20))
        .replace("<300 levels>", &format!("{}{}", "[".repeat(300), "]".repeat(300)))
        .replace("<TOKEN>", TOKEN)
        .replace("<ESCAPED TOKEN>", &escaped)
        .replace("<ENCODED TOKEN>", &TOKEN.replace('/', "%2F").replace('+', "%2B"))
        .replace("<TWICE ENCODED TOKEN>", &TOKEN.replace('/', "%252f").replace('+', "%252B"))
        .replace(
            "<WHOLLY ENCODED TOKEN>",
            &TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>(),
        )
}

/// The meaning of a status, as the rows have it.
fn meaning(status: &Status) -> String {
    match status.origin() {
        Origin::CallFailed => format!("call {}", status.code()),
        Origin::OperationFailed => format!("operation {}", status.code()),
        Origin::MalformedReply => "malformed".to_owned(),
        Origin::StoppedAsking => "running".to_owned(),
    }
}

/// All that a status shows to a program.
fn everything(status: &Status) -> String {
    let mut shown = format!("{status} {status:?} {status:#?} {}", status.message());
    let mut cause: Option<&dyn Error> = status.source();
    while let Some(error) = cause {
        shown += &format!(" {error} {error:?}");
        cause = error.source();
    }
    let response = status.response().into_iter();
    for any in status.details().as_slice().iter().chain(response) {
        shown += any.as_json().unwrap();
    }
    shown
}

/// A transport with a token and a bound of 1 MiB.
fn transport(server: &Server, capabilities: Capabilities) -> HttpTransport {
    let client = server.client().credentials(Token::bearer(TOKEN).unwrap()).largest_reply(1 << 20);
    HttpTransport::new(client.build().unwrap(), binding(capabilities))
}

const TOKEN: &str = "ya29.canary/token+0123456789_abc-xyz";

const DONE: &str = r#"{"name": "operations/1", "done": true}"#;
