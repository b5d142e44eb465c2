#![allow(missing_docs, missing_debug_implementations, reason = "what the macro generates has neither")]

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::FutureExt;
use lro::{
    Any, Attempt, Code, LroTransport, Status,
    pacing::{Moment, PacingByKind},
    rules::{Age, Call, Ending, FailedCall, Known, Reply, Retry, Rules, Saved, Trouble, guard},
};
use serde::{Deserialize, Serialize};
use temporalio_common::error::ApplicationErrorCategory::{self, Benign, Unspecified};
use temporalio_macros::activities;
use temporalio_sdk::{
    ApplicationFailure,
    activities::{ActivityContext, ActivityError},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{Ended, Registration, ended::text, registration::LONGEST};

/// The activity that polls operations, with the transports of the services that this worker serves.
///
/// A worker registers it with `WorkerOptions::register_activities`.
///
/// ```
/// use lro::{LroTransport, Pacing};
/// use lro_temporal::Polls;
///
/// fn polls(printer: impl LroTransport + 'static) -> Polls {
///     Polls::default().serve(printer).pacing(Pacing::proportional(0.05))
/// }
/// ```
#[derive(Debug, Default)]
pub struct Polls {
    transports: HashMap<String, Arc<dyn LroTransport>>,
    pacing: Option<Arc<dyn PacingByKind>>,
    rules: Rules,
}

/// The state of a wait between two attempts. It has no metadata and no response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(with = "text")]
    pub(crate) saved: Saved,
    /// The position in the pacing, as the pacing stores it.
    cursor: Vec<u8>,
    /// Whether the service has accepted or refused the request to cancel.
    cancel_sent: bool,
}

impl Polls {
    /// Adds a service. The transport must name its [service](LroTransport::service).
    pub fn serve(mut self, transport: impl LroTransport + 'static) -> Self {
        self.transports.insert(transport.service().to_string(), Arc::new(transport));
        self
    }

    /// Sets the delays between polls, by the kind of the operation. Default: those of the transport.
    pub fn pacing(self, pacing: impl PacingByKind + 'static) -> Self {
        Self { pacing: Some(Arc::new(pacing)), ..self }
    }

    /// Sets the rules that judge the polls. Temporal's retry policy does not. The timeout of a call is that of the registration.
    pub fn rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Makes the polls of one attempt, from the age `age` of the wait on.
    ///
    /// # Errors
    ///
    /// The failure that makes Temporal repeat the attempt.
    pub(crate) async fn attempt(
        &self,
        registration: &Registration,
        state: &mut State,
        age: Age,
    ) -> Result<Ended, ApplicationFailure> {
        let Registration { service, name, deadline, started, attempt_timeout, .. } = registration;
        let unserved = || failure(format!("no transport of {service}"), UNSERVED_PAUSE, Unspecified);
        let transport = self.transports.get(&service.to_string()).ok_or_else(unserved)?;
        let kind = registration.kind.as_deref().unwrap_or_else(|| service.key());
        let pacing = self.pacing.as_ref().map(|pacing| pacing.pacing(kind));
        let pacing = pacing.or_else(|| transport.default_pacing(kind)).unwrap_or_default();
        let rules = Rules { attempt_timeout: *attempt_timeout, ..self.rules.clone() };
        let begun = Instant::now();
        loop {
            if registration.cancel && !state.cancel_sent {
                let asked = age + begun.elapsed();
                let within = rules.limit(asked, *deadline).0.saturating_sub(asked);
                let attempt = Attempt::within(within);
                let call = caught(transport.cancel_operation_within(name, &attempt));
                let reply = timeout(within, call).await.unwrap_or_else(|_| Err(Status::unanswered(within)));
                let call = Call {
                    deadline: *deadline,
                    started: *started,
                    ..Call::new(asked, age + begun.elapsed())
                };
                let had_reply = state.saved.tally.replies > 0;
                // The budget is that of the polls. Only a refusal ends the requests.
                let mut trouble = state.saved.trouble.clone().unwrap_or_default();
                state.cancel_sent = reply.map_err(Status::of_a_call).map_or_else(
                    |status| {
                        let failed = FailedCall { status, call, had_reply };
                        matches!(rules.retry(&mut trouble, failed, fastrand::f64()), Retry::Final(_))
                    },
                    |()| true,
                );
            }
            let asked = age + begun.elapsed();
            let (until, limit) = rules.limit(asked, *deadline);
            let attempt = Attempt::within(until.saturating_sub(asked));
            let call = caught(transport.get_operation_within(name, &attempt));
            let reply = match timeout(until.saturating_sub(asked), call).await {
                Ok(result) => Reply::Returned(result),
                Err(_) => Reply::Cut(limit),
            };
            let ended = age + begun.elapsed();
            let call = Call { deadline: *deadline, started: *started, ..Call::new(asked, ended) };
            let State { saved: Saved { tally, trouble, elapsed, .. }, cursor, .. } = state;
            *elapsed = ended;
            let known = Known { name: name.as_str(), tally, trouble, metadata: &mut None };
            let pace = |moment: &Moment, fresh: Option<&Any>| {
                let progress = || fresh.and_then(|metadata| transport.progress(metadata));
                guard("the pacing", || pacing.stored().delay(cursor, &moment.with_progress(progress())))
            };
            let next = rules.step(known, call, reply, pace, fastrand::f64()).into_ending();
            // A reply that is no failure may have an error, too.
            if size(&state.saved) > LARGEST_FAILURE {
                state.saved.trouble.iter_mut().for_each(Trouble::shorten_last);
            }
            let at = match next {
                Err(at) => at,
                Ok(ending) => {
                    let (registration, saved) = (registration.clone(), state.saved.clone());
                    return Ok(Ended { registration, ending: storable(ending), saved });
                }
            };
            let delay = at.saturating_sub(ended);
            if delay >= LEAST_RETRY_DELAY || begun.elapsed() + delay > SPAN {
                return Err(failure("the operation is not known to be done".to_owned(), delay, Benign));
            }
            sleep(delay).await;
        }
    }
}

