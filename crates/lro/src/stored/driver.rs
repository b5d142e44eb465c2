use std::{collections::HashMap, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    Cancel, Ended, Polled, Registration, Requested, StoredWait,
    calls::{Calls, about},
};
use crate::{
    Code, LroTransport, Service, Status,
    chance::Chance,
    pacing::{Moment, PacingByKind, StoredSchedule},
    rules::{Age, Ending, Expiry, Rules, guard, stopped},
    telemetry::{self, Observer},
};

/// Makes the calls of stored waits, with the transports of the services that this process serves.
///
/// Cloning is cheap: clones share the transports.
#[derive(Clone, Debug, Default)]
pub struct Driver {
    transports: Arc<HashMap<Service, Arc<dyn LroTransport>>>,
    pacing: Option<Arc<dyn PacingByKind>>,
    rules: Rules,
    observer: Option<Arc<dyn Observer>>,
    largest_outcome: Option<usize>,
}

/// What follows the calls of a stored wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// The next call is due after this delay, at most [`Driver::LONGEST_DELAY`].
    After(Duration),
    /// The wait has ended.
    Ended(Box<Ended>),
}

impl Driver {
    /// The delay after which an engine calls [`poll`](Self::poll) again that has returned an error.
    ///
    /// A process that can go on with the state may be deployed meanwhile. A shorter delay repeats the error without use.
    pub const UNSERVED_PAUSE: Duration = Duration::from_secs(60);

    /// The longest delay of a [step](Step::After): a century. An engine adds it to its time, which overflows with more.
    pub const LONGEST_DELAY: Duration = Duration::from_secs(100 * 366 * 86_400);

