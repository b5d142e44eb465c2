//! No output of any call contains the token, whatever the server says.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    error::Error,
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, Outcome, Status, Tolerance,
    async_trait,
    details::{ErrorInfo, Help, HelpLink, LocalizedMessage},
    poll_until_done, wkt,
};
use lro_grpc::{Credentials, GrpcCall, GrpcTransport, HttpClientBuilder, Proto, Token};
use lro_grpc_wire::{messages, status};
use prost::Message;

mod common;
#[path = "../../lro-http/tests/common/frames.rs"]
mod frames;
#[path = "../../lro-http/tests/common/trace.rs"]
mod trace;

use common::{End, Job, Reply, Server, client, failure, get, in_time, name, running, trailers_of};
use frames::{FrameServer, frame};
use trace::Traces;

const TOKEN: &str = "canary.token-0123456789_abcdefghijklmnopqrstuvwxyz";
/// Short enough to be the name of an encoding.
const SHORT: &str = "canary-7";

#[tokio::test]
async fn nobody_sees_the_token_of_a_failed_call() {
    // SPEC 56
    for token in [TOKEN, SHORT] {
        for (what, reply) in failures(token) {
            let server = Server::always(reply).await;
            let seen = seen(with(server.client(), token)).await;
            assert!(server.requests().iter().all(|request| request.header("authorization").ends_with(token)));
            assert_nothing(&seen, what);
        }
    }
}

#[tokio::test]
async fn nobody_sees_the_token_of_an_operation() {
    // SPEC 56
    for token in [TOKEN, SHORT] {
        for (what, operation) in operations(token) {
            let message = messages::Operation::try_from(&operation).unwrap();
            let page = messages::ListOperationsResponse {
                operations: vec![message.clone()],
                next_page_token: token.to_owned(),
                unreachable: vec![token.to_owned()],
            };
            let server = Server::start(move |request| match request.method_name() {
                "ListOperations" => Reply::ok(&page),
                "CancelOperation" | "DeleteOperation" => Reply::ok(&()),
                _ => Reply::ok(&message),
            })
            .await;
            assert_nothing(&seen(with(server.client(), token)).await, what);
        }
    }
}

#[tokio::test]
async fn nobody_sees_the_token_of_a_connection_that_ends() {
    // SPEC 43, 56: the text of a GOAWAY, before and after the head.
    let go_away =
        |last: u32| frame(7, 0, 0, &[&last.to_be_bytes()[..], &[0, 0, 0, 11], TOKEN.as_bytes()].concat());
    for (what, said) in [
        ("a GOAWAY before the head", go_away(0)),
        ("a GOAWAY after the head", [frame(1, 4, 1, &[0x88]), go_away(0)].concat()),
        ("a GOAWAY in the reply", [grpc_head(), go_away(1), frame(3, 0, 1, &[0, 0, 0, 11])].concat()),
        ("a GOAWAY that cuts the reply", [grpc_head(), go_away(0)].concat()),
    ] {
        let server = FrameServer::start(move |_, mut frames| {
            let said = said.clone();
            async move {
                frames.greet().await?;
                frames.request().await?;
                frames.write(&said).await?;
                frames.linger().await
            }
        })
        .await;
        let client = with(client(&server.url()).call_timeout(ATTEMPT), TOKEN);
        let jobs = client.build().unwrap();
        let status = get(&jobs).await.unwrap_err();
        assert_nothing(&[shown(&status)], what);
        assert_nothing(&[shown(&start(&jobs).await.unwrap_err())], what);
    }
}