#[activities]
impl Polls {
    /// Polls an operation once. Temporal calls it again until the operation is done or the wait is given up.
    #[activity(name = "lro.poll")]
    pub async fn poll(
        self: Arc<Self>,
        ctx: ActivityContext,
        registration: Registration,
    ) -> Result<Ended, ActivityError> {
        // Without details it is the first attempt, or the state was lost: the counts begin anew, at the age that the wait has.
        let mut state: State = ctx
            .heartbeat_details()
            .deserialize()
            .map_err(|fault| {
                failure(format!("cannot read the state of the wait: {fault}"), UNSERVED_PAUSE, Unspecified)
            })?
            .unwrap_or_default();
        let now = SystemTime::now();
        let age = now.duration_since(ctx.info().scheduled_time.unwrap_or(now)).unwrap_or_default();
        let age = age.max(state.saved.elapsed);
        let attempted = self.attempt(&registration, &mut state, age).await;
        if attempted.is_err() {
            ctx.record_heartbeat(state).await?;
        }
        Ok(attempted?)
    }
}

/// Returns the failure of an attempt that Temporal repeats after a delay.
fn failure(text: String, delay: Duration, category: ApplicationErrorCategory) -> ApplicationFailure {
    let builder = ApplicationFailure::builder(text).type_name("lro.Pending".to_owned());
    builder.next_retry_delay(delay.min(LONGEST)).category(category).build()
}

/// Makes a call of a transport. A transport that panics fails the call.
async fn caught<T>(call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let panicked = |_| Err(Status::new(Code::Internal, "the transport panicked").with_transient(false));
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(panicked)
}

/// Replaces an outcome that the server would refuse. It would be polled for ever.
fn storable(ending: Ending) -> Ending {
    match size(&ending) {
        0..=LARGEST_ENDING => ending,
        size => ending.too_large(size, LARGEST_ENDING),
    }
}

/// Returns the size of a value as it is stored: the text of its JSON within JSON.
fn size(value: &impl Serialize) -> usize {
    let text = serde_json::to_string(value).and_then(|text| serde_json::to_string(&text));
    text.map_or(usize::MAX, |text| text.len())
}

/// The server of Temporal rounds a shorter delay up to about 1 s.
const LEAST_RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long an attempt waits for short delays itself. A longer span finds the death of a worker later; with a shorter one, an
/// operation of some seconds takes several attempts.
pub(crate) const SPAN: Duration = Duration::from_secs(5);
/// A worker that serves the operation, or reads its state, may be deployed meanwhile.
const UNSERVED_PAUSE: Duration = Duration::from_secs(60);
/// The server drops a state of some megabytes in silence, and writes every state to its database. Most failures take 200 bytes.
const LARGEST_FAILURE: usize = 64 << 10;
/// The server refuses a payload of 2 MiB. The rest is for what is stored beside the outcome.
const LARGEST_ENDING: usize = 1900 << 10;
