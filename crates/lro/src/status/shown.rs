use std::fmt;

use super::{
    Code, Origin, Status,
    details::{ErrorInfo, FieldViolation},
    excerpt::{Excerpt, without_stop},
};
use crate::{OperationName, message, message::First};

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        match Code::from_number(inner.code) {
            Code::Unknown | Code::Ok if inner.code != Code::Unknown.number() => {
                write!(f, "UNKNOWN ({})", inner.code)?
            }
            code => write!(f, "{code}")?,
        }
        if !inner.message.is_empty() {
            let is_last = inner.advice.is_none();
            let message = if is_last { &*inner.message } else { without_stop(&inner.message) };
            write!(f, ": {}", Excerpt::new(message, LONGEST_MESSAGE))?;
        }
        if let Some(advice) = &inner.advice {
            write!(f, "; {}", Excerpt::new(advice, LONGEST_MESSAGE))?;
        }
        if let Some(request) = self.details().find::<ShownRequest>() {
            write!(f, " [{}]", Excerpt::new(&listed(&request.field_violations), LONGEST_LIST))?;
        }
        if let Some(info) = self.details().small_infos().next().map(|info| described(&info))
            && !info.is_empty()
        {
            write!(f, " [{}]", Excerpt::new(&info, LONGEST_LIST))?;
        }
        let Some(report) = &inner.report else {
            return Ok(());
        };
        match &report.name {
            Some(name) => write!(f, " ({}", Excerpt::new(name.as_str(), OperationName::MAX_LEN))?,
            None => f.write_str(" (an operation without a name")?,
        }
        if self.is_unasked() {
            return f.write_str(", no call was made)");
        }
        let polls = if report.polls == 1 { "poll" } else { "polls" };
        write!(f, ", {} {polls} in {:.1?}", report.polls, report.elapsed)?;
        if let Some(failure) = report.last_failure.as_ref().filter(|_| inner.origin == Origin::StoppedAsking)
        {
            if report.failed_calls > 0 {
                write!(f, ", {} failed", report.failed_calls)?;
            }
            let failure = failure.to_string();
            write!(f, "; the last failure: {}", Excerpt::new(without_stop(&failure), LONGEST_FAILURE))?;
        }
        f.write_str(if self.may_be_running() { "; it may still be running)" } else { ")" })
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let mut debug = f.debug_struct("Status");
        debug.field("origin", &inner.origin).field("code", &self.code()).field("message", &inner.message);
        if self.code().number() != inner.code {
            debug.field("raw_code", &inner.code);
        }
        if !inner.details.is_empty() {
            debug.field("details", &inner.details);
        }
        if let Some(report) = &inner.report {
            debug.field("report", report);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish_non_exhaustive()
    }
}

message! {
    /// What is shown of a `BadRequest`.
    struct ShownRequest("google.rpc.BadRequest") {
        field_violations: First<FieldViolation, MOST_VIOLATIONS> = 1,
    }
}

/// Lists the invalid fields of a request.
fn listed(violations: &First<FieldViolation, MOST_VIOLATIONS>) -> String {
    let shown: Vec<String> = violations
        .items
        .iter()
        .map(|FieldViolation { field, description, .. }| {
            let field = without_stop(field);
            let separator = if field.is_empty() || description.is_empty() { "" } else { ": " };
            let (field, description) =
                (Excerpt::new(field, LONGEST_FIELD), Excerpt::new(description, LONGEST_DESCRIPTION));
            format!("{field}{separator}{description}")
        })
        .collect();
    let more = match violations.left_out {
        0 => String::new(),
        more => format!("; {more} more"),
    };
    shown.join("; ") + &more
}

/// Describes the reason of a failure and its metadata, such as the subscription that exists already.
///
/// A reason or a key that does not have its documented form is not shown: it is not the server's constant.
fn described(info: &ErrorInfo) -> String {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    // Services with forms of their own have reasons such as `BadCodec`.
    let is_constant = info.reason.starts_with(|first: char| first.is_ascii_uppercase());
    let reason = (is_constant && is_short(&info.reason, is_key)).then(|| info.reason.clone());
    let pairs = info.metadata.iter().filter(|(key, value)| is_short(key, is_key) && !value.is_empty());
    let shown = pairs.take(MOST_VIOLATIONS);
    let shown = shown.map(|(key, value)| format!("{key}: {}", Excerpt::new(value, LONGEST_DESCRIPTION)));
    reason.into_iter().chain(shown).collect::<Vec<_>>().join("; ")
}

/// Returns whether a text consists of such bytes and has a length that `ErrorInfo` documents.
fn is_short(text: &str, is_valid: impl Fn(u8) -> bool) -> bool {
    (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(is_valid)
}

/// Longer messages contain a document or a stack trace, which fill a log. Most messages of Google are shorter than 200
/// characters.
const LONGEST_MESSAGE: usize = 1_000;

/// Enough for the code and the message of most failures.
const LONGEST_FAILURE: usize = 300;

/// As long as the message at most.
const LONGEST_LIST: usize = LONGEST_MESSAGE;

/// A reader corrects a few fields at a time.
const MOST_VIOLATIONS: usize = 10;

/// Paths of fields are shorter.
const LONGEST_FIELD: usize = 100;

/// The documented bound of a key of an `ErrorInfo`. A reason has at most 63 bytes.
const LONGEST_KEY: usize = 64;

/// About two lines of a terminal.
const LONGEST_DESCRIPTION: usize = 200;
