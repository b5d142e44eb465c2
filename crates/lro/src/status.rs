mod code;
pub mod details;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::details::Details;
use crate::{Any, OperationName, Service, message};

pub use self::code::Code;

/// The only error of this library: a `google.rpc.Status` and what it alone cannot say.
///
/// One type for four things that must never be confused, so [`origin`](Status::origin) tells them apart and two
/// statuses of different origins are never equal: the operation failed, a call failed, we stopped asking, or a reply
/// broke the rules. In all but the first the operation may well still be running; [`report`](Status::report) then has
/// what is needed to go on.
///
/// ```
/// use lro::{Origin, Status};
///
/// fn advice(status: &Status) -> &'static str {
///     match status.origin() {
///         Origin::OperationFailed => "mend the request and start another operation",
///         Origin::CallFailed => "mend the connection or the credential, then wait again by the same name",
///         Origin::StoppedAsking => "wait again by the same name, if it still matters",
///         Origin::MalformedReply => "tell the people who run the server",
///     }
/// }
/// ```
///
/// Its size is that of a pointer.
#[derive(Clone)]
pub struct Status(Box<Inner>);

/// Where a [`Status`] comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The operation itself finished with this error.
    OperationFailed,
    /// A call about the operation failed, so the state of the operation is unknown.
    CallFailed,
    /// We stopped asking: a deadline, a number of attempts, or the caller's wish.
    StoppedAsking,
    /// A reply broke the rules of `google.longrunning`, or does not fit the type that the caller awaits.
    MalformedReply,
}

/// What was known of an operation when a wait for it ended.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The operation's name, by which another wait can go on; `None` where the server gave none.
    pub name: Option<OperationName>,
    /// The calls made.
    pub polls: u32,
    /// The time since the first call.
    pub elapsed: Duration,
    /// Whether the operation is known to have finished.
    pub done: bool,
    /// The last call that failed, survived or not.
    pub last_failure: Option<Status>,
    /// The metadata of the last good reply.
    pub last_metadata: Option<Any>,
}

#[derive(Clone)]
struct Inner {
    code: i32,
    origin: Origin,
    message: String,
    details: Vec<Any>,
    retry_after: Option<Duration>,
    transient: Option<bool>,
    refused: bool,
    response: Option<Any>,
    report: Option<Report>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Status {
    /// A failed call, [`Origin::CallFailed`], until [`with_origin`](Self::with_origin) says otherwise.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::from_number(code.number(), message)
    }

