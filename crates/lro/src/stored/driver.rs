use std::{collections::HashMap, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Cancel, Polled, Registration, Requested, StoredWait, calls::Calls};
use crate::{
    Code, LroTransport, Service, Status,
    chance::Chance,
    pacing::{PacingByKind, StoredSchedule},
    rules::{Age, Ending, Rules, guard},
};

/// Makes the calls of stored waits, with the transports of the services that this process serves.
#[derive(Clone, Debug, Default)]
pub struct Driver {
    transports: HashMap<Service, Arc<dyn LroTransport>>,
    pacing: Option<Arc<dyn PacingByKind>>,
    rules: Rules,
}

/// What follows the calls of a stored wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// The next call is due after this delay.
    After(Duration),
    /// The wait has ended.
    Ended(Ending),
}

impl Driver {
    /// Adds a service. The [service](LroTransport::service) of the transport selects the operations.
    pub fn serve(mut self, transport: impl LroTransport + 'static) -> Self {
        self.transports.insert(transport.service(), Arc::new(transport));
        self
    }

    /// Sets the delays between polls, by the kind of the operation.
    ///
    /// Default: [`LroTransport::default_pacing`], or else [`Pacing::default`](crate::Pacing::default).
    pub fn pacing(self, pacing: impl PacingByKind + 'static) -> Self {
        Self { pacing: Some(Arc::new(pacing)), ..self }
    }

    /// Sets the rules that judge the calls.
    pub fn rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Limits the time for one call, whatever the [rules](Self::rules) allow.
    pub fn attempt_timeout_at_most(mut self, most: Duration) -> Self {
        self.rules.attempt_timeout = self.rules.attempt_timeout.min(most);
        self
    }

    /// Returns the transport of a service.
    ///
    /// # Errors
    ///
    /// `FAILED_PRECONDITION` if this driver does not serve it.
    pub fn transport(&self, service: &Service) -> Result<&dyn LroTransport, Status> {
        let transport = self.transports.get(service).map(|transport| &**transport);
        transport.ok_or_else(|| {
            Status::new(Code::FailedPrecondition, format!("this process has no transport for {service}"))
        })
    }

    /// Makes the calls of a wait that are due, and decides what follows. `age` is the time since the registration.
    ///
    /// It makes one poll. Before it there is a request to cancel, if that is [wanted](Cancel::Wanted); if the service accepts it, the
    /// poll follows in a quarter of a second. The state has no metadata, and takes at most 16 KiB.
    ///
    /// # Errors
    ///
    /// No transport serves the operation, or the transport panicked. Another process, or another version of the program, can go on with
    /// the state.
    pub async fn poll(
        &self,
        registration: &Registration,
        wait: &mut StoredWait,
        age: Age,
    ) -> Result<Step, Status> {
        let mut step = pin!(self.step(registration, wait, age));
        poll_fn(|context| match guard("the transport", || step.as_mut().poll(context)) {
            Ok(Poll::Ready(stepped)) => Poll::Ready(stepped),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panicked) => Poll::Ready(Err(panicked)),
        })
        .await
    }

    async fn step(
        &self,
        registration: &Registration,
        wait: &mut StoredWait,
        age: Age,
    ) -> Result<Step, Status> {
        let (name, transport) = (registration.name()?, self.transport(registration.service())?);
        let schedule = self.schedule(transport, registration.kind())?;
        // The clock of another process may be behind.
        let age = age.max(wait.saved.elapsed);
        let calls = Calls { rules: &self.rules, transport, registration, name, age, begun: Instant::now() };
        let mut chance = Chance::drawn();
        if wait.cancel == Cancel::Wanted {
            let (call, reply) = calls.cancel().await;
            let requested = wait.cancelled(&self.rules, call, reply, chance.next());
            if requested == Requested::Accepted {
                let left = call.deadline.map_or(Duration::MAX, |at| at.saturating_sub(call.ended));
                return Ok(Step::After(requested.delay().min(left)));
            }
        }
        let (call, reply) = calls.get().await;
        let pace = |position: &mut Vec<u8>, moment: &_| guard(PACING, || schedule.delay(position, moment));
        let polled = Polled { name: &calls.name, call, reply };
        let next = wait.polled(&self.rules, transport, polled, pace, chance.next());
        wait.shorten();
        Ok(match next {
            Ok(at) => Step::After(at.saturating_sub(call.ended)),
            Err(ending) => {
                let finish = wait.finish(&ending, call);
                // A panic of the pacing does not change the outcome.
                let _ = guard(PACING, || schedule.finished(&wait.position, &finish));
                Step::Ended(ending)
            }
        })
    }

    fn schedule(&self, transport: &dyn LroTransport, kind: &str) -> Result<StoredSchedule, Status> {
        guard(PACING, || {
            let own = self.pacing.as_ref().map(|pacing| pacing.pacing(kind));
            own.or_else(|| transport.default_pacing(kind)).unwrap_or_default().stored()
        })
    }
}

const PACING: &str = "the pacing";
