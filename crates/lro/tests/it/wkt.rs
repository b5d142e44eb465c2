//! The well-known types, against the verdicts of another library: `tests/data/wkt_*_cases.tsv`.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    fmt::Display,
    str::FromStr,
    time::{Duration as StdDuration, SystemTime},
};

use lro::{
    Code, Status,
    wkt::{Duration, FieldMask, Timestamp},
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

#[test]
fn says_what_is_wrong_without_the_value() {
    // SPEC 43
    for secret in ["canary", "1.5m canary", "2026-13-01T00:00:00Z canary", "can_ary"] {
        let json = serde_json::to_vec(secret).unwrap();
        let errors = [
            lro::from_json::<Duration>(&json).err(),
            lro::from_json::<Timestamp>(&json).err(),
            lro::from_json::<FieldMask>(&json).err(),
        ];
        assert!(errors[..2].iter().all(Option::is_some), "{secret}");
        for status in errors.into_iter().flatten() {
            let shown = format!("{status} {status:?}");
            assert!(!shown.contains("canary") && !shown.contains("can_ary"), "{shown}");
            assert!(shown.contains("google.protobuf."), "{shown}");
        }
    }
}

#[test]
fn reads_and_writes_durations() {
    // SPEC 16
    let deviations = [
        // That library trims, as its language's integers do; ProtoJSON knows no spaces in a duration.
        (r#"" 1s""#, None),
    ];
    agrees::<Duration>(include_str!("../data/wkt_duration_cases.tsv"), &deviations, |duration| {
        format!("{},{}", duration.seconds(), duration.subsec_nanos())
    });
}

#[test]
fn reads_and_writes_timestamps() {
    // SPEC 16
    agrees::<Timestamp>(include_str!("../data/wkt_timestamp_cases.tsv"), &[], |timestamp| {
        format!("{},{}", timestamp.seconds(), timestamp.subsec_nanos())
    });
}

#[test]
fn reads_and_writes_field_masks() {
    // SPEC 16
    agrees::<FieldMask>(include_str!("../data/wkt_fieldmask_cases.tsv"), &[], |mask| mask.paths.join("|"));
}

#[test]
fn refuses_a_duration_out_of_range() {
    assert!(Duration::new(315_576_000_000, 999_999_999).is_ok());
    for (seconds, nanos) in [
        (315_576_000_001, 0),
        (-315_576_000_001, 0),
        (i64::MIN, 0),
        (i64::MAX, 0),
        (0, 1_000_000_000),
        (0, -1_000_000_000),
        (0, i32::MIN),
        (1, -1),
        (-1, 1),
    ] {
        assert_eq!(Duration::new(seconds, nanos).unwrap_err().code(), Code::InvalidArgument);
    }
    for text in [
        "-315576000001s",
        "9223372036854775808s",
        "99999999999999999999999s",
        "--1s",
        "+-1s",
        "-.5s",
        "1..5s",
        "1.5.5s",
        "1.-5s",
        "٣s",
        "1,5s",
        "-s",
        "+s",
        ".s",
        "1 s",
    ] {
        assert!(text.parse::<Duration>().is_err(), "{text}");
    }
}

#[test]
fn converts_durations() {
    assert_eq!(Duration::from(StdDuration::from_nanos(1_000_000_001)), Duration::new(1, 1).unwrap());
    assert_eq!(Duration::from(StdDuration::MAX), Duration::from_seconds(315_576_000_000).unwrap());
    assert_eq!(
        StdDuration::try_from(Duration::new(1, 1).unwrap()).unwrap(),
        StdDuration::from_nanos(1_000_000_001)
    );
    for negative in ["-1s", "-0.000000001s"] {
        let duration: Duration = negative.parse().unwrap();
        assert_eq!(StdDuration::try_from(duration).unwrap_err().code(), Code::OutOfRange);
    }
    let half: Duration = "-1.5s".parse().unwrap();
    assert!((half.as_secs_f64() + 1.5).abs() < f64::EPSILON);
}

#[test]
fn orders_durations_by_length() {
    let ordered = ["-2s", "-1.5s", "-1s", "-0.5s", "0s", "0.5s", "1s", "1.000000001s", "2s"];
    let parsed = ordered.map(|text| text.parse::<Duration>().unwrap());
    assert!(parsed.is_sorted_by(|a, b| a < b), "{parsed:?}");
}

#[test]
fn refuses_a_timestamp_that_is_no_moment() {
    for text in [
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:60Z",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00+0530",
        "2026-11-23T10:00:00+05",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+05:60",
        "2026-11-23T10:00:00ZZ",
        "2026-11-23T10:00:00Z ",
        " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00Z",
        "-026-11-23T10:00:00Z",
        "+026-11-23T10:00:00Z",
        "２026-11-23T10:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "",
        "Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    for text in [
        "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z",
        "0001-01-01T00:01:00+00:01",
        "9999-12-31T23:58:59-00:01",
    ] {
        assert!(text.parse::<Timestamp>().is_ok(), "{text}");
    }
    for (seconds, nanos) in [
        (-62_135_596_801, 0),
        (253_402_300_800, 0),
        (i64::MIN, 0),
        (i64::MAX, 0),
        (0, 1_000_000_000),
        (0, u32::MAX),
    ] {
        assert_eq!(Timestamp::new(seconds, nanos).unwrap_err().code(), Code::InvalidArgument);
    }
}

#[test]
fn converts_timestamps() {
    let half_before = SystemTime::UNIX_EPOCH - StdDuration::from_millis(500);
    let timestamp = Timestamp::try_from(half_before).unwrap();
    assert_eq!((timestamp.seconds(), timestamp.subsec_nanos()), (-1, 500_000_000));
    assert_eq!(timestamp.to_string(), "1969-12-31T23:59:59.500Z");
    assert_eq!(SystemTime::try_from(timestamp).unwrap(), half_before);
}

#[test]
fn writes_the_names_of_a_field_mask_in_camel_case() {
    assert_eq!(FieldMask::new(["a_b.c_d", "*", "e"]).to_string(), "aB.cD,*,e");
    assert_eq!(FieldMask::new(Vec::<String>::new()).to_string(), "");
    assert_eq!("".parse::<FieldMask>().unwrap(), FieldMask::default());
}

proptest! {
    #[test]
    fn reads_the_timestamps_that_it_writes(seconds in -62_135_596_800..=253_402_300_799_i64, nanos in 0..1_000_000_000_u32) {
        let timestamp = Timestamp::new(seconds, nanos).unwrap();
        let text = timestamp.to_string();
        prop_assert_eq!(text.parse::<Timestamp>().unwrap(), timestamp, "{}", text);
        prop_assert!(text.ends_with('Z') && [20, 24, 27, 30].contains(&text.len()), "{}", text);
        let system = SystemTime::try_from(timestamp).unwrap();
        prop_assert_eq!(Timestamp::try_from(system).unwrap(), timestamp);
    }

    #[test]
    fn orders_timestamps_as_their_texts(a in -62_135_596_800..=253_402_300_799_i64, b in -62_135_596_800..=253_402_300_799_i64) {
        let (a, b) = (Timestamp::new(a, 0).unwrap(), Timestamp::new(b, 0).unwrap());
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn reads_an_offset_as_so_much_earlier(hours in 0..=23_i64, minutes in 0..=59_i64, east in any::<bool>()) {
        let sign = if east { '+' } else { '-' };
        let local: Timestamp = format!("2026-11-23T10:00:00{sign}{hours:02}:{minutes:02}").parse().unwrap();
        let ahead = (hours * 60 + minutes) * if east { 60 } else { -60 };
        prop_assert_eq!(local.seconds(), 1_795_428_000 - ahead);
    }

    #[test]
    fn reads_the_durations_that_it_writes(seconds in 0..=315_576_000_000_i64, nanos in 0..1_000_000_000_i32, negative in any::<bool>()) {
        let sign = if negative { -1 } else { 1 };
        let duration = Duration::new(seconds * sign, nanos * sign as i32).unwrap();
        let text = duration.to_string();
        prop_assert_eq!(text.parse::<Duration>().unwrap(), duration, "{}", text);
        prop_assert_eq!(text.starts_with('-'), negative && (seconds, nanos) != (0, 0));
    }

    #[test]
    fn reads_the_field_masks_that_it_writes(paths in proptest::collection::vec("[a-z]{1,4}(_[a-z]{1,4}){0,2}(\\.[a-z]{1,4}){0,2}", 0..5)) {
        let mask = FieldMask::new(paths);
        prop_assert_eq!(mask.to_string().parse::<FieldMask>().unwrap(), mask);
    }

    #[test]
    fn never_panics_on_any_text(text in any::<String>()) {
        let _ = (text.parse::<Duration>(), text.parse::<Timestamp>(), text.parse::<FieldMask>());
    }

    #[test]
    fn never_panics_on_what_is_almost_a_moment(text in "[0-9]{0,5}[-é][0-9]{0,3}-[0-9]{1,2}T[0-9:]{0,8}[.0-9]{0,12}[Z+:0-9-]{0,7}") {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(timestamp.to_string().parse::<Timestamp>().unwrap(), timestamp);
        }
    }
}

/// Compares with a table of JSON, verdict, what was read and what is written; a deviation says what is read instead.
fn agrees<T>(table: &str, deviations: &[(&str, Option<&str>)], parsed: impl Fn(&T) -> String)
where
    T: DeserializeOwned + Serialize + FromStr<Err = Status> + Display,
{
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let [json, verdict, expected, canonical] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a row: {row:?}");
        };
        rows += 1;
        let read = serde_json::from_str::<T>(json);
        if let Some((_, ours)) = deviations.iter().find(|(input, _)| *input == json) {
            assert_eq!(verdict, "ok", "no deviation: {row}");
            assert_eq!(read.ok().map(|value| parsed(&value)).as_deref(), *ours, "{row}");
            continue;
        }
        match (read, verdict) {
            (Ok(value), "ok") => {
                assert_eq!(parsed(&value), expected, "{row}");
                assert_eq!(serde_json::to_string(&value).unwrap(), canonical, "{row}");
                let text: String = serde_json::from_str(json).unwrap();
                assert_eq!(text.parse::<T>().unwrap().to_string(), value.to_string(), "{row}");
            }
            (Err(_), "reject") => {}
            (read, _) => panic!("read as {:?}: {row}", read.map(|value| parsed(&value))),
        }
    }
    assert!(rows > 10, "a table of {rows} rows");
}
