//! Values that are packed as protobuf.

use lro::{Any, Code, Operation, Outcome};
use serde::{Serialize, Serializer, ser::SerializeTupleStruct};
use serde_json::{Value, json};

use crate::protobuf::{Packed, job};

#[test]
fn an_any_is_stored_unchanged() {
    let unknown = Any::from_protobuf(*b"\x18\x05\x0A\x03t/a").unwrap();
    for any in [job(), unknown] {
        assert_eq!(Any::from_value(&any).unwrap(), any);
        assert_eq!(Any::from_value(&Some(&any)).unwrap(), any);
        let operation = Operation::succeeded("operations/1", &any).unwrap();
        assert_eq!(operation.outcome, Some(Outcome::Response(any)));
    }
    assert_eq!(Any::pack_as("example.v1.Job", &job()).unwrap(), job());
    let status = Any::pack_as("example.v2.Job", &job()).unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "cannot pack a example.v2.Job: it has another type");
}

#[test]
fn a_wrapper_of_a_protobuf_message_is_packed_as_protobuf() {
    #[derive(Serialize)]
    struct Newtype(Packed);

    let packed = || Packed::new("example.v1.Job", b"\x08\x03");
    for any in [
        Any::from_value(&packed()),
        Any::from_value(&Some(Box::new(packed()))),
        Any::from_value(&Newtype(packed())),
        Any::pack_as("example.v1.Job", &packed()),
    ] {
        assert_eq!(any.unwrap(), job());
    }
    let empty = Any::from_value(&Packed::new("a.B", b"")).unwrap();
    assert_eq!(empty, Any::pack_protobuf("a.B", b""));
    assert_eq!(empty.decode::<Packed>().unwrap(), Packed::new("a.B", b""));
}

#[test]
fn other_values_are_packed_as_json() {
    #[derive(Serialize)]
    struct Pair(&'static str, Vec<u8>);

    for (any, value) in [
        (Any::from_value(&Pair("a.B", vec![1])), json!(["a.B", [1]])),
        (Any::from_value(&None::<Packed>), json!({})),
        (Any::from_value(&json!({"$lro.protobuf": "EgEA"})), json!({"$lro.protobuf": "EgEA"})),
        (Any::from_value("text"), json!("text")),
        (Any::from_value(&[job()]), json!([serde_json::to_value(job()).unwrap()])),
    ] {
        assert_eq!(any.unwrap().decode::<Value>().unwrap(), value);
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple_struct(lro::protobuf::TUPLE, 2)?;
        parts.serialize_field(&self.name)?;
        parts.serialize_field(&self.message)?;
        parts.end()
    }
}
