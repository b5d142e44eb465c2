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
use tokio::time::{Instant, sleep};

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
    Cancel(Result<Result<(), Status>, Limit>),
    /// The transport panicked.
    Panicked(String),
}

type InFlight<'c, T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send + 'c>>;

/// Makes a call, and cuts it at its limit.
pub(super) async fn make(call: Call, rules: Arc<Rules>) -> Called {
    let Call { id, transport, name, cancels, age, deadline, permit } = call;
    let (until, limit) = rules.limit(age, deadline);
    let timeout = until.saturating_sub(age);
    let attempt = Attempt::within(timeout).with_permit(permit.clone());
    let is_sent = async {
        if !transport.takes_permits() {
            permit.take().await;
        }
    };
    let answer = if cancels {
        let begin = || transport.cancel_operation_within(&name, &attempt);
        match answered(is_sent, begin, timeout).await {
            Ok(reply) => Answer::Cancel(reply.ok_or(limit)),
            Err(panicked) => Answer::Panicked(panicked),
        }
    } else {
        let begin = || transport.get_operation_within(&name, &attempt);
        match answered(is_sent, begin, timeout).await {
            Ok(reply) => Answer::State(
                reply.map_or(Reply::Cut(limit), |reply| Reply::Returned(reply.map_err(Status::of_a_call))),
            ),
            Err(panicked) => Answer::Panicked(panicked),
        }
    };
    Called { id, answer, sent_at: permit.taken_at(), ended_at: Instant::now() }
}

/// Returns the reply of a call, `None` if it is cut.
///
/// # Errors
///
/// The message of a panic of the transport.
async fn answered<'c, T>(
    is_sent: impl Future<Output = ()>,
    begin: impl FnOnce() -> InFlight<'c, T>,
    timeout: Duration,
) -> Result<Option<Result<T, Status>>, String> {
    let cut = sleep(timeout);
    tokio::pin!(cut, is_sent);
    tokio::select! {
        biased;
        () = &mut is_sent => {}
        () = &mut cut => return Ok(None),
    }
    let mut in_flight = guard(TRANSPORT, begin).map_err(message)?;
    let reply = poll_fn(|context| match guard(TRANSPORT, || in_flight.as_mut().poll(context)) {
        Ok(Poll::Ready(reply)) => Poll::Ready(Ok(reply)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panicked) => Poll::Ready(Err(message(panicked))),
    });
    let answer = tokio::select! {
        biased;
        reply = reply => reply.map(Some),
        () = &mut cut => Ok(None),
    };
    // Its destructor is code of the caller, and may panic.
    let _ = guard(TRANSPORT, || drop(in_flight));
    answer
}

fn message(panicked: Status) -> String {
    let message = panicked.message();
    message.strip_prefix("stopped asking: ").unwrap_or(message).to_owned()
}

const TRANSPORT: &str = "the transport";
