use std::{fmt, str::FromStr};

use serde::{Serialize, de::DeserializeOwned};

use crate::wkt::{Duration, FieldMask, Timestamp};

/// Checks the parser of `google.protobuf.Duration`: SPEC 17.
pub fn duration(text: &str) {
    let read = both_ways::<Duration>(text);
    let nanos = nanos_of_duration(text);
    assert_eq!(
        read.map(|d| i128::from(d.seconds()) * SECOND + i128::from(d.subsec_nanos())),
        nanos,
        "{text:?}"
    );
}

/// Checks the parser of `google.protobuf.Timestamp`: SPEC 17.
pub fn timestamp(text: &str) {
    let read = both_ways::<Timestamp>(text);
    let nanos = nanos_of_timestamp(text);
    assert_eq!(
        read.map(|t| i128::from(t.seconds()) * SECOND + i128::from(t.subsec_nanos())),
        nanos,
        "{text:?}"
    );
}

/// Checks the parser of `google.protobuf.FieldMask`: SPEC 17.
pub fn field_mask(text: &str) {
    let read = both_ways::<FieldMask>(text);
    let words = |mask: &FieldMask| mask.paths.join(",").matches('_').count();
    let capitals = text.matches(|letter: char| letter.is_ascii_uppercase()).count();
    let expected = (!text.contains('_')).then(|| (text.to_owned(), capitals));
    assert_eq!(read.map(|mask| (mask.to_string(), words(&mask))), expected);
}

/// Checks that a text and its JSON string parse to the same value, and that the value parses again after it is written.
fn both_ways<T>(text: &str) -> Option<T>
where
    T: FromStr + fmt::Display + fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    let read = text.parse::<T>().ok();
    let json = serde_json::to_string(text).expect("a string serializes");
    assert_eq!(serde_json::from_str::<T>(&json).ok(), read);
    if let Some(read) = &read {
        assert_eq!(read.to_string().parse::<T>().ok().as_ref(), Some(read));
        let json = serde_json::to_string(read).expect("a value serializes");
        assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(read.to_string()));
    }
    read
}

fn nanos_of_duration(text: &str) -> Option<i128> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.as_bytes().first()? {
        b'-' => (-1, &number[1..]),
        b'+' => (1, &number[1..]),
        _ => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let seconds = digits(whole)?;
    let mut nanos = 0;
    for place in 0..fraction.len() {
        let digit = digits(fraction.get(place..=place)?)?;
        nanos += digit * SECOND / 10_i128.checked_pow(place as u32 + 1).unwrap_or(i128::MAX);
    }
    let total = seconds.checked_mul(SECOND)? + nanos;
    // The bound is 10,000 years. A fraction of the last second is accepted.
    (seconds <= 315_576_000_000).then_some(sign * total)
}

fn nanos_of_timestamp(text: &str) -> Option<i128> {
    let pattern = "dddd-dd-ddTdd:dd:dd";
    let head = text.get(..pattern.len())?;
    let fits = |(byte, kind): (u8, u8)| if kind == b'd' { byte.is_ascii_digit() } else { byte == kind };
    if !head.bytes().zip(pattern.bytes()).all(fits) {
        return None;
    }
    let at = |from: usize, to: usize| digits(&head[from..to]);
    let (year, month, day) = (at(0, 4)?, at(5, 7)?, at(8, 10)?);
    let (hour, minute, second) = (at(11, 13)?, at(14, 16)?, at(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    if !(1..=*months.get(index)?).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let tail = &text[pattern.len()..];
    let zone = tail.find(['Z', '+', '-'])?;
    let nanos = match tail[..zone].strip_prefix('.') {
        Some(fraction) if (1..=9).contains(&fraction.len()) => digits(&format!("{fraction:0<9}"))?,
        None if zone == 0 => 0,
        _ => return None,
    };
    let before = year - 1;
    let years = before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let days = years + months[..index].iter().sum::<i128>() + day - 1 - EPOCH;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - 60 * offset(&tail[zone..])?;
    // The range is the years 1 to 9999 in UTC.
    let range = -EPOCH * 86_400..(3_652_059 - EPOCH) * 86_400;
    range.contains(&seconds).then_some(seconds * SECOND + nanos)
}

/// Parses the offset from UTC, in minutes. It is positive east of Greenwich.
fn offset(zone: &str) -> Option<i128> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str) -> Option<i128> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;
/// The days from 0001-01-01 to 1970-01-01.
const EPOCH: i128 = 719_162;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{duration, field_mask, timestamp};

    proptest! {
        #[test]
        fn any_text(text: String) {
            duration(&text);
            timestamp(&text);
            field_mask(&text);
        }

        #[test]
        fn near_durations(text in "[-+]?(0|[0-9]{1,5}|31557[56][0-9]{7}|[0-9]{18,21})(\\.[0-9]{0,12})?s?") {
            duration(&text);
        }

        #[test]
        fn near_timestamps(text in NEAR_TIMESTAMP) {
            timestamp(&text);
        }

        #[test]
        fn near_field_masks(text in "[a-cA-C_,.* éÉ]{0,12}") {
            field_mask(&text);
        }
    }

    const NEAR_TIMESTAMP: &str = concat!(
        "(0000|0001|19[67][0-9]|20[0-9]0|9999|[0-9]{4})-[01][0-9]-[0-3][0-9]",
        "T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|[-+][0-2][0-9]:[0-6][0-9])",
    );
}
