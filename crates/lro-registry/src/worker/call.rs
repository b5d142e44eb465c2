use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use lro::{
    Attempt, LroTransport, OperationName, Status,
    rules::{Age, Limit, Reply, Rules, guard},
};
use lro_control::Reply as Said;
use tokio::time::{Instant, sleep_until};

use super::permit::CallPermit;

/// A call to make.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) transport: Arc<dyn LroTransport>,
    pub(super) name: OperationName,
    pub(super) cancels: bool,
    /// The age of the wait at `now`.
    pub(super) age: Age,
    pub(super) deadline: Option<Age>,
    pub(super) permit: Arc<CallPermit>,
}

/// A call that has ended.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) id: u64,
    pub(super) answer: Answer,
    /// When it was sent. `None` if it ended before.
    pub(super) sent_at: Option<Instant>,
    pub(super) ended_at: Instant,
}

/// What a call brought.
#[derive(Debug)]
pub(super) enum Answer {
    State(Reply),
    /// It was ended before.
    Revoked,
    Cancel(Result<Result<(), Status>, Limit>),
    /// The transport panicked.
    Panicked(String),
}

impl Answer {
    /// Returns what the call says of the service. `None` if it says nothing.
    pub(super) fn says(&self, rules: &Rules) -> Option<Said> {
        let failed = |status: &Status| Said::of_failed(status, rules.hint(status.retry_after()));
        match self {
            Self::State(Reply::Returned(Ok(_))) | Self::Cancel(Ok(Ok(()))) => Some(Said::Good),
            Self::State(Reply::Returned(Err(status))) | Self::Cancel(Ok(Err(status))) => Some(failed(status)),
            Self::State(Reply::Cut(Limit::Attempt)) | Self::Cancel(Err(Limit::Attempt)) => {
                Some(Said::TimedOut)
            }
            // At a deadline: the call might have been answered in time.
            Self::State(Reply::Cut(_)) | Self::Cancel(Err(_)) | Self::Panicked(_) | Self::Revoked => None,
        }
    }
}

type InFlight<'c, T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send + 'c>>;

/// How a call ended: by its reply, at its limit, or because its permission was revoked.
enum Ended<T> {
    Reply(Result<T, Status>),
    Cut,
    Revoked,
}

/// Makes a call, and cuts it at its limit. The time for it counts from its permission.
pub(super) async fn make(call: Call, rules: Arc<Rules>) -> Called {
    let Call { id, transport, name, cancels, age, deadline, permit } = call;
    let (until, limit) = rules.limit(age, deadline);
    let timeout = until.saturating_sub(age);
    let attempt = Attempt::within(timeout).with_permit(permit.clone());
    let takes_permits = match guard(TRANSPORT, || transport.takes_permits()) {
        Ok(takes_permits) => takes_permits,
        Err(panicked) => {
            let answer = Answer::Panicked(message(panicked));
            return Called { id, answer, sent_at: None, ended_at: Instant::now() };
        }
    };
    let answer = if cancels {
        let begin = || transport.cancel_operation_within(&name, &attempt);
        match ended(&permit, takes_permits, begin, timeout).await {
            Ok(Ended::Reply(reply)) => Answer::Cancel(Ok(reply)),
            Ok(Ended::Cut) => Answer::Cancel(Err(limit)),
            Ok(Ended::Revoked) => Answer::Revoked,
            Err(panicked) => Answer::Panicked(panicked),
        }
    } else {
        let begin = || transport.get_operation_within(&name, &attempt);
        match ended(&permit, takes_permits, begin, timeout).await {
            Ok(Ended::Reply(reply)) => Answer::State(Reply::Returned(reply.map_err(Status::of_a_call))),
            Ok(Ended::Cut) => Answer::State(Reply::Cut(limit)),
            Ok(Ended::Revoked) => Answer::Revoked,
            Err(panicked) => Answer::Panicked(panicked),
        }
    };
    Called { id, answer, sent_at: permit.taken_at(), ended_at: Instant::now() }
}

/// Returns how a call ended.
///
/// # Errors
///
/// The message of a panic of the transport.
async fn ended<'c, T>(
    permit: &CallPermit,
    takes_permits: bool,
    begin: impl FnOnce() -> InFlight<'c, T>,
    timeout: Duration,
) -> Result<Ended<T>, String> {
    let cut = async {
        // Another claim gives the call another permission.
        loop {
            let (until, now) = (permit.given_at() + timeout, Instant::now());
            // A call that waits for a permission does not hang.
            if until <= now && !permit.is_waiting() {
                return;
            }
            sleep_until(if until > now { until } else { now + LOOK_AGAIN }).await;
        }
    };
    tokio::pin!(cut);
    if !takes_permits {
        tokio::select! {
            biased;
            () = permit.take() => {}
            () = &mut cut => return Ok(Ended::Cut),
            () = permit.revoked() => return Ok(Ended::Revoked),
        }
    }
    let mut in_flight = guard(TRANSPORT, begin).map_err(message)?;
    let reply = poll_fn(|context| match guard(TRANSPORT, || in_flight.as_mut().poll(context)) {
        Ok(Poll::Ready(reply)) => Poll::Ready(Ok(reply)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panicked) => Poll::Ready(Err(message(panicked))),
    });
    let ended = tokio::select! {
        biased;
        reply = reply => reply.map(Ended::Reply),
        () = &mut cut => Ok(Ended::Cut),
        () = permit.revoked() => Ok(Ended::Revoked),
    };
    // Its destructor is code of the caller, and may panic.
    let _ = guard(TRANSPORT, || drop(in_flight));
    ended
}

fn message(panicked: Status) -> String {
    let message = panicked.message();
    message.strip_prefix("stopped asking: ").unwrap_or(message).to_owned()
}

/// How late a call that has waited for its permission is cut.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const TRANSPORT: &str = "the transport";
