//! How a wait ended, as it is stored.

use lro::{
    Any, Code, Operation, Origin, Outcome, Status,
    rules::{Ending, Expiry, Next, Seen},
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::rules::events::{progress, secs};

/// As this format has always been written. A change of it needs another format.
const STORED: [&str; 6] = [
    r#"{"format":1,"response":{"@type": "t/example.v1.Progress", "share": "half"}}"#,
    r#"{"format":1,"response":{"@type":"type.googleapis.com/a.B","$lro.protobuf":"Chd0eXBlLmdvb2dsZWFwaXMuY29tL2EuQhICCAU="}}"#,
    r#"{"format":1,"error":{"code":5,"message":"no","details":[{"@type": "t/example.v1.Progress", "share": "half"}]}}"#,
    r#"{"format":1,"neither":true}"#,
    r#"{"format":1,"gave_up":{"code":4,"message":"stopped asking: the deadline passed","details":[],"origin":"stopped_asking"}}"#,
    r#"{"format":1,"gave_up":{"code":7,"message":"no","details":[{"@type": "t/example.v1.Progress", "share": "half"}],"origin":"call_failed","advice":"set a scope","response":{"@type": "t/example.v1.Progress", "share": "most"}}}"#,
];

#[test]
fn an_ending_that_was_stored_is_read_and_written_again() {
    // g22
    let details = || vec![progress("half")];
    let done = |outcome| Next::Done(outcome).into_ending().unwrap();
    let failed = Operation::failed("", Status::new(Code::NotFound, "no").with_details(details()));
    let denied = Status::new(Code::PermissionDenied, "no").with_details(details()).with_advice("set a scope");
    let endings = [
        done(Outcome::Response(progress("half"))),
        done(Outcome::Response(Any::pack_protobuf("a.B", b"\x08\x05"))),
        done(failed.outcome.unwrap()),
        done(Outcome::Neither),
        Next::Expired { why: Expiry::Deadline, seen: Seen::Running }.into_ending().unwrap(),
        Next::Failed { status: denied.with_response(progress("most")), seen: Seen::Failed }
            .into_ending()
            .unwrap(),
    ];
    for (ending, stored) in endings.iter().zip(STORED) {
        assert_eq!(serde_json::to_string(ending).unwrap(), stored);
        let restored: Ending = serde_json::from_str(stored).unwrap();
        assert_eq!(&restored, ending);
        assert_eq!(serde_json::to_string(&restored).unwrap(), stored);
        // A store may keep JSON as values.
        serde_json::from_value::<Ending>(serde_json::from_str(stored).unwrap()).unwrap();
    }
    let asks = Next::Ask { at: secs(1), seen: Seen::Running };
    assert_eq!(asks.into_ending(), Err(secs(1)));
}

#[test]
fn an_ending_decodes_as_the_wait_would_have_returned_it() {
    let read = |number: usize| serde_json::from_str::<Ending>(STORED[number]).unwrap();
    assert_eq!(read(0).decode::<Value>().unwrap(), json!({"share": "half"}));
    assert_eq!(read(2).decode::<Value>().unwrap_err().origin(), Origin::OperationFailed);
    read(3).decode::<()>().unwrap();
    assert_eq!(read(3).decode::<Value>().unwrap_err().origin(), Origin::MalformedReply);
    let late = read(4).decode::<Value>().unwrap_err();
    assert!(late.origin() == Origin::StoppedAsking && late.may_be_running());
    let denied = read(5).decode::<Value>().unwrap_err();
    assert!(denied.to_string().contains("set a scope") && !denied.may_be_running());
    assert_eq!(denied.response(), Some(&progress("most")));
}

#[test]
fn what_is_not_one_ending_of_this_format_is_refused() {
    // g25
    for stored in STORED {
        let later = stored.replacen("\"format\":1", "\"format\":2", 1);
        let fault = serde_json::from_str::<Ending>(&later).unwrap_err().to_string();
        assert!(fault.starts_with("it has format 2, and this version of lro reads format 1"), "{fault}");
        for length in 0..stored.len() {
            serde_json::from_str::<Ending>(&stored[..length]).unwrap_err();
        }
        serde_json::from_str::<Ending>(&stored.replacen("\"format\":1,", "", 1)).unwrap_err();
        serde_json::from_str::<Ending>(&stored.replacen("{", "{\"neither\":true,", 1)).unwrap_err();
        // A later version of this crate may add a member that an older one need not know.
        serde_json::from_str::<Ending>(&stored.replacen("{", "{\"more\":[{}],", 1)).unwrap();
    }
    for members in [
        "",
        r#","neither":false"#,
        r#","neither":null"#,
        r#","response":null"#,
        r#","response":[]"#,
        r#","response":{},"error":{"code":5}"#,
        r#","response":{},"response":{}"#,
        r#","response":{"$lro.protobuf":"EgE!"}"#,
        r#","error":"no""#,
        r#","error":{"code":5},"gave_up":{"code":5,"origin":"call_failed"}"#,
        r#","gave_up":{"code":5}"#,
        r#","gave_up":{"code":5,"origin":"weather"}"#,
        r#","gave_up":{"code":"5","origin":"call_failed"}"#,
        r#","gave_up":{"origin":"call_failed"}"#,
        r#","gave_up":{"code":5,"origin":"call_failed","details":[7]}"#,
    ] {
        let stored = format!(r#"{{"format":1{members}}}"#);
        serde_json::from_str::<Ending>(&stored).expect_err(&stored);
    }
}

proptest! {
    #[test]
    fn every_ending_is_restored_byte_by_byte(ending in endings()) {
        // g22
        let stored = serde_json::to_vec(&ending).unwrap();
        let restored: Ending = serde_json::from_slice(&stored).unwrap();
        prop_assert_eq!(serde_json::to_vec(&restored).unwrap(), stored);
        if let (Ending::GaveUp(restored), Ending::GaveUp(status)) = (&restored, &ending) {
            prop_assert_eq!(restored.response(), status.response());
        }
        prop_assert_eq!(restored, ending);
    }
}

#[test]
fn that_is_too_large_to_be_stored_says_so() {
    let long = || Status::new(Code::Unavailable, "ü".repeat(5_000)).with_details(vec![progress("half")]);
    // SPEC 1: an outcome that is not stored is no failure of the operation.
    for ending in [
        Ending::Done(Outcome::Response(progress("all"))),
        Ending::Done(Outcome::Error(long())),
        Ending::GaveUp(long().with_response(progress("all"))),
    ] {
        let Ending::GaveUp(status) = ending.too_large(700, 500) else { panic!("an outcome") };
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::StoppedAsking));
        assert!(status.message().contains("it has 700 bytes, and the limit is 500"), "{status}");
    }
    let Ending::GaveUp(status) = Ending::GaveUp(long()).too_large(700, 500) else { panic!("an outcome") };
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::CallFailed));
    assert_eq!((status.message(), status.details().as_slice()), (&*"ü".repeat(1_000), &[][..]));
}

