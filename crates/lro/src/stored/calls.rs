use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Registration, StoredWait};
use crate::{
    Attempt, LroTransport, OperationName, Status,
    rules::{Age, Call, Limit, Reply, Rules},
    telemetry::About,
};

/// The calls of one step of a stored wait.
pub(super) struct Calls<'a> {
    pub(super) rules: &'a Rules,
    pub(super) transport: &'a dyn LroTransport,
    pub(super) registration: &'a Registration,
    pub(super) name: OperationName,
    /// The age of the wait at `begun`.
    pub(super) age: Age,
    pub(super) begun: Instant,
}

impl Calls<'_> {
    /// Asks for the state of the operation.
    pub(super) async fn get(&self) -> (Call, Reply) {
        let (asked, time, limit) = self.limit();
        let attempt = Attempt::within(time);
        let reply = timeout(time, self.transport.get_operation_within(&self.name, &attempt)).await;
        let reply =
            reply.map_or(Reply::Cut(limit), |reply| Reply::Returned(reply.map_err(Status::of_a_call)));
        (self.call(asked), reply)
    }

    /// Requests the cancellation of the operation.
    pub(super) async fn cancel(&self) -> (Call, Result<Result<(), Status>, Limit>) {
        let (asked, time, limit) = self.limit();
        let attempt = Attempt::within(time);
        let reply = timeout(time, self.transport.cancel_operation_within(&self.name, &attempt)).await;
        (self.call(asked), reply.map_err(|_| limit))
    }

    /// Returns the age, the time for a call that begins now, and what limits it.
    ///
    /// The engine makes the last call when the deadline passes by its clock, which may be a little ahead of this one. The call then has
    /// the time of a last call, too.
    fn limit(&self) -> (Age, Duration, Limit) {
        let (now, deadline) = (self.now(), self.registration.deadline);
        let is_last = |deadline: &Age| deadline.saturating_sub(now) < Rules::GRACE;
        let begins = deadline.filter(is_last).map_or(now, |deadline| deadline.max(now));
        let (until, limit) = self.rules.limit(begins, deadline);
        (now, until.saturating_sub(now), limit)
    }

    fn call(&self, asked: Age) -> Call {
        let Registration { deadline, started, .. } = *self.registration;
        Call { deadline, started, ..Call::new(asked, self.now()) }
    }

    /// Returns what an event of a call is about.
    pub(super) fn about(&self, wait: &StoredWait, call: Call) -> About<'_> {
        about(self.registration, &self.name, wait, call.ended)
    }

    fn now(&self) -> Age {
        self.age.saturating_add(self.begun.elapsed())
    }
}

/// Returns what an event of a wait is about.
pub(super) fn about<'a>(
    registration: &'a Registration,
    operation: &'a OperationName,
    wait: &StoredWait,
    elapsed: Age,
) -> About<'a> {
    let (handle, polls) = (&registration.handle, wait.saved.tally.polls);
    About { operation, service: handle.service().key(), kind: handle.kind(), polls, elapsed }
}
