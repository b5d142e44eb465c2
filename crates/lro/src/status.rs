mod code;
pub mod details;
pub(crate) mod excerpt;
mod failed;
#[cfg(feature = "http")]
mod http;
mod shown;
mod started;
pub(crate) mod stored;

use std::{error::Error, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::{details::Details, excerpt::without_stop};
use crate::{Any, OperationName, Service, message, message::First};

pub(crate) use self::failed::RATE_LIMIT;
#[cfg(feature = "http")]
pub use self::http::retry_after;
pub use self::{code::Code, excerpt::is_hidden};

/// The only error type of this crate: a `google.rpc.Status` with its origin.
///
/// [`origin`](Status::origin) distinguishes four cases: the operation failed, a call failed, the polling stopped, or a
/// reply broke the protocol. Statuses of different origins are never equal. In all cases but the first the operation may
/// still be running. [`report`](Status::report) then has the name to resume the wait with.
///
/// ```
/// use lro::{Origin, Status};
///
/// fn advice(status: &Status) -> &'static str {
///     match status.origin() {
///         Origin::OperationFailed => "correct the request and start another operation",
///         Origin::CallFailed => "repair the connection or the credential, then wait again by the same name",
///         Origin::StoppedAsking => "wait again by the same name, if the result still matters",
///         Origin::MalformedReply => "report it to the operators of the server",
///     }
/// }
/// ```
///
/// `Display` writes one line: control characters and invisible ones are escaped, and a long
/// [`message`](Status::message) is cut. It includes the field violations of a `BadRequest` in the details, and the reason
/// and the metadata of an `ErrorInfo`.
///
/// A `Status` is as large as a pointer.
#[derive(Clone)]
pub struct Status(Box<Inner>);

/// The origin of a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The operation finished with this error.
    OperationFailed,
    /// A call failed. The state of the operation is unknown.
    CallFailed,
    /// The polling stopped: at a deadline, after a number of attempts, or by request of the caller.
    StoppedAsking,
    /// A reply broke the protocol of `google.longrunning`, or does not fit the type that the caller awaits.
    MalformedReply,
}

/// The last known state of an operation when a wait for it ended.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The name of the operation, to start another wait with. `None` if the server sent none.
    pub name: Option<OperationName>,
    /// The number of calls made.
    pub polls: u32,
    /// The number of these calls that failed, retried or final.
    pub failed_calls: u32,
    /// The time since the first call.
    pub elapsed: Duration,
    /// Whether a reply reported the operation as done.
    pub done: bool,
    /// The error of the last failed call, retried or final. Later calls may have succeeded.
    ///
    /// It is also the error that a server adds to an operation that is not done.
    pub last_failure: Option<Status>,
    /// The metadata of the last successful reply.
    pub last_metadata: Option<Any>,
    /// Whether the driver drops all metadata to save memory. [`last_metadata`](Self::last_metadata) is then `None`, whatever
    /// the replies contained.
    ///
    /// A [`Wait`](crate::Wait) keeps the metadata. A fleet can be set to drop it.
    pub metadata_dropped: bool,
}

#[derive(Clone)]
struct Inner {
    code: i32,
    origin: Origin,
    message: String,
    advice: Option<Box<str>>,
    details: Vec<Any>,
    retry_after: Option<Duration>,
    transient: Option<bool>,
    refused: bool,
    unsent: bool,
    response: Option<Any>,
    report: Option<Report>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Status {
    /// Creates the status of a failed call.
    ///
    /// The origin is [`Origin::CallFailed`]. [`with_origin`](Self::with_origin) sets another.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::from_number(code.number(), message)
    }

