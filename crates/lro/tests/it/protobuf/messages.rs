//! Messages of `message!` in their binary form.

use lro::{
    Any, Origin,
    message::{UnknownValue, encode},
    wkt::{Duration, FieldMask, Timestamp},
};

lro::message! {
    /// A message with a field of each type.
    pub struct Numbered("example.v1.Numbered") {
        text: String = 1,
        number: i32 = 2,
        numbers: Vec<i32> = 4,
        inner: Option<Box<Numbered>> = 5,
        weights: std::collections::BTreeMap<String, f64> = 16,
    }

    /// A message without numbers.
    pub struct Plain("example.v1.Plain") {
        text: String,
    }
}

fn decoded(bytes: &[u8]) -> Result<Numbered, lro::Status> {
    Any::pack_protobuf("example.v1.Numbered", bytes).decode()
}

#[test]
fn are_read_whatever_way_a_writer_takes() {
    let with = |numbers: &[i32]| Numbered { numbers: numbers.to_vec(), ..Numbered::default() };
    for (what, bytes, expected) in [
        ("nothing", &b""[..], Numbered::default()),
        ("packed numbers", b"\x22\x03\x01\x80\x01", with(&[1, 128])),
        ("numbers one by one", b"\x20\x01\x20\x80\x01", with(&[1, 128])),
        ("both", b"\x20\x01\x22\x01\x02", with(&[1, 2])),
        (
            "a negative number",
            b"\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
            Numbered { number: -1, ..with(&[]) },
        ),
        ("the last of two", b"\x10\x01\x10\x02", Numbered { number: 2, ..with(&[]) }),
        (
            "unknown fields and a group",
            b"\x18\x01\x33\x08\x01\x34\x10\x02",
            Numbered { number: 2, ..with(&[]) },
        ),
    ] {
        assert_eq!(decoded(bytes).expect(what), expected, "{what}");
    }
    // Parts of one message are joined.
    let joined = decoded(b"\x2A\x02\x10\x01\x2A\x03\x0A\x01a").unwrap().inner.unwrap();
    assert_eq!((joined.number, &*joined.text), (1, "a"));
}

#[test]
fn are_written_as_they_are_read() {
    let inner = Numbered { text: "é".into(), ..Numbered::default() };
    let whole = Numbered {
        number: i32::MIN,
        numbers: vec![0, -1, 7],
        inner: Some(Box::new(inner)),
        weights: [("".to_owned(), 0.0), ("a".to_owned(), -2.5)].into(),
        ..Numbered::default()
    };
    assert_eq!(decoded(&encode(&whole).unwrap()).unwrap(), whole);
    assert_eq!(encode(&Numbered::default()).unwrap(), b"");
    // A value that is the default is a value in a list and in an option.
    let present = Numbered { inner: Some(Box::default()), ..Numbered::default() };
    assert_eq!(encode(&present).unwrap(), b"\x2A\x00");
}

#[test]
fn say_where_bytes_do_not_fit() {
    let deep = |depth| {
        (0..depth).fold(Vec::new(), |inner: Vec<u8>, _| {
            let length = encode(&Numbered { number: inner.len() as i32, ..Default::default() }).unwrap();
            let length = if inner.is_empty() { b"\x00" } else { &length[1..] };
            [b"\x2A", length, &inner].concat()
        })
    };
    assert!(decoded(&deep(90)).is_ok());
    for (bytes, why) in [
        (&b"\x2A\x02\x08\x01"[..], "a field has another wire type at inner.text"),
        (b"\x0A\x01\xFF", "a string is not UTF-8 at text"),
        (b"\x13\x14", "a field has another wire type at number"),
        (b"\x82\x01\x02\x10\x01", "a field has another wire type at weights"),
        (b"\x22\x01\x80", "it is truncated at numbers"),
        (b"\x0A\x05a", "it is truncated"),
        (&deep(200), "it has too many messages in each other at inner.inner."),
    ] {
        let status = decoded(bytes).unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply);
        assert!(
            status.message().contains(&format!("cannot read the example.v1.Numbered: {why}")),
            "{status}"
        );
    }
}

