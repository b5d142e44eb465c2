use std::{borrow::Cow, fmt, slice, str::FromStr};

use lro::{OperationName, Status};

use crate::refusal::refused;

/// The names that a service's HTTP binding accepts, such as `operations/**` or `projects/*/locations/*/operations/*`.
///
/// `*` is one segment. `**` is any number of segments, at least one unless it follows a `*`. It may occur once.
///
/// ```
/// use lro_http::NameTemplate;
///
/// let names = NameTemplate::parse("projects/*/locations/*/operations/*")?;
/// assert!(names.matches("projects/p/locations/l/operations/1"));
/// assert!(!names.matches("operations/1"));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(Cow<'static, str>);

impl NameTemplate {
    /// Parses a template in the notation of `google.api.http`, without a variable: `operations/**`, not
    /// `{name=operations/**}`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an empty segment, a segment `.` or `..`, a control character, a second `**`, a `*` in a segment
    /// that has other characters, and braces.
    pub fn parse(template: impl Into<String>) -> Result<Self, Status> {
        let template = template.into();
        match fault(&template) {
            None => Ok(Self(template.into())),
            Some(fault) => Err(refused(format!("not a name template: {template:?}: {fault}"))),
        }
    }

    /// Creates a template from a literal, for constants.
    ///
    /// # Panics
    ///
    /// If [`parse`](Self::parse) refuses it. In a constant, the compiler reports the panic as an error.
    pub const fn from_static(template: &'static str) -> Self {
        if let Some(fault) = fault(template) {
            panic!("{}", fault);
        }
        Self(Cow::Borrowed(template))
    }

    /// Returns the template as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the binding accepts this name.
    pub fn matches(&self, name: &str) -> bool {
        let (mut wanted, mut segments) = (self.0.split('/'), name.split('/'));
        let mut may_be_none = false;
        while let Some(pattern) = wanted.next() {
            if pattern == "**" {
                // The segments after `**` are compared from the end.
                return wanted.rev().all(|pattern| fits(pattern, segments.next_back()))
                    && match (segments.next(), segments.next()) {
                        (None, _) => may_be_none,
                        (first, second) => first != Some("") || second.is_some(),
                    };
            }
            if !fits(pattern, segments.next()) {
                return false;
            }
            may_be_none = pattern == "*";
        }
        segments.next().is_none()
    }

    /// Returns whether a name exists that both templates match.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        overlap(&parts(&self.0), &parts(&other.0))
    }

    /// Returns whether a name exists that the template matches and that is in a collection, such as `projects/*/operations`.
    pub(crate) fn overlaps_collection(&self, collection: &str) -> bool {
        let mut members = parts(collection);
        members.extend([Part::One, Part::Many]);
        overlap(&parts(&self.0), &members)
    }

    /// Refuses a name that the binding does not accept.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` with the name and the template.
    pub fn check(&self, name: &str) -> Result<(), Status> {
        check(slice::from_ref(self), name)
    }
}

impl FromStr for NameTemplate {
    type Err = Status;

    fn from_str(template: &str) -> Result<Self, Status> {
        Self::parse(template)
    }
}

impl fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the name of a resource if it is safe in a path and one of the templates matches it.
///
/// # Errors
///
/// `INVALID_ARGUMENT` for a name that no template matches, and for a name that [`OperationName::parse`] refuses.
pub fn resource_name<'a>(templates: &[NameTemplate], name: &'a str) -> Result<&'a str, Status> {
    safe_name(name)?;
    check(templates, name)?;
    Ok(name)
}

/// Refuses a name that is not safe in a path.
pub(crate) fn safe_name(name: &str) -> Result<(), Status> {
    OperationName::parse(name).map(|_| ()).map_err(|fault| {
        let fault = fault.message().replacen("an operation name", "a resource name", 1);
        refused(fault)
    })
}

fn check(templates: &[NameTemplate], name: &str) -> Result<(), Status> {
    if templates.iter().any(|template| template.matches(name)) { Ok(()) } else { Err(unfit(templates, name)) }
}

