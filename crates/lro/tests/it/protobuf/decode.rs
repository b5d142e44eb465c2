//! What a message that came as protobuf decodes as.

use std::collections::BTreeMap;

use lro::{Any, Empty, Operation, Origin, Outcome, details::ErrorInfo, poll_until_done, transport_fn};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, value::RawValue};

use crate::protobuf::{JOB, Packed, job};

const EMPTY: &str = "google.protobuf.Empty";

#[derive(Debug, PartialEq, Deserialize)]
struct Pages {
    pages: u32,
}

#[test]
fn decodes_as_a_wrapper_of_a_protobuf_message() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(Packed);

    let expected = || Packed::new("example.v1.Job", b"\x08\x03");
    assert_eq!(job().decode::<Packed>().unwrap(), expected());
    assert_eq!(job().decode::<Option<Packed>>().unwrap(), Some(expected()));
    assert_eq!(job().decode::<Box<Packed>>().unwrap(), Box::new(expected()));
    assert_eq!(job().decode::<Newtype>().unwrap(), Newtype(expected()));
    assert_eq!(job().decode::<Option<Newtype>>().unwrap(), Some(Newtype(expected())));
    assert_eq!(Any::pack_protobuf("a.B", b"").decode::<Packed>().unwrap(), Packed::new("a.B", b""));
    assert_eq!(Any::from_protobuf(*b"").unwrap().decode::<Packed>().unwrap(), Packed::new("", b""));
}

#[test]
fn checks_the_full_name_of_a_newtype_struct() {
    // SPEC 18
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "example.v1.Job")]
    struct Job(Packed);

    assert_eq!(job().decode::<Job>().unwrap().0.name, "example.v1.Job");
    let other = Any::pack_protobuf("example.v2.Job", b"");
    assert_eq!(
        refused::<Job>(&other),
        "cannot read the example.v2.Job: expected example.v1.Job, found example.v2.Job"
    );
    let untyped = Any::from_protobuf(*b"\x12\x00").unwrap();
    assert_eq!(refused::<Job>(&untyped), "cannot read the message: expected example.v1.Job, found no type");
}

#[test]
fn decodes_as_itself() {
    // SPEC 18
    assert_eq!(job().decode::<Any>().unwrap().as_protobuf(), Some(JOB));
    assert_eq!(job().decode::<Option<Any>>().unwrap(), Some(job()));
    // The content is skipped.
    job().decode::<IgnoredAny>().unwrap();
}

#[test]
fn decodes_an_empty_as_nothing() {
    for value in [&b""[..], b"\x08\x03"] {
        let empty = Any::pack_protobuf(EMPTY, value);
        assert_eq!(empty.decode::<()>().unwrap(), ());
        assert_eq!(empty.decode::<Empty>().unwrap(), Empty {});
        assert_eq!(empty.decode::<Option<()>>().unwrap(), Some(()));
        assert_eq!(empty.decode::<Box<Empty>>().unwrap(), Box::new(Empty {}));
    }
    for message in [refused::<()>(&job()), refused::<Empty>(&job())] {
        assert_eq!(
            message,
            "cannot read the example.v1.Job: expected google.protobuf.Empty, found example.v1.Job"
        );
    }
}

