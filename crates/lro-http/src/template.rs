use lro::{OperationName, Status};

/// Which names a service's binding takes, as its HTTP rule says: `operations/**`, or
/// `projects/*/locations/*/operations/*`.
///
/// `*` is one segment, `**` at the end one or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTemplate(&'static [&'static str]);

impl NameTemplate {
    /// The segments of a template in the notation of `google.api.http`.
    pub const fn new(segments: &'static [&'static str]) -> Self {
        Self(segments)
    }

    /// Whether the binding takes this name.
    pub fn matches(self, name: &str) -> bool {
        let mut rest = Some(name.as_bytes());
        for wanted in self.0 {
            let Some(name) = rest else {
                return false;
            };
            if *wanted == "**" {
                return !name.is_empty();
            }
            let end = name.iter().position(|byte| *byte == b'/').unwrap_or(name.len());
            if end == 0 || *wanted != "*" && wanted.as_bytes() != &name[..end] {
                return false;
            }
            rest = name.get(end + 1..);
        }
        rest.is_none()
    }

    /// Refuses a name that the binding does not take, before any call.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` with the name and the template.
    pub fn check(self, name: &str) -> Result<(), Status> {
        check(&[self], name)
    }
}

/// Takes the name of a resource that one of the templates matches, as safe in a path as an operation's name.
///
/// # Errors
///
/// As [`OperationName::parse`], or `INVALID_ARGUMENT` for a name of another kind.
pub fn resource_name<'a>(templates: &[NameTemplate], name: &'a str) -> Result<&'a str, Status> {
    safe_name(name)?;
    check(templates, name)?;
    Ok(name)
}

/// Refuses what a path cannot hold safely.
pub(crate) fn safe_name(name: &str) -> Result<(), Status> {
    OperationName::parse(name).map(|_| ()).map_err(|fault| {
        let fault = fault.message().replacen("an operation name", "a resource name", 1);
        Status::invalid_argument(fault)
    })
}

fn check(templates: &[NameTemplate], name: &str) -> Result<(), Status> {
    if templates.iter().any(|template| template.matches(name)) {
        return Ok(());
    }
    let forms: Vec<String> = templates.iter().map(|template| template.0.join("/")).collect();
    Err(Status::invalid_argument(format!("expected a name of the form {}, got {name:?}", forms.join(" or "))))
}

/// Appends a name to a path, percent-encoded but for the slashes between its segments.
pub(crate) fn push_name(path: &mut Vec<u8>, name: &str) {
    if is_plain(name) {
        path.extend_from_slice(name.as_bytes());
    } else {
        push_encoded(path, name, |byte| !is_unreserved(byte) && byte != b'/');
    }
}

/// Appends a value to a query, slashes encoded too.
pub(crate) fn push_value(query: &mut Vec<u8>, value: &str) {
    if is_plain(value) {
        let mut segments = value.split('/');
        query.extend_from_slice(segments.next().unwrap_or_default().as_bytes());
        for segment in segments {
            query.extend_from_slice(b"%2F");
            query.extend_from_slice(segment.as_bytes());
        }
    } else {
        push_encoded(query, value, |byte| !is_unreserved(byte));
    }
}

fn push_encoded(text: &mut Vec<u8>, value: &str, is_special: impl Fn(u8) -> bool) {
    let mut rest = value.as_bytes();
    while let Some(special) = rest.iter().position(|byte| is_special(*byte)) {
        let byte = usize::from(rest[special]);
        text.extend_from_slice(&rest[..special]);
        text.extend_from_slice(&[b'%', HEX[byte >> 4], HEX[byte & 15]]);
        rest = &rest[special + 1..];
    }
    text.extend_from_slice(rest);
}

/// Whether nothing but the slashes may need encoding, as in most names: seen without a branch for each byte.
fn is_plain(text: &str) -> bool {
    let odd = |byte: u8| u8::from(!(is_unreserved(byte) | (byte == b'/')));
    text.bytes().fold(0, |any, byte| any | odd(byte)) == 0
}

/// The unreserved characters of RFC 3986.
fn is_unreserved(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~')
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