/// Returns the error for a name that none of the templates matches.
pub(crate) fn unfit<'a>(templates: impl IntoIterator<Item = &'a NameTemplate>, name: &str) -> Status {
    let templates: Vec<&NameTemplate> = templates.into_iter().collect();
    let forms: Vec<&str> = templates.iter().map(|template| template.as_str()).collect();
    let (shown, more) = forms.split_at(forms.len().min(MOST_FORMS));
    let more = if more.is_empty() { String::new() } else { format!(" or {} more forms", more.len()) };
    let advice = after_version(&templates, name).map(|end| format!("; give {end:?}")).unwrap_or_default();
    refused(format!("expected a name of the form {}{more}, got {name:?}{advice}", shown.join(" or ")))
}

/// Returns what follows a version or a host at the start of a text, if one of the templates matches it.
fn after_version<'n>(templates: &[&NameTemplate], name: &'n str) -> Option<&'n str> {
    name.match_indices('/').find_map(|(at, _)| {
        let (before, end) = (&name[..at], &name[at + 1..]);
        let is_host = !before.contains('/') && before.contains('.');
        let is_cut = is_host || before.rsplit('/').next().is_some_and(is_version);
        (is_cut && templates.iter().any(|template| template.matches(end))).then_some(end)
    })
}

/// Returns whether a segment is a version of an API, such as `v1beta1`.
fn is_version(segment: &str) -> bool {
    matches!(segment.as_bytes(), [b'v', digit, ..] if digit.is_ascii_digit())
}

/// Whether a segment exists and is one that a part of a template other than `**` matches.
fn fits(pattern: &str, segment: Option<&str>) -> bool {
    segment.is_some_and(|segment| !segment.is_empty() && (pattern == "*" || pattern == segment))
}

/// A part of a template, for the comparison of two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    One,
    /// Zero or more segments.
    Many,
}

fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for segment in template.split('/') {
        match segment {
            "*" => parts.push(Part::One),
            "**" if parts.last() == Some(&Part::One) => parts.push(Part::Many),
            "**" => parts.extend([Part::One, Part::Many]),
            literal => parts.push(Part::Literal(literal)),
        }
    }
    parts
}

fn overlap(one: &[Part<'_>], other: &[Part<'_>]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([Part::Many, after @ ..], _) => overlap(after, other) || overlap_later(one, other),
        (_, [Part::Many, ..]) => overlap(other, one),
        ([first, one @ ..], [second, other @ ..]) => {
            let is_same = first == second || [first, second].contains(&&Part::One);
            is_same && overlap(one, other)
        }
        _ => false,
    }
}

/// Whether the parts overlap if the `**` at the start of the first ones takes the first segment of the others.
fn overlap_later(many: &[Part<'_>], other: &[Part<'_>]) -> bool {
    other.split_first().is_some_and(|(_, fewer)| overlap(many, fewer))
}

/// Returns what is wrong with a template.
const fn fault(template: &str) -> Option<&'static str> {
    let template = template.as_bytes();
    let (mut at, mut length, mut stars, mut dots) = (0, 0, 0, 0);
    let mut has_many = false;
    loop {
        let is_end = at == template.len();
        match if is_end { b'/' } else { template[at] } {
            b'/' if length == 0 => return Some("it has an empty segment"),
            b'/' if length <= 2 && dots == length => return Some("a segment is `.` or `..`"),
            b'/' if stars > 2 || stars > 0 && stars < length => {
                return Some("`*` and `**` must be whole segments");
            }
            b'/' if stars == 2 && has_many => return Some("`**` may occur once"),
            b'/' if is_end => return None,
            b'/' => {
                has_many |= stars == 2;
                (length, stars, dots) = (0, 0, 0);
            }
            b'{' | b'}' => return Some("it has braces, expected the pattern of one name without a variable"),
            b'*' => (length, stars) = (length + 1, stars + 1),
            b'.' => (length, dots) = (length + 1, dots + 1),
            byte if byte.is_ascii_control() || is_c1(template, at) => {
                return Some("it has a control character");
            }
            _ => length += 1,
        }
        at += 1;
    }
}

/// Whether a control character beyond ASCII, U+0080 to U+009F, begins here.
const fn is_c1(template: &[u8], at: usize) -> bool {
    template[at] == 0xC2 && at + 1 < template.len() && template[at + 1] < 0xA0
}

/// The most forms that a message lists. Some services have more than a hundred.
const MOST_FORMS: usize = 5;
