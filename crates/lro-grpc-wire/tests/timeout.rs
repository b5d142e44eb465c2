//! `grpc-timeout`, both ways.

use std::time::Duration;

use http::HeaderValue;
use lro_grpc_wire::timeout;
use proptest::prelude::{prop_assert, proptest};

#[test]
fn a_timeout_is_formatted_in_the_finest_unit_of_eight_digits() {
    let table = [
        (Duration::ZERO, "1n"),
        (Duration::from_nanos(1), "1n"),
        (Duration::from_nanos(99_999_999), "99999999n"),
        (Duration::from_nanos(100_000_999), "100000u"),
        (Duration::from_millis(200), "200000u"),
        (Duration::from_secs(30), "30000000u"),
        (Duration::from_micros(100_000_000), "100000m"),
        (Duration::from_secs(3_600), "3600000m"),
        (Duration::from_secs(100_000), "100000S"),
        (Duration::from_secs(99_999_999), "99999999S"),
        (Duration::from_secs(100_000_000), "1666666M"),
        (Duration::from_secs(10_000_000_000), "2777777H"),
        (Duration::MAX, "99999999H"),
    ];
    for (timeout, text) in table {
        assert_eq!(timeout::format(timeout), text, "{timeout:?}");
    }
}

#[test]
fn a_timeout_is_a_number_of_eight_digits_at_most_and_a_unit() {
    let table = [
        ("1n", Some(Duration::from_nanos(1))),
        ("0S", Some(Duration::ZERO)),
        ("00000001u", Some(Duration::from_micros(1))),
        ("250m", Some(Duration::from_millis(250))),
        ("7S", Some(Duration::from_secs(7))),
        ("2M", Some(Duration::from_secs(120))),
        ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
        ("", None),
        ("S", None),
        ("5", None),
        ("5s", None),
        ("5h", None),
        ("123456789n", None),
        ("+5S", None),
        ("-5S", None),
        ("1.5S", None),
        (" 5S", None),
        ("5 S", None),
    ];
    for (text, timeout) in table {
        assert_eq!(timeout::parse(&HeaderValue::from_static(text)), timeout, "{text:?}");
    }
    assert_eq!(timeout::parse(&HeaderValue::from_bytes(b"5\xff").unwrap()), None);
}

proptest! {
    #[test]
    fn a_formatted_timeout_is_no_longer_than_the_timeout(seconds: u64, nanos in 0..1_000_000_000_u32) {
        let timeout = Duration::new(seconds, nanos);
        let text = timeout::format(timeout);
        prop_assert!(text.len() <= 9, "{text:?}");
        let parsed = timeout::parse(&text).unwrap();
        prop_assert!(parsed <= timeout.max(Duration::from_nanos(1)), "{text:?}");
        // Eight digits lose less than a minute of an hour in the largest unit, and a millionth in the others.
        let most = Duration::from_secs(99_999_999 * 3_600);
        prop_assert!(parsed >= timeout.min(most).mul_f64(0.999), "{text:?}");
    }

    #[test]
    fn any_text_is_parsed_or_refused(text: Vec<u8>) {
        if let Ok(text) = HeaderValue::from_bytes(&text) {
            let _ = timeout::parse(&text);
        }
    }
}