#[test]
fn need_numbers() {
    let packed = Any::pack_protobuf("example.v1.Plain", b"\x0A\x01a");
    let status = packed.decode::<Plain>().unwrap_err();
    assert!(status.message().ends_with("its declaration has no field numbers"), "{status}");
    assert!(encode(&Plain::default()).unwrap_err().message().contains("example.v1.Plain"));
}

lro::enumeration! {
    /// The size of the paper.
    pub enum Paper {
        /// The printer chooses.
        "PAPER_UNSPECIFIED" = 0 => Unspecified,
        /// Large.
        "A4" = 1 => A4,
        /// Below zero.
        "NEGATIVE" = -1 => Negative,
    }
}

lro::message! {
    /// A message with the scalar and the well-known types.
    pub struct Sheet("example.v1.Sheet") {
        paper: Paper = 1,
        papers: Vec<Paper> = 2,
        is_bound: bool = 3,
        serial: u64 = 4,
        offset: i64 = 5,
        copies: u32 = 6,
        weight: f32 = 7,
        width: f64 = 8,
        drying: Option<Duration> = 9,
        printed: Option<Timestamp> = 10,
        mask: Option<FieldMask> = 11,
        extra: Option<Any> = 12,
        flags: Vec<bool> = 13,
    }
}

fn sheet(bytes: &[u8]) -> Result<Sheet, lro::Status> {
    Any::pack_protobuf("example.v1.Sheet", bytes).decode()
}

#[test]
fn have_each_type_of_field() {
    let whole = Sheet {
        paper: Paper::Negative,
        papers: vec![Paper::A4, Paper::Unspecified, Paper::Unknown(UnknownValue::Number(9))],
        is_bound: true,
        serial: u64::MAX,
        offset: i64::MIN,
        copies: u32::MAX,
        weight: -0.0,
        width: f64::NEG_INFINITY,
        drying: Some("-1.5s".parse().unwrap()),
        printed: Some("1969-12-31T23:59:59.25Z".parse().unwrap()),
        mask: Some("copies,paper".parse().unwrap()),
        extra: Some(Any::pack_protobuf("a.B", b"\x08\x01")),
        flags: vec![true, false],
    };
    assert_eq!(sheet(&encode(&whole).unwrap()).unwrap(), whole);
    // Zero is absent, minus zero is not.
    assert_eq!(encode(&Sheet::default()).unwrap(), b"");
    assert_eq!(encode(&Sheet { weight: -0.0, ..Sheet::default() }).unwrap(), b"\x3D\0\0\0\x80");
    // The same message in JSON.
    let json = serde_json::to_vec(&Sheet { extra: None, width: 1.0, ..whole.clone() }).unwrap();
    assert_eq!(lro::from_json::<Sheet>(&json).unwrap(), Sheet { extra: None, width: 1.0, ..whole });
}

#[test]
fn refuse_what_the_other_side_could_not_read() {
    let named = Sheet { paper: Paper::Unknown(UnknownValue::Name("A0".into())), ..Sheet::default() };
    let in_json = Sheet { extra: Some(Any::default()), ..Sheet::default() };
    for (sheet, why) in [(named, "an enumeration has a name only"), (in_json, "JSON")] {
        let status = encode(&sheet).unwrap_err();
        assert!(status.message().starts_with("cannot encode a example.v1.Sheet: "), "{status}");
        assert!(status.message().contains(why), "{status}");
    }
    for (bytes, why) in [
        (&b"\x4A\x02\x10\x81"[..], "truncated at drying"),
        (b"\x4A\x06\x10\x80\x94\xEB\xDC\x03", "a duration is out of range at drying"),
        (b"\x52\x06\x10\x80\x94\xEB\xDC\x03", "a timestamp is out of range at printed"),
        (b"\x5A\x03\x0A\x01\xFF", "a string is not UTF-8 at mask.paths"),
        (b"\x38\x01", "another wire type at weight"),
    ] {
        let status = sheet(bytes).unwrap_err();
        assert!(status.message().contains(why), "{status}");
    }
}
