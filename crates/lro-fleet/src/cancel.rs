use lro::{
    Attempt, LroTransport, OperationName, Status,
    rules::{Call, FailedCall, Retry, Trouble},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{driver::answer, shared::Shared};

/// Asks the server to cancel an operation, by the rules of a poll and within the rate of its quota key.
pub(crate) async fn cancel(shared: &Shared, name: &OperationName, key: &str) -> Result<(), Status> {
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
        let status = match timeout(rules.attempt_timeout, call).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(status)) => status,
            Err(_) => Status::unanswered(rules.attempt_timeout),
        };
        let call = Call::new(asked, began.elapsed());
        let failed = FailedCall { status, call, had_reply: true };
        match rules.retry(&mut trouble, failed, fastrand::f64()) {
            Retry::After(delay) => sleep(delay).await,
            Retry::Exhausted(status) | Retry::Final(status) => return Err(status),
        }
    }
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
