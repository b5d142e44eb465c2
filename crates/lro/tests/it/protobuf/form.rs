//! The two fields of an encoded `google.protobuf.Any`.

use lro::{
    Any, Code, Empty,
    details::{ErrorInfo, Help},
};

use crate::protobuf::JOB;

#[test]
fn stores_the_encoded_message_unchanged() {
    let any = Any::from_protobuf(JOB).unwrap();
    assert_eq!(any.as_protobuf(), Some(JOB));
    assert_eq!(any.protobuf_value(), Some(&b"\x08\x03"[..]));
    assert_eq!(any.type_url().as_deref(), Some("type.googleapis.com/example.v1.Job"));
    assert_eq!(any.type_name().as_deref(), Some("example.v1.Job"));
    assert_eq!(any.as_json(), None);
    assert_eq!(Any::from_protobuf(JOB.to_vec()).unwrap(), any);
}

#[test]
fn packs_a_message_under_its_full_name() {
    assert_eq!(Any::pack_protobuf("example.v1.Job", b"\x08\x03").as_protobuf(), Some(JOB));
    let empty = Any::pack_protobuf("google.protobuf.Empty", b"");
    assert_eq!(empty.as_protobuf(), Some(&b"\x0A\x29type.googleapis.com/google.protobuf.Empty"[..]));
    assert!(empty.is::<Empty>() && !empty.is::<Help>());
    assert!(Any::pack_protobuf("google.rpc.ErrorInfo", b"").is::<ErrorInfo>());
    // Lengths of one, two and three bytes.
    for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
        let (name, value) = ("n".repeat(length), vec![0x08; length]);
        let packed = Any::pack_protobuf(&name, &value);
        let read = Any::from_protobuf(packed.as_protobuf().unwrap()).unwrap();
        assert_eq!((read.type_name().as_deref(), read.protobuf_value()), (Some(&*name), Some(&*value)));
    }
}

#[test]
fn reads_what_a_parser_of_protobuf_reads() {
    const WORK: &[u8] = b"\x08\x03";
    for (what, encoded, url, value) in [
        ("nothing", &b""[..], None, &b""[..]),
        ("no value", b"\x0A\x03t/a", Some("t/a"), b""),
        ("an empty value", b"\x0A\x03t/a\x12\x00", Some("t/a"), b""),
        ("no type", b"\x12\x02\x08\x03", None, WORK),
        ("an empty type", b"\x0A\x00\x12\x02\x08\x03", None, WORK),
        ("the value first", b"\x12\x02\x08\x03\x0A\x03t/a", Some("t/a"), WORK),
        ("the last of two types", b"\x0A\x03t/b\x0A\x03t/a", Some("t/a"), b""),
        ("the last of two values", b"\x12\x01\x00\x0A\x03t/a\x12\x02\x08\x03", Some("t/a"), WORK),
        ("an empty value last", b"\x12\x02\x08\x03\x12\x00", None, b""),
        ("an unknown varint", b"\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x0A\x03t/a", Some("t/a"), b""),
        ("an unknown 64-bit number", b"\x19\x01\x02\x03\x04\x05\x06\x07\x08\x0A\x03t/a", Some("t/a"), b""),
        ("unknown bytes", b"\x1A\x02\x0A\x03\x0A\x03t/a", Some("t/a"), b""),
        ("an unknown 32-bit number", b"\x1D\x01\x02\x03\x04\x0A\x03t/a", Some("t/a"), b""),
        ("an unknown group", b"\x1B\x0A\x03t/b\x10\x01\x23\x24\x1C\x0A\x03t/a", Some("t/a"), b""),
        ("the greatest number", b"\xF8\xFF\xFF\xFF\x0F\x01\x0A\x03t/a", Some("t/a"), b""),
        ("longer varints than needed", b"\x8A\x80\x00\x83\x80\x00t/a", Some("t/a"), b""),
        ("letters beyond ASCII", b"\x0A\x04t/\xC3\xB6", Some("t/ö"), b""),
    ] {
        let any = Any::from_protobuf(encoded).unwrap_or_else(|status| panic!("{what}: {status}"));
        assert_eq!(any.type_url().as_deref(), url, "{what}");
        assert_eq!(any.protobuf_value(), Some(value), "{what}");
        assert_eq!(any.as_protobuf(), Some(encoded), "{what}");
    }
}

#[test]
fn refuses_what_is_no_encoded_any() {
    for (what, encoded, reason) in [
        ("JSON", &br#"{"@type": "t/a"}"#[..], "truncated"),
        ("a cut key", b"\x8A", "truncated"),
        ("no length", b"\x0A", "truncated"),
        ("a cut type", b"\x0A\x04t/a", "truncated"),
        ("a cut value", b"\x0A\x03t/a\x12\x02\x08", "truncated"),
        ("a length beyond memory", b"\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "truncated"),
        ("a cut 64-bit number", b"\x19\x01\x02\x03\x04\x05\x06\x07", "truncated"),
        ("a cut 32-bit number", b"\x1D\x01\x02\x03", "truncated"),
        ("a varint of 65 bits", b"\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", "64 bits"),
        ("a varint of 11 bytes", b"\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", "64 bits"),
        ("the number 0", b"\x02\x00", "number of a field"),
        ("a number too great", b"\x80\x80\x80\x80\x10\x01", "number of a field"),
        ("the wire type 6", b"\x1E", "wire type"),
        ("the wire type 7", b"\x1F", "wire type"),
        ("a type that is a number", b"\x08\x03", "string"),
        ("a type that is a group", b"\x0B\x0C", "string"),
        ("a value that is a number", b"\x15\x01\x02\x03\x04", "bytes"),
        ("a type that is not UTF-8", b"\x0A\x01\xFF", "UTF-8"),
        ("an earlier type that is not UTF-8", b"\x0A\x01\xFF\x0A\x03t/a", "UTF-8"),
        ("the end of no group", b"\x1C", "group"),
        ("the end of another group", b"\x1B\x24", "group"),
        ("a group without an end", b"\x1B\x0A\x03t/a", "group"),
    ] {
        let status = Any::from_protobuf(encoded).expect_err(what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what}");
        assert!(status.message().contains(reason), "{what}: {status}");
    }
}

#[test]
fn differs_from_json_and_from_other_bytes() {
    let any = Any::from_protobuf(JOB).unwrap();
    assert_ne!(
        any,
        Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Job", "pages": 3}"#).unwrap()
    );
    assert_ne!(any, Any::pack_protobuf("example.v1.Job", b"\x08\x04"));
    assert_ne!(any, Any::pack_protobuf("example.v2.Job", b"\x08\x03"));
    assert_ne!(Any::from_protobuf(*b"").unwrap(), Any::default());
    assert_eq!(any.clone(), any);
}

#[test]
fn shows_its_type_and_its_size_in_debug() {
    // SPEC 43
    let any = Any::pack_protobuf("example.v1.Job", b"\x0A\x06s3cret");
    assert_eq!(format!("{any:?}"), "Any(example.v1.Job, 46 bytes of protobuf)");
    // SPEC 60
    let long = Any::pack_protobuf(&"n".repeat(10_000), b"");
    assert!(format!("{long:?}").len() < 300);
}
