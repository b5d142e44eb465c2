use std::time::Duration;

use tracing::{Level, debug, enabled, error, info, warn};

use super::{About, Observer};
use crate::{Outcome, Status, rules::guard};

/// Returns whether somebody wants the events of calls. The functions of this module are for authors of [drivers](crate::rules).
pub fn is_wanted(observer: Option<&dyn Observer>) -> bool {
    observer.is_some() || guard(SUBSCRIBER, || enabled!(Level::DEBUG)).unwrap_or(false)
}

/// Reports that a call has brought the state of the operation.
///
/// `pause` is the delay to the next call, `None` if the wait ends.
pub fn polled(about: &About<'_>, observer: Option<&dyn Observer>, is_done: bool, pause: Option<Duration>) {
    let About { operation, service, kind, polls, .. } = *about;
    reported(|| {
        debug!(
            lro.operation = operation.as_str(),
            lro.service = service,
            lro.kind = kind,
            lro.polls = polls,
            lro.done = is_done,
            lro.pause_ms = pause.map(millis),
            "operation polled"
        );
        if let Some(observer) = observer.filter(|_| !is_done) {
            observer.on_poll(about, pause);
        }
    });
}

/// Reports that a call has brought no state.
pub fn failed(about: &About<'_>, observer: Option<&dyn Observer>, failure: &Status, pause: Option<Duration>) {
    let About { operation, service, kind, polls, .. } = *about;
    reported(|| {
        debug!(
            lro.operation = operation.as_str(),
            lro.service = service,
            lro.kind = kind,
            lro.polls = polls,
            lro.code = failure.code().name(),
            lro.error = %failure,
            lro.pause_ms = pause.map(millis),
            "poll failed"
        );
        if let Some(observer) = observer {
            observer.on_failure(about, failure, pause);
        }
    });
}

/// Reports that a request to cancel has ended.
pub fn cancel_requested(about: &About<'_>, reply: Result<(), &Status>) {
    let About { operation, service, kind, polls, .. } = *about;
    reported(|| {
        debug!(
            lro.operation = operation.as_str(),
            lro.service = service,
            lro.kind = kind,
            lro.polls = polls,
            lro.accepted = reply.is_ok(),
            lro.error = reply.err().map(display),
            "cancellation requested"
        );
    });
}

/// Reports the end of a wait.
pub fn ended(about: &About<'_>, observer: Option<&dyn Observer>, end: Result<&Outcome, &Status>) {
    let About { operation, service, kind, polls, elapsed } = *about;
    let (operation, elapsed) = (operation.as_str(), millis(elapsed));
    reported(|| {
        match end {
            Ok(Outcome::Response(_) | Outcome::Neither) => info!(
                lro.operation = operation,
                lro.service = service,
                lro.kind = kind,
                lro.polls = polls,
                lro.elapsed_ms = elapsed,
                "operation succeeded"
            ),
            Ok(Outcome::Error(error)) => info!(
                lro.operation = operation,
                lro.service = service,
                lro.kind = kind,
                lro.polls = polls,
                lro.elapsed_ms = elapsed,
                lro.code = error.code().name(),
                lro.error = %error,
                "operation failed"
            ),
            Err(status) => warn!(
                lro.operation = operation,
                lro.service = service,
                lro.kind = kind,
                lro.polls = polls,
                lro.elapsed_ms = elapsed,
                lro.origin = ?status.origin(),
                lro.code = status.code().name(),
                lro.error = %status,
                "gave up waiting; the operation may still be running"
            ),
        }
        if let Some(observer) = observer {
            observer.on_outcome(about, end);
        }
    });
}

/// Runs the subscriber and the observer, which are code of the caller. The subscriber that has panicked may not get the event of it.
fn reported(report: impl FnOnce()) {
    if let Err(panicked) = guard("the observer of a wait", report) {
        let _ = guard(SUBSCRIBER, || error!(%panicked, "an event is lost"));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const SUBSCRIBER: &str = "the subscriber of the events";
