//! Operations, statuses and pages as messages.

use lro::{
    Any, Code, ListOperationsRequest, Operation, OperationPage, Origin, Outcome, Status,
    details::{Details, ErrorInfo, RetryInfo},
};
use lro_grpc_wire::messages::{self, Method};
use proptest::{collection::vec, option, prelude::*};
use prost::Message;

/// `google.protobuf.Empty`, encoded.
const EMPTY: &[u8] = b"\x0a\x29type.googleapis.com/google.protobuf.Empty";

// The bytes were written by Google's Python library, protobuf 7.36.
#[test]
fn an_operation_is_read_as_google_writes_it() {
    let done = b"\x0a\x01n\x12\x33\x0a\x2dtype.googleapis.com/google.protobuf.BoolValue\x12\x02\x08\x01\x18\x01\x2a\x2b\x0a\x29type.googleapis.com/google.protobuf.Empty";
    let operation = read(done).unwrap();
    assert_eq!(operation.name, "n");
    assert_eq!(operation.metadata, Some(Any::pack_protobuf("google.protobuf.BoolValue", b"\x08\x01")));
    let empty = Any::pack_protobuf("google.protobuf.Empty", b"");
    assert_eq!(operation.outcome, Some(Outcome::Response(empty)));
    assert_eq!(messages::Operation::try_from(&operation).unwrap().encode_to_vec(), done);

    let failed = b"\x0a\x01n\x18\x01\x22\x3d\x08\x05\x12\x01m\x1a\x36\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x0a\x0a\x08\x08\x07\x10\x80\xca\xb5\xee\x01";
    let operation = read(failed).unwrap();
    let Some(Outcome::Error(error)) = &operation.outcome else { panic!("{operation:?}") };
    assert_eq!((error.code(), error.message()), (Code::NotFound, "m"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_millis(7_500)));
    assert_eq!(messages::Operation::try_from(&operation).unwrap().encode_to_vec(), failed);
}

// SPEC 1 to 6
#[test]
fn each_combination_of_fields_has_one_meaning() {
    let error = |code, message: &str| messages::Status { code, message: message.into(), details: vec![] };
    let message = |done, error, response: Option<&[u8]>| messages::Operation {
        name: "operations/1".into(),
        done,
        error,
        response: response.map(Vec::from),
        ..messages::Operation::default()
    };
    let read = |message| Operation::try_from(message);
    let running = read(message(false, None, None)).unwrap();
    assert_eq!(running, Operation::running("operations/1"));
    // A response while it is running does not count, nor does an empty error.
    assert_eq!(read(message(false, Some(error(0, "")), Some(EMPTY))).unwrap(), running);
    let hint = read(message(false, Some(error(14, "busy")), None)).unwrap();
    assert_eq!((hint.outcome, hint.running_error), (None, Some(Status::unavailable("busy"))));
    assert_eq!(read(message(true, None, None)).unwrap().outcome, Some(Outcome::Neither));
    let empty = Outcome::Response(Any::from_protobuf(EMPTY).unwrap());
    assert_eq!(read(message(true, None, Some(EMPTY))).unwrap().outcome, Some(empty));
    for (number, code) in [(5, Code::NotFound), (0, Code::Unknown), (99, Code::Unknown), (-1, Code::Unknown)]
    {
        let failed = read(message(true, Some(error(number, "")), None)).unwrap();
        let Some(Outcome::Error(status)) = failed.outcome else { panic!("{number}") };
        let seen = (status.code(), status.raw_code(), status.origin());
        assert_eq!(seen, (code, number, Origin::OperationFailed));
    }
    let malformed = [
        (message(true, Some(error(0, "")), Some(EMPTY)), "done with both an error and a response"),
        (message(true, None, Some(b"\x0a\x09x")), "the response of the operation is malformed"),
    ];
    for (message, fault) in malformed {
        let status = read(message).unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply);
        assert!(status.message().contains(fault), "{status}");
    }
}

// SPEC 7
#[test]
fn a_reply_may_leave_out_the_name() {
    assert_eq!(Operation::try_from(messages::Operation::default()), Ok(Operation::running("")));
}

// SPEC 11
#[test]
fn metadata_that_is_no_any_counts_as_absent_and_unknown_fields_are_skipped() {
    let operation = read(b"\x0a\x01n\x12\x01\x0a\xfa\x3f\x01x").unwrap();
    assert_eq!(operation, Operation::running("n"));
}

// SPEC 24
#[test]
fn details_keep_their_order() {
    let foreign = Any::pack_protobuf("example.v1.Hint", b"\x08\x01");
    let retry = RetryInfo { retry_delay: Some(lro::wkt::Duration::from_seconds(7).unwrap()) };
    let info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    let details = vec![Any::pack(&retry).unwrap(), foreign, Any::pack(&info).unwrap()];
    let status = Status::new(Code::Aborted, "later").with_details(details);
    let mut message = messages::Status::try_from(&status).unwrap();
    assert_eq!(Status::from(message.clone()), status);
    // What is no detail is left out.
    message.details.insert(1, b"\x0a\x09x".to_vec());
    assert_eq!(Status::from(message), status);
}

