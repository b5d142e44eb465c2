use std::time::Duration;

use lro::{
    Any, Code, OperationName, Status,
    details::{ErrorInfo, RetryInfo},
};

use super::subject::Subject;
use crate::{reply::Reply, script::Script};

/// A get of an operation that does not exist is a failed call.
pub async fn unknown_names_are_failed_calls(subject: &Subject<'_>) {
    let status = subject.fail(&subject.name("contract-unknown")).await;
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
}

/// The error of a call keeps its code, message and details. The name of the code decides, not the HTTP status.
pub async fn errors_keep_code_message_and_details(subject: &Subject<'_>) {
    let info = ErrorInfo { reason: "SERVICE_DISABLED".to_owned(), ..ErrorInfo::default() };
    let details: Vec<Any> = Any::pack(&info).into_iter().collect();
    let name = running(subject, "contract-errors");
    for code in Code::ALL.into_iter().skip(1) {
        let sent = Status::new(code, format!("no: {code}")).with_details(details.clone());
        let status = fail_with(subject, &name, Reply::error(&sent)).await;
        // SPEC 22, 23: three codes share the HTTP status 400, and only the name differs.
        assert_eq!((status.code(), status.message()), (code, sent.message()), "{status:?}");
        assert_eq!(status.details().error_info().as_ref(), Some(&info), "of {code}");
    }
}

/// The HTTP status decides the code of an error without a body in Google's form, such as that of a proxy.
pub async fn errors_that_are_no_json_go_by_the_http_status(subject: &Subject<'_>) {
    let name = running(subject, "contract-no-json");
    let bodies =
        ["", "<html><body><h1>Error</h1></body></html>", "{\"error\": {\"co", "[]", "null", "\"oops\""];
    let codes = [
        (400, Code::InvalidArgument),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::NotFound),
        (405, Code::FailedPrecondition),
        (409, Code::Aborted),
        (429, Code::ResourceExhausted),
        (500, Code::Internal),
        (502, Code::Internal),
        (503, Code::Unavailable),
        (504, Code::DeadlineExceeded),
    ];
    for (http, code) in codes {
        for body in bodies {
            let reply = Reply::status(http).header("content-type", "text/html").body(body);
            // SPEC 23
            let status = fail_with(subject, &name, reply).await;
            assert_eq!(status.code(), code, "of HTTP {http} with the body {body:?}: {status:?}");
        }
    }
}

/// The pause that an error asks for is kept, from the header or from the details.
pub async fn retry_after_of_an_error_is_kept(subject: &Subject<'_>) {
    let name = running(subject, "contract-retry-after");
    let pause = Duration::from_secs(7);
    let status = fail_with(subject, &name, Reply::status(503).header("retry-after", "7")).await;
    // SPEC 32
    assert_eq!((status.code(), status.retry_after()), (Code::Unavailable, Some(pause)), "{status:?}");

    let info = RetryInfo { retry_delay: Some(pause.into()) };
    let busy = Status::unavailable("try later").with_details(Any::pack(&info).into_iter().collect());
    let status = fail_with(subject, &name, Reply::error(&busy)).await;
    assert_eq!(status.retry_after(), Some(pause), "RetryInfo in the details: {status:?}");
}

/// A reply with a body that breaks off, is empty or is not JSON is a failed call.
pub async fn broken_bodies_are_failed_calls(subject: &Subject<'_>) {
    let name = running(subject, "contract-broken-bodies");
    let replies = [
        ("breaks off", Reply::usual().cut_after(9)),
        ("never comes", Reply::usual().cut_after(0)),
        ("is empty", Reply::status(200)),
        ("is HTML", Reply::status(200).body("<html>Sign in to the network</html>")),
        ("is half of a JSON text", Reply::status(200).body(r#"{"name": "operations/1", "done": tr"#)),
        ("is not UTF-8", Reply::status(200).body(&b"{\"name\": \"\xff\"}"[..])),
    ];
    for (what, reply) in replies {
        // SPEC 19
        let status = fail_with(subject, &name, reply).await;
        assert!(PASSING.contains(&status.code()), "of a body that {what}: {status:?}");
    }
}

/// A connection that closes before the reply is a failed call, unless the get is sent again once on a new connection.
/// The next call has a new connection.
pub async fn lost_connections_are_failed_calls(subject: &Subject<'_>) {
    let script = Script::new().runs_for(Duration::MAX).call(1, Reply::close()).call(2, Reply::close());
    let name = subject.start("contract-lost-connections", script);
    let status = subject.fail(&name).await;
    // SPEC 26
    assert!(PASSING.contains(&status.code()), "{status:?}");
    // SPEC 53: a transport that has sent the get again has met both closes.
    if let Err(status) = subject.transport.get_operation(&name).await {
        assert!(PASSING.contains(&status.code()), "{status:?}");
    }
    assert!(!subject.get(&name).await.is_done(), "the call after a failed one");
}

/// A call may be dropped while it waits. The next call works.
pub async fn dropped_calls_lose_nothing(subject: &Subject<'_>) {
    let script =
        Script::new().runs_for(Duration::MAX).call(1, Reply::usual().after(Duration::from_secs(3_600)));
    let name = subject.start("contract-dropped", script);
    let dropped =
        tokio::time::timeout(Duration::from_millis(50), subject.transport.get_operation(&name)).await;
    assert!(dropped.is_err(), "the call waits for an hour, but returned {dropped:?}");
    assert!(!subject.get(&name).await.is_done());
}

/// Starts an operation that never ends.
fn running(subject: &Subject<'_>, id: &str) -> OperationName {
    subject.start(id, Script::new().runs_for(Duration::MAX))
}

/// The status of a call with this reply. The call after it must work.
async fn fail_with(subject: &Subject<'_>, name: &OperationName, reply: Reply) -> Status {
    subject.emulator.operation(name.as_str(), Script::new().runs_for(Duration::MAX).call(1, reply));
    let status = subject.fail(name).await;
    assert!(!subject.get(name).await.is_done(), "the call after a failed one");
    status
}

/// The codes of failures that may pass.
const PASSING: [Code; 4] = [Code::Unavailable, Code::Internal, Code::Unknown, Code::DeadlineExceeded];
