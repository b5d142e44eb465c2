#![allow(missing_docs, reason = "the macro generates a constructor of the ingress client without docs")]

use std::{fmt, sync::Arc, time::Duration};

use lro::{LroTransport, pacing::PacingByKind, rules::Rules};
use restate_sdk::prelude::*;
use tokio::spawn;

use crate::{
    Ended, Registration,
    polling::{Next, Polled, Polling, now_ms},
    wait::{Cancel, Wait},
};

/// The virtual object `Lro`: one key per operation, for the operations of any services.
#[derive(Clone, Debug, Default)]
pub struct Lro(Arc<Polling>);

impl Lro {
    /// Creates the object without a transport.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the transport of a service. The [service](LroTransport::service) of the transport selects its operations.
    pub fn transport(mut self, transport: impl LroTransport + 'static) -> Self {
        Arc::make_mut(&mut self.0).transports.insert(transport.service(), Arc::new(transport));
        self
    }

    /// Sets the pacing. Default: [`LroTransport::default_pacing`], or else [`Pacing::default`].
    pub fn pacing(mut self, pacing: impl PacingByKind + 'static) -> Self {
        Arc::make_mut(&mut self.0).pacing = Some(Arc::new(pacing));
        self
    }

    /// Sets the rules for failed calls. [`Rules::attempt_timeout`] is at most 4 minutes: a poll of two calls then ends before the
    /// engine counts it as stalled.
    pub fn rules(mut self, rules: Rules) -> Self {
        let attempt_timeout = rules.attempt_timeout.min(Polling::LONGEST_CALL);
        Arc::make_mut(&mut self.0).rules = Rules { attempt_timeout, ..rules };
        self
    }
}

#[object(
    journal_retention = "0s",
    inactivity_timeout = "10m",
    abort_timeout = "1m",
    invocation_retry_policy(
        initial_interval = "100ms",
        factor = 2.0,
        max_interval = "10s",
        max_attempts = 9007199254740991,
        on_max_attempts = "pause"
    )
)]
impl Lro {
    /// Begins to wait for an operation. Returns `false` if that has been done before with the same registration.
    #[handler]
    async fn start(
        &self,
        ctx: ObjectContext<'_>,
        Json(registration): Json<Registration>,
    ) -> Result<bool, TerminalError> {
        let fault = |code, message: String| Err(TerminalError::new_with_code(code, message));
        if registration.key() != ctx.key() {
            return fault(
                400,
                format!("the key of this registration is {}, not {}", registration.key(), ctx.key()),
            );
        }
        let checked = registration.name().map_err(|status| status.to_string());
        if let Err(message) = checked.and_then(|_| self.0.transport(registration.service()).map(drop)) {
            return fault(400, message);
        }
        let pending = ctx.get::<Json<Wait>>(WAIT).await?.map(|Json(wait)| wait.registration);
        let ended = ctx.get::<Json<Ended>>(ENDED).await?.map(|Json(ended)| ended.registration);
        match pending.or(ended) {
            Some(known) if known == registration => return Ok(false),
            Some(known) => return fault(409, conflict(&known, &registration)),
            None => {}
        }
        let since = ctx.run(async || Ok(now_ms())).name("since").await?;
        poll_after(&ctx, Wait::new(registration, since, ctx.random_seed()), Duration::ZERO);
        Ok(true)
    }