// SPEC 19
#[test]
fn the_first_thousand_details_count_and_large_ones_stay_encoded() {
    let of_length = |length: usize| {
        let info = ErrorInfo { domain: "x".repeat(length), ..ErrorInfo::default() };
        Any::pack_protobuf("google.rpc.ErrorInfo", &lro::message::encode(&info).unwrap())
    };
    let (small, large) = (of_length(65_000), of_length(65_536));
    let details = [&small, &large].map(|any| any.as_protobuf().unwrap().to_vec());
    let details: Vec<Vec<u8>> = details.into_iter().chain(vec![Vec::new(); 999]).collect();
    let status = Status::from(messages::Status { code: 5, message: "gone".into(), details });
    assert_eq!((status.code(), status.message()), (Code::NotFound, "gone"));
    let details = status.details().as_slice();
    assert_eq!(details.len(), Details::MOST);
    assert!(details[0].as_json().is_some());
    assert_eq!(details[1], large);
    assert_eq!(details[1].decode::<ErrorInfo>().unwrap().domain.len(), 65_536);
}

#[test]
fn a_page_and_its_request_have_every_field() {
    let request = ListOperationsRequest::new("n").filter("f").page_size(2).page_token("t");
    let message = messages::ListOperationsRequest::from(&request.clone().return_partial_success(true));
    assert_eq!(message.encode_to_vec(), b"\x0a\x01f\x10\x02\x1a\x01t\x22\x01n\x28\x01");
    let most = messages::ListOperationsRequest::from(&request.page_size(u32::MAX));
    assert_eq!(most.page_size, i32::MAX);

    let page = messages::ListOperationsResponse::decode(&b"\x0a\x03\x0a\x01n\x12\x01t\x1a\x01u"[..]).unwrap();
    let expected = OperationPage::new(vec![Operation::running("n")]);
    let expected = expected.next_page_token("t").unreachable(vec!["u".into()]);
    assert_eq!(OperationPage::try_from(page), Ok(expected));
    assert_eq!(
        OperationPage::try_from(messages::ListOperationsResponse::default()),
        Ok(OperationPage::default())
    );
    let both = messages::Operation {
        done: true,
        error: Some(messages::Status::default()),
        response: Some(EMPTY.into()),
        ..messages::Operation::default()
    };
    let malformed = messages::ListOperationsResponse { operations: vec![both], ..Default::default() };
    assert_eq!(OperationPage::try_from(malformed).unwrap_err().origin(), Origin::MalformedReply);
}

#[test]
fn a_wait_has_its_timeout_and_each_method_its_path() {
    let timeout = Some(std::time::Duration::from_millis(1_500).into());
    let wait = messages::WaitOperationRequest { name: "n".into(), timeout };
    assert_eq!(wait.encode_to_vec(), b"\x0a\x01n\x12\x08\x08\x01\x10\x80\xca\xb5\xee\x01");
    assert_eq!(messages::WaitOperationRequest::PATH, "/google.longrunning.Operations/WaitOperation");
    assert_eq!(messages::ListOperationsRequest::PATH, "/google.longrunning.Operations/ListOperations");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, done: bool, error in option::of((any::<i32>(), vec(any::<Vec<u8>>(), 0..3)))) {
        let _ = read(&bytes);
        let error = error.map(|(code, details)| messages::Status { code, details, ..messages::Status::default() });
        let message = messages::Operation { done, error, response: Some(bytes), ..messages::Operation::default() };
        let _ = Operation::try_from(message);
    }

    #[test]
    fn an_operation_survives_the_wire(
        name in ".{1,20}",
        metadata in option::of(value()),
        outcome in option::of(prop_oneof![value().prop_map(Ok), (any::<i32>(), any::<String>(), vec(value(), 0..3)).prop_map(Err)]),
    ) {
        let outcome = outcome.map(|outcome| match outcome {
            Ok(response) => Outcome::Response(response),
            Err((code, message, details)) => {
                let error = Status::from_number(code, message).with_details(details);
                Outcome::Error(error.with_origin(Origin::OperationFailed))
            }
        });
        let operation = Operation { metadata, outcome, ..Operation::running(name) };
        let message = messages::Operation::try_from(&operation).unwrap();
        prop_assert_eq!(read(&message.encode_to_vec()), Ok(operation));
    }
}

/// A message of a type that is not known.
fn value() -> impl Strategy<Value = Any> {
    ("[a-z.]{0,9}", any::<Vec<u8>>())
        .prop_map(|(name, value)| Any::pack_protobuf(&format!("x{name}"), &value))
}

fn read(bytes: &[u8]) -> Result<Operation, Status> {
    let message = messages::Operation::decode(bytes);
    message.map_err(|error| Status::malformed(error.to_string())).and_then(Operation::try_from)
}
