//! The fields of the well-known types in their binary form.

use super::{Duration, FieldMask, Timestamp};
use crate::{message, message::WireError};

message! {
    /// The fields of a duration and of a timestamp.
    pub struct Seconds("google.protobuf.Duration" | "google.protobuf.Timestamp") {
        /// The whole seconds.
        seconds: i64 = 1,
        /// The nanoseconds beyond them.
        nanos: i32 = 2,
    }

    /// The fields of a field mask.
    pub struct Paths("google.protobuf.FieldMask") {
        /// The paths in `snake_case`.
        paths: Vec<String> = 1,
    }
}

impl TryFrom<Seconds> for Duration {
    type Error = WireError;

    fn try_from(Seconds { seconds, nanos }: Seconds) -> Result<Self, WireError> {
        Self::new(seconds, nanos).map_err(|_| WireError::new("a duration is out of range"))
    }
}

impl From<&Duration> for Seconds {
    fn from(duration: &Duration) -> Self {
        Self { seconds: duration.seconds(), nanos: duration.subsec_nanos() }
    }
}

impl TryFrom<Seconds> for Timestamp {
    type Error = WireError;

    fn try_from(Seconds { seconds, nanos }: Seconds) -> Result<Self, WireError> {
        let timestamp = u32::try_from(nanos).ok().and_then(|nanos| Self::new(seconds, nanos).ok());
        timestamp.ok_or_else(|| WireError::new("a timestamp is out of range"))
    }
}

impl From<&Timestamp> for Seconds {
    fn from(timestamp: &Timestamp) -> Self {
        // The nanoseconds are less than a billion.
        Self { seconds: timestamp.seconds(), nanos: timestamp.subsec_nanos() as i32 }
    }
}

impl TryFrom<Paths> for FieldMask {
    type Error = WireError;

    fn try_from(Paths { paths }: Paths) -> Result<Self, WireError> {
        Ok(Self { paths })
    }
}

impl From<&FieldMask> for Paths {
    fn from(mask: &FieldMask) -> Self {
        Self { paths: mask.paths.clone() }
    }
}
