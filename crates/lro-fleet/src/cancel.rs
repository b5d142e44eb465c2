use lro::{
    Attempt, LroTransport, OperationName, Status,
    rules::{Age, Call, FailedCall, Retry, Trouble, guard_call},
    telemetry::{self, About},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{driver::answer, shared::Shared};

/// Asks the server to cancel an operation, by the rules of a poll and within the rate of its quota key.
pub(crate) async fn cancel(shared: &Shared, name: &OperationName, key: &str) -> Result<(), Status> {
    // SPEC 38
    if !guard_call("the transport", || shared.transport.capabilities())?.cancel {
        return Err(Status::unsupported(&shared.settings.service, "cancel", name.as_str()));
    }
    let (rules, began) = (&shared.settings.rules, Instant::now());
    let mut trouble = Trouble::default();
    loop {
        let key = turn(shared, key).await;
        let asked = began.elapsed();
        let mut attempt = Attempt::within(rules.attempt_timeout);
        if let Some(permit) = shared.gates.permit(key) {
            attempt = attempt.with_permit(permit);
        }
        let call = answer(|| shared.transport.cancel_operation_within(name, &attempt));
        let reply = timeout(rules.attempt_timeout, call).await;
        let reply = reply.unwrap_or_else(|_| Err(Status::unanswered(rules.attempt_timeout)));
        report(shared, name, began.elapsed(), reply.as_ref().copied());
        let Err(status) = reply else {
            return Ok(());
        };
        let call = Call::new(asked, began.elapsed());
        let failed = FailedCall { status, call, had_reply: true };
        match rules.retry(&mut trouble, failed, fastrand::f64()) {
            Retry::After(delay) => sleep(delay).await,
            Retry::Exhausted(status) | Retry::Final(status) => return Err(status),
        }
    }
}

/// Reports a request that has ended. `age` is the time since the cancellation was asked for, for an operation that is not waited for.
fn report(shared: &Shared, name: &OperationName, age: Age, reply: Result<(), &Status>) {
    if !telemetry::is_wanted(None) {
        return;
    }
    let service = shared.settings.service.key();
    let known = shared.with(|state| state.known(name));
    let (kind, polls, elapsed) = known.unwrap_or_else(|| (service.into(), 0, age));
    let kind = Some(&*kind).filter(|kind| *kind != service);
    telemetry::cancel_requested(&About { operation: name, service, kind, polls, elapsed }, reply);
}

/// Waits for the turn of a call. Returns the number of its quota key.
async fn turn(shared: &Shared, key: &str) -> usize {
    loop {
        // The request is counted before it is sent, so that polls do not take its turn.
        let (turn, delay) = match shared.with(|state| state.reserve(key.to_owned())) {
            Ok((key, delay)) => (Some(key), delay),
            Err(again) => (None, again),
        };
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if let Some(key) = turn {
            return key;
        }
    }
}
