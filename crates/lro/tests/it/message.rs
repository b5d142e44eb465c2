//! Messages and enumerations in proto3 JSON.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::collections::BTreeMap;

use lro::{
    Any, Code, Origin, Status,
    message::{Message, UnknownValue, Without},
    wkt::{Duration, FieldMask, Timestamp},
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

lro::message! {
    /// A message with a field of each kind.
    pub struct Everything("example.v1.Everything") {
        /// Text.
        plain_text: String,
        /// A truth.
        is_on: bool,
        /// A number.
        int_32: i32,
        /// A number.
        uint_32: u32,
        /// A number.
        int_64: i64,
        /// A number.
        uint_64: u64,
        /// A number.
        a_float: f32,
        /// A number.
        a_double: f64,
        /// A choice.
        paper: Paper,
        /// A message.
        inner: Option<Inner>,
        /// A message that holds another of its kind.
        child: Option<Box<Everything>>,
        /// A list.
        many: Vec<String>,
        /// A list of numbers.
        big_numbers: Vec<i64>,
        /// A list of messages.
        inners: Vec<Inner>,
        /// A list of choices.
        papers: Vec<Paper>,
        /// A map.
        labels: BTreeMap<String, String>,
        /// A map of numbers.
        counts: BTreeMap<String, i64>,
        /// A map of messages.
        named: BTreeMap<String, Inner>,
        /// Text with presence.
        maybe_text: Option<String>,
        /// A number with presence.
        maybe_number: Option<i64>,
        /// A span.
        time_limit: Option<Duration>,
        /// A moment.
        create_time: Option<Timestamp>,
        /// Fields.
        field_mask: Option<FieldMask>,
        /// Anything.
        anything: Option<Any>,
        /// A keyword.
        r#type: String,
        /// A name with a number in it.
        page_2_size: i32,
    }

    /// A small message.
    pub struct Inner("example.v1.Everything.Inner") {
        /// A number.
        n: i32,
    }

    /// A message without fields.
    pub struct Nothing("example.v1.Nothing") {}
}

lro::enumeration! {
    /// The size of the paper.
    pub enum Paper {
        /// The printer chooses.
        "PAPER_UNSPECIFIED" = 0 => Unspecified,
        /// Large.
        "A4" = 1 => A4,
        /// Small.
        "A5" = 7 => A5,
        /// Below zero.
        "NEGATIVE" = -1 => Negative,
    }
}

#[test]
fn reads_both_names_of_a_field() {
    // SPEC 16
    for json in [
        r#"{"plainText": "a", "isOn": true, "page2Size": 3, "type": "t", "int32": 4}"#,
        r#"{"plain_text": "a", "is_on": true, "page_2_size": 3, "type": "t", "int_32": 4}"#,
        r#"{"int32": 4, "type": "t", "page_2_size": 3, "isOn": true, "plain_text": "a"}"#,
    ] {
        let read: Everything = read(json);
        assert_eq!(
            (&*read.plain_text, read.is_on, read.page_2_size, &*read.r#type, read.int_32),
            ("a", true, 3, "t", 4)
        );
    }
}

#[test]
fn reads_null_as_absent() {
    // SPEC 16
    let names = Everything::FIELDS.iter().flat_map(|(snake, camel)| [snake, camel]);
    let nulls: BTreeMap<_, Value> = names.map(|name| (name, Value::Null)).collect();
    assert_eq!(nulls.len(), 2 * Everything::FIELDS.len() - SAME_IN_BOTH_CASES);
    assert_eq!(read::<Everything>(&serde_json::to_string(&nulls).unwrap()), Everything::default());
    assert_eq!(read::<Everything>("{}"), Everything::default());
}

#[test]
fn tells_absent_from_default_where_there_is_presence() {
    let read: Everything = read(r#"{"maybeText": "", "maybeNumber": "0", "inner": {}, "timeLimit": "0s"}"#);
    assert_eq!((read.maybe_text.as_deref(), read.maybe_number), (Some(""), Some(0)));
    assert_eq!((&read.inner, read.time_limit), (&Some(Inner { n: 0 }), Some(Duration::default())));
    assert_eq!(to_json(&read), json!({"maybeText": "", "maybeNumber": "0", "inner": {}, "timeLimit": "0s"}));
}

#[test]
fn passes_over_unknown_fields() {
    // SPEC 11
    let read: Everything = read(
        r#"{"new": {"deep": [1, {"n": 5}]}, "@type": "x", "PlainText": "no", "inner": {"m": 1, "n": 2}}"#,
    );
    assert_eq!(read, Everything { inner: Some(Inner { n: 2 }), ..Everything::default() });
    assert_eq!(self::read::<Nothing>(r#"{"a": 1}"#), Nothing {});
}

#[test]
fn refuses_a_wrong_type() {
    // SPEC 16
    for (field, values) in [
        ("plainText", &["5", "true", "[]", "{}"][..]),
        ("isOn", &["1", r#""true""#, "[]", "{}"]),
        ("int32", &["true", "[]", "{}", r#""x""#]),
        ("aDouble", &["true", "[]", "{}", r#""x""#]),
        ("paper", &["true", "[]", "{}", "1.5"]),
        ("inner", &["5", r#""text""#, "[]", "[5]", "true"]),
        ("many", &["5", r#""text""#, "{}", "[5]", "[null]"]),
        ("inners", &["{}", "[5]", "[[]]", "[null]"]),
        ("labels", &["5", "[]", r#""text""#, r#"{"a": 5}"#, r#"{"a": null}"#]),
        ("timeLimit", &["5", "{}", "[]", r#""5""#]),
        ("createTime", &["5", "{}", "[]", r#""today""#]),
        ("fieldMask", &["5", "{}", "[]", r#""a_b""#]),
        ("anything", &["5", "[]", r#""text""#]),
    ] {
        for value in values {
            let json = format!(r#"{{"{field}": {value}}}"#);
            assert!(serde_json::from_str::<Everything>(&json).is_err(), "{json}");
        }
    }
    for json in ["[]", "5", r#""text""#, "null", "true"] {
        assert!(serde_json::from_str::<Everything>(json).is_err(), "{json}");
        assert!(serde_json::from_str::<Nothing>(json).is_err(), "{json}");
    }
}

#[test]
fn reads_an_integer_as_a_number_or_a_string() {
    // SPEC 16
    for (value, number) in
        [("5", 5), (r#""5""#, 5), ("-5", -5), (r#""-5""#, -5), ("5.0", 5), ("5e1", 50), ("-0", 0)]
    {
        assert_eq!(read::<Everything>(&format!(r#"{{"int32": {value}}}"#)).int_32, number, "{value}");
        assert_eq!(
            read::<Everything>(&format!(r#"{{"int64": {value}}}"#)).int_64,
            i64::from(number),
            "{value}"
        );
    }
    for value in ["5.5", r#""5.5""#, r#""""#, r#"" 5""#, r#""5 ""#, r#""0x5""#, r#""five""#, r#""5""5""#] {
        for field in ["int32", "uint32", "int64", "uint64"] {
            let json = format!(r#"{{"{field}": {value}}}"#);
            assert!(serde_json::from_str::<Everything>(&json).is_err(), "{json}");
        }
    }
}

#[test]
fn refuses_an_integer_out_of_range() {
    // SPEC 16
    for (field, least, most) in [
        ("int32", i128::from(i32::MIN), i128::from(i32::MAX)),
        ("uint32", 0, i128::from(u32::MAX)),
        ("int64", i128::from(i64::MIN), i128::from(i64::MAX)),
        ("uint64", 0, i128::from(u64::MAX)),
    ] {
        for (number, fits) in
            [(least, true), (most, true), (least - 1, false), (most + 1, false), (most * 1_000, false)]
        {
            for json in [format!(r#"{{"{field}": {number}}}"#), format!(r#"{{"{field}": "{number}"}}"#)] {
                let read = serde_json::from_str::<Everything>(&json);
                assert_eq!(read.is_ok(), fits, "{json}");
                let written = read.map(|read| to_json(&read)[field].to_string().replace('"', ""));
                assert_eq!(
                    written.ok().filter(|written| written != "null"),
                    (fits && number != 0).then(|| number.to_string())
                );
            }
        }
    }
}

#[test]
fn never_reads_an_integer_through_a_float() {
    // SPEC 16
    for number in [
        9_007_199_254_740_991_i64,
        9_007_199_254_740_993,
        -9_007_199_254_740_993,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
    ] {
        for json in [format!(r#"{{"int64": {number}}}"#), format!(r#"{{"int64": "{number}"}}"#)] {
            assert_eq!(read::<Everything>(&json).int_64, number);
        }
        assert_eq!(
            to_json(&Everything { int_64: number, ..Everything::default() }),
            json!({"int64": number.to_string()})
        );
    }
    assert_eq!(read::<Everything>(r#"{"uint64": 18446744073709551615}"#).uint_64, u64::MAX);
    assert_eq!(
        read::<Everything>(r#"{"bigNumbers": [9007199254740993, "9007199254740993"]}"#).big_numbers,
        [9_007_199_254_740_993; 2]
    );
    assert_eq!(
        read::<Everything>(r#"{"counts": {"a": 9007199254740993}}"#).counts["a"],
        9_007_199_254_740_993
    );
}

#[test]
fn refuses_an_integer_that_a_float_has_rounded() {
    // SPEC 16: 2^53 + 1 in a form that JSON readers make a double of, 2^53.
    for json in [
        r#"{"int64": 9007199254740993.0}"#,
        r#"{"int64": 9.007199254740993e15}"#,
        r#"{"uint64": 9007199254740993.0}"#,
    ] {
        if let Ok(read) = serde_json::from_str::<Everything>(json) {
            assert_eq!(read.int_64.unsigned_abs() + read.uint_64, 9_007_199_254_740_993, "{json}");
        }
    }
    assert!(serde_json::from_str::<Everything>(r#"{"int64": 1e300}"#).is_err());
    assert_eq!(read::<Everything>(r#"{"int64": 9007199254740991.0}"#).int_64, 9_007_199_254_740_991);
}

#[test]
fn writes_64_bits_as_a_string_and_32_as_a_number() {
    let numbers = Everything { int_32: -1, uint_32: 2, int_64: -3, uint_64: 4, ..Everything::default() };
    assert_eq!(to_json(&numbers), json!({"int32": -1, "uint32": 2, "int64": "-3", "uint64": "4"}));
}

#[test]
fn reads_and_writes_floats() {
    for (value, number, written) in [
        ("0.5", 0.5, json!(0.5)),
        (r#""0.5""#, 0.5, json!(0.5)),
        ("-3", -3.0, json!(-3.0)),
        ("1e300", 1e300, json!(1e300)),
        (r#""-1.5e-3""#, -1.5e-3, json!(-1.5e-3)),
        (r#""Infinity""#, f64::INFINITY, json!("Infinity")),
        (r#""-Infinity""#, f64::NEG_INFINITY, json!("-Infinity")),
        ("18446744073709551615", 18_446_744_073_709_551_615.0, json!(18_446_744_073_709_551_615.0)),
    ] {
        let read: Everything = read(&format!(r#"{{"aDouble": {value}}}"#));
        assert!(read.a_double.to_bits() == f64::to_bits(number), "{value}: {}", read.a_double);
        assert_eq!(to_json(&read), json!({"aDouble": written}));
    }
    let nan: Everything = read(r#"{"aDouble": "NaN", "aFloat": "NaN"}"#);
    assert!(nan.a_double.is_nan() && nan.a_float.is_nan());
    assert_eq!(to_json(&nan), json!({"aDouble": "NaN", "aFloat": "NaN"}));

    for value in [
        "inf",
        "-inf",
        "nan",
        "infinity",
        "INFINITY",
        "",
        " 1",
        "1 ",
        "1_0",
        "0x1p3",
        "1e400",
        "-1e400",
        "+Infinity",
    ] {
        for field in ["aDouble", "aFloat"] {
            let json = json!({field: value}).to_string();
            assert!(serde_json::from_str::<Everything>(&json).is_err(), "{json}");
        }
    }
    for json in [r#"{"aDouble": 1e400}"#, r#"{"aDouble": NaN}"#, r#"{"aDouble": Infinity}"#] {
        assert!(serde_json::from_str::<Everything>(json).is_err(), "{json}");
    }
}

#[test]
fn refuses_a_float_out_of_range() {
    // SPEC 16
    let float = |value: &str| serde_json::from_str::<Everything>(&format!(r#"{{"aFloat": {value}}}"#));
    assert!((float("3.4028234e38").unwrap().a_float - f32::MAX).abs() < f32::EPSILON);
    assert!(float(r#""Infinity""#).unwrap().a_float.is_infinite());
    for value in ["1e39", "-1e39", r#""1e39""#, "1e300"] {
        assert!(float(value).is_err(), "{value}: {:?}", float(value).unwrap().a_float);
    }
}

#[test]
fn writes_minus_zero_and_leaves_out_zero() {
    let minus = Everything { a_double: -0.0, a_float: -0.0, ..Everything::default() };
    assert_eq!(serde_json::to_string(&minus).unwrap(), r#"{"aFloat":-0.0,"aDouble":-0.0}"#);
    assert_eq!(to_json(&Everything { a_double: 0.0, ..Everything::default() }), json!({}));
    let tenth = Everything { a_float: 0.1, ..Everything::default() };
    assert_eq!(serde_json::to_string(&tenth).unwrap(), r#"{"aFloat":0.1}"#);
}

#[test]
fn reads_an_enum_by_name_or_number() {
    // SPEC 16
    for (value, paper) in [
        (r#""A4""#, Paper::A4),
        ("1", Paper::A4),
        ("7", Paper::A5),
        ("-1", Paper::Negative),
        ("0", Paper::Unspecified),
        (r#""PAPER_UNSPECIFIED""#, Paper::Unspecified),
        ("null", Paper::Unspecified),
    ] {
        assert_eq!(read::<Everything>(&format!(r#"{{"paper": {value}}}"#)).paper, paper, "{value}");
    }
    assert_eq!(to_json(&Everything { paper: Paper::A5, ..Everything::default() }), json!({"paper": "A5"}));
    assert_eq!(
        to_json(&Everything { papers: vec![Paper::Unspecified], ..Everything::default() }),
        json!({"papers": ["PAPER_UNSPECIFIED"]})
    );
    assert_eq!(serde_json::to_string(&Paper::Unspecified).unwrap(), r#""PAPER_UNSPECIFIED""#);
}

#[test]
fn keeps_an_enum_value_that_it_does_not_know() {
    // SPEC 11, 16
    let name = |name: &str| Paper::Unknown(UnknownValue::Name(name.into()));
    let number = |number| Paper::Unknown(UnknownValue::Number(number));
    for (value, paper) in [
        (r#""A0""#, name("A0")),
        (r#""a4""#, name("a4")),
        (r#""""#, name("")),
        ("2", number(2)),
        ("-2", number(-2)),
        ("2147483647", number(i32::MAX)),
        ("-2147483648", number(i32::MIN)),
    ] {
        let json = format!(r#"{{"paper":{value},"papers":[{value},"A4"]}}"#);
        let read: Everything = read(&json);
        assert_eq!((&read.paper, &read.papers[..]), (&paper, &[paper.clone(), Paper::A4][..]), "{value}");
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
    for value in ["2147483648", "-2147483649", "18446744073709551615"] {
        assert!(serde_json::from_str::<Paper>(value).is_err(), "{value}");
    }
}

#[test]
fn writes_its_fields_in_order_by_their_json_names() {
    let json = r#"{"plainText":"a","isOn":true,"int32":1,"inner":{"n":1},"child":{"many":["",""]},"inners":[{},{"n":2}],"labels":{"":"","snake_key":"v"},"named":{"a":{}},"timeLimit":"1.500s","createTime":"2026-11-23T10:00:00Z","fieldMask":"a.bC","anything":{"@type":"t/a.B"},"type":"t","page2Size":2}"#;
    let read: Everything = read(json);
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    assert_eq!(serde_json::from_value::<Everything>(to_json(&read)).unwrap(), read);
}

#[test]
fn leaves_out_a_field_on_demand() {
    let message =
        Everything { plain_text: "a".into(), int_32: 5, r#type: "t".into(), ..Everything::default() };
    assert_eq!(to_json(&Without::new(&message, "plain_text")), json!({"int32": 5, "type": "t"}));
    assert_eq!(to_json(&Without::new(&message, "int_32")), json!({"plainText": "a", "type": "t"}));
    assert_eq!(to_json(&Without::new(&message, "type")), json!({"plainText": "a", "int32": 5}));
    assert_eq!(to_json(&Without::new(&message, "no_such")), to_json(&message));
}

#[test]
fn tells_its_names() {
    assert_eq!(Everything::TYPE_NAME, "example.v1.Everything");
    assert_eq!(Everything::FIELDS[0], ("plain_text", "plainText"));
    assert!(Everything::FIELDS.contains(&("type", "type")));
    assert!(Everything::FIELDS.contains(&("page_2_size", "page2Size")));
    assert_eq!(Nothing::FIELDS, []);
}

#[test]
fn is_read_from_an_any_by_the_same_rules() {
    // SPEC 16, 17
    let any = Any::from_json(
        r#"{"int_64": "9007199254740993", "@type": "t/example.v1.Everything", "paper": 7, "many": null}"#,
    );
    let read: Everything = any.unwrap().decode().unwrap();
    assert_eq!((read.int_64, read.paper), (9_007_199_254_740_993, Paper::A5));
}

#[test]
fn says_what_it_expected_and_where() {
    // SPEC 18, 43
    #[derive(Debug, Deserialize)]
    struct Book {
        #[serde(rename = "pages")]
        _pages: Vec<BTreeMap<String, Page>>,
    }
    #[derive(Debug, Deserialize)]
    struct Page {
        #[serde(rename = "count")]
        _count: i64,
    }
    let message = |json: &str| {
        let status: Status = Any::from_json(json).unwrap().decode::<Book>().unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Internal, Origin::MalformedReply));
        status.message().to_owned()
    };
    assert_eq!(
        message(r#"{"@type": "t/a.Book", "pages": [{}, {"left": {"count": "s3cret"}}]}"#),
        "cannot read the a.Book at pages[1].left.count: invalid type, expected i64"
    );
    assert_eq!(
        message(r#"{"@type": "t/a.Book", "pages": [{"jane@example.com": {"count": true}}]}"#),
        "cannot read the a.Book at pages[0].….count: invalid type, expected i64"
    );
    assert_eq!(message(r#"{"@type": "t/a.Book"}"#), "cannot read the a.Book: missing field `pages`");

    let any = Any::from_json(r#"{"@type": "t/example.v1.Everything", "int32": true}"#).unwrap();
    assert_eq!(
        any.decode::<Everything>().unwrap_err().message(),
        "cannot read the example.v1.Everything at int32: invalid type, expected a 32-bit integer, as a number or a string"
    );
}

proptest! {
    #[test]
    fn reads_what_it_writes(
        (plain_text, many) in (any::<String>(), any::<Vec<String>>()),
        (int_32, uint_32, int_64, uint_64) in (any::<i32>(), any::<u32>(), any::<i64>(), any::<u64>()),
        labels in any::<BTreeMap<String, String>>(),
        (maybe_number, paper) in (any::<Option<i64>>(), -2..9_i32),
    ) {
        let paper = serde_json::from_value(paper.into()).unwrap();
        let message = Everything {
            plain_text, many, int_32, uint_32, int_64, uint_64, labels, maybe_number, paper,
            ..Everything::default()
        };
        let json = serde_json::to_string(&message).unwrap();
        prop_assert_eq!(serde_json::from_str::<Everything>(&json).unwrap(), message);
    }

    #[test]
    fn reads_the_floats_that_it_writes(a_float in any::<f32>(), a_double in any::<f64>()) {
        let message = Everything { a_float, a_double, ..Everything::default() };
        let json = serde_json::to_string(&message).unwrap();
        prop_assert_eq!(serde_json::from_str::<Everything>(&json).unwrap(), message);
    }
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn to_json(message: &impl Serialize) -> Value {
    serde_json::to_value(message).unwrap()
}

/// `paper`, `inner`, `child`, `many`, `inners`, `papers`, `labels`, `counts`, `named`, `anything`, `type`.
const SAME_IN_BOTH_CASES: usize = 11;

#[test]
fn names_the_type_and_the_field_that_do_not_fit() {
    // SPEC 43: the value is not shown.
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only the parser reads them")]
    struct Tour {
        stops: Vec<Stop>,
    }
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only the parser reads them")]
    struct Stop {
        at: u32,
    }
    let said = |body: &str| lro::from_json::<Tour>(body.as_bytes()).unwrap_err().message().to_owned();
    assert_eq!(
        said(r#"{"stops": [{"at": 1}, {"at": "s3cret"}]}"#),
        "the reply does not have the expected form of Tour at stops[1].at: invalid type, expected u32 at line 1 column 37"
    );
    assert!(said(r#"{"stops": [{}]}"#).contains("of Tour at stops[0]: missing field `at`"));
    assert!(said(r#"{"s3cret": 1}"#).contains("of Tour: missing field `stops`"));
    assert!(said("5").contains("of Tour: invalid type, expected struct Tour"));
    let nested = lro::from_json::<Option<Vec<Stop>>>(b"[5]").unwrap_err();
    assert!(nested.message().contains("of Option<Vec<Stop>> at [0]"), "{nested}");
    let operation = lro::Operation::from_json(br#"{"name": "operations/1", "done": 7}"#).unwrap_err();
    assert!(operation.message().contains("of Operation at done: invalid type"), "{operation}");
}
