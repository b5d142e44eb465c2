//! The JSON in which an `Any` that came as protobuf is stored.

use std::panic::catch_unwind;

use lro::{
    Any, Code, Operation, Origin, Outcome, Status, from_json,
    rules::{Saved, Tally, Trouble},
};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::protobuf::job;

/// As this form has always been written. Stored data has it.
const STORED: &str = r#"{"@type":"type.googleapis.com/example.v1.Job","$lro.protobuf":"CiJ0eXBlLmdvb2dsZWFwaXMuY29tL2V4YW1wbGUudjEuSm9iEgIIAw=="}"#;

#[test]
fn is_stored_with_its_type_and_its_bytes() {
    assert_eq!(serde_json::to_string(&job()).unwrap(), STORED);
    let untyped = Any::from_protobuf(*b"\x12\x01\x00").unwrap();
    assert_eq!(serde_json::to_string(&untyped).unwrap(), r#"{"$lro.protobuf":"EgEA"}"#);
}

#[test]
fn is_restored_byte_by_byte() {
    for encoded in [
        &b""[..],
        crate::protobuf::JOB,
        b"\x12\x02\x08\x03\x0A\x03t/b\x1B\x08\x01\x1C\x0A\x83\x00t/a",
        b"\x0A\x06t/\"\n\xC2\x80",
    ] {
        round_trip(&Any::from_protobuf(encoded).unwrap());
    }
    round_trip(&job());
    round_trip(&Some(job()));
    round_trip(&vec![job(), Any::default(), job()]);
    // A reader of another language may have written it again.
    for json in [
        STORED.replace(',', " ,\n\t ").replace(':', " : ").replace('{', "{ "),
        r#"{"$lro.protobuf":"CiJ0eXBlLmdvb2dsZWFwaXMuY29tL2V4YW1wbGUudjEuSm9iEgIIAw==","@type":"other"}"#
            .to_owned(),
        STORED.replace("$lro", "\\u0024lro").replace('/', "\\/"),
    ] {
        assert_eq!(serde_json::from_str::<Any>(&json).unwrap(), job(), "{json}");
    }
}

#[test]
fn is_restored_within_what_stores_it() {
    lro::message! {
        /// A record of the caller.
        pub struct Record("example.v1.Record") {
            /// A message.
            last: Option<Any>,
        }
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Entry {
        operation: Operation,
        failure: Status,
    }
    let failure = || Status::new(Code::Internal, "no").with_details(vec![job(), Any::default()]);
    round_trip(&Record { last: Some(job()) });
    for outcome in [Ok(job()), Err(failure())] {
        let operation = Operation::running("operations/1").with_metadata(job()).with_outcome(outcome);
        round_trip(&Entry { operation, failure: failure().with_origin(Origin::OperationFailed) });
    }
    let stored = format!(r#"{{"last":{{"code":13,"message":"no","details":[{STORED}],"malformed":false}}}}"#);
    let trouble: Trouble = serde_json::from_str(&stored).unwrap();
    assert_eq!(trouble.last_failure().unwrap().details().as_slice(), [job()]);
    round_trip(&Saved::new(Tally::default(), Some(trouble), Some(job())));
}

#[test]
fn is_not_restored_if_it_is_damaged() {
    for (damaged, fault) in [
        (r#"{"$lro.protobuf":"CiJ0"}"#, "truncated"),
        (r#"{"$lro.protobuf":"C"}"#, "base64"),
        (r#"{"$lro.protobuf":"EgE!"}"#, "base64"),
        (r#"{"@type":"t/a","$lro.protobuf":7}"#, "$lro.protobuf is not a string"),
        (r#"{"$lro.protobuf":null}"#, "$lro.protobuf is not a string"),
        (r#"{"$lro.json":"[]"}"#, "not a JSON object"),
        (r#"{"$lro.json":{}}"#, "$lro.json is not a string"),
    ] {
        let error = serde_json::from_str::<Any>(damaged).expect_err(damaged).to_string();
        assert!(error.contains("a stored Any is damaged") && error.contains(fault), "{damaged}: {error}");
    }
}

/// Texts of a peer that have a stored form.
const OF_A_PEER: [&str; 6] = [
    STORED,
    r#"{"$lro.protobuf":"CiJ0"}"#,
    r#"{"@type": "t/a.B",  "\u0024lro.protobuf": 7, "n": 1}"#,
    r#"{"$lro.json": "{}"}"#,
    r#"{"$lro.json": "{\"$lro.protobuf\": \"EgEA\"}"}"#,
    r#"{"@type": 5, "@type": [], "$lro.json": 0}"#,
];

#[test]
fn is_json_wherever_a_reply_has_it() {
    #[derive(Deserialize)]
    struct Within {
        #[serde(alias = "$lro.protobuf", alias = "$lro.json")]
        inner: Any,
    }
    for text in OF_A_PEER {
        let json = |any: &Any| assert_eq!(any.as_json(), Some(text));
        let read = |body: &str| Operation::from_json(body.as_bytes()).unwrap();

        let done = read(&format!(r#"{{"done": true, "metadata": {text}, "response": {text}}}"#));
        json(done.metadata.as_ref().unwrap());
        let Some(Outcome::Response(response)) = done.outcome else { panic!("{text}") };
        json(&response);
        json(&Any::from_json(text).unwrap());
        json(&from_json::<Any>(text.as_bytes()).unwrap());
        // SPEC 18
        json(&response.decode::<Any>().unwrap());
        json(&response.decode::<Option<Any>>().unwrap().unwrap());

        let error = format!(r#"{{"code": 5, "details": [{text}]}}"#);
        let Some(Outcome::Error(status)) = read(&format!(r#"{{"done": true, "error": {error}}}"#)).outcome
        else {
            panic!("{text}")
        };
        json(&status.details().as_slice()[0]);
        let beside = read(&format!(r#"{{"name": "operations/1", "error": {error}}}"#)).running_error.unwrap();
        json(&beside.details().as_slice()[0]);
        let in_place = Status::in_reply(format!(r#"{{"error": {error}}}"#).as_bytes()).unwrap();
        json(&in_place.details().as_slice()[0]);

        let outer = Any::from_json(format!(r#"{{"inner": {text}}}"#)).unwrap();
        json(&outer.decode::<Within>().unwrap().inner);
        let array = format!(r#"{{"@type": "t/google.protobuf.ListValue", "value": [{text}]}}"#);
        json(&Any::from_json(array).unwrap().decode::<Vec<Any>>().unwrap()[0]);
    }
}

#[test]
fn does_not_change_json_that_has_its_form() {
    for text in OF_A_PEER {
        let any = Any::from_json(text).unwrap();
        round_trip(&any);
        round_trip(&Saved::new(Tally::default(), None, Some(any.clone())));
        assert_eq!(Any::from_value(&any).unwrap(), any);
        let again = Any::from_json(serde_json::to_string(&any).unwrap()).unwrap();
        round_trip(&again);
    }
    // Any other key comes first, or is another.
    for text in
        [r#"{"n": 1, "$lro.protobuf": "EgEA"}"#, r#"{"$lro.protobuf2": "EgEA"}"#, r#"{"$LRO.JSON": "{}"}"#]
    {
        let any: Any = serde_json::from_str(text).unwrap();
        assert_eq!(any.as_json(), Some(text));
        assert_eq!(serde_json::to_string(&any).unwrap(), text);
    }
}

#[test]
fn is_restored_after_the_decoding_of_a_reply_panicked() {
    #[derive(Debug)]
    struct Panics;

    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("boom")
        }
    }
    catch_unwind(|| Any::default().decode::<Panics>().unwrap()).unwrap_err();
    catch_unwind(|| from_json::<Panics>(b"{}").unwrap()).unwrap_err();
    assert_eq!(serde_json::from_str::<Any>(STORED).unwrap(), job());
}

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let pretty = serde_json::to_vec_pretty(value).unwrap();
    assert_eq!(&serde_json::from_slice::<T>(&pretty).unwrap(), value, "{text}");
    assert_eq!(serde_json::to_string(&serde_json::from_str::<T>(&text).unwrap()).unwrap(), text);
}
