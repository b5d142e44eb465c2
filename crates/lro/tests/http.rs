//! Replies to HTTP calls.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lro::{Code, Origin, Status, Tolerance, retry_after};
use serde_json::{Value, json};

#[test]
fn seconds_are_rounded_up() {
    // SPEC 32
    for (value, seconds) in [
        ("1.5", 2),
        ("29.997", 30),
        ("0.2", 1),
        ("7", 7),
        (" 7 ", 7),
        ("\t7", 7),
        ("007", 7),
        ("1.0", 1),
        ("1.000", 1),
        ("0.0000000000000000000000001", 1),
        ("86400", 86_400),
        ("99999999999999999999999", u64::MAX),
        ("99999999999999999999999.5", u64::MAX),
        ("18446744073709551615.5", u64::MAX),
    ] {
        assert_eq!(retry_after(&one(value)), Some(Duration::from_secs(seconds)), "{value:?}");
    }
}

#[test]
fn zero_and_text_are_no_delay() {
    // SPEC 32
    for value in [
        "", " ", "0", "0.0", "00", "1e2", "-1", "-0", "+5", "3, 3", "5s", "5 s", ".5", "5.", ".", "1.5.2",
        "1,5", "0x10", "1_000", "inf", "NaN", "soon", "1.5s", "1.-5", "1.+5", "PT5S", "5;",
    ] {
        assert_eq!(retry_after(&one(value)), None, "{value:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
    for bytes in [&b"\xff5"[..], b"5\xff", "٣".as_bytes()] {
        let value = HeaderValue::from_bytes(bytes).unwrap();
        assert_eq!(retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)])), None);
    }
    // Two headers are one list (RFC 9110, 5.3).
    let mut twice = one("3");
    twice.append(header::RETRY_AFTER, HeaderValue::from_static("3"));
    assert_eq!(retry_after(&twice), None);
}

#[test]
fn a_date_counts_from_the_date_of_the_reply() {
    // SPEC 32
    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(httpdate::fmt_http_date(sent), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (value, seconds) in [
        ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
        ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
        ("Sun Nov  6 08:50:07 1994", Some(30)),
        ("Mon, 07 Nov 1994 08:49:37 GMT", Some(86_400)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:36 GMT", None),
        ("Sun, 06 Nov 1994 25:50:07 GMT", None),
        ("Sun, 06 Nov 1994 08:50:07 CET", None),
        ("Sun, 06 Nov 1994 08:50:07 +0000", None),
        ("Sun, 06 Nov 1994 08:50:07 UTC", None),
        ("Sun, 06 Nov 1994 08:50:07", None),
        ("sun, 06 nov 1994 08:50:07 gmt", None),
        ("Sun, 6 Nov 1994 08:50:07 GMT", None),
        ("Sun, 06 Nov 1994 08:50:07.5 GMT", None),
        ("Sun, 31 Feb 1994 08:50:07 GMT", None),
        ("Sun, 06 Nov 1994 24:00:00 GMT", None),
        ("Sun, 06 Nov 0000 08:50:07 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(252_618_189_022)),
        ("1994-11-06T08:50:07Z", None),
        (" Sun, 06 Nov 1994 08:50:07 GMT\t", Some(30)),
    ] {
        let mut headers = one(value);
        headers.insert(header::DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{value}");
    }
}

#[test]
fn a_date_counts_from_this_clock_where_the_reply_has_none() {
    // SPEC 32
    let in_an_hour = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3_600));
    for date in [None, Some("yesterday"), Some(""), Some("784111777")] {
        let mut headers = one(&in_an_hour);
        date.map(|date| headers.insert(header::DATE, HeaderValue::from_static(date)));
        let delay = retry_after(&headers).unwrap();
        // The clock advances during the test.
        assert!(
            (3_000..=3_610).contains(&delay.as_secs()) && delay.subsec_nanos() == 0,
            "{date:?}: {delay:?}"
        );
    }
}

#[test]
fn a_rate_limit_is_one_under_any_status_line() {
    // SPEC 50
    let info = |reason| json!({"details": [{"@type": "t/google.rpc.ErrorInfo", "reason": reason}]});
    let legacy =
        |reason| json!({"errors": [{"domain": "global"}, {"domain": "usageLimits", "reason": reason}]});
    for http in [400, 403, 429, 500, 503] {
        for beside in
            [info("RATE_LIMIT_EXCEEDED"), legacy("rateLimitExceeded"), legacy("userRateLimitExceeded")]
        {
            for name in [Value::Null, json!("PERMISSION_DENIED")] {
                let status = failed(http, &name, &beside);
                assert_eq!(status.code(), Code::ResourceExhausted, "HTTP {http} {beside}");
                assert!(Tolerance::default().is_survivable(&status), "HTTP {http} {beside}");
            }
        }
    }
    assert_eq!(failed(403, &Value::Null, &legacy("forbidden")).code(), Code::PermissionDenied);
    assert_eq!(failed(403, &Value::Null, &info("SERVICE_DISABLED")).code(), Code::PermissionDenied);
}

#[test]
fn a_spent_quota_is_final() {
    // SPEC 29, 50
    let reasons = |reasons: &[&str]| json!({"errors": reasons.iter().map(|reason| json!({"reason": reason})).collect::<Vec<_>>()});
    for (http, code) in [(403, Code::PermissionDenied), (429, Code::ResourceExhausted)] {
        for beside in [
            reasons(&["dailyLimitExceeded"]),
            reasons(&["quotaExceeded"]),
            reasons(&["rateLimitExceeded", "quotaExceeded"]),
        ] {
            let status = failed(http, &Value::Null, &beside);
            assert_eq!(status.code(), code, "{beside}");
            assert!(!Tolerance::default().is_survivable(&status), "{beside}");
            // A delay of the server means that a later call succeeds.
            let mut delayed = beside.clone();
            delayed["details"] = json!([{"@type": "t/google.rpc.RetryInfo", "retryDelay": "5s"}]);
            let status = failed(http, &json!("RESOURCE_EXHAUSTED"), &delayed);
            assert!(Tolerance::default().is_survivable(&status), "{delayed}");
        }
    }
}

#[test]
fn a_redirect_is_final_and_names_the_origin_that_it_points_to() {
    // SPEC 51, 60
    let long = format!("https://{}.example/x", "a".repeat(1 << 20));
    for (location, named) in [
        ("https://other.example/x", " to https://other.example"),
        ("https://other.example:8443?key=s3cret", " to https://other.example:8443"),
        ("HTTP://user:s3cret@Other.example/#s3cret", " to HTTP://Other.example"),
        ("https://[2001:db8::1]:443/s3cret", " to https://[2001:db8::1]:443"),
        ("https://user:s3cret/@other.example/", ""),
        ("https://other.example\\@s3cret/", " to https://other.example"),
        ("//s3cret@other.example/", ""),
        ("/v1/s3cret?next=https://other.example", ""),
        ("s3cret", ""),
        ("https://", ""),
        ("https://s3cret other/", ""),
        ("https://a:s3cret", ""),
        ("", ""),
        (&long, ""),
    ] {
        for http in [301, 302, 303, 307, 308] {
            let http = StatusCode::from_u16(http).unwrap();
            let headers =
                HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_str(location).unwrap())]);
            for body in ["", "<html>s3cret</html>"] {
                let status = Status::from_http(http, &headers, body.as_bytes());
                assert_eq!(status.message(), format!("HTTP {http}: the redirect{named} was not followed"));
                assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unknown));
                assert!(!Tolerance::default().is_survivable(&status), "{location}");
            }
        }
    }
    let body = br#"{"error": {"message": "moved", "status": "UNAVAILABLE"}}"#;
    let status = Status::from_http(StatusCode::FOUND, &HeaderMap::new(), body);
    assert_eq!(status.to_string(), "UNAVAILABLE: HTTP 302 Found: the redirect was not followed: moved");
    assert!(!Tolerance::default().is_survivable(&status));
    // Not a redirect to follow, but final too.
    assert!(!Tolerance::default().is_survivable(&Status::from_http(
        StatusCode::NOT_MODIFIED,
        &HeaderMap::new(),
        b""
    )));
}

