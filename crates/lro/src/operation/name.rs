use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Status;

/// The name of an operation, parsed once and safe in a URL path.
///
/// A name is opaque: no meaning is read out of it, and it is sent and compared verbatim. It is unique only within
/// the service that gave it; [`Handle`](crate::Handle) keeps the two together. Cloning costs a reference count.
///
/// ```
/// use lro::OperationName;
///
/// let name = OperationName::parse("projects/p/locations/l/operations/Zm9v+=")?;
/// assert_eq!(name.segments().last(), Some("Zm9v+="));
/// assert!(OperationName::parse("operations/../secrets").is_err());
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationName(Arc<str>);

impl OperationName {
    /// The longest name accepted, in bytes.
    pub const MAX_LEN: usize = 2_048;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an empty name, a leading, trailing or double slash, a segment `.` or `..`, a control
    /// character, or more than [`MAX_LEN`](Self::MAX_LEN) bytes. Any other text is a name.
    pub fn parse(name: &str) -> Result<Self, Status> {
        match fault(name) {
            None => Ok(Self(name.into())),
            Some(fault) => Err(Status::invalid_argument(format!(
                "not an operation name: {:?}: {fault}",
                shortened(name)
            ))),
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; at least one, none of them empty.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for OperationName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationName {
    type Err = Status;

    fn from_str(name: &str) -> Result<Self, Status> {
        Self::parse(name)
    }
}

impl TryFrom<&str> for OperationName {
    type Error = Status;

    fn try_from(name: &str) -> Result<Self, Status> {
        Self::parse(name)
    }
}

impl TryFrom<String> for OperationName {
    type Error = Status;

    fn try_from(name: String) -> Result<Self, Status> {
        Self::parse(&name)
    }
}

impl Serialize for OperationName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OperationName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).map_err(|status| de::Error::custom(status.message()))
    }
}

fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > OperationName::MAX_LEN {
        return Some("it is longer than 2048 bytes");
    }
    if is_plainly_good(name.as_bytes()) {
        return None;
    }
    if name.chars().any(char::is_control) {
        return Some("it has a control character");
    }
    name.as_bytes().split(|byte| *byte == b'/').find_map(|segment| match segment {
        b"" => Some("it has a leading, trailing or double slash"),
        b"." | b".." => Some("a segment is `.` or `..`"),
        _ => None,
    })
}

/// Whether a name is good at a glance, as almost all are: it is ASCII without a control character, and neither it nor
/// any segment begins with a slash or a dot, nor does it end with a slash. A fleet makes a name for each poll, and this
/// has no branch for each byte.
fn is_plainly_good(name: &[u8]) -> bool {
    let [first, .., last] = name else {
        return false;
    };
    let odd = name.iter().fold(false, |odd, byte| odd | byte.is_ascii_control() | !byte.is_ascii());
    let pairs = name.iter().zip(&name[1..]);
    let odd = pairs.fold(odd, |odd, (one, next)| odd | ((*one == b'/') & matches!(next, b'/' | b'.')));
    !odd && !matches!(first, b'/' | b'.') && *last != b'/'
}

/// At most the first 80 characters, so that a hostile name does not fill a log.
fn shortened(name: &str) -> &str {
    name.char_indices().nth(80).map_or(name, |(end, _)| &name[..end])
}
