//! The status of a call in headers and trailers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lro::{
    Any, Code, Origin, Status,
    details::{ErrorInfo, RetryInfo},
    wkt,
};
use lro_grpc_wire::status::{by_http, read, write};
use proptest::{collection::vec, prelude::*};

#[test]
fn the_number_decides_over_success() {
    let table = [
        ("0", None),
        ("00", None),
        ("5", Some(5)),
        ("16", Some(16)),
        // SPEC 25
        ("17", Some(17)),
        ("2147483647", Some(i32::MAX)),
        ("2147483648", Some(2)),
        ("-1", Some(2)),
        ("+0", Some(2)),
        ("", Some(2)),
        ("OK", Some(2)),
    ];
    for (text, number) in table {
        let result = read(&headers(&[("grpc-status", text)])).unwrap();
        assert_eq!(result.err().map(|status| status.raw_code()), number, "{text:?}");
    }
    assert_eq!(read(&headers(&[("grpc-message", "lost")])), None);
    let twice = headers(&[("grpc-status", "0"), ("grpc-status", "5")]);
    assert_eq!(read(&twice).unwrap().unwrap_err().code(), Code::Unknown);
    let alike = headers(&[("grpc-status", "5"), ("grpc-status", "5")]);
    assert_eq!(read(&alike).unwrap().unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_message_is_percent_decoded_as_far_as_possible() {
    let table = [
        ("no such job", "no such job"),
        ("100 %25 %C3%B6", "100 % ö"),
        ("%0Aline%0a", "\nline\n"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%FF", "\u{fffd}"),
        ("", ""),
    ];
    for (text, message) in table {
        let status = failed(&[("grpc-status", "5"), ("grpc-message", text)]);
        assert_eq!((status.code(), status.message()), (Code::NotFound, message));
    }
    let mut raw = headers(&[("grpc-status", "5")]);
    raw.insert("grpc-message", HeaderValue::from_bytes("ö\u{ff}".as_bytes()).unwrap());
    assert_eq!(read(&raw).unwrap().unwrap_err().message(), "öÿ");
}

#[test]
fn details_are_read_from_the_first_status_that_decodes() {
    // `Status { code: 8, message: "m", details: [RetryInfo of 7.5 s] }`
    let text = "CAgSAW0aNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIBxCAyrXuAQ";
    let padded = format!("{text}==");
    let after_junk = format!("?, ,{text}");
    for value in [text, &padded, &after_junk] {
        let status = failed(&[("grpc-status", "8"), ("grpc-message", "slow"), (DETAILS, value)]);
        assert_eq!(status.retry_after(), Some(Duration::from_millis(7_500)), "{value}");
        assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "slow"));
    }
    let repeated = failed(&[("grpc-status", "8"), (DETAILS, "!"), (DETAILS, text)]);
    assert_eq!((repeated.details().as_slice().len(), repeated.message()), (1, "m"));
    // `grpc-status` wins over the code in the details.
    assert_eq!(failed(&[("grpc-status", "14"), (DETAILS, text)]).code(), Code::Unavailable);
    for unreadable in ["", "!!!", "AAAA", "CAgSBW0", "////"] {
        let status = failed(&[("grpc-status", "5"), ("grpc-message", "gone"), (DETAILS, unreadable)]);
        assert_eq!(status, Status::new(Code::NotFound, "gone"), "{unreadable:?}");
    }
}

// SPEC 29, 50
#[test]
fn a_rate_limit_and_a_spent_quota_are_known_by_their_reason() {
    let with = |code, reason: &str| {
        let info = ErrorInfo { reason: reason.into(), ..ErrorInfo::default() };
        let status = Status::new(code, "limit").with_details(vec![Any::pack(&info).unwrap()]);
        sent(&status)
    };
    for reason in ["RATE_LIMIT_EXCEEDED", "rateLimitExceeded"] {
        let limit = with(Code::PermissionDenied, reason);
        assert_eq!(limit, with(Code::ResourceExhausted, reason));
        assert_eq!((limit.code(), limit.details().as_slice().len()), (Code::ResourceExhausted, 1));
    }
    assert_eq!(with(Code::PermissionDenied, "quotaExceeded").code(), Code::PermissionDenied);
    let tolerance = lro::Tolerance::default();
    let survives = |status: &Status| tolerance.is_survivable(status);
    assert!(survives(&with(Code::ResourceExhausted, "rateLimitExceeded")));
    assert!(!survives(&with(Code::ResourceExhausted, "quotaExceeded")));
}

fn from_http(http: StatusCode, headers: &HeaderMap, body: &[u8]) -> Status {
    by_http(http, Status::from_http(http, headers, body))
}

#[test]
fn a_reply_without_a_status_is_read_by_the_table_of_grpc() {
    let table = [
        (400, Code::Internal),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (429, Code::Unavailable),
        (502, Code::Unavailable),
        (503, Code::Unavailable),
        (504, Code::Unavailable),
        (200, Code::Unknown),
        (302, Code::Unknown),
        (409, Code::Unknown),
        (500, Code::Unknown),
    ];
    for (number, code) in table {
        let http = StatusCode::from_u16(number).unwrap();
        let status = from_http(http, &HeaderMap::new(), b"<html>");
        assert_eq!((status.code(), status.origin()), (code, Origin::CallFailed), "{number}");
        assert!(status.message().starts_with(&format!("HTTP {number} ")), "{status}");
    }
    let busy = from_http(StatusCode::SERVICE_UNAVAILABLE, &headers(&[("retry-after", "7")]), b"");
    assert_eq!(busy.retry_after(), Some(Duration::from_secs(7)));
    // An error in JSON says more than the table.
    let body = br#"{"error": {"code": 404, "status": "NOT_FOUND", "message": "no such project"}}"#;
    let error = from_http(StatusCode::NOT_FOUND, &HeaderMap::new(), body);
    assert_eq!(error, Status::new(Code::NotFound, "no such project"));
    // SPEC 51
    let location = headers(&[("location", "https://other.example/path?key=secret")]);
    let redirect = from_http(StatusCode::FOUND, &location, b"");
    assert!(
        redirect.message().ends_with("the redirect to https://other.example was not followed"),
        "{redirect}"
    );
}

#[test]
fn a_status_is_written_as_the_protocol_has_it() {
    let mut written = HeaderMap::new();
    write(Ok(()), &mut written);
    assert_eq!(written, headers(&[("grpc-status", "0")]));

    let retry = RetryInfo { retry_delay: Some(wkt::Duration::new(7, 500_000_000).unwrap()) };
    let status =
        Status::new(Code::ResourceExhausted, "100 % ö\n").with_details(vec![Any::pack(&retry).unwrap()]);
    let mut written = HeaderMap::new();
    write(Err(&status), &mut written);
    assert_eq!(written["grpc-status"], "8");
    assert_eq!(written["grpc-message"], "100 %25 %C3%B6%0A");
    let details = written[DETAILS].to_str().unwrap();
    assert!(!details.is_empty() && !details.contains('='), "{details}");
    assert_eq!(read(&written), Some(Err(status)));

    // An error is never written as a success.
    assert_eq!(sent(&Status::from_number(0, "odd")), Status::new(Code::Unknown, "odd"));
    assert_eq!(sent(&Status::new(Code::Aborted, "")), Status::new(Code::Aborted, ""));
}

proptest! {
    #[test]
    fn no_header_panics(status: Vec<u8>, message: Vec<u8>, details: Vec<u8>, base64 in "[A-Za-z0-9+/=,]{0,40}") {
        let mut headers = HeaderMap::new();
        for (name, value) in [("grpc-status", &status), ("grpc-message", &message), (DETAILS, &details), (DETAILS, &base64.into_bytes())] {
            headers.extend(HeaderValue::from_bytes(value).ok().map(|value| (HeaderName::from_static(name), value)));
        }
        let _ = read(&headers);
        headers.insert("grpc-status", HeaderValue::from_static("3"));
        prop_assert_eq!(read(&headers).unwrap().unwrap_err().raw_code(), 3);
    }

    #[test]
    fn a_status_survives_its_headers(code in 1..i32::MAX, message: String, values in vec(any::<Vec<u8>>(), 0..3)) {
        let details = values.iter().map(|value| Any::pack_protobuf("example.v1.Hint", value)).collect();
        let status = Status::from_number(code, message).with_details(details);
        prop_assert_eq!(sent(&status), status);
    }
}

/// The status after it was written and read.
fn sent(status: &Status) -> Status {
    let mut headers = HeaderMap::new();
    write(Err(status), &mut headers);
    read(&headers).unwrap().unwrap_err()
}

fn failed(values: &[(&'static str, &str)]) -> Status {
    read(&headers(values)).unwrap().unwrap_err()
}

fn headers(values: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        headers.append(*name, HeaderValue::try_from(*value).unwrap());
    }
    headers
}

const DETAILS: &str = "grpc-status-details-bin";
