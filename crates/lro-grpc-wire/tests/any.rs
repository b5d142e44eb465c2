//! `google.protobuf.Any` in JSON and in protobuf. The encoded messages were written by Google's Python library, protobuf 7.36.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lro::{Any, Code, details::ErrorInfo};
use lro_grpc_wire::any::{to_json, to_protobuf};
use proptest::{collection::btree_map, collection::vec, prelude::*};
use serde_json::{Value, json};

// SPEC 24
#[test]
fn a_standard_detail_has_both_forms() {
    each_has_both_forms("google.rpc.", &DETAILS);
}

// SPEC 17
#[test]
fn a_well_known_type_has_both_forms() {
    each_has_both_forms("google.protobuf.", &WELL_KNOWN);
}

#[test]
fn json_of_another_type_becomes_a_struct_of_all_its_members() {
    let job = json!({"@type": "example.com/example.v1.Job", "pages": 7, "tags": ["a", null]});
    let any = encoded(&Any::from_json(job.to_string()).unwrap());
    assert_eq!(any.type_name().unwrap(), "google.protobuf.Struct");
    assert_eq!(value_of(&to_json(&any).unwrap()), job);
    let untyped = encoded(&Any::from_json(r#"{"pages": 7}"#).unwrap());
    assert_eq!(value_of(&to_json(&untyped).unwrap()), json!({"pages": 7}));
}

#[test]
fn json_that_does_not_fit_its_type_becomes_a_struct() {
    let misfits = [
        r#"{"@type": "x/google.rpc.ErrorInfo", "reason": 5}"#,
        r#"{"@type": "x/google.rpc.RetryInfo", "retryDelay": "soon"}"#,
        r#"{"@type": "x/google.protobuf.Duration", "value": "1.5"}"#,
        r#"{"@type": "x/google.protobuf.Duration"}"#,
        r#"{"@type": "x/google.protobuf.Int32Value", "value": 2147483648}"#,
        r#"{"@type": "x/google.protobuf.BytesValue", "value": "?"}"#,
        r#"{"@type": "x/google.protobuf.Any", "value": {"@type": "x/google.protobuf.Empty"}}"#,
    ];
    for misfit in misfits {
        let any = encoded(&Any::from_json(misfit).unwrap());
        assert_eq!(any.type_name().unwrap(), "google.protobuf.Struct", "{misfit}");
        let members: Value = serde_json::from_str(misfit).unwrap();
        assert_eq!(value_of(&to_json(&any).unwrap()), members);
    }
}

#[test]
fn json_that_protobuf_cannot_hold_is_refused() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let huge = r#"{"a":1e999}"#.to_owned();
    for json in [deep, huge] {
        let refused = to_protobuf(&Any::from_json(json).unwrap()).unwrap_err();
        assert_eq!(refused.code(), Code::Internal);
        assert!(refused.message().starts_with("cannot encode JSON as protobuf: "), "{refused}");
    }
}

#[test]
fn what_came_as_protobuf_stays_as_it_came() {
    // A field that `Any` does not have, and a prefix of the service's own.
    let bytes = b"\x0a\x08x/a.v1.J\x12\x02\x08\x01\x1a\x01?";
    let any = Any::from_protobuf(&bytes[..]).unwrap();
    assert_eq!(to_protobuf(&any).unwrap(), bytes);
    assert_eq!(to_json(&any), None);
}

#[test]
fn a_value_that_does_not_decode_has_no_json() {
    let table = [
        ("google.rpc.ErrorInfo", &b"\x0a\x09R"[..]),
        ("google.rpc.ErrorInfo", b"\x08\x01"),
        // A duration of more than 10,000 years, and one with two signs.
        ("google.rpc.RetryInfo", b"\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        ("google.protobuf.Duration", b"\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("google.protobuf.Timestamp", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("google.protobuf.StringValue", b"\x0a\x01\xff"),
        ("google.protobuf.Any", b""),
        ("google.rpc.Code", b""),
        ("google.rpc", b""),
        ("", b""),
    ];
    for (name, value) in table {
        assert_eq!(to_json(&Any::pack_protobuf(name, value)), None, "{name} {value:x?}");
    }
    assert_eq!(to_json(&Any::pack(&ErrorInfo::default()).unwrap()), None);
}

#[test]
fn deep_protobuf_is_not_decoded() {
    // Lists within lists: each level has a tag and a length of the two messages.
    let deep = (0..2_000).fold(Vec::new(), |inner, _| {
        let wrap = |tag: u8, inner: &[u8]| {
            let len = inner.len();
            let len = [(len & 0x7f) as u8 | 0x80, (len >> 7 & 0x7f) as u8 | 0x80, (len >> 14) as u8];
            [&[tag], &len[..], inner].concat()
        };
        wrap(0x0a, &wrap(0x32, &inner))
    });
    assert_eq!(to_json(&Any::pack_protobuf("google.protobuf.ListValue", &deep)), None);
}

proptest! {
    #[test]
    fn json_survives_as_a_struct(members in btree_map("[a-z@]{0,3}", json(), 0..4)) {
        let members: Value = members.into_iter().collect();
        let any = encoded(&Any::from_json(members.to_string()).unwrap());
        prop_assert_eq!(value_of(&to_json(&any).unwrap()), members);
    }

    #[test]
    fn no_value_panics(index in 0..26_usize, value: Vec<u8>, cut: prop::sample::Index, flip: u8) {
        let names = DETAILS.iter().map(|row| format!("google.rpc.{}", row.0));
        let names = names.chain(WELL_KNOWN.iter().map(|row| format!("google.protobuf.{}", row.0)));
        let name = names.into_iter().nth(index).unwrap();
        let _ = to_json(&Any::pack_protobuf(&name, &value));
        // Bytes that are almost valid.
        let mut valid = bytes(DETAILS.iter().chain(&WELL_KNOWN).nth(index).unwrap().2);
        if !valid.is_empty() {
            let at = cut.index(valid.len());
            valid[at] ^= flip;
            let _ = to_json(&Any::pack_protobuf(&name, &valid));
            let _ = to_json(&Any::pack_protobuf(&name, &valid[..at]));
        }
    }
}

/// JSON whose numbers doubles hold.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e9..1e9).prop_filter_map("a whole number is read as an integer", |number: f64| {
            (number.fract() != 0.0).then(|| Value::from(number))
        }),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 30, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn each_has_both_forms(prefix: &str, rows: &[(&str, &str, &str)]) {
    for (name, json, hex) in rows {
        let name = format!("{prefix}{name}");
        let mut members: Value = serde_json::from_str(json).unwrap();
        members["@type"] = format!("type.googleapis.com/{name}").into();
        let from_json = encoded(&Any::from_json(members.to_string()).unwrap());
        assert_eq!(from_json, Any::pack_protobuf(&name, &bytes(hex)), "{name}");
        let from_protobuf = to_json(&from_json).unwrap();
        let read: Value = serde_json::from_str(from_protobuf.as_json().unwrap()).unwrap();
        assert_eq!(read, members, "{name}");
    }
}

fn encoded(any: &Any) -> Any {
    Any::from_protobuf(to_protobuf(any).unwrap()).unwrap()
}

/// The member `value` of the JSON.
fn value_of(any: &Any) -> Value {
    let mut members: Value = serde_json::from_str(any.as_json().unwrap()).unwrap();
    members["value"].take()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Name, JSON and encoded value.
const DETAILS: [(&str, &str, &str); 10] = [
    (
        "ErrorInfo",
        r#"{"reason": "R", "domain": "d.com", "metadata": {"k": "v"}}"#,
        "0a01521205642e636f6d1a060a016b120176",
    ),
    ("RetryInfo", r#"{"retryDelay": "7.500s"}"#, "0a0808071080cab5ee01"),
    ("DebugInfo", r#"{"stackEntries": ["a", "b"], "detail": "c"}"#, "0a01610a0162120163"),
    (
        "QuotaFailure",
        r#"{"violations": [{"subject": "s", "description": "d", "apiService": "a", "quotaMetric": "m", "quotaId": "i", "quotaDimensions": {"k": "v"}, "quotaValue": "5", "futureQuotaValue": "0"}]}"#,
        "0a1b0a01731201641a016122016d2a016932060a016b12017638054000",
    ),
    (
        "PreconditionFailure",
        r#"{"violations": [{"type": "t", "subject": "s", "description": "d"}]}"#,
        "0a090a01741201731a0164",
    ),
    (
        "BadRequest",
        r#"{"fieldViolations": [{"field": "f", "description": "d", "reason": "r", "localizedMessage": {"locale": "de", "message": "m"}}]}"#,
        "0a120a01661201641a017222070a02646512016d",
    ),
    ("RequestInfo", r#"{"requestId": "r", "servingData": "s"}"#, "0a0172120173"),
    (
        "ResourceInfo",
        r#"{"resourceType": "t", "resourceName": "n", "owner": "o", "description": "d"}"#,
        "0a017412016e1a016f220164",
    ),
    ("Help", r#"{"links": [{"description": "d", "url": "u"}]}"#, "0a060a0164120175"),
    ("LocalizedMessage", r#"{"locale": "l", "message": "m"}"#, "0a016c12016d"),
];

/// Name, JSON and encoded value.
const WELL_KNOWN: [(&str, &str, &str); 16] = [
    ("Empty", r#"{"value": {}}"#, ""),
    ("Duration", r#"{"value": "-1.500s"}"#, "08ffffffffffffffffff011080b6ca91feffffffff01"),
    ("Timestamp", r#"{"value": "2023-11-14T22:13:20.005Z"}"#, "0880e2cfaa0610c096b102"),
    ("FieldMask", r#"{"value": "aB,c"}"#, "0a03615f620a0163"),
    ("StringValue", r#"{"value": "ä"}"#, "0a02c3a4"),
    ("BytesValue", r#"{"value": "AP8="}"#, "0a0200ff"),
    ("BoolValue", r#"{"value": true}"#, "0801"),
    ("Int32Value", r#"{"value": -3}"#, "08fdffffffffffffffff01"),
    ("Int64Value", r#"{"value": "9007199254740993"}"#, "088180808080808010"),
    ("UInt32Value", r#"{"value": 7}"#, "0807"),
    ("UInt64Value", r#"{"value": "18446744073709551615"}"#, "08ffffffffffffffffff01"),
    ("DoubleValue", r#"{"value": 2.5}"#, "090000000000000440"),
    ("FloatValue", r#"{"value": 0.5}"#, "0d0000003f"),
    (
        "Struct",
        r#"{"value": {"a": [null, 1, "x", true, {"b": 2.5}]}}"#,
        "0a330a0161122e322c0a0208000a0911000000000000f03f0a031a01780a0220010a122a100a0e0a01621209110000000000000440",
    ),
    ("Value", r#"{"value": "t"}"#, "1a0174"),
    ("ListValue", r#"{"value": [1, []]}"#, "0a0911000000000000f03f0a023200"),
];
