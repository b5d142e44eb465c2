use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lro::{
    Attempt, LroTransport, Service, Status,
    pacing::PacingByKind,
    rules::{Ending, Reply, Rules},
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use crate::{
    ended::storable,
    wait::{Cancel, Judge, Wait},
};

#[cfg(test)]
mod tests;

/// Makes the calls of a poll. It knows nothing of the engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Polling {
    pub(crate) transports: HashMap<Service, Arc<dyn LroTransport>>,
    pub(crate) pacing: Option<Arc<dyn PacingByKind>>,
    pub(crate) rules: Rules,
}

impl Polling {
    pub(crate) fn transport(&self, service: &Service) -> Result<&dyn LroTransport, String> {
        let transport = self.transports.get(service).map(|transport| &**transport);
        transport.ok_or_else(|| format!("this worker has no transport for {service}"))
    }

    /// Makes the calls that are due, and decides what follows.
    ///
    /// # Errors
    ///
    /// No transport serves the operation. The engine repeats the step, until a worker has one.
    pub(crate) async fn poll(&self, mut wait: Wait, now_ms: u64) -> Result<Polled, String> {
        let Self { pacing, rules, .. } = self;
        let transport = self.transport(wait.registration.service())?;
        let kind = wait.registration.kind();
        let pacing =
            pacing.as_ref().map(|pacing| pacing.pacing(kind)).or_else(|| transport.default_pacing(kind));
        let judge = Judge { rules, pacing: &pacing.unwrap_or_default(), transport };
        let Ok(name) = wait.registration.name() else {
            return Err("the registration has no name".to_owned());
        };
        let (begun, age) = (Instant::now(), wait.age(now_ms));
        let now = || age + begun.elapsed();
        let is_wanted = wait.cancel == Some(Cancel::Wanted);
        if is_wanted {
            let asked = now();
            let time = rules.limit(asked, wait.call(asked, asked).deadline).0.saturating_sub(asked);
            let reply = timeout(time, transport.cancel_operation_within(&name, &Attempt::within(time))).await;
            let reply = reply.unwrap_or_else(|_| Err(Status::unanswered(time))).map_err(Status::of_a_call);
            let call = wait.call(asked, now());
            if let Some(delay) = wait.cancelled(rules, call, reply, fastrand::f64()) {
                return Ok(Polled { wait, next: Next::After(delay) });
            }
        }
        let asked = now();
        let call = wait.call(asked, asked);
        let (until, limit) = rules.limit(asked, call.deadline);
        let time = until.saturating_sub(asked);
        let reply = timeout(time, transport.get_operation_within(&name, &Attempt::within(time))).await;
        let reply = reply.map_or(Reply::Cut(limit), Reply::Returned);
        let call = wait.call(asked, now());
        let next = match wait.polled(judge, call, reply, fastrand::f64()) {
            Ok(delay) => Next::After(delay),
            Err(ending) => Next::Ended(storable(ending)),
        };
        Ok(Polled { wait, next })
    }

    /// Two calls of this length end before the engine's inactivity timeout of 10 minutes.
    pub(crate) const LONGEST_CALL: Duration = Duration::from_secs(240);
}

/// The journaled result of a poll: neither metadata nor a reply that is not the last.
#[derive(Serialize, Deserialize)]
pub(crate) struct Polled {
    pub(crate) wait: Wait,
    pub(crate) next: Next,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Next {
    After(Duration),
    Ended(Ending),
}

pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
