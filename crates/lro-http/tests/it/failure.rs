//! Failed calls: the status for each status line and each form of body.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::{Duration, SystemTime};

use http::{HeaderValue, header};
use lro::{Any, Code, LroTransport, OperationName, Origin, Status, Tolerance, details::ErrorInfo};
use lro_testkit::codes::{BY_HTTP_STATUS, SURVIVED};
use serde_json::{Value, json};

use super::common::{self, Recorded, Reply, Server, failure, in_time, reply};

/// The table of SPEC 25 for the codes of `google.rpc`.
const BY_NAME: [(&str, i32, u16); 16] = [
    ("CANCELLED", 1, 499),
    ("UNKNOWN", 2, 500),
    ("INVALID_ARGUMENT", 3, 400),
    ("DEADLINE_EXCEEDED", 4, 504),
    ("NOT_FOUND", 5, 404),
    ("ALREADY_EXISTS", 6, 409),
    ("PERMISSION_DENIED", 7, 403),
    ("RESOURCE_EXHAUSTED", 8, 429),
    ("FAILED_PRECONDITION", 9, 400),
    ("ABORTED", 10, 409),
    ("OUT_OF_RANGE", 11, 400),
    ("UNIMPLEMENTED", 12, 501),
    ("INTERNAL", 13, 500),
    ("UNAVAILABLE", 14, 503),
    ("DATA_LOSS", 15, 500),
    ("UNAUTHENTICATED", 16, 401),
];

#[tokio::test]
async fn without_a_status_name_the_status_line_counts() {
    // SPEC 23, 26, 28
    let server = Server::start(answer).await;
    let jobs = server.jobs();
    for http in lines() {
        let code = by_line(http);
        for form in NAMELESS {
            let name = OperationName::parse(&format!("operations/{http}/{form}")).unwrap();
            let status = in_time(jobs.get_operation(&name)).await.unwrap_err();
            let case = format!("HTTP {http}, {form}: {status}");
            assert_eq!((status.code(), status.raw_code()), (code, code.number()), "{case}");
            assert_eq!(status.origin(), Origin::CallFailed, "{case}");
            assert!(status.details().as_slice().is_empty(), "{case}");
            // SPEC 50, 51
            let is_redirect = (300..400).contains(&http);
            let survived = !is_redirect && (SURVIVED.contains(&code) || matches!(http, 408 | 425));
            assert_eq!(Tolerance::default().is_survivable(&status), survived, "{case}");
            assert!(status.message().contains(said(form, http).as_str()), "{case}");
            assert!(!status.message().contains("<html>"), "{case}");
        }
    }
}