    /// Creates the status of a failed call from the number of a code, known or unknown.
    pub fn from_number(code: i32, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            origin: Origin::CallFailed,
            message: message.into(),
            advice: None,
            details: Vec::new(),
            retry_after: None,
            transient: None,
            refused: false,
            unsent: false,
            response: None,
            report: None,
            source: None,
        }))
    }

    /// Creates the status of a call that was rejected before anything was sent, such as one with a name of another service.
    ///
    /// Such a call does not count as a poll. For a call that a server rejects, use [`new`](Self::new).
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        let mut status = Self::new(Code::InvalidArgument, message);
        status.0.refused = true;
        status
    }

    /// Creates the status of a call that the transport does not have.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, message)
    }

    /// Creates the status of a call that the service does not offer. The verb is one such as `cancel`.
    pub fn unsupported(service: &Service, verb: &str, name: &str) -> Self {
        Self::unimplemented(format!("{service} has no call to {verb} an operation ({name})"))
    }

    /// Creates the status of a service that is currently unreachable.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// Creates the status of a reply that broke the protocol.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).with_origin(Origin::MalformedReply)
    }

    /// Creates the status of a call that was not answered in time.
    pub fn unanswered(timeout: Duration) -> Self {
        Self::new(Code::DeadlineExceeded, format!("a call was not answered in {timeout:?}"))
    }

    /// Converts an error of a transport to the failure of a call.
    ///
    /// A transport reports a failed operation as an `Ok`, and only the poller stops the polling. So the origins
    /// `OperationFailed` and `StoppedAsking` become `CallFailed`.
    pub fn of_a_call(self) -> Self {
        match self.0.origin {
            Origin::OperationFailed | Origin::StoppedAsking => self.with_origin(Origin::CallFailed),
            Origin::CallFailed | Origin::MalformedReply => self,
        }
    }

    /// Returns the code. The number 0 and numbers without a code read as [`Code::Unknown`].
    pub fn code(&self) -> Code {
        match Code::from_number(self.0.code) {
            Code::Ok => Code::Unknown,
            code => code,
        }
    }

    /// Returns the number of the code as it was received.
    pub fn raw_code(&self) -> i32 {
        self.0.code
    }

    /// Returns the message. It is written for developers, in English.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns which of the four kinds of failure this is.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// Returns the details in their order, including those of unknown types: at most [`Details::MOST`].
    ///
    /// [`Details`] has a method for each standard type.
    pub fn details(&self) -> Details<'_> {
        Details::new(&self.0.details)
    }

    /// Returns the last known state of the operation. Every status that ends a wait has a report.
    pub fn report(&self) -> Option<&Report> {
        self.0.report.as_ref()
    }

    /// Returns the response of an operation that has succeeded, although the caller gets an error: it did not decode as the type
    /// that the caller awaits, or the transport could not complete it.
    pub fn response(&self) -> Option<&Any> {
        self.0.response.as_ref()
    }

    /// Returns the least time to wait before the next call, as the server requests it.
    ///
    /// It is the longer of `Retry-After` and the `RetryInfo` in the details.
    pub fn retry_after(&self) -> Option<Duration> {
        let info = self.details().retry_info().and_then(|info| info.retry_delay?.try_into().ok());
        self.0.retry_after.max(info)
    }

    /// Returns whether the operation may still be running.
    ///
    /// It returns `false` if the operation is known to have finished. It also returns `false` if the call was
    /// [rejected](Self::invalid_argument) before any poll, because then nothing is known of the operation.
    pub fn may_be_running(&self) -> bool {
        let last_failure = self.report().and_then(|report| report.last_failure.as_ref());
        let finished = self.0.origin == Origin::OperationFailed
            || self.0.response.is_some()
            || self.report().is_some_and(|report| report.done)
            // The last call found the operation finished, and failed all the same.
            || last_failure.is_some_and(|failure| failure.0.response.is_some());
        let is_rejected = self.0.refused && self.is_unasked();
        !finished && !is_rejected
    }

    /// Returns whether the call failed before anything was sent and no poll was made.
    fn is_unasked(&self) -> bool {
        self.is_refused() && self.report().is_none_or(|report| report.polls == 0)
    }

    /// Sets the origin.
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    /// Sets the message.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Sets advice for the caller, such as which setting is missing. `Display` shows it after the message.
    pub fn with_advice(mut self, advice: impl Into<Box<str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Sets the details. Those beyond the first [`Details::MOST`] are left out.
    pub fn with_details(mut self, mut details: Vec<Any>) -> Self {
        details.truncate(Details::MOST);
        self.0.details = details;
        self
    }

    /// Sets the least time to wait before the next call, as the server requests it.
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Sets whether a retry of the failed call may succeed. This overrides the decision by the code.
    pub fn with_transient(mut self, transient: bool) -> Self {
        self.0.transient = Some(transient);
        self
    }

    /// Sets the error that caused this one.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// Sets whether the call failed before anything was sent, such as one without a credential. Such a call does not count as a
    /// poll. Default: no, except for [`invalid_argument`](Self::invalid_argument).
    pub fn with_unsent(mut self, unsent: bool) -> Self {
        self.0.unsent = unsent;
        self.0.refused &= unsent;
        self
    }

    /// Returns whether the call was [rejected](Self::invalid_argument) or [failed](Self::with_unsent) before anything was sent.
    pub fn is_refused(&self) -> bool {
        self.0.refused || self.0.unsent
    }

    /// Returns the value of [`with_transient`](Self::with_transient).
    pub(crate) fn transient(&self) -> Option<bool> {
        self.0.transient
    }

    /// Sets what is known of the response of an operation that has succeeded, although the caller gets an error.
    ///
    /// [`may_be_running`](Self::may_be_running) is then `false`.
    pub fn with_response(mut self, response: Any) -> Self {
        self.0.response = Some(response);
        self
    }

    /// Prefixes the message with its context, as in `context: message`.
    pub fn in_context(mut self, context: &str) -> Self {
        self.0.message = match &*self.0.message {
            "" => context.to_owned(),
            message => format!("{}: {message}", without_stop(context)),
        };
        self
    }

    /// Sets the last known state of the operation.
    pub fn with_report(mut self, report: Report) -> Self {
        self.0.report = Some(report);
        self
    }
}

/// Compares origin, code, message and details. Report, source and delays are not compared.
impl PartialEq for Status {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        a.origin == b.origin && a.code == b.code && a.message == b.message && a.details == b.details
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.0.source, self.report().and_then(|report| report.last_failure.as_ref())) {
            (Some(source), _) => Some(&**source),
            // Failed calls do not cause the failure of an operation.
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
        details: First<Any, { Details::MOST }>,
    }
}

/// Serializes as `{"code", "message", "details"}`.
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Inner { code, message, details, .. } = &*self.0;
        let wire = WireStatus {
            code: *code,
            message: message.clone(),
            details: First { items: details.clone(), left_out: 0 },
        };
        message::write(&wire, serializer)
    }
}

/// Deserializes as the error of an operation, with [`Origin::OperationFailed`].
impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WireStatus { code, message, details } = message::read(deserializer)?;
        Ok(Self::from_number(code, message).with_details(details.items).with_origin(Origin::OperationFailed))
    }
}
