//! Fields of a plain `serde` type in proto3 JSON: `#[serde(with = "lro::message::proto3")]`.
//!
//! proto3 JSON writes 64-bit integers as strings. A reader must accept every number as a number or as a string, the
//! floats `"NaN"` and `"Infinity"`, and `null` for an absent field. Plain `serde` types do not.
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

/// Reads a field. `null` reads as the default value.
///
/// # Errors
///
/// An error of the deserializer if the value has a wrong type or is out of range.
pub fn deserialize<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_nullable(deserializer)
}

/// Writes a field.
///
/// # Errors
///
/// The errors of the serializer.
pub fn serialize<T: Field, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}
