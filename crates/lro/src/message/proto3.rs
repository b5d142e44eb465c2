//! Fields of a plain `serde` type in proto3 JSON: `#[serde(with = "lro::message::proto3")]`.
//!
//! proto3 JSON has 64-bit integers as strings, any number as a number or a string, floats as `"NaN"` and `"Infinity"`, bytes in
//! base64, and `null` for what is absent.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! #[serde(rename_all = "camelCase", default)]
//! # #[derive(Default)]
//! struct Job {
//!     #[serde(with = "lro::message::proto3")]
//!     version_count: i64,
//!     #[serde(with = "lro::message::proto3")]
//!     sizes: Vec<u64>,
//! }
//!
//! let job: Job = serde_json::from_str(r#"{"versionCount": "12", "sizes": [7, "8"]}"#)?;
//! assert_eq!((job.version_count, job.sizes), (12, vec![7, 8]));
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserializer, Serializer};

use super::{Field, read_nullable};

/// Reads a field; `null` is its default.
///
/// # Errors
///
/// A value of a wrong type, or out of range.
pub fn deserialize<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_nullable(deserializer)
}

/// Writes a field.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<T: Field, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}