#[test]
fn a_failed_reply_keeps_its_delay_and_may_have_a_byte_order_mark() {
    // SPEC 32, 48
    let body = "\u{feff}{\"error\": {\"code\": 403, \"message\": \"no\", \"status\": \"PERMISSION_DENIED\"}}";
    let status = Status::from_http(StatusCode::FORBIDDEN, &one("1.5"), body.as_bytes());
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "no"));
    assert_eq!(status.retry_after(), Some(Duration::from_secs(2)));
}

fn failed(http: u16, name: &Value, beside: &Value) -> Status {
    let mut error = json!({"code": http, "message": "no", "status": name});
    error.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
    let body = json!({"error": error}).to_string();
    Status::from_http(StatusCode::from_u16(http).unwrap(), &HeaderMap::new(), body.as_bytes())
}

fn one(retry_after: &str) -> HeaderMap {
    let value = HeaderValue::from_bytes(retry_after.as_bytes()).unwrap();
    HeaderMap::from_iter([(HeaderName::from_static("retry-after"), value)])
}

#[test]
fn an_error_of_another_form_shows_its_text() {
    for (body, expected) in [
        (r#"{"code": "E12", "message": "prompt is too long"}"#, "prompt is too long"),
        (r#"{"title": "Bad prompt", "detail": "too long", "status": 400}"#, "Bad prompt: too long"),
        (r#"{"detail": "no such job"}"#, "no such job"),
        // Azure's code is a name.
        (
            r#"{"error": {"code": "DeploymentNotFound", "message": "no such deployment"}}"#,
            "DeploymentNotFound: no such deployment",
        ),
        (r#"{"error": {"code": "BadPrompt"}}"#, "BadPrompt"),
        (r#"{"error": {"code": "400", "message": "a number"}}"#, "a number"),
        (r#"{"title": "Bad prompt.", "detail": "Too long."}"#, "Bad prompt: Too long."),
        // A message of Google's form goes first.
        (r#"{"error": {"message": "theirs"}, "message": "other"}"#, "theirs"),
    ] {
        let status = Status::from_http(StatusCode::BAD_REQUEST, &HeaderMap::new(), body.as_bytes());
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, expected));
    }
}
