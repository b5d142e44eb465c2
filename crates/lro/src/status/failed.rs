//! The error in the body of a failed HTTP call.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Code, Status, details::Details, excerpt::without_stop};
use crate::{
    Any,
    message::{First, json},
};

/// The error of a failed call, as the body of the reply describes it.
#[derive(Default)]
pub(super) struct Failed {
    /// The code by its name, `error.status`.
    code: Option<Code>,
    /// The HTTP status, `error.code`.
    http: Option<u16>,
    message: String,
    details: Vec<Any>,
    /// The reasons of the legacy `errors[]`.
    reasons: Vec<String>,
}

impl Status {
    /// Returns the error that a reply carries in place of its result.
    ///
    /// Some servers and gateways answer a failed call with HTTP 200 and `{"error": …}`. The error is read as
    /// `from_http` reads it. If it has no status name, its `code` counts as the HTTP status.
    ///
    /// Returns `None` if the body has no error. An object with a `name`, or with `done` set, is an operation, whose `error`
    /// is the outcome.
    ///
    /// ```
    /// use lro::{Code, Status};
    ///
    /// let status = Status::in_reply(br#"{"error": {"code": 404, "message": "gone"}}"#).unwrap();
    /// assert_eq!((status.code(), status.message()), (Code::NotFound, "gone"));
    /// assert!(Status::in_reply(br#"{"name": "operations/1", "error": {"code": 5}}"#).is_none());
    /// ```
    pub fn in_reply(body: &[u8]) -> Option<Self> {
        let members = members(body).filter(|members| !is_known_operation(members))?;
        Some(Failed::of(&members)?.status(SUCCESS, "the reply carries an error without a message"))
    }

    /// Applies what the `ErrorInfo` in the details says about a limit, for transports of other protocols than HTTP.
    ///
    /// A rate limit reads as `RESOURCE_EXHAUSTED` under any code. A quota that is spent is final
    /// ([`with_transient`](Self::with_transient)).
    pub fn by_its_limits(self) -> Self {
        self.limited(&[])
    }

    /// Applies what the reasons of an error and of its details say about a limit.
    fn limited(self, reasons: &[String]) -> Self {
        let details = self.details();
        let infos = details.small_infos().map(|info| info.reason);
        let reasons: Vec<_> = infos.chain(reasons.iter().cloned()).collect();
        let has = |known: &[&str]| reasons.iter().any(|reason| known.contains(&&**reason));
        let is_quota = matches!(self.code(), Code::PermissionDenied | Code::ResourceExhausted);
        if has(&SPENT_QUOTA) {
            let is_final = is_quota && details.retry_info().is_none();
            return if is_final { self.with_transient(false) } else { self };
        }
        if !has(&RATE_LIMIT) || self.code() == Code::ResourceExhausted {
            return self;
        }
        let details = details.as_slice().to_vec();
        Self::new(Code::ResourceExhausted, self.message()).with_details(details)
    }

    /// Returns the status of a reply that is not an operation: its error, or else a description of its members.
    pub(crate) fn in_place_of_operation(body: &[u8]) -> Option<Self> {
        Self::in_reply(body).or_else(|| {
            let members = members(body).filter(|members| !is_operation(members) && !is_array(body))?;
            let fault = format!("the reply has neither `name` nor `done`; {}", listed(&members));
            Some(Self::malformed(fault))
        })
    }
}

impl Failed {
    /// Reads the error of a body in one of five forms.
    ///
    /// These are Google's, Google's in an array of one element, OAuth's `"error": "name"`, the legacy `errors[]`, and an
    /// object with a `message`, or with the `title` and `detail` of RFC 9457.
    /// A member of the wrong type counts as absent.
    #[cfg(feature = "http")]
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let members = members(body)?;
        Self::of(&members).or_else(|| Self::foreign(&members))
    }

    /// Reads an error of another form, such as RFC 9457: its text alone.
    #[cfg(feature = "http")]
    fn foreign(members: &Members) -> Option<Self> {
        let [title, message, detail] =
            ["title", "message", "detail"].map(|name| member::<String>(members, name));
        let message = joined(joined(title, message), detail);
        (!message.is_empty()).then(|| Self { message, ..Self::default() })
    }

    fn of(members: &Members) -> Option<Self> {
        let error = members.get("error")?;
        if let Ok(name) = serde_json::from_str(error) {
            let message = joined(Some(name), member(members, "error_description"));
            return Some(Self { message, ..Self::default() });
        }
        let error: Members = serde_json::from_str(error).ok().filter(|_| error.starts_with('{'))?;
        let legacy = list(&error, "errors").into_iter();
        let legacy: Vec<Members> = legacy.filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
        let first = |name| legacy.first().and_then(|first| member::<String>(first, name));
        let message = member(&error, "message").or_else(|| first("message"));
        let details = list(&error, "details").into_iter().filter_map(Any::from_raw).collect();
        // Azure's form has an identifier in place of the number.
        let reason_code = member::<String>(&error, "code").filter(|code| is_identifier(code));
        let reasons = legacy.iter().filter_map(|item| member(item, "reason"));
        Some(Self {
            // A failure cannot be `OK`.
            code: member::<String>(&error, "status")
                .and_then(|name| Code::from_name(&name))
                .filter(|code| *code != Code::Ok),
            http: member(&error, "code").or_else(|| member::<String>(&error, "code")?.parse().ok()),
            message: joined(joined(reason_code, message), first("reason")),
            reasons: reasons.collect(),
            details,
        })
    }

    /// Returns the status of the call. `http` is the status line, `unsaid` the message of an error that has none.
    pub(super) fn status(self, http: u16, unsaid: &str) -> Status {
        let is_error = |http: &u16| (400..600).contains(http);
        // A status line of success decides nothing.
        let http = if (200..300).contains(&http) { self.http.filter(is_error).unwrap_or(http) } else { http };
        let message = if self.message.is_empty() { unsaid.to_owned() } else { self.message };
        let status = match self.code {
            Some(code) => Status::new(code, message),
            None => by_line(http, message),
        };
        status.with_details(self.details).limited(&self.reasons)
    }
}

