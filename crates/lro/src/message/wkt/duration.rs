use std::{fmt, str::FromStr, time};

use super::json_string;
use crate::{Code, Status};

/// A signed duration, `google.protobuf.Duration`. In JSON it is a string such as `"3.500s"`.
///
/// ```
/// use lro::wkt::Duration;
///
/// let pause: Duration = "3.5s".parse()?;
/// assert_eq!(pause, Duration::from(std::time::Duration::from_millis(3_500)));
/// assert_eq!("-0.25s".parse::<Duration>()?.to_string(), "-0.250s");
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    seconds: i64,
    nanos: i32,
}

impl Duration {
    /// Creates a duration of seconds and nanoseconds, which must have the same sign.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the seconds are beyond ±315,576,000,000 (10,000 years), if the nanoseconds are a billion or
    /// more, or if the signs differ.
    pub fn new(seconds: i64, nanos: i32) -> Result<Self, Status> {
        let in_range = seconds.unsigned_abs() <= MOST_SECONDS && nanos.unsigned_abs() < 1_000_000_000;
        let one_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
        if in_range && one_sign {
            return Ok(Self { seconds, nanos });
        }
        Err(Status::new(Code::InvalidArgument, format!("not a duration: {seconds} s and {nanos} ns")))
    }

    /// Creates a duration of whole seconds.
    ///
    /// # Errors
    ///
    /// The errors of [`Duration::new`].
    pub fn from_seconds(seconds: i64) -> Result<Self, Status> {
        Self::new(seconds, 0)
    }

    /// Returns the whole seconds, rounded towards zero.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds beyond the whole seconds. They have the same sign.
    pub fn subsec_nanos(self) -> i32 {
        self.nanos
    }

    /// Returns the duration in seconds, rounded to a double.
    pub fn as_secs_f64(self) -> f64 {
        self.seconds as f64 + f64::from(self.nanos) / 1e9
    }
}

/// Saturates at 10,000 years.
impl From<time::Duration> for Duration {
    fn from(duration: time::Duration) -> Self {
        if duration.as_secs() >= MOST_SECONDS {
            return Self { seconds: MOST_SECONDS as i64, nanos: 0 };
        }
        Self { seconds: duration.as_secs() as i64, nanos: duration.subsec_nanos() as i32 }
    }
}

/// Fails with `OUT_OF_RANGE` for a negative duration, which `std` cannot hold.
impl TryFrom<Duration> for time::Duration {
    type Error = Status;

    fn try_from(duration: Duration) -> Result<Self, Status> {
        match (u64::try_from(duration.seconds), u32::try_from(duration.nanos)) {
            (Ok(seconds), Ok(nanos)) => Ok(Self::new(seconds, nanos)),
            _ => Err(Status::new(Code::OutOfRange, format!("a negative duration: {duration}"))),
        }
    }
}

impl FromStr for Duration {
    type Err = Status;

    fn from_str(text: &str) -> Result<Self, Status> {
        parse(text).and_then(|(seconds, nanos)| Self::new(seconds, nanos).ok()).ok_or_else(|| {
            Status::new(Code::InvalidArgument, format!("not a duration such as \"1.5s\": {text:?}"))
        })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.seconds < 0 || self.nanos < 0 { "-" } else { "" };
        write!(f, "{sign}{}", self.seconds.unsigned_abs())?;
        super::timestamp::write_fraction(f, self.nanos.unsigned_abs())?;
        f.write_str("s")
    }
}

json_string!(Duration, "google.protobuf.Duration", super::parts::Seconds);

fn parse(text: &str) -> Option<(i64, i32)> {
    let number = text.strip_suffix('s')?;
    let negative = number.starts_with('-');
    let number = number.strip_prefix(['-', '+']).unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    // Drops digits after the ninth, as other parsers do.
    let nanos: i32 = format!("{fraction:0<9}")[..9].parse().ok()?;
    Some(if negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// 10,000 years of 365.25 days: the range that `google/protobuf/duration.proto` defines.
const MOST_SECONDS: u64 = 315_576_000_000;