#[test]
#[allow(dead_code, reason = "none of these types is ever read")]
fn says_what_to_await_instead_of_a_type_that_reads_json() {
    #[derive(Debug, Deserialize)]
    #[serde(rename = "example.v1.Job")]
    struct Job {
        pages: u32,
    }
    #[derive(Debug, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u32>,
    }
    #[derive(Debug, Deserialize)]
    enum Shape {
        Circle,
    }
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Pages(Pages),
        Packed(Packed),
    }
    #[derive(Debug, Deserialize)]
    struct Pair(u8, u8);
    #[derive(Debug, Deserialize)]
    struct Newtype(Pages);

    for (message, awaited) in [
        (refused::<Job>(&job()), "example.v1.Job"),
        (refused::<Option<Job>>(&job()), "example.v1.Job"),
        (refused::<Pages>(&job()), "Pages"),
        (refused::<Option<Pages>>(&job()), "Option<Pages>"),
        (refused::<Newtype>(&job()), "Newtype"),
        (refused::<Flat>(&job()), "Flat"),
        (refused::<Shape>(&job()), "Shape"),
        (refused::<Either>(&job()), "Either"),
        (refused::<Pair>(&job()), "Pair"),
        (refused::<Value>(&job()), "Value"),
        (refused::<Box<RawValue>>(&job()), "Box<RawValue>"),
        (refused::<BTreeMap<String, Value>>(&job()), "BTreeMap<String, Value>"),
        (refused::<String>(&job()), "String"),
        (refused::<Vec<u8>>(&job()), "Vec<u8>"),
        (refused::<(u8, u8)>(&job()), "(u8, u8)"),
        (refused::<bool>(&job()), "bool"),
    ] {
        let expected = format!(
            "cannot read the example.v1.Job: it came as protobuf, and {awaited} is awaited, which reads JSON: \
             await Proto<T> of its prost message"
        );
        assert_eq!(message, expected);
    }
    // A message of this crate has both forms.
    let expected = "cannot read the example.v1.Job: expected google.rpc.ErrorInfo, found example.v1.Job";
    assert_eq!(refused::<ErrorInfo>(&job()), expected);
}

#[test]
fn says_what_to_await_where_json_came_for_a_protobuf_message() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(Packed);

    let json = Any::from_json(r#"{"@type": "t/example.v1.Job", "pages": 3}"#).unwrap();
    let well_known =
        Any::from_json(r#"{"@type": "t/google.protobuf.ListValue", "value": ["a.B", "b"]}"#).unwrap();
    for (message, found) in [
        (refused::<Packed>(&json), "example.v1.Job"),
        (refused::<Option<Packed>>(&json), "example.v1.Job"),
        (refused::<Newtype>(&json), "example.v1.Job"),
        (refused::<Packed>(&well_known), "google.protobuf.ListValue"),
        (refused::<Packed>(&Any::default()), "object"),
    ] {
        let expected = format!(
            "cannot read the {found}: it came as JSON, and a protobuf message is awaited: \
             await a type of serde's, or ask over gRPC"
        );
        assert_eq!(message, expected);
    }
    // Another tuple struct reads an array as before.
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair(String, String);
    assert_eq!(well_known.decode::<Pair>().unwrap(), Pair("a.B".to_owned(), "b".to_owned()));
}

#[test]
fn finds_an_empty_where_no_response_was_sent() {
    // SPEC 5
    assert_eq!(Outcome::Neither.decode::<Packed>().unwrap(), Packed::new(EMPTY, b""));
    assert_eq!(
        Outcome::Neither.decode::<Pages>().unwrap_err().message(),
        "the operation finished without a response"
    );
}

#[test]
fn bounds_the_type_that_a_peer_names() {
    // SPEC 60
    let long = Any::pack_protobuf(&"n".repeat(10_000), b"");
    for message in [refused::<Pages>(&long), refused::<Empty>(&long)] {
        assert!(message.len() < 600, "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn is_awaited_like_json() {
    let transport = transport_fn(|name| async move {
        Ok(Operation::running(name.as_str()).with_metadata(job()).with_outcome(Ok(job())))
    });
    let name = lro::OperationName::parse("operations/1").unwrap();
    let packed: Packed = poll_until_done(transport, name.clone()).await.unwrap();
    assert_eq!(packed, Packed::new("example.v1.Job", b"\x08\x03"));
    let raw: Any = poll_until_done(transport, name.clone()).await.unwrap();
    assert_eq!(raw, job());
    let status = poll_until_done::<Pages>(transport, name).await.unwrap_err();
    assert_eq!((status.origin(), status.response()), (Origin::MalformedReply, Some(&job())));
    assert_eq!(status.report().unwrap().last_metadata, Some(job()));
}

#[track_caller]
fn refused<T: DeserializeOwned>(any: &Any) -> String {
    let status = any.decode::<T>().err().expect("a type that it does not decode as");
    assert_eq!(status.origin(), Origin::MalformedReply);
    assert_eq!(status.response(), Some(any));
    status.message().to_owned()
}