    /// As [`new`](Self::new), of a number that may be unknown.
    pub fn from_number(code: i32, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            origin: Origin::CallFailed,
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            transient: None,
            refused: false,
            response: None,
            report: None,
            source: None,
        }))
    }

    /// The caller asked for something impossible, such as a name of another service: the call was refused before anything
    /// was sent, so it is no poll. What a server refuses is [`new`](Self::new).
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        let mut status = Self::new(Code::InvalidArgument, message);
        status.0.refused = true;
        status
    }

    /// The transport has no such call.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, message)
    }

    /// The service has no call of this verb for its operations, so none was made.
    pub fn unsupported(service: &Service, verb: &str, name: &str) -> Self {
        Self::unimplemented(format!("{service} has no call to {verb} an operation ({name})"))
    }

    /// The service cannot be reached just now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// A reply that broke the rules.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).with_origin(Origin::MalformedReply)
    }

    /// A call that was not answered in time.
    pub fn unanswered(timeout: Duration) -> Self {
        Self::new(Code::DeadlineExceeded, format!("a call was not answered in {timeout:?}"))
    }

    /// What a transport returned, as the failure of a call: only a reply can tell that the operation failed, and only who
    /// waits can tell that the asking stopped.
    pub fn of_a_call(self) -> Self {
        match self.0.origin {
            Origin::OperationFailed | Origin::StoppedAsking => self.with_origin(Origin::CallFailed),
            Origin::CallFailed | Origin::MalformedReply => self,
        }
    }

    /// The code to branch on: a number that is no code, and 0, read as [`Code::Unknown`].
    pub fn code(&self) -> Code {
        match Code::from_number(self.0.code) {
            Code::Ok => Code::Unknown,
            code => code,
        }
    }

    /// The number as it came.
    pub fn raw_code(&self) -> i32 {
        self.0.code
    }

    /// The message, for developers and in English.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which of the four kinds of failure this is.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// The details, known or not, in their order, with typed access to the standard ones.
    pub fn details(&self) -> Details<'_> {
        Details::new(&self.0.details)
    }

    /// What was known of the operation; there whenever a wait ended with this status.
    pub fn report(&self) -> Option<&Report> {
        self.0.report.as_ref()
    }

    /// The response that could not be read as the type that the caller awaits.
    pub fn response(&self) -> Option<&Any> {
        self.0.response.as_ref()
    }

    /// How long the server asks to wait before the next call: the longer of its `Retry-After` and the `RetryInfo` in
    /// the details.
    pub fn retry_after(&self) -> Option<Duration> {
        let info = self.details().retry_info().and_then(|info| info.retry_delay?.try_into().ok());
        self.0.retry_after.max(info)
    }

    /// Whether the operation may still be running: always, unless it is known to have finished, or nobody has asked: a
    /// [refusal](Self::invalid_argument) before any poll says nothing about it.
    pub fn may_be_running(&self) -> bool {
        let finished = self.0.origin == Origin::OperationFailed
            || self.0.response.is_some()
            || self.report().is_some_and(|report| report.done);
        !finished && !self.is_unasked()
    }

    /// Whether the call was refused before anything was sent, and no other one was made.
    fn is_unasked(&self) -> bool {
        self.0.refused && self.report().is_none_or(|report| report.polls == 0)
    }

    /// Sets the origin.
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    /// Sets the details.
    pub fn with_details(mut self, details: Vec<Any>) -> Self {
        self.0.details = details;
        self
    }

    /// Sets the time that the server asks to wait before the next call.
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Says whether the failed call may pass if made again, where the code alone would mislead.
    pub fn with_transient(mut self, transient: bool) -> Self {
        self.0.transient = Some(transient);
        self
    }

    /// Sets the error that caused this one.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// Whether the call was [refused](Self::invalid_argument) before anything was sent.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.refused
    }

    /// What the transport said of it by [`with_transient`](Self::with_transient).
    pub(crate) fn transient(&self) -> Option<bool> {
        self.0.transient
    }

    pub(crate) fn with_response(mut self, response: Any) -> Self {
        self.0.response = Some(response);
        self
    }

    /// Puts what it means before the message.
    pub fn in_context(mut self, context: &str) -> Self {
        self.0.message = match &*self.0.message {
            "" => context.to_owned(),
            message => format!("{context}: {message}"),
        };
        self
    }

    /// Sets what was known of the operation.
    pub fn with_report(mut self, report: Report) -> Self {
        self.0.report = Some(report);
        self
    }
}

/// Code, message, details and origin; not how the wait went.
impl PartialEq for Status {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        a.origin == b.origin && a.code == b.code && a.message == b.message && a.details == b.details
    }
}

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
            write!(f, ": {}", inner.message)?;
        }
        let Some(report) = &inner.report else {
            return Ok(());
        };
        match &report.name {
            Some(name) => write!(f, " ({name}")?,
            None => f.write_str(" (an operation without a name")?,
        }
        if self.is_unasked() {
            return f.write_str(", no call was made)");
        }
        let polls = if report.polls == 1 { "poll" } else { "polls" };
        write!(f, ", {} {polls} in {:.1?}", report.polls, report.elapsed)?;
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

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.0.source, self.report().and_then(|report| report.last_failure.as_ref())) {
            (Some(source), _) => Some(&**source),
            // Of a failed operation the failed calls before it are no cause.
            (None, Some(failure)) if self.origin() != Origin::OperationFailed => Some(failure),
            _ => None,
        }
    }
}

message! {
    /// The wire form of a status.
    pub(crate) struct WireStatus("google.rpc.Status") {
        /// The number of the code.
        code: i32,
        /// The message.
        message: String,
        /// The details.
        details: Vec<Any>,
    }
}

/// `{"code", "message", "details"}`.
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Inner { code, message, details, .. } = &*self.0;
        let wire = WireStatus { code: *code, message: message.clone(), details: details.clone() };
        message::write(&wire, serializer)
    }
}

/// The error of an operation: [`Origin::OperationFailed`].
impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WireStatus { code, message, details } = message::read(deserializer)?;
        Ok(Self::from_number(code, message).with_details(details).with_origin(Origin::OperationFailed))
    }
}
