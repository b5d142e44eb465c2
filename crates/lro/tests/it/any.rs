//! Messages with their type beside them.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{collections::BTreeMap, time::Duration as StdDuration};

use lro::{
    Any, Empty, Origin, Status,
    details::{ErrorInfo, Help},
    wkt::{Duration, FieldMask, Timestamp},
};
use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};

#[test]
fn takes_its_type_from_what_follows_the_last_slash() {
    // SPEC 17
    for (url, name) in [
        ("type.googleapis.com/google.rpc.ErrorInfo", "google.rpc.ErrorInfo"),
        ("https://types.example.com/v1/nested/google.rpc.ErrorInfo", "google.rpc.ErrorInfo"),
        ("/google.rpc.ErrorInfo", "google.rpc.ErrorInfo"),
        ("google.rpc.ErrorInfo", "google.rpc.ErrorInfo"),
        ("type.googleapis.com/", ""),
    ] {
        let any = any(&json!({"@type": url, "reason": "R"}).to_string());
        assert_eq!(any.type_url().as_deref(), Some(url));
        assert_eq!(any.type_name().as_deref(), Some(name));
    }
    assert_eq!(any(r#"{"\u0040type": "type.googleapis.com\/a\u002eB"}"#).type_name().as_deref(), Some("a.B"));
    assert_eq!(any(r#"{"type": "a.B"}"#).type_url(), None);
    assert_eq!(any(r#"{"inner": {"@type": "t/a.B"}}"#).type_url(), None);
    assert_eq!(any(r#"{"@type": 5}"#).type_url(), None);
}

proptest! {
    #[test]
    fn takes_any_prefix(prefix in any_text(), reason in any_text()) {
        // SPEC 17
        let url = format!("{prefix}/google.rpc.ErrorInfo");
        let any = any(&json!({"@type": url, "reason": reason}).to_string());
        let found = any.type_url();
        prop_assert_eq!(found.as_deref(), Some(&*url));
        prop_assert_eq!(any.decode::<ErrorInfo>().unwrap().reason, reason);
    }
}

#[test]
fn takes_its_type_from_anywhere_in_the_object() {
    // SPEC 17
    for json in [
        r#"{"@type": "t/google.rpc.ErrorInfo", "reason": "R", "metadata": {"a": "b"}}"#,
        r#"{"reason": "R", "@type": "t/google.rpc.ErrorInfo", "metadata": {"a": "b"}}"#,
        r#"{"reason": "R", "metadata": {"a": "b"}, "@type": "t/google.rpc.ErrorInfo"}"#,
    ] {
        let any = any(json);
        assert!(any.is::<ErrorInfo>() && !any.is::<Help>());
        let info: ErrorInfo = any.decode().unwrap();
        assert_eq!((&*info.reason, &*info.metadata["a"]), ("R", "b"));
    }
}

#[test]
fn hides_its_type_from_what_it_is_decoded_as() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        n: u32,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u32>,
    }
    for json in [r#"{"@type": "t/a.B", "n": 1}"#, r#"{"n": 1, "@type": "t/a.B"}"#] {
        let any = any(json);
        assert_eq!(any.decode::<Strict>().unwrap(), Strict { n: 1 });
        assert_eq!(any.decode::<Value>().unwrap(), json!({"n": 1}));
        assert_eq!(any.decode::<BTreeMap<String, u32>>().unwrap(), [("n".to_owned(), 1)].into());
        assert_eq!(any.decode::<Flat>().unwrap().rest, [("n".to_owned(), 1)].into());
        assert_eq!(any.decode::<Option<Strict>>().unwrap(), Some(Strict { n: 1 }));
        assert_eq!(any.decode::<Box<Strict>>().unwrap(), Box::new(Strict { n: 1 }));
    }
    // The one of an inner message is its own.
    let nested = any(r#"{"@type": "t/a.B", "inner": {"@type": "t/c.D"}}"#);
    assert_eq!(nested.decode::<Value>().unwrap(), json!({"inner": {"@type": "t/c.D"}}));
}

#[test]
fn hides_its_type_from_an_enum_of_alternatives() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Shape {
        Circle { radius: u32 },
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind", rename_all = "camelCase")]
    enum Tagged {
        Circle { radius: u32 },
    }
    for json in
        [r#"{"@type": "t/a.B", "circle": {"radius": 1}}"#, r#"{"circle": {"radius": 1}, "@type": "t/a.B"}"#]
    {
        assert_eq!(any(json).decode::<Shape>().unwrap(), Shape::Circle { radius: 1 });
    }
    let tagged = any(r#"{"@type": "t/a.B", "kind": "circle", "radius": 1}"#);
    assert_eq!(tagged.decode::<Tagged>().unwrap(), Tagged::Circle { radius: 1 });
}

#[test]
fn checks_the_type_of_a_message() {
    // SPEC 18
    let help = any(r#"{"@type": "type.googleapis.com/google.rpc.Help", "links": []}"#);
    assert!(help.decode::<Help>().is_ok());
    refuses::<ErrorInfo>(&help, "google.rpc.ErrorInfo", "google.rpc.Help");
    refuses::<Box<ErrorInfo>>(&help, "google.rpc.ErrorInfo", "google.rpc.Help");
    refuses::<Option<ErrorInfo>>(&help, "google.rpc.ErrorInfo", "google.rpc.Help");
    refuses::<Empty>(&help, "google.protobuf.Empty", "google.rpc.Help");
    refuses::<()>(&help, "google.protobuf.Empty", "google.rpc.Help");

    let almost = any(r#"{"@type": "t/google.rpc.helP"}"#);
    refuses::<Help>(&almost, "google.rpc.Help", "google.rpc.helP");
    refuses::<Help>(&any(r#"{"links": []}"#), "google.rpc.Help", "no @type");
}

#[test]
fn checks_the_type_of_a_struct_renamed_to_its_full_name() {
    // SPEC 18
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "example.v1.Job")]
    struct Job {
        #[serde(default)]
        pages: u32,
    }
    assert_eq!(
        any(r#"{"@type": "t/example.v1.Job", "pages": 2}"#).decode::<Job>().unwrap(),
        Job { pages: 2 }
    );
    refuses::<Job>(&any(r#"{"@type": "t/example.v2.Job", "pages": 2}"#), "example.v1.Job", "example.v2.Job");

    #[derive(Debug, Deserialize)]
    #[serde(rename = "example.v1.Done")]
    struct Done;
    assert!(any(r#"{"@type": "t/example.v1.Done"}"#).decode::<Done>().is_ok());
    refuses::<Done>(&any(r#"{"@type": "t/example.v1.Job"}"#), "example.v1.Done", "example.v1.Job");

    #[derive(Debug, Deserialize)]
    #[serde(rename = "example.v1.Kind")]
    enum Kind {
        #[serde(rename = "a")]
        _A,
    }
    refuses::<Kind>(&any(r#"{"@type": "t/example.v1.Job", "a": null}"#), "example.v1.Kind", "example.v1.Job");
}

#[test]
fn does_not_check_the_plain_name_of_a_struct() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Job {
        pages: u32,
    }
    assert_eq!(any(r#"{"@type": "t/any.Thing", "pages": 2}"#).decode::<Job>().unwrap(), Job { pages: 2 });
    assert_eq!(any(r#"{"pages": 2}"#).decode::<Job>().unwrap(), Job { pages: 2 });
}

#[test]
fn goes_by_any_of_the_names_of_a_message_of_several_versions() {
    // SPEC 18
    lro::message! {
        /// Of two versions.
        pub struct Versioned("a.v1.B" | "a.v1beta.B") {
            /// A number.
            n: i32,
        }
    }
    for version in ["v1", "v1beta"] {
        let any = any(&format!(r#"{{"@type": "t/a.{version}.B", "n": 3}}"#));
        assert!(any.is::<Versioned>());
        assert_eq!(any.decode::<Versioned>().unwrap(), Versioned { n: 3 });
    }
    let other = any(r#"{"@type": "t/a.v2.B"}"#);
    assert!(!other.is::<Versioned>());
    refuses::<Versioned>(&other, "a.v1.B", "a.v2.B");
    refuses::<Versioned>(&other, "a.v1beta.B", "a.v2.B");
    for joined in ["a.v1.B|a.v1beta.B", ""] {
        assert!(!any(&json!({"@type": format!("t/{joined}")}).to_string()).is::<Versioned>());
    }
    assert_eq!(Any::pack(&Versioned { n: 3 }).unwrap().type_name().as_deref(), Some("a.v1.B"));
}

#[test]
fn has_the_types_with_a_json_form_of_their_own_under_value() {
    // SPEC 17
    assert_eq!(well_known::<Duration>("Duration", r#""3.500s""#), StdDuration::from_millis(3_500).into());
    assert_eq!(well_known::<Timestamp>("Timestamp", r#""2026-11-23T10:00:00Z""#).seconds(), 1_795_428_000);
    assert_eq!(well_known::<FieldMask>("FieldMask", r#""a.bC,d""#).paths, ["a.b_c", "d"]);
    assert_eq!(well_known::<BTreeMap<String, u8>>("Struct", r#"{"a":1}"#)["a"], 1);
    assert_eq!(
        well_known::<Value>("Struct", r#"{"a":null,"@type":"kept"}"#),
        json!({"a": null, "@type": "kept"})
    );
    assert_eq!(well_known::<Value>("Value", "[1]"), json!([1]));
    assert_eq!(well_known::<Value>("Value", r#""text""#), json!("text"));
    assert_eq!(well_known::<Vec<u8>>("ListValue", "[1,2]"), [1, 2]);
    assert!(well_known::<bool>("BoolValue", "true"));
    assert_eq!(well_known::<String>("StringValue", r#""text""#), "text");
    assert_eq!(well_known::<String>("BytesValue", r#""AAE=""#), "AAE=");
    assert_eq!(well_known::<i32>("Int32Value", "-5"), -5);
    assert_eq!(well_known::<u32>("UInt32Value", "5"), 5);
    assert_eq!(well_known::<String>("Int64Value", r#""-5""#), "-5");
    assert_eq!(well_known::<u64>("UInt64Value", "5"), 5);
    assert!((well_known::<f64>("DoubleValue", "0.5") - 0.5).abs() < f64::EPSILON);
    assert!((well_known::<f32>("FloatValue", "0.5") - 0.5).abs() < f32::EPSILON);
    assert_eq!(well_known::<Empty>("Empty", "{}"), Empty {});
    well_known::<()>("Empty", "{}");
    assert_eq!(well_known::<Value>("Any", r#"{"@type":"t/a.B"}"#), json!({"@type": "t/a.B"}));
}

#[test]
fn has_null_under_value_as_a_value() {
    // SPEC 17: null is one of the values of google.protobuf.Value.
    assert_eq!(well_known::<Value>("Value", "null"), Value::Null);
}

#[test]
fn takes_an_empty_without_the_value_that_the_rule_asks_for() {
    for json in [
        r#"{"@type": "type.googleapis.com/google.protobuf.Empty"}"#,
        r#"{"value": {}, "@type": "/google.protobuf.Empty"}"#,
    ] {
        assert_eq!(any(json).decode::<Empty>().unwrap(), Empty {});
        assert_eq!(any(json).decode::<()>().unwrap(), ());
        assert_eq!(any(json).decode::<Value>().unwrap(), json!({}));
    }
}

#[test]
fn has_a_field_named_value_like_any_other() {
    let own = any(r#"{"@type": "t/example.v1.Setting", "value": "on", "n": 1}"#);
    assert_eq!(own.decode::<Value>().unwrap(), json!({"value": "on", "n": 1}));
}

#[test]
fn checks_the_type_of_the_well_known_types() {
    // SPEC 18
    let text = any(r#"{"@type": "t/google.protobuf.StringValue", "value": "3s"}"#);
    refuses::<FieldMask>(&text, "google.protobuf.FieldMask", "google.protobuf.StringValue");
    refuses::<Duration>(&text, "google.protobuf.Duration", "google.protobuf.StringValue");
    let duration = any(r#"{"@type": "t/google.protobuf.Duration", "value": "3s"}"#);
    refuses::<FieldMask>(&duration, "google.protobuf.FieldMask", "google.protobuf.Duration");
    refuses::<ErrorInfo>(&duration, "google.rpc.ErrorInfo", "google.protobuf.Duration");
    refuses::<Empty>(&duration, "google.protobuf.Empty", "google.protobuf.Duration");
}

#[test]
fn decodes_as_itself() {
    // SPEC 18: who wants it raw gets it raw, `@type` included.
    let json = r#"{"@type": "t/a.B", "n":  1}"#;
    assert_eq!(any(json).decode::<Any>().unwrap(), any(json));
}

#[test]
fn decodes_fields_kept_raw() {
    #[derive(Debug, Deserialize)]
    struct Half {
        big: Box<RawValue>,
        inner: Any,
    }
    let half: Half =
        any(r#"{"@type": "t/a.B", "big": [1,  2], "inner": {"@type": "t/c.D"}}"#).decode().unwrap();
    assert_eq!(half.big.get(), "[1,  2]");
    assert_eq!(half.inner.type_name().as_deref(), Some("c.D"));
}

#[test]
fn keeps_its_text_where_it_cannot_be_decoded() {
    // SPEC 18
    let json = r#"{"@type": "t/google.rpc.ErrorInfo", "reason":  7}"#;
    let status = any(json).decode::<ErrorInfo>().unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply);
    assert!(status.message().contains("google.rpc.ErrorInfo"), "{status}");
    assert_eq!(status.response().unwrap().as_json(), Some(json));
    assert!(!status.may_be_running());
}

#[test]
fn is_packed_under_its_full_name() {
    let info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    assert_eq!(
        Any::pack(&info).unwrap().as_json(),
        Some(r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"R"}"#),
    );
    assert_eq!(Any::pack(&info).unwrap().decode::<ErrorInfo>().unwrap(), info);
    assert_eq!(
        Any::pack(&ErrorInfo::default()).unwrap().as_json(),
        Some(r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo"}"#),
    );
    assert_eq!(
        Any::pack(&Empty {}).unwrap().as_json(),
        Some(r#"{"@type":"type.googleapis.com/google.protobuf.Empty","value":{}}"#),
    );
    let pause: Duration = "3s".parse().unwrap();
    assert_eq!(
        Any::pack_as("google.protobuf.Duration", &pause).unwrap().as_json(),
        Some(r#"{"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"}"#),
    );
    assert_eq!(Any::pack_as("a.B", &json!({"n": 1})).unwrap().decode::<Value>().unwrap(), json!({"n": 1}));
    assert_eq!(Any::pack_as(r#"a"\B"#, &json!({})).unwrap().type_name().as_deref(), Some(r#"a"\B"#));
    for no_object in [json!(5), json!("text"), json!([1]), json!(null)] {
        assert!(Any::pack_as("a.B", &no_object).is_err(), "{no_object}");
    }
}

#[test]
fn is_a_json_object() {
    assert_eq!(any(" {\"a\":1}\n").decode::<Value>().unwrap(), json!({"a": 1}));
    for json in ["", "null", "[]", "5", r#""text""#, "{", "{}{}", "{'a': 1}", "{\"a\": 1,}"] {
        assert!(Any::from_json(json).is_err(), "{json}");
    }
    for json in ["null", "[]", "5"] {
        assert!(serde_json::from_str::<Any>(json).is_err(), "{json}");
    }
}

#[test]
fn is_an_object_without_a_type_by_default() {
    let any = Any::default();
    assert_eq!(any.type_url(), None);
    assert_eq!(any.decode::<Value>().unwrap(), json!({}));
    assert_eq!(Any::from_json(any.as_json().unwrap()).unwrap(), any);
}

#[test]
fn goes_through_serde_as_it_stands() {
    let json = r#"{"@type": "t/a.B",  "n": 9007199254740993}"#;
    let any: Any = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&any).unwrap(), json);
    assert_eq!(any.as_json(), Some(json));
}

#[test]
fn shows_its_type_and_its_size_in_debug() {
    // SPEC 43
    let any = any(r#"{"@type": "t/a.B", "n": "s3cret"}"#);
    assert_eq!(format!("{any:?}"), "Any(a.B, 33 bytes)");
}

fn any(json: &str) -> Any {
    Any::from_json(json).unwrap_or_else(|status| panic!("{json}: {status}"))
}

fn well_known<T: DeserializeOwned>(type_name: &str, value: &str) -> T {
    let first =
        any(&format!(r#"{{"@type":"type.googleapis.com/google.protobuf.{type_name}","value":{value}}}"#));
    let last = any(&format!(r#"{{"value": {value} , "@type":"/google.protobuf.{type_name}"}}"#));
    assert!(last.decode::<T>().is_ok(), "{type_name}");
    first.decode().unwrap_or_else(|status| panic!("{type_name}: {status}"))
}

#[track_caller]
fn refuses<T: DeserializeOwned>(any: &Any, wanted: &str, found: &str) {
    let status: Status = any.decode::<T>().map(|_| panic!("took a {found} for a {wanted}")).unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply);
    assert!(status.message().contains(wanted) && status.message().contains(found), "{status}");
    assert_eq!(status.response(), Some(any));
}

fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::char::any(), 0..20).prop_map(String::from_iter)
}

#[test]
fn is_packed_with_one_type() {
    let url = "type.googleapis.com/a.B";
    let typed = json!({"n": 1, "@type": url});
    assert_eq!(Any::pack_as("a.B", &typed).unwrap().as_json(), Some(&*typed.to_string()));
    let any = any(&typed.to_string());
    assert_eq!(Any::pack_as("a.B", &any).unwrap(), any);
    for other in [json!({"@type": "t/c.D"}), json!({"a": 1, "@type": "a.b"})] {
        let status = Any::pack_as("a.B", &other).unwrap_err();
        assert!(status.message().contains("another @type"), "{status}");
    }
    // A type inside of the value is not that of the message.
    let nested = Any::pack_as("google.protobuf.Struct", &typed).unwrap();
    assert_eq!(nested.type_name().as_deref(), Some("google.protobuf.Struct"));
    assert_eq!(nested.decode::<Value>().unwrap(), typed);
}

#[test]
fn decodes_keys_that_are_no_text() {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Id(String);
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Day,
    }
    let numbered = any(r#"{"@type": "t/a.B", "7": "x", "\u0038": "y"}"#);
    let expected = [(7, "x".to_owned()), (8, "y".to_owned())].into();
    assert_eq!(numbered.decode::<BTreeMap<u32, String>>().unwrap(), expected);
    assert_eq!(any(r#"{"-1": 2}"#).decode::<BTreeMap<i64, u8>>().unwrap(), [(-1, 2)].into());
    assert_eq!(any(r#"{"true": 2}"#).decode::<BTreeMap<bool, u8>>().unwrap(), [(true, 2)].into());
    assert_eq!(any(r#"{"a": 2}"#).decode::<BTreeMap<Id, u8>>().unwrap(), [(Id("a".into()), 2)].into());
    assert_eq!(any(r#"{"a": 2}"#).decode::<BTreeMap<char, u8>>().unwrap(), [('a', 2)].into());
    assert_eq!(any(r#"{"day": 2}"#).decode::<BTreeMap<Kind, u8>>().unwrap(), [(Kind::Day, 2)].into());
    let status = any(r#"{"s3cret-key": 2}"#).decode::<BTreeMap<u32, u8>>().unwrap_err();
    assert!(!status.to_string().contains("s3cret"), "{status}");
}

#[test]
fn names_the_place_of_a_value_that_does_not_fit() {
    #[derive(Debug, Deserialize)]
    struct Plan {
        #[serde(rename = "days")]
        _days: BTreeMap<u32, Vec<u32>>,
    }
    for (json, said) in [
        (r#"{"@type": "t/a.Plan", "days": {"7": [1, "x"]}}"#, r#"cannot read the a.Plan at days["7"][1]: "#),
        (r#"{"days": {"7": [1, "x"]}}"#, r#"cannot read the object at days["7"][1]: "#),
        (r#"{"days": 7}"#, "cannot read the object at days: "),
    ] {
        let status = any(json).decode::<Plan>().unwrap_err();
        assert!(status.message().starts_with(said), "{status}");
    }
    let status = any("{}").decode::<ErrorInfo>().unwrap_err();
    assert_eq!(status.message(), "cannot read the object: expected google.rpc.ErrorInfo, found no @type");
}

#[test]
fn bounds_what_a_peer_puts_into_a_message() {
    // SPEC 60
    #[derive(Debug)]
    struct Strict;
    impl<'de> Deserialize<'de> for Strict {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let map = BTreeMap::<String, String>::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format_args!("unexpected {map:?}")))
        }
    }
    let long = format!("a\u{1b}\n.{}", "B".repeat(1 << 20));
    let hostile = any(&json!({"@type": format!("t/{long}"), "x": long}).to_string());
    for status in [
        hostile.decode::<ErrorInfo>().unwrap_err(),
        hostile.decode::<()>().unwrap_err(),
        hostile.decode::<Strict>().unwrap_err(),
    ] {
        let message = status.message();
        assert!(message.contains(r"a\u{1b}\n.BBB") && message.chars().count() < 900, "{status}");
        assert!(!message.contains('\n'), "{status}");
    }
    let debug = format!("{hostile:?}");
    assert!(debug.starts_with(r"Any(a\u{1b}\n.BBB") && debug.len() < 300, "{debug}");
}