    /// Polls once. It calls itself again after the delay.
    #[handler(ingress_private = true)]
    async fn poll(&self, ctx: ObjectContext<'_>, turn: u64) -> Result<(), TerminalError> {
        let wait = ctx.get::<Json<Wait>>(WAIT).await?.map(|Json(wait)| wait);
        let Some(wait) = wait.filter(|wait| wait.turn == turn) else { return Ok(()) };
        let (polling, before) = (self.0.clone(), wait.clone());
        // A task: a transport that panics fails this step alone, and the engine repeats it.
        let poll = async move || Ok(Json(spawn(async move { polling.poll(wait, now_ms()).await }).await??));
        let polled = ctx.run(poll).name("poll").await;
        match polled {
            Ok(Json(Polled { wait, next: Next::After(delay) })) => poll_after(&ctx, wait, delay),
            Ok(Json(Polled { wait, next: Next::Ended(ending) })) => {
                let ended = Ended::new(wait.registration, ending, wait.saved);
                for waiter in waiters(&ctx).await? {
                    ctx.resolve_awakeable(&waiter, Json(ended.clone()));
                }
                ctx.clear_all();
                ctx.set(ENDED, Json(ended));
            }
            // An operator has cancelled this invocation, not the operation.
            Err(_) => poll_after(&ctx, before, self.0.rules.delay_after(1, 1.0)),
        }
        Ok(())
    }

    /// Asks the service to cancel the operation, once. The polls go on to the outcome. Returns `false` if the operation has ended.
    #[handler]
    async fn cancel(&self, ctx: ObjectContext<'_>) -> Result<bool, TerminalError> {
        let Some(Json(wait)) = ctx.get::<Json<Wait>>(WAIT).await? else {
            return ctx.get::<Json<Ended>>(ENDED).await?.map(|_| false).ok_or_else(unknown);
        };
        if wait.cancel.is_none() {
            let cancel = Some(Cancel::Wanted);
            poll_after(&ctx, Wait { cancel, ..wait }, Duration::ZERO);
        }
        Ok(true)
    }

    /// Returns the outcome when the operation has ended.
    #[handler(inactivity_timeout = "0s", lazy_state = true)]
    async fn outcome(&self, ctx: SharedObjectContext<'_>) -> Result<Json<Ended>, TerminalError> {
        let (waiter, ended) = ctx.awakeable::<Json<Ended>>();
        ctx.object_client::<LroClient<'_>>(ctx.key()).attach(waiter).send();
        ended.await
    }

    /// Adds a waiter for the outcome.
    #[handler(ingress_private = true)]
    async fn attach(&self, ctx: ObjectContext<'_>, waiter: String) -> Result<(), TerminalError> {
        if let Some(ended) = ctx.get::<Json<Ended>>(ENDED).await? {
            ctx.resolve_awakeable(&waiter, ended);
        } else if ctx.get::<Json<Wait>>(WAIT).await?.is_some() {
            let mut waiters = waiters(&ctx).await?;
            waiters.push(waiter);
            ctx.set(WAITERS, Json(waiters));
        } else {
            ctx.reject_awakeable(&waiter, unknown());
        }
        Ok(())
    }

    /// Removes what is stored about the operation. The operation itself goes on, and nothing polls it.
    #[handler]
    async fn clear(&self, ctx: ObjectContext<'_>) -> Result<(), TerminalError> {
        for waiter in waiters(&ctx).await? {
            ctx.reject_awakeable(&waiter, unknown());
        }
        ctx.clear_all();
        Ok(())
    }
}

/// Stores the wait, and polls after the delay. The number of the poll makes a delayed call from before out of date.
fn poll_after(ctx: &ObjectContext<'_>, wait: Wait, delay: Duration) {
    let turn = wait.turn.wrapping_add(1);
    ctx.set(WAIT, Json(Wait { turn, ..wait }));
    ctx.object_client::<LroClient<'_>>(ctx.key()).poll(turn).send_after(delay.min(LONGEST));
}

async fn waiters(ctx: &ObjectContext<'_>) -> Result<Vec<String>, TerminalError> {
    Ok(ctx.get::<Json<Vec<String>>>(WAITERS).await?.map(|Json(waiters)| waiters).unwrap_or_default())
}

fn conflict(known: &impl fmt::Debug, other: &impl fmt::Debug) -> String {
    format!("the operation is registered with other settings: {known:?}, and now {other:?}")
}

fn unknown() -> TerminalError {
    TerminalError::new_with_code(404, "the operation is not registered, or was cleared")
}

/// A century. The engine adds it to its time.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
const WAIT: &str = "wait";
const ENDED: &str = "ended";
const WAITERS: &str = "waiters";