#[tokio::test]
async fn a_status_name_counts_before_the_status_line() {
    // SPEC 23, 26, 28
    let server = Server::start(answer).await;
    let jobs = server.jobs();
    // A 304 has no body.
    for http in lines().into_iter().filter(|http| *http != 304) {
        for (code, (name, number, _)) in Code::ALL.into_iter().skip(1).zip(BY_NAME) {
            for form in ["google", "array"] {
                let asked = OperationName::parse(&format!("operations/{http}/{form}/{name}")).unwrap();
                let status = in_time(jobs.get_operation(&asked)).await.unwrap_err();
                let case = format!("HTTP {http}, {form} {name}: {status}");
                assert_eq!((status.code(), status.raw_code()), (code, number), "{case}");
                assert_eq!(status.origin(), Origin::CallFailed, "{case}");
                // SPEC 51
                let is_redirect = (300..400).contains(&http);
                let context = if is_redirect { "the redirect was not followed: " } else { "" };
                let said = status.message();
                assert!(said == "it said so" || is_redirect && said.starts_with("HTTP 3"), "{case}");
                assert!(said.ends_with(&format!("{context}it said so")), "{case}");
                let survived = SURVIVED.contains(&code) && !is_redirect;
                assert_eq!(Tolerance::default().is_survivable(&status), survived, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn each_code_on_its_own_status_line_is_itself() {
    // SPEC 25
    for (name, number, http) in BY_NAME {
        let status = answered(http, json!({"error": {"code": http, "message": "m", "status": name}})).await;
        assert_eq!((status.code().name(), status.raw_code()), (name, number));
        let advice = if http == 401 { UNAUTHENTICATED } else { "" };
        assert_eq!(status.message(), "m");
        assert_eq!(status.to_string(), format!("{name}: m{advice}"));
    }
}

#[tokio::test]
async fn the_code_in_the_body_is_never_an_rpc_code() {
    // SPEC 22
    for (http, code) in [(403, 5), (403, 7), (500, 404), (503, 3), (400, 14), (404, 404), (429, 0), (500, 16)]
    {
        for body in [
            json!({"error": {"code": code, "message": "m"}}),
            json!({"error": {"code": code.to_string(), "message": "m"}}),
            json!([{"error": {"code": code, "message": "m", "status": "NO_SUCH_NAME"}}]),
            // The form of an operation's error, and a failed operation: neither has the form of a failed call.
            json!({"code": code, "message": "m"}),
            json!({"name": "operations/1", "done": true, "error": {"code": code, "message": "m"}}),
        ] {
            let status = answered(http, body.clone()).await;
            assert_eq!(status.code(), by_line(http), "HTTP {http} {body}: {status}");
            assert_eq!(status.raw_code(), by_line(http).number(), "HTTP {http} {body}: {status}");
            assert!(status.may_be_running(), "{status}");
        }
    }
}

#[tokio::test]
async fn ok_is_no_name_of_a_failure() {
    // SPEC 23
    for http in [401, 404, 503] {
        let status = answered(http, json!({"error": {"code": http, "message": "m", "status": "OK"}})).await;
        assert_eq!((status.code(), status.raw_code()), (by_line(http), by_line(http).number()), "{status}");
    }
}

#[tokio::test]
async fn a_member_of_a_wrong_type_loses_none_of_the_others() {
    // SPEC 23: `error.status` by name, whatever the other members are.
    let mut lost = Vec::new();
    for beside in [
        json!({"details": {"@type": "t/a.B"}}),
        json!({"details": "none"}),
        json!({"details": null}),
        json!({"errors": ["text"]}),
        json!({"errors": "text"}),
        json!({"errors": [{"reason": 5}]}),
        json!({"code": "four hundred"}),
        json!({"code": {"nested": true}}),
        json!({"message": 5}),
        json!({"new": [1, 2]}),
    ] {
        let mut error = json!({"code": 400, "message": "m", "status": "RESOURCE_EXHAUSTED"});
        error.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        let status = answered(400, json!({"error": error, "error_description": 5})).await;
        let alone = answered(400, json!({"error": error})).await;
        for status in [status, alone] {
            let message = beside.get("message").is_some() || status.message() == "m";
            if status.code() != Code::ResourceExhausted || !message {
                lost.push(format!("{beside}: {status}"));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

#[tokio::test]
async fn an_array_is_never_read_as_members_in_their_order() {
    // SPEC 16, 23
    for body in [
        json!({"error": ["DATA_LOSS", "by place", null, null]}),
        json!([[{"status": "DATA_LOSS", "message": "by place"}, null]]),
        json!([{"status": "DATA_LOSS", "message": "by place"}, null]),
        json!([["DATA_LOSS", "by place"]]),
    ] {
        let status = answered(403, body.clone()).await;
        assert_eq!(status.code(), Code::PermissionDenied, "{body}: {status}");
        assert!(status.message().starts_with("HTTP 403"), "{body}: {status}");
    }
}

#[tokio::test]
async fn the_message_says_what_the_server_said() {
    for (body, message) in [
        (json!({"error": {"message": "no such space", "status": "NOT_FOUND"}}), "no such space"),
        (json!({"error": "invalid_grant", "error_description": "it expired"}), "invalid_grant: it expired"),
        (json!({"error": "invalid_grant"}), "invalid_grant"),
        (
            json!({"error": {"errors": [{"reason": "rateLimitExceeded", "message": "slow down"}]}}),
            "slow down: rateLimitExceeded",
        ),
        (json!({"error": {"status": "NOT_FOUND"}}), "HTTP 404 Not Found"),
        (json!({"error": {"message": "", "status": "NOT_FOUND"}}), "HTTP 404 Not Found"),
    ] {
        assert_eq!(answered(404, body).await.message(), message);
    }
}

#[tokio::test]
async fn details_are_kept_in_order_known_or_not() {
    // SPEC 11, 24
    let details = json!([
        {"@type": "type.googleapis.com/example.v1.Unheard", "of": [1, {"deep": null}]},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "FIRST", "domain": "d", "metadata": {"k": "v"}},
        {"no": "type"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SECOND"},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "de", "message": "Nein"},
    ]);
    for wrap in [|error: Value| json!({"error": error}), |error: Value| json!([{"error": error}])] {
        let error = json!({"code": 403, "message": "m", "status": "PERMISSION_DENIED", "details": details});
        let status = answered(403, wrap(error)).await;
        let kept: Vec<Value> = status.details().as_slice().iter().map(value).collect();
        assert_eq!(json!(kept), details);
        assert_eq!(status.details().error_info().unwrap().reason, "FIRST");
        assert_eq!(status.details().error_info().unwrap().metadata["k"], "v");
        assert_eq!(status.details().as_slice()[4].decode::<ErrorInfo>().unwrap().reason, "SECOND");
        assert_eq!(status.retry_after(), Some(Duration::from_millis(7_500)));
        assert!(status.details().help().is_none());
    }
}

#[tokio::test]
async fn a_detail_that_cannot_be_read_loses_none_of_the_others() {
    // SPEC 11, 24
    let error = json!({"status": "PERMISSION_DENIED", "message": "m", "details": [
        "text", 5, null, [1], true,
        {"@type": 5},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "soon"},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": ["wrong"]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R"},
    ]});
    let status = answered(403, json!({"error": error})).await;
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "m"));
    let kept: Vec<Value> = status.details().as_slice().iter().map(value).collect();
    assert_eq!(json!(kept), json!(&error["details"].as_array().unwrap()[5..]));
    assert_eq!(status.details().error_info().unwrap().reason, "R");
    assert_eq!(status.retry_after(), Some(Duration::from_secs(2)));
}

#[tokio::test]
async fn retry_after_is_seconds_or_a_date_to_come() {
    // SPEC 32
    let now = SystemTime::now();
    let date = |time: SystemTime| httpdate::fmt_http_date(time);
    let cases = [
        (None, None),
        (Some("7".to_owned()), Some(7..=7)),
        (Some(" 7 ".to_owned()), Some(7..=7)),
        (Some("86400".to_owned()), Some(86_400..=86_400)),
        (Some(date(now + Duration::from_secs(120))), Some(110..=121)),
        (Some(rfc_850(now + Duration::from_secs(3_600))), Some(3_590..=3_601)),
        (Some(u64::MAX.to_string()), Some(u64::MAX..=u64::MAX)),
        (Some("0".to_owned()), None),
        (Some(date(now - Duration::from_secs(120))), None),
        (Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()), None),
        (Some("-5".to_owned()), None),
        (Some("-0".to_owned()), None),
        (Some("+5".to_owned()), None),
        (Some("5.5".to_owned()), Some(6..=6)),
        (Some("1e3".to_owned()), None),
        (Some("soon".to_owned()), None),
        (Some(String::new()), None),
        (Some("5, 6".to_owned()), None),
        (Some("99999999999999999999999".to_owned()), Some(u64::MAX..=u64::MAX)),
        (Some("Sun, 99 Nov 2094 08:49:37 GMT".to_owned()), None),
    ];
    for (sent, expected) in cases {
        let header = sent.clone().map(|sent| HeaderValue::try_from(sent).unwrap());
        let status = asked_to_wait(header, "").await;
        assert_eq!(status.code(), Code::Unavailable);
        match (status.retry_after(), expected) {
            (None, None) => {}
            (Some(delay), Some(range)) => {
                let seconds = delay.as_secs_f64().ceil() as u64;
                assert!(range.contains(&seconds), "{sent:?}: {delay:?}");
            }
            (delay, expected) => panic!("{sent:?}: {delay:?}, expected {expected:?}"),
        }
    }
    assert_eq!(asked_to_wait(Some(HeaderValue::from_bytes(b"\xff5").unwrap()), "").await.retry_after(), None);
}

#[tokio::test]
async fn a_date_counts_from_the_clock_of_the_server() {
    // SPEC 32
    let date = |time: SystemTime| HeaderValue::try_from(httpdate::fmt_http_date(time)).unwrap();
    let hour = Duration::from_secs(3_600);
    for (sent, seconds) in
        [(SystemTime::now(), 30), (SystemTime::now() - hour, 30), (SystemTime::now() + hour, 86_400)]
    {
        for http in [200, 503] {
            let server = Server::start(move |_| {
                let mut reply = reply(http, common::RUNNING);
                reply.headers_mut().insert(header::DATE, date(sent));
                reply.headers_mut().insert(header::RETRY_AFTER, date(sent + Duration::from_secs(seconds)));
                reply
            })
            .await;
            let delay = match common::get(&server.jobs()).await {
                Ok(operation) => operation.retry_after,
                Err(status) => status.retry_after(),
            };
            assert_eq!(delay, Some(Duration::from_secs(seconds)), "HTTP {http}");
        }
    }
}

#[tokio::test]
async fn retry_info_counts_where_the_header_says_nothing() {
    // SPEC 32
    let body = json!({"error": {"status": "UNAVAILABLE", "message": "m", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
    ]}})
    .to_string();
    let info = Some(Duration::from_millis(3_500));
    assert_eq!(asked_to_wait(None, &body).await.retry_after(), info);
    for nothing in ["0", "soon", "-1", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let header = Some(HeaderValue::from_static(nothing));
        assert_eq!(asked_to_wait(header, &body).await.retry_after(), info, "{nothing}");
    }
    let header = Some(HeaderValue::from_static("9"));
    assert_eq!(asked_to_wait(header, &body).await.retry_after(), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_used_up_quota_is_survived_only_if_waiting_helps() {
    // SPEC 29
    let info = |reason: &str| json!({"@type": "t/google.rpc.ErrorInfo", "reason": reason});
    let retry = json!({"@type": "t/google.rpc.RetryInfo", "retryDelay": "1s"});
    for (details, survived) in [
        (json!([]), true),
        (json!([info("RATE_LIMIT_EXCEEDED")]), true),
        (json!([info("QUOTA_EXCEEDED")]), false),
        (json!([info("QUOTA_EXCEEDED"), retry]), true),
        (json!([retry]), true),
        (json!([{"@type": "t/example.v1.Unheard"}]), true),
        (json!(["text", info("QUOTA_EXCEEDED")]), false),
    ] {
        let error = json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": details});
        let status = answered(429, json!({"error": error})).await;
        assert_eq!(Tolerance::default().is_survivable(&status), survived, "{error}");
    }
}

#[tokio::test]
async fn a_body_over_the_bound_takes_nothing_from_the_status_line() {
    // SPEC 19, 23
    let server = Server::start(|_| reply(403, "x".repeat(17 << 20))).await;
    let status = failure(&server.jobs()).await;
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(!status.message().contains("empty"), "17 MiB are not empty: {status}");
}

/// The advice of a call that carried no credential.
const UNAUTHENTICATED: &str = "; no credential was sent: set one with `HttpClientBuilder::credentials`";

/// The forms of a body that have no status name.
const NAMELESS: [&str; 17] = [
    "google",
    "array",
    "unknown",
    "lower",
    "number",
    "oauth",
    "oauth-alone",
    "legacy",
    "empty",
    "html",
    "truncated",
    "non-utf8",
    "other-object",
    "other-array",
    "array-of-two",
    "error-null",
    "text",
];

/// Answers by the path: `/v1/operations/{status}/{form}/{status name}`.
fn answer(request: &Recorded) -> Reply {
    let parts: Vec<_> = request.target.split('/').skip(3).collect();
    let http = parts[0].parse().unwrap();
    let named = |status: Value| match status {
        Value::Null => json!({"error": {"code": http, "message": "it said so"}}),
        status => json!({"error": {"code": http, "message": "it said so", "status": status}}),
    };
    let name = parts.get(2).map_or(Value::Null, |name| json!(name));
    let body = match parts[1] {
        "google" => named(name).to_string().into_bytes(),
        "array" => json!([named(name)]).to_string().into_bytes(),
        "unknown" => named(json!("NO_SUCH_NAME")).to_string().into_bytes(),
        "lower" => named(json!("data_loss")).to_string().into_bytes(),
        // DATA_LOSS, if the name were read as a number.
        "number" => named(json!("15")).to_string().into_bytes(),
        "oauth" => json!({"error": "DATA_LOSS", "error_description": "it said so"}).to_string().into_bytes(),
        "oauth-alone" => json!({"error": "it said so"}).to_string().into_bytes(),
        "legacy" => json!({"error": {"errors": [
            {"domain": "global", "reason": "dataLoss", "message": "it said so"}, {"reason": "second"}
        ], "code": http}})
        .to_string()
        .into_bytes(),
        "empty" => Vec::new(),
        "html" => b"<!DOCTYPE html><html>DATA_LOSS</html>".to_vec(),
        "truncated" => br#"{"error": {"code": 500, "status": "DATA_LOSS", "mess"#.to_vec(),
        "non-utf8" => b"{\"error\": {\"status\": \"DATA_LOSS\", \"message\": \"\xff\xfe\"}}".to_vec(),
        "other-object" => {
            json!({"status": "DATA_LOSS", "fault": {"status": "DATA_LOSS"}}).to_string().into_bytes()
        }
        "other-array" => json!([[{"error": {"status": "DATA_LOSS"}}]]).to_string().into_bytes(),
        "array-of-two" => json!([{"status": "DATA_LOSS"}, 5]).to_string().into_bytes(),
        "error-null" => json!({"error": null, "status": "DATA_LOSS"}).to_string().into_bytes(),
        "text" => b"DATA_LOSS".to_vec(),
        form => panic!("no form {form}"),
    };
    reply(http, body)
}

/// The part of such a body that the message contains.
fn said(form: &str, http: u16) -> String {
    match form {
        // A 304 has no body.
        _ if http == 304 => "HTTP 304".to_owned(),
        "google" | "array" | "unknown" | "lower" | "number" | "oauth" | "oauth-alone" | "legacy" => {
            "it said so".to_owned()
        }
        _ => format!("HTTP {http}"),
    }
}

fn by_line(http: u16) -> Code {
    BY_HTTP_STATUS.into_iter().find_map(|(line, code)| (line == http).then_some(code)).unwrap_or(match http {
        400..500 => Code::FailedPrecondition,
        500..600 => Code::Internal,
        _ => Code::Unknown,
    })
}

/// Every row of the table, and status lines without a row.
fn lines() -> Vec<u16> {
    let ranges = [300..=308, 400..=418, 421..=431, 451..=451, 499..=511, 599..=600, 999..=999];
    ranges.into_iter().flatten().collect()
}

/// The failure of a call with this answer.
async fn answered(http: u16, body: Value) -> Status {
    failure(&Server::always(http, &body.to_string()).await.jobs()).await
}

/// The failure of a call that is answered with 503 and this `Retry-After`.
async fn asked_to_wait(retry_after: Option<HeaderValue>, body: &str) -> Status {
    let body = body.to_owned();
    let server = Server::start(move |_| {
        let mut reply = reply(503, body.clone());
        if let Some(retry_after) = retry_after.clone() {
            reply.headers_mut().insert(header::RETRY_AFTER, retry_after);
        }
        reply
    })
    .await;
    failure(&server.jobs()).await
}

/// The second date format of HTTP (RFC 850).
fn rfc_850(time: SystemTime) -> String {
    let fixdate = httpdate::fmt_http_date(time);
    let [day, date, month, year, clock, zone] = fixdate.split(' ').collect::<Vec<_>>()[..] else {
        panic!("not a date: {fixdate}");
    };
    let day = match day {
        "Mon," => "Monday",
        "Tue," => "Tuesday",
        "Wed," => "Wednesday",
        "Thu," => "Thursday",
        "Fri," => "Friday",
        "Sat," => "Saturday",
        _ => "Sunday",
    };
    format!("{day}, {date}-{month}-{} {clock} {zone}", &year[2..])
}

fn value(any: &Any) -> Value {
    serde_json::from_str(any.as_json().unwrap()).unwrap()
}