fn endings() -> impl Strategy<Value = Ending> {
    let gave_up = (status(), prop::option::of(message()), prop::bool::ANY);
    let gave_up = gave_up.prop_map(|(status, response, advised)| {
        let status = if advised { status.with_advice("a\0\"b") } else { status };
        Ending::GaveUp(match response {
            Some(response) => status.with_response(response),
            None => status,
        })
    });
    prop_oneof![
        message().prop_map(|response| Ending::Done(Outcome::Response(response))),
        status()
            .prop_map(|status| { Ending::Done(Outcome::Error(status.with_origin(Origin::OperationFailed))) }),
        Just(Ending::Done(Outcome::Neither)),
        gave_up,
    ]
}

fn status() -> impl Strategy<Value = Status> {
    let origin = prop_oneof![
        Just(Origin::OperationFailed),
        Just(Origin::CallFailed),
        Just(Origin::StoppedAsking),
        Just(Origin::MalformedReply),
    ];
    let code = prop_oneof![-1..20, any::<i32>()];
    (code, "[\\PC\0\n\u{2028}\"\\\\]{0,9}", prop::collection::vec(message(), 0..4), origin).prop_map(
        |(code, message, details, origin)| {
            Status::from_number(code, message).with_details(details).with_origin(origin)
        },
    )
}

/// In JSON with what texts of databases refuse, and in protobuf.
fn message() -> impl Strategy<Value = Any> {
    let texts = prop_oneof![
        Just(r#"{}"#.to_owned()),
        Just(
            "{ \"@type\" : \"t/a\",\n\t\"a\": \"\\u0000\", \"\\ud800\": \"\\udfff \\uD83D\" , \"n\": 1e999 }"
                .to_owned()
        ),
        Just(r#"{"$lro.protobuf": "EgE!", "n": 1.50}"#.to_owned()),
        Just(r#"{"$lro.json": "{}"}"#.to_owned()),
        Just(format!("{{\"deep\":{}{}}}", "[".repeat(300), "]".repeat(300))),
        "[\\PC\0]{0,9}".prop_map(|text| json!({"text": text}).to_string()),
    ];
    prop_oneof![
        texts.prop_map(|text| Any::from_json(text).unwrap()),
        ("[a-z.]{0,5}", prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(name, value)| Any::pack_protobuf(&name, &value)),
    ]
}