#[tokio::test]
async fn a_detail_that_shows_no_token_stays_as_it_is() {
    // SPEC 24, 56
    let help = Help {
        links: vec![HelpLink { url: "https://example.com/?a=%20".to_owned(), ..HelpLink::default() }],
    };
    let kept = [Any::pack(&help).unwrap(), Any::pack_protobuf("a.B", &[0xff, 0, b'%', b'2', b'5'])];
    let hidden = [
        Any::pack(&ErrorInfo { reason: TOKEN.to_owned(), domain: "d".to_owned(), ..ErrorInfo::default() })
            .unwrap(),
        Any::pack_protobuf("a.C", &message(TOKEN)),
    ];
    let sent = vec![kept[0].clone(), hidden[0].clone(), kept[1].clone(), hidden[1].clone()];
    let failed = Status::from_number(99, format!("no {TOKEN}, sorry")).with_details(sent);
    for reply in [Reply::failed(&failed), Reply::head().with_trailers(trailers_of(&failed))] {
        let status =
            failure(&with(Server::always(reply.clone()).await.client(), TOKEN).build().unwrap()).await;
        assert_eq!((status.raw_code(), status.message()), (99, "no …, sorry"));
        let details = status.details().as_slice();
        assert_eq!((&details[0], &details[2]), (&kept[0], &kept[1]));
        assert_eq!(details[1].decode::<ErrorInfo>().unwrap().reason, "…");
        assert_eq!(details[3], Any::pack_protobuf("a.C", b""));
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_dropped_once() {
    // SPEC 30, 55
    let refused = Status::new(Code::Unauthenticated, "the token has expired");
    let google = r#"{"error": {"code": 401, "message": "expired", "status": "UNAUTHENTICATED"}}"#;
    for (what, reply) in [
        ("headers", Reply::failed(&refused)),
        ("trailers", Reply::head().with_trailers(trailers_of(&refused))),
        (
            "HTTP 401 with a status",
            Reply::http(401, "application/grpc", "").with_headers(trailers_of(&refused)),
        ),
        ("HTTP 401 with HTML", Reply::http(401, "text/html", "<html>")),
        ("HTTP 401 with JSON", Reply::http(401, "application/json", google)),
        ("HTTP 401 that stalls", Reply::http(401, "text/html", "<html>").ends(End::Stall)),
        ("HTTP 200 with JSON", Reply::http(200, "application/json", google)),
    ] {
        let server = Server::start(move |request| match request.header("authorization") {
            "Bearer token-number-1" => Reply::succeeded(),
            _ => reply.clone(),
        })
        .await;
        let issued = Issued::default();
        let jobs = server.client().credentials(issued.clone()).build().unwrap();
        let wait = poll_until_done::<Proto<Job>>(&jobs, name());
        // On a busy machine a short attempt ends before its reply is read, and is made again.
        let stalls = what.ends_with("stalls");
        let (wait, most) = if stalls { (wait.attempt_timeout(5 * ATTEMPT), 10) } else { (wait, 2) };
        assert_eq!(in_time(wait.into_future()).await.unwrap(), Proto(Job::poster()), "{what}");
        assert_eq!(issued.0.load(Ordering::SeqCst), 1, "{what}");
        let requests = server.requests().len();
        assert!((2..=most).contains(&requests), "{what}: {requests} requests");
    }
}

#[tokio::test]
async fn a_call_without_a_credential_is_advised() {
    // SPEC 30
    let refused = Status::new(Code::Unauthenticated, "no token");
    for reply in [
        Reply::failed(&refused),
        Reply::head().with_trailers(trailers_of(&refused)),
        Reply::http(401, "text/html", "<html>"),
        Reply::http(401, "application/grpc", "").with_headers(trailers_of(&refused)),
    ] {
        let server = Server::always(reply).await;
        let wait = poll_until_done::<Proto<Job>>(server.jobs(), name());
        let status = in_time(wait.into_future()).await.unwrap_err();
        let text = status.to_string();
        assert!(
            text.contains("no credential was sent: set one with `HttpClientBuilder::credentials`"),
            "{text}"
        );
        assert_eq!(server.requests().len(), 1, "{text}");
    }
}

/// Replies to failed calls that contain the token.
fn failures(token: &str) -> Vec<(&'static str, Reply)> {
    let status = |message: &str| Status::new(Code::PermissionDenied, message);
    let encoded: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let details = |details| Reply::failed(&status("no").with_details(details));
    let info = ErrorInfo { reason: token.to_owned(), ..ErrorInfo::default() };
    let localized = LocalizedMessage { message: format!("a {token}"), ..LocalizedMessage::default() };
    let raw = |message: &str| Reply::head().header("grpc-status", "7").header("grpc-message", message);
    let ok = || Reply::head().trailer("grpc-status", "0");
    let html = |http| Reply::http(http, "text/html", format!("<html>{token}</html>"));
    vec![
        ("a message", Reply::failed(&status(token))),
        ("a message in trailers", Reply::head().with_trailers(trailers_of(&status(token)))),
        ("an encoded message", raw(&encoded)),
        ("a message encoded twice", raw(&encoded.replace('%', "%25"))),
        ("a message as JSON", Reply::failed(&status(&token.replace('c', "\\u0063")))),
        (
            "the message of the details",
            Reply::head().header("grpc-status", "7").with_headers(details_of(token)),
        ),
        ("a standard detail", details(vec![Any::pack(&info).unwrap()])),
        ("another standard detail", details(vec![Any::pack(&localized).unwrap()])),
        ("a well-known detail", details(vec![Any::pack_as("google.protobuf.StringValue", &token).unwrap()])),
        ("an unknown detail", details(vec![Any::pack_protobuf("a.B", &message(token))])),
        ("an encoded detail", details(vec![Any::pack_protobuf("a.B", &message(&encoded))])),
        ("the type of a detail", details(vec![Any::pack_protobuf(token, b"")])),
        ("the host of a type", details(vec![typed(&format!("{token}/a.B"))])),
        ("a type without a slash", details(vec![typed(token)])),
        ("a status that is none", Reply::head().header("grpc-status", token)),
        ("details that are none", raw("no").header("grpc-status-details-bin", token)),
        ("a code that is unknown", Reply::failed(&Status::from_number(4_711, token))),
        ("UNAUTHENTICATED", Reply::failed(&Status::new(Code::Unauthenticated, token))),
        ("an encoding", ok().header("grpc-encoding", token).data(vec![1, 0, 0, 0, 1, 0])),
        ("a body", ok().data(token.to_owned())),
        ("a message that is no operation", ok().data(frame_of(token.as_bytes()))),
        ("a content type", Reply::http(200, token, "x")),
        ("HTML of a proxy", html(502)),
        ("HTML of a login page", html(200)),
        ("a redirect", html(302).header("location", &format!("https://{token}.example.com/{token}"))),
        ("HTML for a bad token", html(401)),
        ("JSON", Reply::http(403, "application/json", format!(r#"{{"error": {{"message": "{token}"}}}}"#))),
    ]
}

fn operations(token: &str) -> Vec<(&'static str, Operation)> {
    let error = |status| Operation { outcome: Some(Outcome::Error(status)), ..running() };
    let packed = || Any::pack_protobuf("a.B", &message(token));
    let info = Any::pack(&ErrorInfo { reason: token.to_owned(), ..ErrorInfo::default() }).unwrap();
    let status = || Status::new(Code::Aborted, "no");
    vec![
        ("a name", Operation::running(format!("operations/{token}"))),
        ("metadata", running().with_metadata(packed())),
        ("the type of metadata", running().with_metadata(Any::pack_protobuf(token, b""))),
        ("a response", running().with_outcome(Ok(packed()))),
        ("the type of a response", running().with_outcome(Ok(Any::pack_protobuf(token, b"")))),
        ("an error", error(Status::new(Code::Aborted, token))),
        ("an unknown detail of an error", error(status().with_details(vec![packed()]))),
        ("a detail of an error", error(status().with_details(vec![info]))),
        (
            "the error of a running one",
            Operation { running_error: Some(Status::new(Code::Aborted, token)), ..running() },
        ),
    ]
}

/// All that a program may print about the calls of a client.
async fn seen(client: HttpClientBuilder<GrpcTransport>) -> Vec<String> {
    let traces = Traces::record();
    let mut seen = vec![format!("{client:?}")];
    let jobs = client.build().unwrap().with_capabilities(Capabilities::ALL);
    seen.push(outcome(get(&jobs).await));
    seen.push(outcome(in_time(jobs.cancel_operation(&name())).await));
    seen.push(outcome(in_time(jobs.delete_operation(&name())).await));
    seen.push(outcome(in_time(jobs.wait_operation(&name(), None)).await));
    seen.push(outcome(in_time(jobs.list_operations(&ListOperationsRequest::default())).await));
    seen.push(outcome(start(&jobs).await));
    for failures in [0, 1] {
        let tolerance = Tolerance::none().failures(failures).delay(Duration::ZERO, Duration::ZERO);
        let wait = poll_until_done::<Proto<Job>>(&jobs, name()).tolerance(tolerance);
        seen.push(outcome(in_time(wait.deadline(Duration::from_millis(3)).into_future()).await));
        let wait = poll_until_done::<wkt::Empty>(&jobs, name()).deadline(Duration::from_millis(3));
        seen.push(outcome(in_time(wait.into_future()).await));
    }
    seen.push(format!("{jobs:?} {jobs:#?}"));
    seen.push(traces.text());
    seen
}

async fn start(jobs: &GrpcTransport) -> Result<Operation, Status> {
    in_time(jobs.start(GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec()))).await
}

fn outcome<T: Debug>(outcome: Result<T, Status>) -> String {
    match outcome {
        Ok(good) => format!("{good:?} {good:#?}"),
        Err(status) => shown(&status),
    }
}

/// A status in all its forms, with its sources, its details and its report.
fn shown(status: &Status) -> String {
    let mut text = format!("{:?}", status.report());
    let mut cause: Option<&dyn Error> = Some(status);
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}\n{error:?}\n{error:#?}"));
        cause = error.source();
    }
    let failure = status.report().and_then(|report| report.last_failure.as_ref());
    for status in [Some(status), failure].into_iter().flatten() {
        text.push_str(&format!(
            "\n{} {}",
            status.message(),
            serde_json::to_string(status).unwrap_or_default()
        ));
        for detail in status.details().as_slice() {
            let encoded = detail.as_protobuf().map(String::from_utf8_lossy);
            text.push_str(&format!("\n{:?} {:?} {encoded:?}", detail.type_url(), detail.as_json()));
        }
    }
    text
}

#[track_caller]
fn assert_nothing(seen: &[String], scenario: &str) {
    for text in seen {
        for form in [
            "canary",
            "63616e617279",
            "99, 97, 110, 97, 114, 121",
            "Y2FuYXJ5",
            "%63%61%6E%61",
            "\\u0063anary",
        ] {
            assert!(!text.contains(form), "{scenario} shows {form:?}:\n{text}");
        }
    }
}

fn with(client: HttpClientBuilder<GrpcTransport>, token: &str) -> HttpClientBuilder<GrpcTransport> {
    client.credentials(Token::bearer(token).unwrap())
}

fn message(text: &str) -> Vec<u8> {
    Job { title: text.to_owned(), pages: 1 }.encode_to_vec()
}

fn frame_of(message: &[u8]) -> Vec<u8> {
    [&[0], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// An encoded `Any` with this URL.
fn typed(url: &str) -> Any {
    let encoded = [&[0x0a, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
    Any::from_protobuf(encoded).unwrap()
}

/// Details whose own message is the token.
fn details_of(token: &str) -> http::HeaderMap {
    let status =
        Status::new(Code::PermissionDenied, token).with_details(vec![Any::pack_protobuf("a.B", b"")]);
    let mut headers = trailers_of(&status);
    headers.remove(status::GRPC_MESSAGE);
    headers.remove(status::GRPC_STATUS);
    headers
}

fn grpc_head() -> Vec<u8> {
    let name_and_value = [&[0, 12], &b"content-type"[..], &[16], b"application/grpc"].concat();
    frame(1, 4, 1, &[&[0x88], &name_and_value[..]].concat())
}

/// Credentials that issue a new token after each invalidation, and count the invalidations.
#[derive(Clone, Debug, Default)]
struct Issued(Arc<AtomicUsize>);

#[async_trait]
impl Credentials for Issued {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Token::bearer(&format!("token-number-{}", self.0.load(Ordering::SeqCst))).map(Some)
    }

    fn invalidate(&self, _: &Token) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const ATTEMPT: Duration = Duration::from_millis(200);
