use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Status;

/// The name of an operation. A parsed name is safe in a URL path.
///
/// A name is opaque: it is sent and compared verbatim. It is unique only within its service, so
/// [`Handle`](crate::Handle) stores both. A clone shares the text.
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
    ///
    /// Names in use have about 100 bytes. Common servers and proxies accept a request line of 8 KiB.
    pub const MAX_LEN: usize = 2_048;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the name is empty, has a leading, trailing or double slash, has a segment `.` or `..`, has a
    /// control character, or is longer than [`MAX_LEN`](Self::MAX_LEN). Any other text is a name.
    pub fn parse(name: &str) -> Result<Self, Status> {
        match fault(name) {
            None => Ok(Self(name.into())),
            // The user and the query of a URL may be secrets.
            Some(fault @ (URL | HOST)) => {
                Err(Status::invalid_argument(format!("not an operation name: {fault}")))
            }
            Some(fault) => Err(Status::invalid_argument(format!(
                "not an operation name: {:?}: {fault}",
                shortened(name)
            ))),
        }
    }

    /// Returns the name verbatim.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parts between the slashes. There is at least one, and none is empty.
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

/// Returns what is wrong with a name.
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
    if name.contains("://") {
        return Some(URL);
    }
    if name.chars().any(char::is_control) {
        return Some("it has a control character");
    }
    name.as_bytes().split(|byte| *byte == b'/').find_map(|segment| match segment {
        b"" if has_version(name) => Some(PATH),
        b"" if has_host(name) => Some(HOST),
        b"" => Some("it has a leading, trailing or double slash"),
        b"." | b".." => Some("a segment is `.` or `..`"),
        _ => None,
    })
}

/// Returns `true` for names that are certainly valid, which are almost all.
///
/// Such a name is ASCII without control characters. No segment is empty or begins with a dot. The check has no branch per
/// byte, because a fleet parses a name for each poll.
fn is_plainly_good(name: &[u8]) -> bool {
    let [first, .., last] = name else {
        return false;
    };
    let odd = name.iter().fold(false, |odd, byte| odd | byte.is_ascii_control() | !byte.is_ascii());
    let pairs = name.iter().zip(&name[1..]);
    let odd = pairs.fold(odd, |odd, (one, next)| odd | ((*one == b'/') & matches!(next, b'/' | b'.')));
    !odd && !matches!(first, b'/' | b'.') && *last != b'/'
}

/// Returns whether a text is a path that begins with the version of an API, such as `/v1/operations/1`.
fn has_version(name: &str) -> bool {
    matches!(name.as_bytes(), [b'/', b'v', digit, ..] if digit.is_ascii_digit())
}

/// Returns whether a text is a URL without a scheme or a full resource name, such as `//jobs.example.com/operations/1`.
fn has_host(name: &str) -> bool {
    let host = name.strip_prefix("//").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| host.contains(['.', '@']))
}

/// Returns the first 80 characters at most, so that a hostile name does not fill a log.
fn shortened(name: &str) -> &str {
    name.char_indices().nth(80).map_or(name, |(end, _)| &name[..end])
}

const PATH: &str =
    "it has a leading slash and a version; give what follows the version, such as `operations/1`";
const HOST: &str =
    "it begins with a host; give what follows the host and the version, such as `operations/1`";
const URL: &str = "it is a URL; give what follows the version, such as `operations/1`";
