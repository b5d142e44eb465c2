use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use super::json_string;
use crate::{Code, Status};

/// A point in time in the years 1 to 9999, `google.protobuf.Timestamp`.
///
/// In JSON it is an RFC 3339 string. It is written in UTC, with 0, 3, 6 or 9 digits after the decimal point.
///
/// ```
/// use lro::wkt::Timestamp;
///
/// let start: Timestamp = "2026-11-23T10:00:00+05:30".parse()?;
/// assert_eq!(start.to_string(), "2026-11-23T04:30:00Z");
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// Creates a timestamp of the seconds since 1970-01-01T00:00:00Z and the nanoseconds after them.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the time is outside the years 1 to 9999, or if the nanoseconds are a billion or more.
    pub fn new(seconds: i64, nanos: u32) -> Result<Self, Status> {
        if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && nanos < 1_000_000_000 {
            return Ok(Self { seconds, nanos });
        }
        Err(Status::new(Code::InvalidArgument, format!("not a timestamp: {seconds} s and {nanos} ns")))
    }

    /// Returns the seconds since 1970-01-01T00:00:00Z. They are negative before that time.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds after [`seconds`](Self::seconds).
    pub fn subsec_nanos(self) -> u32 {
        self.nanos
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = Status;

    fn try_from(time: SystemTime) -> Result<Self, Status> {
        let signed = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        let seconds = i64::try_from(signed.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
        Self::new(seconds, signed.rem_euclid(1_000_000_000) as u32)
    }
}

/// Fails with `OUT_OF_RANGE` if the platform's clock cannot represent the time.
impl TryFrom<Timestamp> for SystemTime {
    type Error = Status;

    fn try_from(timestamp: Timestamp) -> Result<Self, Status> {
        let whole = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let time = if timestamp.seconds < 0 {
            Self::UNIX_EPOCH.checked_sub(whole)
        } else {
            Self::UNIX_EPOCH.checked_add(whole)
        };
        time.and_then(|time| time.checked_add(Duration::from_nanos(timestamp.nanos.into()))).ok_or_else(
            || Status::new(Code::OutOfRange, format!("beyond this platform's clock: {timestamp}")),
        )
    }
}

impl FromStr for Timestamp {
    type Err = Status;

    fn from_str(text: &str) -> Result<Self, Status> {
        parse(text.as_bytes())
            .and_then(|(seconds, nanos)| Self::new(seconds, nanos).ok())
            .ok_or_else(|| Status::new(Code::InvalidArgument, format!("not an RFC 3339 timestamp: {text:?}")))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}", second % 60)?;
        write_fraction(f, self.nanos)?;
        f.write_str("Z")
    }
}

json_string!(Timestamp, "google.protobuf.Timestamp", super::parts::Seconds);

/// Writes nanoseconds as a decimal fraction of 0, 3, 6 or 9 digits.
pub(super) fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    match nanos {
        0 => Ok(()),
        _ if nanos.is_multiple_of(1_000_000) => write!(f, ".{:03}", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => write!(f, ".{:06}", nanos / 1_000),
        _ => write!(f, ".{nanos:09}"),
    }
}

/// Parses `YYYY-MM-DDTHH:MM:SS[.f]` with `Z` or an offset. The letters are upper case. A leap second is rejected.
fn parse(text: &[u8]) -> Option<(i64, u32)> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let [y @ .., b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] = date_time else {
        return None;
    };
    let (year, month, day) = (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    let days = days(year, month, day);
    // An invalid date such as February 30 converts back to a different date.
    if civil(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = fraction(rest)?;
    let seconds = days * DAY + hour * 3_600 + minute * 60 + second;
    Some((seconds - offset(zone)?, nanos))
}

/// Splits the nanoseconds from the time zone after them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&len) {
        return None;
    }
    let nanos = number(&digits[..len])? * 10_i64.pow(9 - len as u32);
    Some((nanos as u32, &digits[len..]))
}

/// Parses the offset from UTC, in seconds. It is positive east of Greenwich.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, h1, h2, m1, m2) = match *zone {
        [b'Z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, h1, h2, m1, m2),
        [b'-', h1, h2, b':', m1, m2] => (-1, h1, h2, m1, m2),
        _ => return None,
    };
    let (hour, minute) = (number(&[h1, h2])?, number(&[m1, m2])?);
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3_600 + minute * 60))
}

/// Parses a decimal number. Callers pass ten digits at most, so it does not overflow.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// Returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Years are counted from March 1, so that the leap day is the last day of a year. Source: Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms".
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The seconds of a day.
const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z, the first second that `google/protobuf/timestamp.proto` allows.
const FIRST_SECOND: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z, the last second that `google/protobuf/timestamp.proto` allows.
const LAST_SECOND: i64 = 253_402_300_799;
