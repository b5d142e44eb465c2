use std::time::Duration;

use tracing::{Level, Span, debug, enabled, error, field::Empty, info, info_span, warn};

use super::{About, Observer};
use crate::{
    Code, OperationName, Outcome, Status,
    rules::{Call, Next, Seen, Trouble, caught, guard},
};

/// Emits an event with the fields that all have, and with its own.
macro_rules! event {
    ($level:ident, $about:expr, { $($fields:tt)* }, $($message:tt)+) => {{
        let About { operation, service, kind, polls, .. } = *$about;
        $level!(
            target: TARGET,
            {
                lro.operation = operation.as_str(),
                lro.service = service,
                lro.kind = kind,
                lro.polls = polls,
                $($fields)*
            },
            $($message)+
        )
    }};
}

/// Returns whether somebody wants the events of calls. The functions of this module are for authors of [drivers](crate::rules).
pub fn is_wanted(observer: Option<&dyn Observer>) -> bool {
    observer.is_some() || guard(SUBSCRIBER, || enabled!(target: TARGET, Level::DEBUG)).unwrap_or(false)
}

/// Reports what a call for the state of the operation has brought, after [`Rules::step`](crate::rules::Rules::step) has judged it.
///
/// `trouble` has the failures of the wait, this call's included. `pause` is the delay to the next call, `None` if the wait ends.
pub fn called(
    about: &About<'_>,
    observer: Option<&dyn Observer>,
    (call, next): (Call, &Next),
    trouble: Option<&Trouble>,
    pause: Option<Duration>,
) {
    if !is_wanted(observer) {
        return;
    }
    match (next.seen(), next) {
        (Seen::Running, _) => polled(about, observer, false, pause),
        (Seen::Done, _) => polled(about, observer, true, pause),
        (Seen::Failed, _) => {
            if let Some(failure) = trouble.and_then(Trouble::last_failure) {
                failed(about, observer, failure, pause);
            }
        }
        (Seen::Nothing, Next::Failed { status, .. }) => failed(about, observer, status, pause),
        (Seen::Nothing, _) => {
            failed(about, observer, &Status::unanswered(call.ended.saturating_sub(call.asked)), pause);
        }
    }
}

fn polled(about: &About<'_>, observer: Option<&dyn Observer>, is_done: bool, pause: Option<Duration>) {
    reported(|| {
        event!(debug, about, { lro.done = is_done, lro.pause_ms = pause.map(millis) }, "operation polled");
        if let Some(observer) = observer.filter(|_| !is_done) {
            observer.on_poll(about, pause);
        }
    });
}

/// Reports that a call has brought no state.
pub(crate) fn failed(
    about: &About<'_>,
    observer: Option<&dyn Observer>,
    failure: &Status,
    pause: Option<Duration>,
) {
    reported(|| {
        event!(debug, about, {
            lro.code = failure.code().name(),
            lro.error = %failure,
            lro.pause_ms = pause.map(millis),
        }, "poll failed");
        if let Some(observer) = observer {
            observer.on_failure(about, failure, pause);
        }
    });
}

/// Reports that a request to cancel has ended.
pub fn cancel_requested(about: &About<'_>, reply: Result<(), &Status>) {
    reported(|| {
        event!(debug, about, {
            lro.accepted = reply.is_ok(),
            lro.error = reply.err().map(display),
        }, "cancellation requested");
    });
}

/// Reports the end of a wait.
pub fn ended(about: &About<'_>, observer: Option<&dyn Observer>, end: Result<&Outcome, &Status>) {
    let elapsed = millis(about.elapsed);
    reported(|| {
        match end {
            Ok(Outcome::Response(_) | Outcome::Neither) => {
                event!(info, about, { lro.elapsed_ms = elapsed }, "operation succeeded")
            }
            Ok(Outcome::Error(error)) => {
                event!(info, about, {
                    lro.elapsed_ms = elapsed,
                    lro.code = error.code().name(),
                    lro.error = %error,
                }, "operation failed")
            }
            Err(status) => {
                event!(warn, about, {
                    lro.elapsed_ms = elapsed,
                    lro.origin = ?status.origin(),
                    lro.code = status.code().name(),
                    lro.error = %status,
                }, "{}", if status.may_be_running() { MAY_BE_RUNNING } else { "gave up waiting" })
            }
        }
        if let Some(observer) = observer {
            observer.on_outcome(about, end);
        }
    });
}

/// Reports the end of a wait, if what follows from a call ends it.
pub fn ended_by(about: &About<'_>, observer: Option<&dyn Observer>, next: &Next) {
    match next {
        Next::Ask { .. } => {}
        Next::Done(outcome) => ended(about, observer, Ok(outcome)),
        Next::Failed { status, .. } => ended(about, observer, Err(status)),
        Next::Expired { why, .. } => ended(about, observer, Err(&why.status())),
    }
}

/// Runs the subscriber and the observer, which are code of the caller. The subscriber that has panicked may not get the event of it.
fn reported(report: impl FnOnce()) {
    if let Err(panicked) = caught("the observer of a wait", report) {
        let _ = guard(SUBSCRIBER, || error!(target: TARGET, %panicked, "an event is lost"));
    }
}

/// Returns the span of a wait.
pub(crate) fn span(operation: &OperationName) -> Span {
    let span = guard(
        SUBSCRIBER,
        || info_span!(target: TARGET, "lro.wait", lro.operation = operation.as_str(), lro.polls = Empty, lro.code = Empty),
    );
    span.unwrap_or_else(|_| Span::none())
}

/// Records in the span of a wait how it has ended.
pub(crate) fn record_end(span: &Span, polls: u32, end: Result<&Outcome, &Status>) {
    let code = match end {
        Ok(Outcome::Response(_) | Outcome::Neither) => Code::Ok,
        Ok(Outcome::Error(status)) | Err(status) => status.code(),
    };
    let _ = guard(SUBSCRIBER, || span.record("lro.polls", polls).record("lro.code", code.name()).id());
}

/// Runs code within the span of a wait, whether the subscriber panics or not.
pub(crate) fn within<T>(span: &Span, code: impl FnOnce() -> T) -> T {
    let entered = guard(SUBSCRIBER, || span.enter());
    let result = code();
    let _ = guard(SUBSCRIBER, || drop(entered));
    result
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const MAY_BE_RUNNING: &str = "gave up waiting; the operation may still be running";
const TARGET: &str = "lro::telemetry";
pub(super) const SUBSCRIBER: &str = "the subscriber of the events";
