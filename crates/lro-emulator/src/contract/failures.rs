use std::time::Duration;

use lro::{
    Any, Code, OperationName, Origin, Status, Tolerance,
    details::{ErrorInfo, RequestInfo, RetryInfo},
};

use super::{
    Verdict,
    subject::{Subject, refused, types},
    verbs::REFUSAL,
};
use crate::{reply::Reply, script::Script};

pub(super) async fn unknown_names_are_failed_calls(subject: &Subject<'_>) -> Verdict {
    let status = subject.fail(&subject.name("contract-unknown")?).await?;
    ensure_eq!(status.code(), Code::NotFound, "the code of a get of what is not there");
    Ok(())
}

pub(super) async fn a_call_is_one_request(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-one-request")?;
    for http in [401, 403, 404, 429, 500, 503] {
        let calls = subject.emulator.call_count();
        fail_with(subject, &name, [Reply::status(http)]).await?;
        ensure_eq!(
            subject.emulator.call_count() - calls,
            2,
            "the requests of a get with HTTP {http} and one after it"
        );
    }
    Ok(())
}

pub(super) async fn errors_keep_code_message_and_details(subject: &Subject<'_>) -> Verdict {
    let info = ErrorInfo { reason: "SERVICE_DISABLED".to_owned(), ..ErrorInfo::default() };
    let request = RequestInfo { request_id: "7".to_owned(), ..RequestInfo::default() };
    let details: Vec<Any> = Any::pack(&request).into_iter().chain(Any::pack(&info)).collect();
    let name = running(subject, "contract-errors")?;
    let sent = Code::ALL.map(|code| Status::new(code, format!("no: {code}")).with_details(details.clone()));
    let replies: Vec<Reply> = sent.iter().skip(1).map(Reply::error).collect();
    let got = fail_with(subject, &name, replies).await?;
    for (status, sent) in got.iter().zip(&sent[1..]) {
        // SPEC 22, 23: three codes share the HTTP status 400, and only the name differs.
        let code = sent.code();
        ensure_eq!((status.code(), status.message()), (code, sent.message()), "the error of a call");
        // SPEC 24
        ensure_eq!(types(status), types(sent), "the details of {code}, all and in their order");
        ensure_eq!(
            status.details().error_info().as_ref(),
            Some(&info),
            "the reason in the details of {code}"
        );
    }
    Ok(())
}

pub(super) async fn errors_with_http_status_200_are_failed_calls(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-error-200")?;
    let failures = fail_with(subject, &name, [Reply::status(200).body(REFUSAL)]).await?;
    for status in failures {
        let expected = (Code::PermissionDenied, "it is not yours");
        // SPEC 46
        ensure_eq!((status.code(), status.message()), expected, "the error of a get with HTTP 200");
    }
    Ok(())
}

