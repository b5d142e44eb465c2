//! The wire form of an operation, both ways.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use lro::{Any, Code, Operation, Origin, Outcome, Status, Tolerance};
use serde_json::{Value, json};

#[test]
fn is_running_until_done_is_true() {
    // SPEC 1
    for body in [
        r#"{"name": "operations/1"}"#,
        r#"{"name": "operations/1", "done": null}"#,
        r#"{"name": "operations/1", "done": false}"#,
        r#"{"name": ""}"#,
        r#" { "done" : false } "#,
    ] {
        assert!(!read(body).is_done(), "{body}");
    }
    assert!(read(r#"{"name": "operations/1", "done": true, "response": {}}"#).is_done());
}

#[test]
fn heeds_no_error_or_response_before_it_is_done() {
    // SPEC 2
    for member in [
        r#""error": {"code": 5, "message": "gone"}"#,
        r#""error": {}"#,
        r#""error": "not even an object""#,
        r#""response": {"@type": "t/example.v1.Answer"}"#,
        r#""response": []"#,
        r#""error": {"code": 5}, "response": {}"#,
    ] {
        for done in [r#""name": "n","#, r#""done": false,"#, r#""name": "n", "done": null,"#] {
            let body = format!("{{{done} {member}}}");
            assert_eq!(read(&body).outcome, None, "{body}");
        }
    }
}

#[test]
fn keeps_an_error_before_it_is_done_beside_the_outcome() {
    // SPEC 2
    let operation = read(r#"{"name": "operations/1", "error": {"code": 7, "message": "not yet mine"}}"#);
    let error = operation.running_error.clone().unwrap();
    assert_eq!((error.code(), error.message()), (Code::PermissionDenied, "not yet mine"));
    assert!(error.may_be_running());
    let written = serde_json::to_string(&operation).unwrap();
    assert_eq!(read(&written), operation);
    for nothing in ["null", "{}", r#""text""#, r#"{"code": "NOT_FOUND"}"#, "[]"] {
        let operation = read(&format!(r#"{{"done": false, "error": {nothing}}}"#));
        assert_eq!(operation.running_error, None, "{nothing}");
    }
    assert_eq!(read(r#"{"done": true, "error": {"code": 7}}"#).running_error, None);
}

#[test]
fn is_an_object_with_a_name_or_done() {
    // SPEC 46
    for (body, said) in [
        ("{}", "it has no members"),
        (r#"{"name": null}"#, "it has no members"),
        (r#"{"error": null}"#, "it has no members"),
        (r#"{"metadata": {"@type": "t/a.B"}}"#, "it has metadata"),
        (r#"{"state": "ACTIVE", "uid": "7"}"#, "it has state, uid"),
        (r#"{"id": "7", "error": false}"#, "it has error, id"),
        (r#"{"s3cret-key\n": 1}"#, "it has …"),
    ] {
        let status = malformed(body);
        assert!(status.message().ends_with(said), "{body}: {status}");
    }
    let many: std::collections::BTreeMap<String, u8> = (0..100_000).map(|n| (format!("m{n}"), 1)).collect();
    let status = malformed(&json!(many).to_string());
    assert!(status.message().ends_with(" and 99992 more members"), "{status}");
    assert_eq!(serde_json::from_str::<Operation>("{}").map_err(|_| ()), Err(()));
}

#[test]
fn is_the_error_of_a_call_where_it_has_only_an_error() {
    // SPEC 23, 46
    for (body, code, message) in [
        (r#"{"error": {"code": 404, "message": "gone", "status": "NOT_FOUND"}}"#, Code::NotFound, "gone"),
        (r#"{"error": {"code": 403, "message": "no"}}"#, Code::PermissionDenied, "no"),
        (r#"{"error": {"code": "503"}}"#, Code::Unavailable, "the reply carries an error without a message"),
        // 7 is no HTTP status.
        (r#"{"error": {"code": 7, "message": "no"}}"#, Code::Unknown, "no"),
        (r#"[{"error": {"code": 400, "message": "no"}}]"#, Code::InvalidArgument, "no"),
        (r#"{"error": "invalid_grant", "error_description": "old"}"#, Code::Unknown, "invalid_grant: old"),
        (r#"{"error": {"errors": [{"message": "no", "reason": "r"}], "code": 409}}"#, Code::Aborted, "no: r"),
        (
            r#"{"id": "7", "done": null, "error": {"code": 400, "message": "no"}}"#,
            Code::InvalidArgument,
            "no",
        ),
        ("\u{feff}{\"error\": {\"code\": 404, \"message\": \"gone\"}}", Code::NotFound, "gone"),
    ] {
        let status = Operation::from_json(body.as_bytes()).unwrap_err();
        assert_eq!((status.code(), status.message()), (code, message), "{body}");
        assert_eq!(status.origin(), Origin::CallFailed, "{body}");
        assert_eq!(Status::in_reply(body.as_bytes()), Some(status), "{body}");
    }
}

#[test]
fn is_malformed_if_a_member_comes_twice() {
    // SPEC 47
    for (member, body) in [
        ("done", r#"{"name": "operations/1", "done": false, "done": true}"#),
        ("done", r#"{"done": true, "done": true}"#),
        ("done", r#"{"done": null, "done": true}"#),
        ("name", r#"{"name": "a", "name": "b"}"#),
        ("metadata", r#"{"name": "a", "metadata": {}, "x": 1, "metadata": {}}"#),
        ("error", r#"{"error": null, "done": true, "error": {"code": 5}}"#),
        ("response", r#"{"done": true, "response": {}, "response": {}}"#),
        ("name", r#"{"name": "a", "\u006eame": "b"}"#),
    ] {
        let status = malformed(body);
        assert!(status.message().contains(&format!("duplicate field `{member}`")), "{body}: {status}");
    }
    assert!(read(r#"{"x": 1, "x": 2, "done": true}"#).is_done());
}

#[test]
fn may_have_a_byte_order_mark_before_it() {
    // SPEC 48
    let done = "\u{feff}{\"name\": \"operations/1\", \"done\": true}";
    assert_eq!(read(done), read(&done[3..]));
    assert!(Operation::from_json(b"\xef\xbb").is_err());
}

#[test]
fn says_where_in_the_body_the_error_is_malformed() {
    for (body, place) in [
        (r#"{"done":true,"error":{"code":99999999999}}"#, "at line 1 column 40"),
        ("{\"error\":\n {\"code\": 1,\n \"message\": 5},\n\"done\": true}", "at line 3 column 13"),
    ] {
        let status = malformed(body);
        assert!(status.message().contains(place), "{status}");
    }
}

#[test]
fn is_never_read_from_another_encoding() {
    // SPEC 49: no later reply has another encoding, so the wait ends.
    let text = r#"{"name": "operations/1"}"#;
    let wide = |swap: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(swap).collect::<Vec<u8>>();
    for body in [
        wide(u16::to_le_bytes, text),
        wide(u16::to_be_bytes, text),
        wide(u16::to_le_bytes, &format!("\u{feff}{text}")),
        wide(u16::to_be_bytes, &format!("\u{feff}{text}é")),
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
    ] {
        let status = Operation::from_json(&body).unwrap_err();
        assert!(status.message().contains("UTF-16") || status.message().contains("gzip"), "{status}");
        assert!(!Tolerance::default().is_survivable(&status), "{status}");
    }
    for body in ["", "{", "<html>", "upstream error", r#"{"done": true}}"#] {
        let status = Operation::from_json(body.as_bytes()).unwrap_err();
        assert!(Tolerance::default().is_survivable(&status), "{status}");
    }
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let status = lro::from_json::<Value>(deep.as_bytes()).unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply, "{status}");
    assert!(status.message().contains("nested too deeply"), "{status}");
}

#[test]
fn failed_if_it_is_done_with_an_error() {
    // SPEC 3
    let body =
        r#"{"done": true, "error": {"code": 9, "message": "out of paper", "details": [{"@type": "t/a.B"}]}}"#;
    let error = error_of(&read(body));
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(error.message(), "out of paper");
    assert_eq!(error.details().as_slice(), [any(r#"{"@type": "t/a.B"}"#)]);
    assert_eq!(error.origin(), Origin::OperationFailed);
    assert!(!error.may_be_running());
}

#[test]
fn is_never_a_success_with_an_error_of_code_0() {
    // SPEC 3
    for error in ["{}", r#"{"code": 0}"#, r#"{"code": null}"#, r#"{"message": "", "details": []}"#] {
        let error = error_of(&read(&format!(r#"{{"done": true, "error": {error}}}"#)));
        assert_eq!((error.code(), error.raw_code()), (Code::Unknown, 0));
        assert_eq!(error.origin(), Origin::OperationFailed);
    }
}

#[test]
fn succeeded_if_it_is_done_with_a_response() {
    // SPEC 4
    let response = r#"{"@type": "type.googleapis.com/example.v1.Answer", "answer": 42}"#;
    for error in ["", r#""error": null,"#] {
        // SPEC 6: null equals absent.
        let operation = read(&format!(r#"{{"done": true, {error} "response": {response}}}"#));
        assert_eq!(operation.outcome, Some(Outcome::Response(any(response))));
    }
    let beside_null = read(r#"{"done": true, "error": {"code": 1}, "response": null}"#);
    assert_eq!(error_of(&beside_null).code(), Code::Cancelled);
}

#[test]
fn may_be_done_with_neither() {
    // SPEC 5
    for body in [
        r#"{"done": true}"#,
        r#"{"done": true, "error": null}"#,
        r#"{"done": true, "error": null, "response": null}"#,
        r#"{"name": "operations/1", "metadata": {"@type": "t/a.B"}, "done": true}"#,
    ] {
        assert_eq!(read(body).outcome, Some(Outcome::Neither), "{body}");
    }
}

#[test]
fn is_malformed_if_it_is_done_with_both() {
    // SPEC 6
    for body in [
        r#"{"done": true, "error": {"code": 5}, "response": {}}"#,
        r#"{"response": {"@type": "t/a.B"}, "error": {}, "done": true}"#,
    ] {
        let status = malformed(body);
        assert!(status.message().contains("both"), "{status}");
    }
}

#[test]
fn is_malformed_if_a_member_has_a_wrong_type() {
    // SPEC 16
    for body in [
        r#"{"done": "true"}"#,
        r#"{"done": 1}"#,
        r#"{"done": {}}"#,
        r#"{"name": 7}"#,
        r#"{"name": ["operations/1"]}"#,
        r#"{"done": true, "error": "gone"}"#,
        r#"{"done": true, "error": []}"#,
        r#"{"done": true, "error": [5, "gone", []]}"#,
        r#"{"done": true, "error": {"code": "NOT_FOUND"}}"#,
        r#"{"done": true, "error": {"code": 5.5}}"#,
        r#"{"done": true, "error": {"code": 5, "message": 6}}"#,
        r#"{"done": true, "error": {"code": 5, "details": {}}}"#,
        r#"{"done": true, "error": {"code": 5, "details": ["text"]}}"#,
        r#"{"done": true, "response": "text"}"#,
        r#"{"done": true, "response": []}"#,
        r#"{"done": true, "response": false}"#,
        "5",
        "null",
        "true",
        r#""operations/1""#,
    ] {
        malformed(body);
    }
}

#[test]
fn is_an_object_and_no_array_of_its_members() {
    // SPEC 16
    for body in
        ["[]", r#"["operations/1"]"#, r#"["operations/1", null, true, null, {}]"#, r#"[{"done": true}]"#]
    {
        malformed(body);
    }
}

#[test]
fn has_no_metadata_but_an_object() {
    // SPEC 11: Workspace Events documents `[]`.
    for metadata in ["[]", r#"[{"@type": "t/a.B"}]"#, r#""text""#, "5", "true", "null"] {
        for done in ["false", "true"] {
            let operation = read(&format!(r#"{{"done": {done}, "metadata": {metadata}}}"#));
            assert_eq!(operation.metadata, None, "{metadata}");
        }
    }
    assert_eq!(read(r#"{"done": false}"#).metadata, None);
    assert_eq!(read(r#"{"name": "n", "metadata": {}}"#).metadata, Some(any("{}")));
}

#[test]
fn keeps_metadata_of_any_type_as_it_came() {
    // SPEC 10, 11
    let metadata =
        r#"{"@type": "type.googleapis.com/nobody.knows.This", "n": 9007199254740993, "deep": [{"x":1}] }"#;
    let operation = read(&format!(r#"{{"name": "operations/1", "metadata":  {metadata} }}"#));
    assert_eq!(operation.metadata.unwrap().as_json(), Some(metadata));
}

#[test]
fn passes_over_unknown_members() {
    // SPEC 11
    let body = r#"{
        "kind": "example#operation", "selfLink": null, "progress": 50, "items": [{"done": true}], "inner": {"error": {}},
        "name": "operations/1", "done": true, "response": {"@type": "t/a.B"},
        "error_": {"code": 5, "surprise": true}
    }"#;
    assert!(matches!(read(body).outcome, Some(Outcome::Response(_))));

    let unknown_in_error =
        r#"{"done": true, "error": {"code": 5, "status": "NOT_FOUND", "errors": [], "more": {}}}"#;
    assert_eq!(error_of(&read(unknown_in_error)).code(), Code::NotFound);
}

#[test]
fn keeps_its_name_verbatim() {
    // SPEC 7
    for name in
        ["operations/1", "projects/p/locations/l/operations/Zm9v+=", "a", "operations//odd/", "é\u{1F600}"]
    {
        assert_eq!(read(&json!({"name": name}).to_string()).name, name);
    }
    assert_eq!(read(r#"{"name": "operations\/\u0031"}"#).name, "operations/1");
    assert_eq!(read(r#"{"name": null, "done": false}"#).name, "");
    assert_eq!(read(r#"{"done": false}"#).name, "");
}

#[test]
fn says_what_is_wrong_with_a_body_that_is_not_json() {
    // SPEC 19
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b"{", "truncated"),
        (br#"{"name": "operations/1", "done": tr"#, "truncated"),
        (br#"{"name": "operations/1", "metadata": {"@type": "t/a.B""#, "truncated"),
        (br#"{"name": "operations/"#, "truncated"),
        (b"<!DOCTYPE html><title>Error 502</title>", "HTML"),
        (b"\n  <html>", "HTML"),
        (b"{\"name\": \"operations/\xff\"}", "UTF-8"),
        (b"upstream connect error", "not JSON"),
    ];
    for (body, word) in cases {
        let status = Operation::from_json(body).unwrap_err();
        assert!(status.message().contains(word), "{:?}: {status}", String::from_utf8_lossy(body));
        // The poll counts as a failed call, and one that may pass.
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Internal));
    }
}

#[test]
fn is_not_read_from_a_body_cut_anywhere() {
    // SPEC 19
    let body = r#"{"name": "operations/é", "metadata": {"a": [1, "\u00e9"]}, "done": true, "response": {"@type": "t/a.B"}}"#;
    for end in 0..body.len() {
        let status = Operation::from_json(&body.as_bytes()[..end]).unwrap_err();
        assert_eq!(status.origin(), Origin::CallFailed, "{:?}", &body.get(..end));
    }
    assert!(read(body).is_done());
}

#[test]
fn is_not_read_from_invalid_utf_8_wherever_it_stands() {
    // SPEC 19
    for body in [
        &b"{\"name\": \"operations/\xc3\"}"[..],
        b"{\"metadata\": {\"a\": \"\xff\"}}",
        b"{\"done\": true, \"response\": {\"a\": \"\xed\xa0\x80\"}}",
        b"{\"done\": true, \"error\": {\"message\": \"\xff\"}}",
        b"{\"\xff\": 1}",
        b"{\"unknown\": \"\xff\"}",
        b"{\"unknown\": {\"a\": [\"\xff\"]}}",
    ] {
        let status = Operation::from_json(body).map(|_| String::from_utf8_lossy(body)).unwrap_err();
        assert!(status.message().contains("UTF-8"), "{status}");
        assert_eq!(status.origin(), Origin::CallFailed);
    }
}

#[test]
fn survives_deep_nesting_wherever_it_stands() {
    // SPEC 19: an error or a pass, never a stack that overflows.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
    let unclosed = "[".repeat(200_000);
    for body in [
        deep.clone(),
        unclosed,
        format!(r#"{{"name": {deep}}}"#),
        format!(r#"{{"done": true, "error": {deep}}}"#),
    ] {
        assert!(Operation::from_json(body.as_bytes()).is_err());
    }
    // What is kept as text says so when it is read, if not before.
    for (body, part) in [
        (format!(r#"{{"done": false, "metadata": {objects}}}"#), metadata_of as fn(Operation) -> Any),
        (format!(r#"{{"done": true, "response": {{"@type": "t/a.B", "a": {deep}}}}}"#), response_of),
    ] {
        let status =
            Operation::from_json(body.as_bytes()).and_then(|operation| part(operation).decode::<Value>());
        let status = status.unwrap_err();
        assert!(status.message().contains("recursion limit"), "{status}");
    }
    let error = format!(r#"{{"done": true, "error": {{"code": 5, "details": [{objects}]}}}}"#);
    if let Ok(operation) = Operation::from_json(error.as_bytes()) {
        assert_eq!(error_of(&operation).details().error_info(), None);
    }
}

#[test]
fn may_be_nested_to_any_depth_where_nobody_decodes_it() {
    // SPEC 11, 49
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let running = format!(r#"{{"name": "operations/1", "metadata": {{"a": {deep}}}, "unknown": {deep}}}"#);
    let operation = Operation::from_json(running.as_bytes()).unwrap();
    assert_eq!((operation.name.as_str(), operation.outcome), ("operations/1", None));

    // The response is decoded: the reply can never be read, so it ends the wait.
    let done = format!(r#"{{"done": true, "response": {{"a": {deep}}}}}"#);
    let status = response_of(Operation::from_json(done.as_bytes()).unwrap()).decode::<Value>().unwrap_err();
    assert!(status.message().contains("recursion limit"), "{status}");
    assert_eq!(status.origin(), Origin::MalformedReply);
}

#[test]
fn shows_nothing_of_the_body_in_the_error() {
    // SPEC 43
    for body in [
        r#"{"done": "s3cret"}"#,
        r#"{"done": true, "error": {"code": "s3cret"}}"#,
        r#"{"done": true, "error": "s3cret"}"#,
        r#"{"done": true, "error": {"message": ["s3cret"]}}"#,
        r#"{"name": {"s3cret": 1}}"#,
        "s3cret",
        "<html>s3cret</html>",
        r#""s3cret""#,
    ] {
        let status = Operation::from_json(body.as_bytes()).unwrap_err();
        assert!(!format!("{status} {status:?}").contains("s3cret"), "{body}: {status}");
    }
}

#[test]
fn shows_no_payload_in_debug() {
    // SPEC 43
    let operation =
        read(r#"{"metadata": {"@type": "t/a.B", "x": "s3cret"}, "done": true, "response": {"y": "s3cret"}}"#);
    let debug = format!("{operation:?}");
    assert!(!debug.contains("s3cret"), "{debug}");
    assert!(debug.contains("a.B"), "{debug}");
}

#[test]
fn writes_what_it_reads() {
    for body in [
        json!({"done": false}),
        json!({"name": "operations/1"}),
        json!({"name": "operations/1", "metadata": {"@type": "t/a.B", "pages": 3}}),
        json!({"name": "operations/1", "done": true}),
        json!({"done": true, "response": {"@type": "t/a.B", "n": "9007199254740993"}}),
        json!({"done": true, "error": {}}),
        json!({"done": true, "error": {"code": 5, "message": "gone"}}),
        json!({"name": "n", "metadata": {}, "done": true,
            "error": {"code": 25, "message": "new", "details": [{"@type": "t/x.Y", "b": 1}, {"@type": "t/x.Z"}]}}),
    ] {
        let operation = read(&body.to_string());
        let written = serde_json::to_string(&operation).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), body);
        assert_eq!(read(&written), operation);
        assert_eq!(serde_json::from_value::<Operation>(body).unwrap(), operation);
    }
}

#[test]
fn writes_its_canonical_form() {
    let done =
        Operation::succeeded("operations/1", any(r#"{"@type":"t/a.B"}"#)).unwrap().with_metadata(any("{}"));
    assert_eq!(
        serde_json::to_string(&done).unwrap(),
        r#"{"name":"operations/1","metadata":{},"done":true,"response":{"@type":"t/a.B"}}"#,
    );
    // JSON leaves out what has its default value.
    assert_eq!(
        serde_json::to_string(&Operation::running("operations/1")).unwrap(),
        r#"{"name":"operations/1"}"#
    );
    // An operation has a name or `done`.
    assert_eq!(serde_json::to_string(&Operation::running("")).unwrap(), r#"{"done":false}"#);
    let failed = Operation::failed("", Status::new(Code::NotFound, "gone"));
    assert_eq!(
        serde_json::to_string(&failed).unwrap(),
        r#"{"done":true,"error":{"code":5,"message":"gone"}}"#
    );

    let loose = r#"{"response": null, "done": true, "error": {"details": null, "code": "5"}, "metadata": [], "x": 1}"#;
    assert_eq!(serde_json::to_string(&read(loose)).unwrap(), r#"{"done":true,"error":{"code":5}}"#);
}

#[test]
fn makes_every_error_that_it_is_given_the_operations_own() {
    // SPEC 20
    let call = Status::new(Code::Unavailable, "busy");
    assert_eq!(call.origin(), Origin::CallFailed);
    assert_eq!(error_of(&Operation::failed("operations/1", call)).origin(), Origin::OperationFailed);
}

#[test]
fn is_not_read_by_the_rules_of_a_failed_http_call() {
    // SPEC 22
    let http = r#"{"name": "operations/1", "error": {"code": 404, "message": "no such job", "status": "NOT_FOUND"}}"#;
    let running = read(http);
    assert_eq!((running.outcome, running.running_error.unwrap().raw_code()), (None, 404));

    // An operation's code is an rpc code even if its number looks like HTTP's, and `status` is not its code.
    let rpc = r#"{"done": true, "error": {"code": 404, "message": "odd", "status": "NOT_FOUND"}}"#;
    let error = error_of(&read(rpc));
    assert_eq!((error.code(), error.raw_code()), (Code::Unknown, 404));
}

fn read(body: &str) -> Operation {
    Operation::from_json(body.as_bytes()).unwrap_or_else(|status| panic!("{body:.200}: {status}"))
}

fn malformed(body: &str) -> Status {
    let status =
        Operation::from_json(body.as_bytes()).map(|operation| panic!("{body} is {operation:?}")).unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply, "{body}: {status}");
    status
}

fn error_of(operation: &Operation) -> Status {
    let Some(Outcome::Error(error)) = &operation.outcome else { panic!("no error: {operation:?}") };
    error.clone()
}

fn metadata_of(operation: Operation) -> Any {
    operation.metadata.unwrap()
}

fn response_of(operation: Operation) -> Any {
    let Some(Outcome::Response(response)) = operation.outcome else { panic!("no response") };
    response
}

fn any(json: &str) -> Any {
    Any::from_json(json).unwrap()
}

#[test]
fn can_succeed_with_any_value() {
    fn decoded<R: serde::de::DeserializeOwned>(value: impl serde::Serialize) -> R {
        Operation::succeeded("operations/1", value).unwrap().outcome.unwrap().decode().unwrap()
    }
    assert_eq!(decoded::<Value>(json!({"a": 1})), json!({"a": 1}));
    assert_eq!(decoded::<u64>(u64::MAX), u64::MAX);
    assert_eq!(decoded::<String>("text"), "text");
    assert_eq!(decoded::<Vec<bool>>([true, false]), [true, false]);
    decoded::<()>(());
    decoded::<lro::Empty>(None::<u8>);
    let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert_eq!(Operation::succeeded("operations/1", unwritable).unwrap_err().code(), Code::Internal);
}
