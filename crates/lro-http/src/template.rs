use lro::{OperationName, Status};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Which names a service's binding takes, as its HTTP rule says: `operations/**`, or
/// `projects/*/locations/*/operations/*`.
///
/// `*` is one segment, `**` at the end one or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTemplate(&'static str);

impl NameTemplate {
    /// A template in the notation of `google.api.http`.
    pub const fn new(template: &'static str) -> Self {
        Self(template)
    }

    /// Whether the binding takes this name.
    pub fn matches(self, name: &str) -> bool {
        let mut segments = name.split('/');
        for wanted in self.0.split('/') {
            match (wanted, segments.next()) {
                ("**", Some(_)) => return true,
                ("*", Some(_)) => {}
                (literal, Some(segment)) if literal == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
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
    OperationName::parse(name).map_err(|fault| {
        let fault = fault.message().replacen("an operation name", "a resource name", 1);
        Status::invalid_argument(fault)
    })?;
    check(templates, name)?;
    Ok(name)
}

fn check(templates: &[NameTemplate], name: &str) -> Result<(), Status> {
    if templates.iter().any(|template| template.matches(name)) {
        return Ok(());
    }
    let forms: Vec<&str> = templates.iter().map(|template| template.0).collect();
    Err(Status::invalid_argument(format!("expected a name of the form {}, got {name:?}", forms.join(" or "))))
}

/// Appends a name to a path, each segment percent-encoded, the slashes between them kept.
pub(crate) fn push_name(path: &mut String, name: &str) {
    for (index, segment) in name.split('/').enumerate() {
        if index > 0 {
            path.push('/');
        }
        path.extend(utf8_percent_encode(segment, RESERVED));
    }
}

/// Appends a value to a query, slashes encoded too.
pub(crate) fn push_value(query: &mut String, value: &str) {
    query.extend(utf8_percent_encode(value, RESERVED));
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