pub(super) async fn foreign_objects_are_malformed(subject: &Subject<'_>) -> Verdict {
    if subject.is_grpc {
        return Ok(());
    }
    let bodies =
        ["{}", r#"{"state": "ACTIVE", "uid": "7"}"#, r#"{"name": "x", "done": false, "done": true}"#];
    for (call, body) in (1..).zip(bodies) {
        let script = Script::new().runs_for(Duration::MAX).call(1, Reply::status(200).body(body));
        let name = subject.start(&format!("contract-foreign-{call}"), script)?;
        let got = subject.transport.get_operation(&name).await;
        // SPEC 46, 47
        let status = refused(&format!("to get {body}"), got)?;
        ensure_eq!(status.origin(), Origin::MalformedReply, "the origin of the error of {body}");
    }
    Ok(())
}

pub(super) async fn byte_order_marks_are_skipped(subject: &Subject<'_>) -> Verdict {
    if subject.is_grpc {
        return Ok(());
    }
    let name = subject.name("contract-mark")?;
    let marked = |status, body: &str| Reply::status(status).body(format!("\u{feff}{body}"));
    let running = marked(200, &format!(r#"{{"name": "{name}"}}"#));
    let script = Script::new().runs_for(Duration::MAX).call(1, running).call(2, marked(403, REFUSAL));
    subject.emulator.operation(name.as_str(), script);
    // SPEC 48
    ensure_eq!(subject.get(&name).await?.name, name.as_str(), "the name after a byte order mark");
    let message = subject.fail(&name).await?.message().to_owned();
    ensure_eq!(message, "it is not yours", "the message of an error after a byte order mark");
    Ok(())
}

pub(super) async fn limits_pass_and_quotas_do_not(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-limits")?;
    let limits = [
        (403, "rateLimitExceeded", true),
        (403, "userRateLimitExceeded", true),
        (429, "rateLimitExceeded", true),
        (403, "dailyLimitExceeded", false),
        (403, "quotaExceeded", false),
        (429, "dailyLimitExceeded", false),
        (429, "quotaExceeded", false),
    ];
    let replies = limits.map(|(http, reason, _)| Reply::limit(http, reason));
    for (status, (http, reason, passes)) in fail_with(subject, &name, replies).await?.iter().zip(limits) {
        // SPEC 50
        let code = status.code();
        ensure!(
            code == Code::ResourceExhausted || !passes,
            "the code of {reason} with HTTP {http}: {code}, not {}",
            Code::ResourceExhausted
        );
        let is_survived = Tolerance::default().is_survivable(status);
        ensure_eq!(is_survived, passes, "whether a wait survives {reason} with HTTP {http}");
    }
    Ok(())
}

pub(super) async fn errors_that_are_no_json_go_by_the_http_status(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-no-json")?;
    let bodies =
        ["", "<html><body><h1>Error</h1></body></html>", "{\"error\": {\"co", "[]", "null", "\"oops\""];
    let codes = if subject.is_grpc { GRPC_CODES } else { HTTP_CODES };
    for (http, code) in codes {
        let page = Reply::status(http).header("content-type", "text/html");
        let replies = bodies.map(|body| page.clone().body(body));
        for (status, body) in fail_with(subject, &name, replies).await?.iter().zip(bodies) {
            // SPEC 23
            ensure_eq!(status.code(), code, "the code of HTTP {http} with the body {body:?}");
        }
    }
    Ok(())
}

pub(super) async fn retry_after_of_an_error_is_kept(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-retry-after")?;
    let pause = Duration::from_secs(7);
    let info = RetryInfo { retry_delay: Some(pause.into()) };
    let details = Any::pack(&info).into_iter().collect();
    let by_details = Reply::error(&Status::unavailable("try later").with_details(details));
    let by_header = Reply::status(503).header("retry-after", "7");
    for (status, part) in
        fail_with(subject, &name, [by_header, by_details]).await?.iter().zip(["header", "details"])
    {
        // SPEC 32
        let expected = (Code::Unavailable, Some(pause));
        ensure_eq!((status.code(), status.retry_after()), expected, "an error with a pause in the {part}");
    }
    Ok(())
}

pub(super) async fn broken_bodies_are_failed_calls(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-broken-bodies")?;
    let replies = [
        ("breaks off", Reply::usual().cut_after(9)),
        ("never comes", Reply::usual().cut_after(0)),
        ("is empty", Reply::status(200)),
        ("is HTML", Reply::status(200).body("<html>Sign in to the network</html>")),
        ("is half of a JSON text", Reply::status(200).body(r#"{"name": "operations/1", "done": tr"#)),
        ("is not UTF-8", Reply::status(200).body(&b"{\"name\": \"\xff\"}"[..])),
    ];
    for (what, reply) in replies {
        let failures = fail_with(subject, &name, [reply]).await?;
        let code = failures.first().map(Status::code);
        // SPEC 19
        ensure!(code.is_some_and(passes), "the code of a body that {what}: {failures:?}");
    }
    Ok(())
}

pub(super) async fn redirects_are_not_followed(subject: &Subject<'_>) -> Verdict {
    let other = running(subject, "contract-redirected")?;
    let name = running(subject, "contract-redirect")?;
    let calls = subject.emulator.call_count();
    for version in ["v1", "v1beta"] {
        let location = format!("{}/{version}/{other}", subject.emulator.endpoint());
        // SPEC 51
        fail_with(subject, &name, [Reply::redirect(&location)]).await?;
    }
    ensure_eq!(
        subject.emulator.call_count() - calls,
        4,
        "the requests of two gets that are redirected and two others"
    );
    Ok(())
}

pub(super) async fn lost_connections_are_failed_calls(subject: &Subject<'_>) -> Verdict {
    let name = running(subject, "contract-lost-connections")?;
    let running = Script::new().runs_for(Duration::MAX);
    let lost = (1..=LOST).fold(running.clone(), |script, call| script.call(call, Reply::close()));
    subject.emulator.operation(name.as_str(), lost);
    let status = subject.fail(&name).await?;
    // SPEC 26
    ensure!(passes(status.code()), "the code of a lost connection: {status:?}");
    subject.emulator.operation(name.as_str(), running);
    ensure!(!subject.get(&name).await?.is_done(), "the call after a lost connection returns an outcome");
    Ok(())
}

pub(super) async fn dropped_calls_lose_nothing(subject: &Subject<'_>) -> Verdict {
    let script =
        Script::new().runs_for(Duration::MAX).call(1, Reply::usual().after(Duration::from_secs(3_600)));
    let name = subject.start("contract-dropped", script)?;
    let calls = subject.emulator.call_count();
    // A call that is dropped before it arrives leaves the first reply, which takes an hour, to the next call.
    let arrival = async {
        while subject.emulator.call_count() == calls {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        early = subject.transport.get_operation(&name) => {
            return Err(format!("the call waits for an hour, but returned {early:?}"));
        }
        () = arrival => {}
    }
    ensure!(!subject.get(&name).await?.is_done(), "the call after a dropped one returns an outcome");
    Ok(())
}

/// Starts an operation that never ends.
fn running(subject: &Subject<'_>, id: &str) -> Result<OperationName, String> {
    subject.start(id, Script::new().runs_for(Duration::MAX))
}

/// Returns the statuses of calls with these replies. The call after them must work.
async fn fail_with(
    subject: &Subject<'_>,
    name: &OperationName,
    replies: impl IntoIterator<Item = Reply>,
) -> Result<Vec<Status>, String> {
    let mut script = Script::new().runs_for(Duration::MAX);
    let mut count = 0;
    for reply in replies {
        count += 1;
        script = script.call(count, reply);
    }
    subject.emulator.operation(name.as_str(), script);
    let mut failures = Vec::new();
    for _ in 0..count {
        failures.push(subject.fail(name).await?);
    }
    ensure!(!subject.get(name).await?.is_done(), "the call after a failed one returns an outcome");
    Ok(failures)
}

/// Returns whether a failure of this code may pass.
fn passes(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Internal | Code::Unknown | Code::DeadlineExceeded)
}

/// The connections in a row that close before a reply. A transport may send a get again on a new connection, but not as
/// often as this.
const LOST: u32 = 8;

/// The code of an HTTP status without a status name (`google/rpc/code.proto`).
const HTTP_CODES: [(u16, Code); 11] = [
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

/// The code of an HTTP status without `grpc-status` (gRPC's `http-grpc-status-mapping.md`).
const GRPC_CODES: [(u16, Code); 11] = [
    (400, Code::Internal),
    (401, Code::Unauthenticated),
    (403, Code::PermissionDenied),
    (404, Code::Unimplemented),
    (405, Code::Unknown),
    (409, Code::Unknown),
    (429, Code::Unavailable),
    (500, Code::Unknown),
    (502, Code::Unavailable),
    (503, Code::Unavailable),
    (504, Code::Unavailable),
];