    /// Adds a service. The [service](LroTransport::service) of the transport selects the operations.
    pub fn serve(mut self, transport: impl LroTransport + 'static) -> Self {
        Arc::make_mut(&mut self.transports).insert(transport.service(), Arc::new(transport));
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

    /// Sets code that is called at the events of the waits, see [`telemetry`](crate::telemetry). Default: none.
    pub fn observe(self, observer: impl Observer + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Limits the time for one call, whatever the [rules](Self::rules) allow.
    pub fn attempt_timeout_at_most(mut self, most: Duration) -> Self {
        self.rules.attempt_timeout = self.rules.attempt_timeout.min(most);
        self
    }

    /// Sets the size of the largest outcome that the engine stores, in bytes. A larger one is replaced, see [`Ending::too_large`]:
    /// an engine that refuses it would poll for ever. Default: no limit.
    ///
    /// The size is that of the JSON of the ending as a string within JSON, the largest form that engines store.
    pub fn outcome_at_most(self, bytes: usize) -> Self {
        Self { largest_outcome: Some(bytes), ..self }
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
    /// It makes one poll. An operation that was just [started](Registration::started) is not polled before the first delay of the
    /// pacing. If a request to cancel is [wanted](Cancel::Wanted), it is sent before; after the service has accepted it, or has asked to
    /// wait, the poll follows in a later step.
    ///
    /// The state has no metadata before the end, and takes some hundred bytes.
    ///
    /// # Errors
    ///
    /// No transport serves the operation, or the transport or the choice of its pacing panicked. Another process, or another version of
    /// the program, can go on with the state, after [a pause](Self::UNSERVED_PAUSE). After the deadline the wait ends instead.
    pub async fn poll(
        &self,
        registration: &Registration,
        wait: &mut StoredWait,
        age: Age,
    ) -> Result<Step, Status> {
        // The clock of another process may be behind.
        let age = age.max(wait.saved.elapsed);
        let stepped = {
            let mut step = pin!(self.step(registration, wait, age));
            poll_fn(|context| match guard("the transport", || step.as_mut().poll(context)) {
                Ok(Poll::Ready(stepped)) => Poll::Ready(stepped),
                Ok(Poll::Pending) => Poll::Pending,
                Err(panicked) => Poll::Ready(Err(panicked)),
            })
            .await
        };
        match stepped {
            Err(fault) if registration.deadline.is_some_and(|deadline| age >= deadline) => {
                let why =
                    format_args!("{}, and the last poll was not made: {}", Expiry::Deadline, fault.message());
                let status = stopped(why);
                if let Ok(name) = registration.name() {
                    let about = about(registration, &name, wait, age);
                    telemetry::ended(&about, self.observer(), Err(&status));
                }
                Ok(self.ended(registration, wait, Ending::GaveUp(status)))
            }
            Ok(Step::After(delay)) => Ok(Step::After(delay.min(Self::LONGEST_DELAY))),
            stepped => stepped,
        }
    }

    async fn step(
        &self,
        registration: &Registration,
        wait: &mut StoredWait,
        age: Age,
    ) -> Result<Step, Status> {
        let (name, transport) = (registration.name()?, self.transport(registration.service())?);
        let schedule = self.schedule(transport, registration.kind())?;
        if registration.cancel {
            wait.request_cancel();
        }
        if registration.started && wait.saved.tally.polls == 0 && wait.cancel == Cancel::Unwanted {
            let first = guard(PACING, || first_delay(&schedule))?;
            let first = registration.deadline.map_or(first, |deadline| first.min(deadline));
            if age < first {
                return Ok(Step::After(first - age));
            }
        }
        let timeout = registration.attempt_timeout.unwrap_or(Duration::MAX).min(self.rules.attempt_timeout);
        let rules = Rules { attempt_timeout: timeout, ..self.rules.clone() };
        let calls = Calls { rules: &rules, transport, registration, name, age, begun: Instant::now() };
        let mut chance = Chance::drawn();
        if wait.cancel == Cancel::Wanted
            && let Some(delay) = self.cancel(&calls, wait, chance.next()).await
        {
            return Ok(Step::After(delay));
        }
        let (call, reply) = calls.get().await;
        let pace = |position: &mut Vec<u8>, moment: &_| guard(PACING, || schedule.delay(position, moment));
        let polled = Polled { name: &calls.name, call, reply };
        let next = wait.polled(&rules, transport, polled, pace, chance.next());
        wait.report(&calls.about(wait, call), self.observer(), call, &next);
        match next.into_ending() {
            Err(at) => {
                wait.shorten();
                Ok(Step::After(at.saturating_sub(call.ended)))
            }
            Ok(ending) => {
                wait.shorten_end();
                let finish = wait.finish(&ending, call);
                // A panic of the pacing does not change the outcome.
                let _ = guard(PACING, || schedule.finished(&wait.position, &finish));
                Ok(self.ended(registration, wait, ending))
            }
        }
    }

    /// Returns the end of a wait, with an outcome that the engine can store.
    fn ended(&self, registration: &Registration, wait: &StoredWait, ending: Ending) -> Step {
        let ending = match self.largest_outcome.map(|most| (stored_size(&ending), most)) {
            Some((size, most)) if size > most => ending.too_large(size, most),
            _ => ending,
        };
        Step::Ended(Box::new(Ended::new(registration.clone(), ending, wait.saved.clone())))
    }

    /// Sends a request to cancel. Returns the delay to the poll, `None` if it follows at once.
    async fn cancel(&self, calls: &Calls<'_>, wait: &mut StoredWait, chance: f64) -> Option<Duration> {
        if !calls.transport.capabilities().cancel {
            wait.cannot_cancel(&Status::unsupported(
                calls.registration.service(),
                "cancel",
                calls.name.as_str(),
            ));
            return None;
        }
        let (call, reply) = calls.cancel().await;
        let requested = wait.cancelled(&self.rules, call, reply, chance);
        telemetry::cancel_requested(&calls.about(wait, call), requested.failure().map_or(Ok(()), Err));
        wait.shorten();
        let delay = match &requested {
            Requested::Accepted => requested.delay(),
            // The server wants no calls for a while.
            Requested::Failed { status, .. } => self.rules.hint(status.retry_after()),
            Requested::Refused(_) => Duration::ZERO,
        };
        let delay = delay.max(wait.hint_after(call));
        let left = call.deadline.map_or(Duration::MAX, |at| at.saturating_sub(call.ended));
        Some(delay.min(left)).filter(|delay| !delay.is_zero())
    }

    fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    fn schedule(&self, transport: &dyn LroTransport, kind: &str) -> Result<StoredSchedule, Status> {
        guard(PACING, || {
            let own = self.pacing.as_ref().map(|pacing| pacing.pacing(kind));
            own.or_else(|| transport.default_pacing(kind)).unwrap_or_default().stored()
        })
    }
}

/// Returns the delay to the first poll of an operation that a starting call has returned.
fn first_delay(schedule: &StoredSchedule) -> Duration {
    let delay =
        |polls| schedule.delay(&mut Vec::new(), &Moment::new(Duration::ZERO, polls)).unwrap_or_default();
    // A delay before the first poll is a prediction of the end. Otherwise the reply to the starting call counts as the first.
    Some(delay(0)).filter(|first| !first.is_zero()).unwrap_or_else(|| delay(1))
}

/// Returns the size of the JSON of an ending as a string within JSON.
fn stored_size(ending: &Ending) -> usize {
    let size = serde_json::to_string(ending).and_then(|json| serde_json::to_string(&json));
    size.map_or(usize::MAX, |text| text.len())
}

const PACING: &str = "the pacing";
