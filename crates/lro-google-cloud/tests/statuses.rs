//! Errors, statuses and messages of google-cloud-rust are converted both ways.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{error::Error as _, io};

use google_cloud_gax::error::{CredentialsError, Error, rpc};
use google_cloud_longrunning::model;
use google_cloud_rpc::model::{ErrorInfo, RetryInfo};
use google_cloud_wkt as wkt;
use http::{HeaderMap, HeaderValue, header};
use lro::{Any, Code, Operation, Origin, Outcome, Status, Tolerance, details};
use lro_google_cloud::{Model, call_failed, from_any, operation, to_any, to_error, to_rpc};
use serde_json::Value;

#[test]
fn an_error_that_no_server_sent_has_the_code_of_its_kind() {
    let io = || io::Error::from(io::ErrorKind::ConnectionReset);
    let broken = || serde_json::from_str::<Value>("{\"a\": ").unwrap_err();
    let misfit = || serde_json::from_str::<u32>("[]").unwrap_err();
    let credentials = |is_transient| Error::authentication(CredentialsError::from_source(is_transient, io()));
    let (failed, malformed) = (Origin::CallFailed, Origin::MalformedReply);
    // SPEC 26, 49
    for (error, code, origin, survived) in [
        (Error::timeout("7 s"), Code::DeadlineExceeded, failed, true),
        (Error::connect(io()), Code::Unavailable, failed, true),
        (Error::io(io()), Code::Unavailable, failed, true),
        (Error::deser(broken()), Code::Internal, failed, true),
        (Error::deser(misfit()), Code::Internal, malformed, false),
        (Error::ser("no number"), Code::InvalidArgument, failed, false),
        (Error::binding("no name"), Code::InvalidArgument, failed, false),
        (credentials(true), Code::Unauthenticated, failed, true),
        (credentials(false), Code::Unauthenticated, failed, false),
        (Error::exhausted(Error::connect(io())), Code::Unavailable, failed, true),
    ] {
        let shown = format!("{error:?}");
        let cause = error.source().unwrap().to_string();
        let status = call_failed(error);
        assert_eq!((status.code(), status.origin()), (code, origin), "{shown}");
        assert_eq!(Tolerance::default().is_survivable(&status), survived, "{shown}");
        assert!(status.source().is_some_and(|source| source.is::<Error>()), "{shown}");
        assert!(
            status.message().contains(&cause) || shown.contains("Exhausted") || shown.contains("Auth"),
            "{status}"
        );
    }
}

#[test]
fn an_error_over_grpc_keeps_its_code_details_and_pause() {
    let details: [wkt::Any; 3] = [
        wkt::Any::from_msg(&ErrorInfo::new().set_reason("BUSY")).unwrap(),
        serde_json::from_str(
            r#"{"@type": "type.googleapis.com/example.v1.Later", "big": "9007199254740993"}"#,
        )
        .unwrap(),
        wkt::Any::from_msg(&RetryInfo::new().set_retry_delay(wkt::Duration::clamp(7, 0))).unwrap(),
    ];
    for code in 1..=16 {
        let sent = rpc::Status::default().set_code(code).set_message("no").set_details(details.clone());
        let status = call_failed(Error::service(sent));
        // SPEC 24, 32
        assert_eq!((status.raw_code(), status.message(), status.origin()), (code, "no", Origin::CallFailed));
        let types: Vec<_> = status.details().as_slice().iter().map(|any| any.type_name().unwrap()).collect();
        assert_eq!(types, ["google.rpc.ErrorInfo", "example.v1.Later", "google.rpc.RetryInfo"]);
        assert_eq!(status.details().error_info().unwrap().reason, "BUSY");
        assert_eq!(status.retry_after(), Some(std::time::Duration::from_secs(7)));
    }
}

#[test]
fn a_failed_call_over_grpc_keeps_the_pause_of_its_headers() {
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("7"))]);
    let status = call_failed(Error::transport(headers, "reset"));
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "no reply: reset"));
    assert_eq!(status.retry_after(), Some(std::time::Duration::from_secs(7)));
}

