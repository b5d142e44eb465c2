//! The one error: codes, details, origins, and what it shows.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{error::Error, io, time::Duration};

use lro::{
    Any, Code, Operation, Origin, Outcome, Pacing, Report, Status, Wait,
    details::{
        BadRequest, DebugInfo, Details, ErrorInfo, FieldViolation, Help, HelpLink, LocalizedMessage,
        PreconditionFailure, QuotaFailure, RequestInfo, ResourceInfo, RetryInfo,
    },
    message::Message,
    poll_until_done,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::common::{self, always, any, busy, failed, name, progress, refused, running, script, seconds};

#[test]
fn knows_the_seventeen_codes_by_number_and_by_name() {
    let names = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    assert_eq!(Code::ALL.map(Code::name), names);
    for (number, name) in (0..).zip(names) {
        let code = Code::from_number(number);
        assert_eq!((code.number(), code.name(), code.to_string()), (number, name, name.to_owned()));
        assert_eq!(Code::from_name(name), Some(code));
        if number > 0 {
            let error = error_of(&json!({"code": number, "message": "m"}).to_string());
            assert_eq!((error.code(), error.raw_code()), (code, number));
            assert_eq!(error.to_string(), format!("{name}: m"));
        }
    }
    for name in ["", "not_found", "NotFound", "5", "UNAUTHENTICATED "] {
        assert_eq!(Code::from_name(name), None);
    }
}

#[test]
fn keeps_the_number_of_an_unknown_code() {
    // SPEC 25
    for number in [17, 25, 404, -1, i32::MAX, i32::MIN, 0] {
        let error = error_of(&json!({"code": number, "message": "new"}).to_string());
        assert_eq!((error.code(), error.raw_code()), (Code::Unknown, number));
        assert_eq!(error.to_string(), format!("UNKNOWN ({number}): new"));
        assert!(format!("{error:?}").contains(&number.to_string()), "{error:?}");
        assert_eq!(error_of(&serde_json::to_string(&error).unwrap()), error);
        assert_eq!(Status::from_number(number, "new").code(), Code::Unknown);
    }
    assert_ne!(Status::from_number(25, "new"), Status::from_number(2, "new"));
}

#[test]
fn reads_its_code_as_a_number_or_a_numeric_string() {
    // SPEC 16
    for code in ["5", r#""5""#, "5.0"] {
        assert_eq!(error_of(&format!(r#"{{"code": {code}}}"#)).code(), Code::NotFound, "{code}");
    }
    for code in
        [r#""NOT_FOUND""#, r#""""#, r#"" 5""#, "5.5", "true", "[5]", "{}", "99999999999", r#""99999999999""#]
    {
        assert!(serde_json::from_str::<Status>(&format!(r#"{{"code": {code}}}"#)).is_err(), "{code}");
    }
}

#[test]
fn reads_the_ten_standard_details() {
    // SPEC 24
    let error: Value = serde_json::from_str(ALL_DETAILS).unwrap();
    let status = error_of(ALL_DETAILS);
    let details = status.details();

    let info = details.error_info().unwrap();
    assert_eq!((&*info.reason, &*info.domain), ("SUBSCRIPTION_ALREADY_EXISTS", "googleapis.com"));
    assert_eq!(info.metadata["current_subscription"], "subscriptions/chat-spaces-czotOjEx");
    assert_eq!(details.retry_info().unwrap().retry_delay, Some("3.5s".parse().unwrap()));
    let debug_info = details.debug_info().unwrap();
    assert_eq!((debug_info.stack_entries, &*debug_info.detail), (vec!["a".to_owned(), "b".to_owned()], "d"));
    let quota = &details.quota_failure().unwrap().violations[0];
    assert_eq!((&*quota.subject, &*quota.description), ("project:my-project", "Writes per minute"));
    let precondition = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(
        (&*precondition.r#type, &*precondition.subject, &*precondition.description),
        ("STATE", "subscriptions/x", "not suspended"),
    );
    let field = &details.bad_request().unwrap().field_violations[0];
    assert_eq!((&*field.field, &*field.description), ("model.shipments[0].deliveries", "Must not be empty."));
    let request = details.request_info().unwrap();
    assert_eq!((&*request.request_id, &*request.serving_data), ("r-1", "s"));
    let resource = details.resource_info().unwrap();
    assert_eq!(
        (&*resource.resource_type, &*resource.resource_name, &*resource.owner, &*resource.description),
        ("workspaceevents.googleapis.com/Subscription", "subscriptions/x", "o", "d"),
    );
    let link = &details.help().unwrap().links[0];
    assert_eq!((&*link.description, &*link.url), ("doc", "https://developers.google.com/workspace/events"));
    let localized = details.localized_message().unwrap();
    assert_eq!((&*localized.locale, &*localized.message), ("hi-IN", "अनुरोध अमान्य है"));

    assert_eq!(serde_json::to_value(&status).unwrap(), error);
}

#[test]
fn writes_the_standard_details_for_machines() {
    // SPEC 24
    round_trip(
        &ErrorInfo {
            reason: "R".into(),
            domain: "d".into(),
            metadata: [("snake_key".to_owned(), "v".to_owned())].into(),
        },
        &json!({"reason": "R", "domain": "d", "metadata": {"snake_key": "v"}}),
    );
    round_trip(&RetryInfo { retry_delay: Some("0.1s".parse().unwrap()) }, &json!({"retryDelay": "0.100s"}));
    round_trip(
        &DebugInfo { stack_entries: vec!["a".into(), String::new()], detail: "d".into() },
        &json!({"stackEntries": ["a", ""], "detail": "d"}),
    );
    round_trip(
        &read::<QuotaFailure>(r#"{"violations": [{"subject": "s"}, {"description": "d"}]}"#),
        &json!({"violations": [{"subject": "s"}, {"description": "d"}]}),
    );
    round_trip(
        &read::<PreconditionFailure>(
            r#"{"violations": [{"type": "TOS", "subject": "s", "description": "d"}]}"#,
        ),
        &json!({"violations": [{"type": "TOS", "subject": "s", "description": "d"}]}),
    );
}

#[test]
fn writes_the_standard_details_for_people() {
    // SPEC 24
    let localized = LocalizedMessage { locale: "de".into(), message: "fehlt".into() };
    round_trip(&localized, &json!({"locale": "de", "message": "fehlt"}));
    let violation = FieldViolation {
        field: "a.b".into(),
        description: "d".into(),
        reason: "R".into(),
        localized_message: Some(localized),
    };
    round_trip(
        &BadRequest { field_violations: vec![violation, FieldViolation::default()] },
        &json!({"fieldViolations": [
            {"field": "a.b", "description": "d", "reason": "R", "localizedMessage": {"locale": "de", "message": "fehlt"}},
            {},
        ]}),
    );
    round_trip(
        &RequestInfo { request_id: "r".into(), serving_data: "s".into() },
        &json!({"requestId": "r", "servingData": "s"}),
    );
    round_trip(
        &read::<ResourceInfo>(
            r#"{"resource_type": "t", "resource_name": "n", "owner": "o", "description": "d"}"#,
        ),
        &json!({"resourceType": "t", "resourceName": "n", "owner": "o", "description": "d"}),
    );
    round_trip(
        &Help { links: vec![HelpLink { description: "d".into(), url: "u".into() }] },
        &json!({"links": [{"description": "d", "url": "u"}]}),
    );
}

#[test]
fn keeps_details_known_or_not_in_their_order() {
    // SPEC 11, 24
    let details = json!([
        {"@type": "type.googleapis.com/nobody.knows.This", "x": [1, {"y": null}]},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "FIRST", "newer": {"field": 1}},
        {},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SECOND"},
        {"no": "type"},
    ]);
    let status = error_of(&json!({"code": 5, "message": "m", "details": details}).to_string());
    let kept: Vec<Value> = status
        .details()
        .as_slice()
        .iter()
        .map(|any| serde_json::from_str(any.as_json().unwrap()).unwrap())
        .collect();
    assert_eq!(Value::from(kept), details);
    assert_eq!(status.details().error_info().unwrap().reason, "FIRST");
    assert_eq!(status.details().help(), None);
    assert_eq!(serde_json::to_value(&status).unwrap()["details"], details);
}

#[test]
fn keeps_the_first_thousand_details_wherever_they_come_from() {
    // SPEC 19
    assert_eq!(Details::MOST, 1_000);
    let many: Vec<Value> = (0..=1_000).map(|id| json!({"@type": "t/example.A", "id": id})).collect();
    let error = json!({"code": 8, "message": "full", "details": many});
    let one_more: Vec<Any> = many.iter().map(|detail| any(&detail.to_string())).collect();
    let few = &one_more[..1_000];
    let status = error_of(&error.to_string());
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "full"));
    assert_eq!(status.details().as_slice(), few);

    let body = json!({"error": error}).to_string();
    assert_eq!(Status::in_reply(body.as_bytes()).unwrap().details().as_slice(), few);
    let running = json!({"name": "operations/1", "error": error}).to_string();
    let running = Operation::from_json(running.as_bytes()).unwrap().running_error.unwrap();
    assert_eq!(running.details().as_slice(), few);
    assert_eq!(Status::new(Code::NotFound, "").with_details(one_more.clone()).details().as_slice(), few);
}

#[test]
fn passes_over_a_detail_that_cannot_be_read() {
    // SPEC 11
    let status = error_of(
        r#"{"code": 8, "details": [
            {"@type": "t/google.rpc.RetryInfo", "retryDelay": "soon"},
            {"@type": "t/google.rpc.RetryInfo", "retryDelay": "2s"}
        ]}"#,
    );
    assert_eq!(status.details().retry_info().unwrap().retry_delay, Some("2s".parse().unwrap()));
    assert_eq!(status.details().as_slice().len(), 2);
}

#[test]
fn asks_for_the_delay_in_its_retry_info() {
    // SPEC 32
    assert_eq!(with_retry_info("3.5s").retry_after(), Some(Duration::from_millis(3_500)));
    assert_eq!(Status::new(Code::Unavailable, "busy").retry_after(), None);
    for garbage in ["-1s", "soon", ""] {
        assert_eq!(with_retry_info(garbage).retry_after(), None, "{garbage}");
    }
    assert_eq!(Status::unavailable("busy").with_retry_after(seconds(7)).retry_after(), Some(seconds(7)));
}

#[test]
fn asks_for_the_longer_delay_where_it_is_told_two() {
    // SPEC 32: each is a floor.
    assert_eq!(with_retry_info("5s").with_retry_after(seconds(7)).retry_after(), Some(seconds(7)));
    assert_eq!(with_retry_info("5s").with_retry_after(seconds(1)).retry_after(), Some(seconds(5)));
    assert_eq!(with_retry_info("5s").with_retry_after(Duration::ZERO).retry_after(), Some(seconds(5)));
}

#[test]
fn is_never_equal_to_one_of_another_origin() {
    // SPEC 20
    let origins =
        [Origin::OperationFailed, Origin::CallFailed, Origin::StoppedAsking, Origin::MalformedReply];
    let status = Status::new(Code::DeadlineExceeded, "late").with_details(vec![any(r#"{"@type": "t/a.B"}"#)]);
    for (i, one) in origins.into_iter().enumerate() {
        for (j, other) in origins.into_iter().enumerate() {
            let equal = status.clone().with_origin(one) == status.clone().with_origin(other);
            assert_eq!(equal, i == j, "{one:?} {other:?}");
        }
    }
}

#[test]
fn is_equal_by_code_message_and_details() {
    let status = || Status::new(Code::Internal, "m").with_details(vec![any("{}")]);
    assert_eq!(status(), status());
    assert_eq!(status(), status().with_source(io::Error::other("cause")));
    assert_ne!(status(), Status::new(Code::Unknown, "m").with_details(vec![any("{}")]));
    assert_ne!(status(), Status::new(Code::Internal, "n").with_details(vec![any("{}")]));
    assert_ne!(status(), Status::new(Code::Internal, "m"));
}

#[test]
fn makes_a_failed_call_unless_told_otherwise() {
    // SPEC 20
    for (status, code) in [
        (Status::new(Code::Aborted, "m"), Code::Aborted),
        (Status::unavailable("m"), Code::Unavailable),
        (Status::unimplemented("m"), Code::Unimplemented),
        (Status::invalid_argument("m"), Code::InvalidArgument),
    ] {
        assert_eq!((status.origin(), status.code(), status.message()), (Origin::CallFailed, code, "m"));
        // SPEC 59: the last one was refused on this side.
        assert_eq!(status.may_be_running(), code != Code::InvalidArgument);
    }
    assert_eq!(Status::malformed("m").origin(), Origin::MalformedReply);
    assert!(!Status::new(Code::Aborted, "m").with_origin(Origin::OperationFailed).may_be_running());
}

#[tokio::test(start_paused = true)]
async fn says_the_name_and_that_the_operation_may_still_be_running() {
    // SPEC 21
    let denied = outcome(script([refused(Code::PermissionDenied)])).await;
    let stopped = poll_until_done::<Value>(always(running()), name()).deadline(seconds(1)).await.unwrap_err();
    let malformed = outcome(script([Ok(Operation::running("operations/2"))])).await;
    for (status, origin) in
        [(denied, Origin::CallFailed), (stopped, Origin::StoppedAsking), (malformed, Origin::MalformedReply)]
    {
        assert_eq!(status.origin(), origin);
        let display = status.to_string();
        assert!(display.contains("operations/1"), "{display}");
        assert!(display.contains("may still be running"), "{display}");
        assert!(status.may_be_running());
    }
    let failed = outcome(script([failed()])).await;
    assert!(failed.to_string().starts_with("FAILED_PRECONDITION: out of paper"), "{failed}");
    assert!(!failed.to_string().contains("may still be running"), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn carries_what_is_needed_to_go_on() {
    // SPEC 21
    let replies =
        [Ok(Operation::running("operations/1").with_metadata(progress(3))), busy(), refused(Code::DataLoss)];
    let status = outcome(script(replies)).await;
    let report = status.report().unwrap();
    assert_eq!(report.name, Some(name()));
    assert_eq!(report.polls, 3);
    assert!(report.elapsed >= Duration::from_millis(750), "{:?}", report.elapsed);
    assert_eq!(report.last_failure.as_ref().unwrap().code(), Code::DataLoss);
    assert_eq!(report.last_metadata, Some(progress(3)));
    assert!(!report.done);
}

#[test]
fn displays_its_own_level_and_leaves_the_cause_to_source() {
    let cause = io::Error::new(io::ErrorKind::ConnectionReset, "reset by peer");
    let status = Status::unavailable("no reply").with_source(cause);
    assert_eq!(status.to_string(), "UNAVAILABLE: no reply");
    assert_eq!(status.source().unwrap().to_string(), "reset by peer");
    assert_eq!(
        status.source().unwrap().downcast_ref::<io::Error>().unwrap().kind(),
        io::ErrorKind::ConnectionReset
    );
    assert!(status.source().unwrap().source().is_none());
    assert!(Status::unavailable("no reply").source().is_none());
    assert_eq!(Status::new(Code::Aborted, "").to_string(), "ABORTED");
}

#[tokio::test(start_paused = true)]
async fn leads_from_the_end_of_a_wait_to_the_failure_of_a_call_and_its_cause() {
    // SPEC 21
    let lost = || Err(Status::unavailable("no reply").with_source(io::Error::other("reset by peer")));
    let wait = poll_until_done::<Value>(always(lost()), name()).deadline(seconds(1));
    let stopped = wait.await.unwrap_err();
    assert_eq!(stopped.origin(), Origin::StoppedAsking);
    let call = stopped.source().unwrap();
    assert_eq!(call.to_string(), "UNAVAILABLE: no reply");
    assert_eq!(call.source().unwrap().to_string(), "reset by peer");
    assert!(call.source().unwrap().source().is_none());
}

#[tokio::test(start_paused = true)]
async fn names_no_failed_call_as_the_cause_of_a_failed_operation() {
    let status = outcome(script([busy(), failed()])).await;
    assert_eq!(status.origin(), Origin::OperationFailed);
    assert!(status.source().is_none());
    assert_eq!(status.report().unwrap().last_failure, Some(busy().unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn shows_no_payload() {
    // SPEC 43
    let secret = || any(r#"{"@type": "t/google.rpc.ErrorInfo", "reason": "s3cret", "bearer": "s3cret"}"#);
    let denied = Err(Status::new(Code::PermissionDenied, "no").with_details(vec![secret()]));
    let metadata = Ok(Operation::running("operations/1").with_metadata(secret()));
    let call = outcome(script([metadata, denied])).await;

    let error = Status::new(Code::Aborted, "no").with_details(vec![secret()]);
    let operation = outcome(script([Ok(Operation::failed("operations/1", error))])).await;

    let response = any(r#"{"@type": "t/a.B", "pages": 1, "answer": "s3cret"}"#);
    let mismatch =
        poll_until_done::<ErrorInfo>(script([Operation::succeeded("operations/1", response)]), name());
    let mismatch = mismatch.await.unwrap_err();
    assert!(mismatch.response().is_some());

    for status in [call, operation, mismatch] {
        for shown in [format!("{status}"), format!("{status:?}"), format!("{status:#?}")] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        assert!(format!("{status:?}").contains("operations/1"), "{status:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shows_nothing_of_a_response_that_does_not_fit() {
    // SPEC 43
    #[derive(Debug, serde::Deserialize)]
    struct Pages {
        #[serde(rename = "pages")]
        _pages: u32,
    }
    let response = any(r#"{"@type": "t/a.B", "pages": "s3cret"}"#);
    let wait = poll_until_done::<Pages>(script([Operation::succeeded("operations/1", response)]), name());
    let status = wait.await.unwrap_err();
    assert!(!format!("{status} {status:?}").contains("s3cret"), "{status}");
}

#[test]
fn shows_code_origin_and_the_types_of_the_details_in_debug() {
    let status = Status::new(Code::Aborted, "m").with_details(vec![any(r#"{"@type": "t/a.B"}"#)]);
    let debug = format!("{status:?}");
    for part in ["Aborted", "CallFailed", "\"m\"", "a.B"] {
        assert!(debug.contains(part), "{part}: {debug}");
    }
}

#[test]
fn has_the_size_of_a_pointer() {
    assert_eq!(size_of::<Status>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Status>>(), size_of::<usize>());
}

#[test]
fn reads_as_the_error_of_an_operation() {
    // SPEC 22
    let status: Status =
        serde_json::from_str(r#"{"code": 5, "message": "gone", "status": "ABORTED"}"#).unwrap();
    assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::OperationFailed));
    assert_eq!(serde_json::to_value(Status::new(Code::Ok, "")).unwrap(), json!({}));
}

#[test]
fn of_a_call_that_found_the_operation_done_does_not_say_that_it_may_be_running() {
    // SPEC 21
    let reply = Any::from_json(r#"{"done": true}"#).unwrap();
    let known = Status::unavailable("no target").with_response(reply.clone());
    assert_eq!((known.origin(), known.response()), (Origin::CallFailed, Some(&reply)));
    let report = |last_failure| {
        let mut report = Report::default();
        report.last_failure = last_failure;
        report
    };
    let stopped = Status::new(Code::DeadlineExceeded, "stopped asking").with_origin(Origin::StoppedAsking);
    for (status, may_be_running) in [
        (known.clone().with_report(report(None)), false),
        (stopped.clone().with_report(report(Some(known))), false),
        (stopped.with_report(report(Some(Status::unavailable("busy")))), true),
    ] {
        assert_eq!(status.may_be_running(), may_be_running, "{status}");
        assert_eq!(status.to_string().contains("may still be running"), may_be_running, "{status}");
    }
}

/// Packs, writes, reads and finds a detail.
fn round_trip<M>(message: &M, json: &Value)
where
    M: Message + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let packed = Any::pack(message).unwrap();
    let mut expected = json.clone();
    expected["@type"] = format!("type.googleapis.com/{}", M::TYPE_NAME).into();
    assert_eq!(serde_json::from_str::<Value>(packed.as_json().unwrap()).unwrap(), expected);

    let status = error_of(
        &serde_json::to_string(&Status::new(Code::Internal, "m").with_details(vec![packed])).unwrap(),
    );
    assert_eq!(status.details().find::<M>().as_ref(), Some(message));
}

async fn outcome(transport: common::Script) -> Status {
    poll_until_done::<Value>(transport, name()).await.unwrap_err()
}

fn with_retry_info(delay: &str) -> Status {
    let info =
        any(&json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}).to_string());
    Status::new(Code::ResourceExhausted, "slowly").with_details(vec![info])
}

fn error_of(error: &str) -> Status {
    let body = format!(r#"{{"done": true, "error": {error}}}"#);
    match Operation::from_json(body.as_bytes()).unwrap().outcome {
        Some(Outcome::Error(status)) => status,
        outcome => panic!("no error: {outcome:?}"),
    }
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// As a server sent it.
const ALL_DETAILS: &str = include_str!("../data/all_details.json");

#[tokio::test(start_paused = true)]
async fn counts_no_poll_where_nothing_was_sent() {
    // SPEC 59
    let refusal = || Err(Status::invalid_argument("not a name of this service"));
    let status = outcome(script([refusal()])).await;
    assert_eq!(
        status.to_string(),
        "INVALID_ARGUMENT: not a name of this service (operations/1, no call was made)"
    );
    assert!(!status.may_be_running());

    // An operation that was seen before may still be running.
    let status = outcome(script([Ok(Operation::running("operations/1")), refusal()])).await;
    assert_eq!(status.report().unwrap().polls, 1);
    assert!(status.may_be_running());

    // A call that failed without its credential says nothing of an operation that may run.
    let unsent = || Status::new(Code::Unauthenticated, "no credential").with_unsent(true);
    assert!(unsent().is_refused() && !unsent().with_unsent(false).is_refused());
    let status = outcome(script([Err(unsent().with_transient(false))])).await;
    assert_eq!(status.to_string(), "UNAUTHENTICATED: no credential (operations/1, no call was made)");
    assert!(status.may_be_running());
    let status =
        outcome(script([Ok(Operation::running("operations/1")), Err(unsent().with_transient(false))])).await;
    let report = status.report().unwrap();
    assert_eq!((report.polls, report.failed_calls), (1, 1));
    assert!(status.to_string().contains("1 poll in ") && status.to_string().contains("may still be running"));

    // What a server refuses was sent.
    let status = outcome(script([refused(Code::InvalidArgument)])).await;
    assert_eq!(status.report().unwrap().polls, 1);
    assert!(status.to_string().ends_with("1 poll in 0.0ns; it may still be running)"), "{status}");
}

#[test]
fn is_shown_on_one_line() {
    // SPEC 57
    let status =
        Status::new(Code::InvalidArgument, "\u{1b}[31mred\r\nnext\tline\0\u{85}\u{2028}\u{202e}end é");
    assert_eq!(
        status.to_string(),
        r"INVALID_ARGUMENT: \u{1b}[31mred\r\nnext\tline\u{0}\u{85}\u{2028}\u{202e}end é"
    );
    assert!(status.message().contains('\n'));
}

#[test]
fn shows_no_character_that_is_invisible_or_reorders_text() {
    // SPEC 57
    let ranges = CF.split_whitespace().map(|range| range.split_once('-').unwrap_or((range, range)));
    let point = |hex| u32::from_str_radix(hex, 16).unwrap();
    let mut escaped = 0;
    for character in ranges.flat_map(|(first, last)| point(first)..=point(last)).filter_map(char::from_u32) {
        let shown = Status::new(Code::Internal, format!("a{character}b")).to_string();
        assert_eq!(shown, format!(r"INTERNAL: a\u{{{:x}}}b", u32::from(character)));
        escaped += 1;
    }
    assert_eq!(escaped, 169);
    // Letters, marks, symbols and spaces of any script stay.
    let shown = "naïve \u{301} 日本語 עברית عربى हिन्दी 😀 €—“”\u{a0}\u{3000}";
    assert_eq!(Status::new(Code::Internal, shown).to_string(), format!("INTERNAL: {shown}"));
}

#[test]
fn is_shown_up_to_a_thousand_characters() {
    // SPEC 57
    for (length, cut) in [(999, false), (1_000, false), (1_001, true), (10 << 20, true)] {
        let status = Status::new(Code::Internal, "é".repeat(length));
        let shown = "é".repeat(length.min(1_000)) + if cut { "…" } else { "" };
        assert!(status.to_string() == format!("INTERNAL: {shown}"), "{length}");
        assert_eq!(status.message().chars().count(), length);
    }
    // An escape counts by its length, and is not cut.
    let status = Status::new(Code::Internal, "\u{1b}".repeat(1_000));
    assert_eq!(status.to_string(), format!("INTERNAL: {}…", r"\u{1b}".repeat(166)));
}

#[test]
fn shows_the_invalid_fields_of_a_request() {
    // SPEC 57
    let violation = |field: &str, description: &str| FieldViolation {
        field: field.to_owned(),
        description: description.to_owned(),
        ..FieldViolation::default()
    };
    let shown = |field_violations: Vec<FieldViolation>| {
        let details = vec![any("{}"), Any::pack(&BadRequest { field_violations }).unwrap()];
        Status::new(Code::InvalidArgument, "invalid").with_details(details).to_string()
    };
    assert_eq!(
        shown(vec![violation("a.b", "is missing"), violation("c", "is\nodd"), violation("", "no")]),
        r"INVALID_ARGUMENT: invalid [a.b: is missing; c: is\nodd; no]"
    );
    assert_eq!(shown(vec![violation("a", "")]), "INVALID_ARGUMENT: invalid [a]");
    let many = shown((0..10_000).map(|n| violation(&n.to_string(), "no")).collect());
    assert!(many.contains("[0: no; 1: no;") && many.ends_with("; 9: no; 9990 more]"), "{many}");
    let long = shown((0..3).map(|_| violation(&"f".repeat(1 << 20), &"d".repeat(1 << 20))).collect());
    assert!(long.chars().count() < 1_100, "{}", long.len());
    assert!(long.contains(&format!("{}…: {}…; ", "f".repeat(100), "d".repeat(200))), "{long}");
}

#[test]
fn shows_no_error_info_that_is_large() {
    // SPEC 19: decoded, it takes many times its length.
    let shown = |length: usize| {
        let info = ErrorInfo { reason: "FULL".into(), domain: "x".repeat(length), ..ErrorInfo::default() };
        Status::new(Code::NotFound, "gone").with_details(vec![Any::pack(&info).unwrap()]).to_string()
    };
    assert_eq!(shown(60 << 10), "NOT_FOUND: gone [FULL]");
    assert_eq!(shown(64 << 10), "NOT_FOUND: gone");
}

#[test]
fn shows_the_reason_of_a_failure_and_its_metadata() {
    // SPEC 42, 57
    let shown = |reason: &str, metadata: &[(&str, &str)]| {
        let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let info = ErrorInfo { reason: reason.to_owned(), metadata, ..ErrorInfo::default() };
        let details = vec![any("{}"), Any::pack(&info).unwrap()];
        Status::new(Code::AlreadyExists, "it exists").with_details(details).to_string()
    };
    let current = [("current_subscription", "subscriptions/1")];
    assert_eq!(
        shown("SUBSCRIPTION_ALREADY_EXISTS", &current),
        "ALREADY_EXISTS: it exists [SUBSCRIPTION_ALREADY_EXISTS; current_subscription: subscriptions/1]"
    );
    assert_eq!(
        shown("", &[("a", "1\n2"), ("b", ""), ("c-D_3", "\u{200f}")]),
        r"ALREADY_EXISTS: it exists [a: 1\n2; c-D_3: \u{200f}]"
    );
    // What does not have the documented form is not shown.
    for (reason, key) in [("", ""), ("lower case", "a b"), ("É", "é"), (&*"R".repeat(65), &*"k".repeat(65))]
    {
        assert_eq!(shown(reason, &[(key, "1")]), "ALREADY_EXISTS: it exists");
    }
    let keys: Vec<String> = (0..100).map(|number| format!("key{number:05}")).collect();
    let value = "v".repeat(10_000);
    let many: Vec<_> = keys.iter().map(|key| (&**key, &*value)).collect();
    assert!(shown("R", &many).chars().count() < 1_100);
}

#[tokio::test(start_paused = true)]
async fn counts_the_failures_where_the_wait_stopped() {
    // SPEC 21: later calls succeeded.
    let replies = [running(), busy(), busy(), running(), busy()].into_iter().chain((0..9).map(|_| running()));
    let wait = poll_until_done::<Value>(script(replies), name()).pacing(Pacing::fixed(seconds(5)));
    let status = wait.deadline(seconds(30)).await.unwrap_err();
    let report = status.report().unwrap();
    assert_eq!((report.failed_calls, &report.last_failure), (3, &busy().err()));
    let said = format!("{} polls in 30.0s, 3 failed; the last failure: UNAVAILABLE", report.polls);
    assert!(status.to_string().contains(&said), "{status}");
}

#[tokio::test(start_paused = true)]
async fn is_the_error_of_a_start_that_made_no_operation() {
    // SPEC 8, 46
    let body = br#"{"name": "", "done": false, "error": {"code": 3, "message": "no such field"}}"#;
    let wait = Wait::<Value>::started(script([]), Operation::from_json(body).unwrap());
    let status = wait.await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::InvalidArgument));
    assert_eq!(status.message(), "the operation was not started: no such field");
    // By the rules of a failed call, where the body is at hand.
    for body in [
        r#"{"name": "", "done": false, "error": {"code": 404, "message": "gone"}}"#,
        r#"{"name": "", "error": {"code": 404, "message": "gone"}}"#,
        r#"{"done": false, "error": {"code": 404, "message": "gone"}}"#,
        r#"{"name": null, "done": null, "error": {"code": 404, "message": "gone"}}"#,
    ] {
        let status = Status::in_reply(body.as_bytes()).unwrap();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "gone"));
    }
    for body in [
        r#"{"name": "operations/1", "error": {"code": 404}}"#,
        r#"{"name": "", "done": true, "error": {"code": 5}}"#,
        r#"{"name": "", "done": false, "error": null}"#,
    ] {
        assert_eq!(Status::in_reply(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn joins_texts_without_a_second_stop() {
    let context = Status::unavailable("no.").in_context("the first poll failed.");
    assert_eq!(context.message(), "the first poll failed: no.");
    let advised = Status::unavailable("Not now.").with_advice("ask later");
    assert_eq!(advised.to_string(), "UNAVAILABLE: Not now; ask later");
    let body = br#"{"error": {"message": "Login Required.", "errors": [{"reason": "required"}]}}"#;
    assert_eq!(Status::in_reply(body).unwrap().message(), "Login Required: required");
}

#[tokio::test(start_paused = true)]
async fn shows_the_last_failure_where_the_wait_stopped() {
    // SPEC 21, 57
    let lost = || Err(Status::unavailable(format!("no reply\n{}", "x".repeat(10_000))));
    let wait = poll_until_done::<Value>(always(lost()), name()).deadline(seconds(1));
    let shown = wait.await.unwrap_err().to_string();
    let failure =
        format!(r"; the last failure: UNAVAILABLE: no reply\n{}…; it may still be", "x".repeat(277));
    assert!(shown.contains(&failure), "{shown}");

    let wait = poll_until_done::<Value>(always(running()), name()).deadline(seconds(1));
    assert!(!wait.await.unwrap_err().to_string().contains("last failure"));
    // The message of a failed call is that of the last failure.
    let denied = outcome(script([busy(), refused(Code::PermissionDenied)])).await;
    assert!(!denied.to_string().contains("last failure"), "{denied}");
}

#[tokio::test(start_paused = true)]
async fn shows_the_error_of_a_reply_that_is_not_done_as_the_last_failure() {
    // SPEC 2
    let body = br#"{"name": "operations/1", "error": {"code": 7, "message": "not yet mine"}}"#;
    let wait = poll_until_done::<Value>(always(Operation::from_json(body)), name()).deadline(seconds(1));
    let status = wait.await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    let failure = status.report().unwrap().last_failure.clone().unwrap();
    assert_eq!((failure.code(), failure.message()), (Code::PermissionDenied, "not yet mine"));
    assert!(status.to_string().contains("the last failure: PERMISSION_DENIED: not yet mine"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn names_both_operations_where_a_reply_is_about_another() {
    // SPEC 7, 60
    let other = format!("operations/2\u{1b}{}", "x".repeat(1 << 20));
    let status = outcome(script([Ok(Operation::running(other))])).await;
    assert_eq!(status.origin(), Origin::MalformedReply);
    let message = status.message();
    assert!(message.contains(r"for operations/1 names another operation, operations/2\u{1b}xx"), "{status}");
    assert!(message.len() < 400, "{}", message.len());
}

#[test]
fn has_the_http_status_of_its_code() {
    // The table of SPEC 25.
    let lines = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
    for (code, http) in Code::ALL.into_iter().zip(lines) {
        assert_eq!(code.http_status(), http, "{code}");
    }
    for (http, code) in lro_testkit::codes::BY_HTTP_STATUS {
        assert_eq!(Code::from_http_status(http), code, "{http}");
    }
    for (http, code) in [
        (418, Code::FailedPrecondition),
        (405, Code::FailedPrecondition),
        (502, Code::Internal),
        (302, Code::Unknown),
        (200, Code::Unknown),
        (0, Code::Unknown),
        (600, Code::Unknown),
        (u16::MAX, Code::Unknown),
    ] {
        assert_eq!(Code::from_http_status(http), code, "{http}");
    }
}

#[test]
fn can_have_another_message() {
    let status = Status::unavailable("a").with_retry_after(seconds(1)).with_message("b");
    assert_eq!((status.message(), status.retry_after()), ("b", Some(seconds(1))));
    let advised = status.with_advice("turn it\n on");
    assert_eq!((advised.message(), &*advised.to_string()), ("b", r"UNAVAILABLE: b; turn it\n on"));
}

/// The characters of the category Cf and the separators of lines and paragraphs, and some others that are invisible.
const CF: &str = "AD 600-605 61C 6DD 70F 890-891 8E2 180E 200B-200F 2028-202E 2060-2064 2066-206F FEFF FFF9-FFFB \
    110BD 110CD 13430-13438 1BCA0-1BCA3 1D173-1D17A E0001 E0020-E007F 34F 3164 FE0F E0100";

#[test]
fn says_whether_a_failed_start_may_have_started_an_operation() {
    // SPEC 42
    let closed = |kind| Status::unavailable("cannot connect").with_source(io::Error::from(kind));
    for (status, may) in [
        (Status::new(Code::InvalidArgument, "no such paper"), false),
        (Status::new(Code::Unauthenticated, "who are you"), false),
        (Status::new(Code::ResourceExhausted, "slow down"), false),
        (Status::invalid_argument("not a name"), false),
        (Status::unavailable("no credential").with_unsent(true), false),
        (closed(io::ErrorKind::ConnectionRefused), false),
        (closed(io::ErrorKind::ConnectionReset), true),
        (Status::unavailable("busy"), true),
        (Status::new(Code::FailedPrecondition, "out of paper"), false),
        (Status::new(Code::FailedPrecondition, "HTTP 408").with_transient(true), true),
        (Status::new(Code::AlreadyExists, "it exists"), true),
        (Status::new(Code::InvalidArgument, "no such paper").with_origin(Origin::MalformedReply), true),
    ] {
        assert_eq!(status.may_have_started(), may, "{status}");
    }
}