/// Returns the status of a failed call by its status line.
pub(super) fn by_line(http: u16, message: String) -> Status {
    let status = Status::new(Code::from_http_status(http), message);
    // 408 (timeout) and 425 (too early) do not depend on the request.
    if matches!(http, 408 | 425) { status.with_transient(true) } else { status }
}

/// The members of an object: those that count, and the first few of the others. `null` counts as absent.
#[derive(Default)]
struct Members {
    kept: BTreeMap<String, Box<RawValue>>,
    /// The number of the others.
    left_out: usize,
}

impl Members {
    fn get(&self, name: &str) -> Option<&str> {
        self.kept.get(name).map(|value| value.get())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            if !KNOWN.contains(&&*name) && members.kept.len() >= KNOWN.len() + MOST_MEMBERS {
                map.next_value::<IgnoredAny>()?;
                members.left_out += 1;
                continue;
            }
            let value: Box<RawValue> = map.next_value()?;
            match value.get() {
                "null" => members.kept.remove(&name),
                _ => members.kept.insert(name, value),
            };
        }
        Ok(members)
    }
}

/// Returns the members of the object, or of the only object of an array.
fn members(body: &[u8]) -> Option<Members> {
    let text = json::text(body).ok()?;
    if is_array(body) {
        return serde_json::from_str(text).map(|[members]: [Members; 1]| members).ok();
    }
    serde_json::from_str(text).ok()
}

fn is_array(body: &[u8]) -> bool {
    json::without_mark(body).trim_ascii_start().starts_with(b"[")
}

fn is_operation(members: &Members) -> bool {
    ["name", "done"].iter().any(|name| members.get(name).is_some())
}

/// Returns whether an object is an operation that has a name or is done. An empty `name` and a false `done` say nothing.
fn is_known_operation(members: &Members) -> bool {
    let says = |name, nothing| members.get(name).is_some_and(|value| value != nothing);
    says("name", "\"\"") || says("done", "false")
}

/// Returns whether a text is a name for programs, such as `DeploymentNotFound`, and not a number.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn member<T: DeserializeOwned>(members: &Members, name: &str) -> Option<T> {
    serde_json::from_str(members.get(name)?).ok()
}

/// Returns the first items of a list.
fn list(members: &Members, name: &str) -> Vec<Box<RawValue>> {
    member(members, name).map_or_else(Vec::new, |first: First<_, { Details::MOST }>| first.items)
}

/// Joins two texts by a colon. `None` and an empty text count as absent.
fn joined<T: Into<Option<String>>, U: Into<Option<String>>>(first: T, second: U) -> String {
    let parts: Vec<String> =
        [first.into(), second.into()].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    match &*parts {
        [first, second] => format!("{}: {second}", without_stop(first)),
        parts => parts.concat(),
    }
}

/// Lists the names of the members. A name that is not an identifier may be a secret of the caller, so it is not shown.
fn listed(members: &Members) -> String {
    let number = members.kept.len() + members.left_out;
    let names: Vec<&str> = members.kept.keys().take(MOST_MEMBERS).map(|key| json::shown_key(key)).collect();
    match (number, number - names.len()) {
        (0, _) => "it has no members".to_owned(),
        (_, 0) => format!("it has {}", names.join(", ")),
        (_, more) => format!("it has {} and {more} more members", names.join(", ")),
    }
}

const SUCCESS: u16 = 200;

/// The names of the members that count, in an error and in an object with one.
const KNOWN: [&str; 12] = [
    "code",
    "detail",
    "details",
    "done",
    "error",
    "error_description",
    "errors",
    "message",
    "name",
    "reason",
    "status",
    "title",
];

/// A message with more names is hard to read, and a peer decides on their number.
const MOST_MEMBERS: usize = 8;

/// The reasons of a limit per time. A later call succeeds.
pub(crate) const RATE_LIMIT: [&str; 3] =
    ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];

/// The reasons of a quota that is spent for a day or longer.
const SPENT_QUOTA: [&str; 2] = ["dailyLimitExceeded", "quotaExceeded"];