#[test]
fn a_status_becomes_one_of_the_clients() {
    let reason = details::ErrorInfo { reason: "BROKEN".to_owned(), ..details::ErrorInfo::default() };
    let unknown =
        Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Later", "why": ["a", null, 1.5]}"#);
    // The clients refuse a type without a `/`.
    let invalid = Any::from_json(r#"{"@type": "example.v1.Later"}"#);
    let details = vec![unknown.unwrap(), invalid.unwrap(), Any::pack(&reason).unwrap()];
    let status = Status::new(Code::Aborted, "no").with_details(details);

    let rpc = to_rpc(&status);
    assert_eq!((rpc.code, &*rpc.message, rpc.details.len()), (10, "no", 2));
    assert_eq!(rpc.details[0].type_url(), Some("type.googleapis.com/example.v1.Later"));
    assert_eq!(rpc.details[1].to_msg::<ErrorInfo>().unwrap().reason, "BROKEN");
    // SPEC 25
    assert_eq!(to_rpc(&Status::from_number(99, "")).code, 99);

    let error = to_error(&status);
    let sent = error.status().unwrap();
    assert_eq!(sent.code, rpc::Code::Aborted);
    let info = ErrorInfo::new().set_reason("BROKEN");
    assert_eq!(sent.details[1], rpc::StatusDetails::ErrorInfo(info));
    let back = call_failed(error);
    assert_eq!((back.code(), back.message()), (Code::Aborted, "no"));
    assert_eq!(back.details().error_info(), Some(reason));
}

#[test]
fn a_message_is_the_same_after_both_conversions() {
    for json in [
        r#"{"@type":"type.googleapis.com/example.v1.Job","count":"9007199254740993","list":[1,null,"é"],"ratio":0.1}"#,
        r#"{"@type":"type.googleapis.com/google.protobuf.Duration","value":"7.500s"}"#,
        r#"{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/example.v1.Job"}}"#,
        "{}",
    ] {
        let any = Any::from_json(json).unwrap();
        assert_eq!(from_any(&to_any(&any).unwrap()).unwrap(), any);
    }
}

#[test]
fn an_operation_keeps_its_error_and_metadata() {
    let metadata = wkt::Any::from_msg(&wkt::Duration::clamp(7, 0)).unwrap();
    let error = google_cloud_rpc::model::Status::new().set_code(99).set_message("no");
    let done = model::Operation::new().set_name("operations/1").set_metadata(metadata).set_done(true);
    let Operation { name, metadata, outcome, .. } = operation(&done.clone().set_error(error)).unwrap();
    assert_eq!(name, "operations/1");
    assert_eq!(
        metadata.unwrap().decode::<lro::wkt::Duration>().unwrap(),
        std::time::Duration::from_secs(7).into()
    );
    let Some(Outcome::Error(error)) = outcome else { panic!("{outcome:?}") };
    // SPEC 20, 25
    assert_eq!((error.raw_code(), error.message(), error.origin()), (99, "no", Origin::OperationFailed));
    // SPEC 5
    assert_eq!(operation(&done).unwrap().outcome, Some(Outcome::Neither));
}

#[test]
fn the_well_known_types_of_the_clients_decode() {
    let any = |name: &str, value: &str| {
        Any::from_json(format!(
            r#"{{"@type": "type.googleapis.com/google.protobuf.{name}", "value": {value}}}"#
        ))
        .unwrap()
    };
    // SPEC 17
    let seven = any("Duration", r#""7.5s""#);
    assert_eq!(seven.decode::<Model<wkt::Duration>>().unwrap().0, wkt::Duration::clamp(7, 500_000_000));
    let time = any("Timestamp", r#""1970-01-01T00:00:07Z""#);
    assert_eq!(time.decode::<Model<wkt::Timestamp>>().unwrap().0, wkt::Timestamp::clamp(7, 0));
    let object: wkt::Struct = any("Struct", r#"{"a": [1, null]}"#).decode::<Model<_>>().unwrap().0;
    assert_eq!(object["a"], serde_json::json!([1, null]));
    let inner: wkt::Any = any("Any", &serde_json::to_string(&seven).unwrap()).decode::<Model<_>>().unwrap().0;
    assert_eq!(inner.to_msg::<wkt::Duration>().unwrap(), wkt::Duration::clamp(7, 500_000_000));
    any("Empty", "{}").decode::<Model<wkt::Empty>>().unwrap();
    // SPEC 18
    assert!(
        seven
            .decode::<Model<wkt::Timestamp>>()
            .unwrap_err()
            .message()
            .contains("expected google.protobuf.Timestamp")
    );
}
