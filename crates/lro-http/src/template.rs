use lro::{OperationName, Status};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
    push_encoded(path, name, NAME);
}

/// Appends a value to a query, slashes encoded too.
pub(crate) fn push_value(query: &mut Vec<u8>, value: &str) {
    push_encoded(query, value, VALUE);
}

fn push_encoded(text: &mut Vec<u8>, value: &str, special: &'static AsciiSet) {
    for part in utf8_percent_encode(value, special) {
        text.extend_from_slice(part.as_bytes());
    }
}

/// All but the unreserved characters of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const NAME: &AsciiSet = &VALUE.remove(b'/');
