#![allow(missing_docs, reason = "the macro generates a constructor of the ingress client without docs")]

use std::time::{Duration, SystemTime};

use lro::stored::{Driver, Ended, Registration, Step, StoredWait};
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use tracing::error;

/// The virtual object `Lro`: one key per operation, for the operations of any services.
#[derive(Clone, Debug)]
pub struct Lro(Driver);

impl Lro {
    /// Creates the object. A call takes at most 4 minutes, whatever the rules of the driver allow: a poll of two calls then ends before
    /// the engine counts it as stalled.
    pub fn new(driver: Driver) -> Self {
        Self(driver.attempt_timeout_at_most(LONGEST_CALL).outcome_at_most(LARGEST_OUTCOME))
    }
}

/// What the object stores of an operation that is pending.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    registration: Registration,
    /// The time of the registration.
    since: SystemTime,
    /// The number of the poll that is due. A delayed call with another number is out of date.
    turn: u64,
    wait: StoredWait,
    /// The name of the awakeable that gets the outcome.
    waiter: String,
}

// A handler that waits gives its place to another invocation at once, unless it waits for a step of its own.
#[object(
    journal_retention = "0s",
    inactivity_timeout = "0s",
    abort_timeout = "1m",
    invocation_retry_policy(
        initial_interval = "100ms",
        factor = 2.0,
        max_interval = "10s",
        max_attempts = 9007199254740991
    )
)]
impl Lro {
    /// Returns the outcome when the operation has ended. The first call begins to wait.
    #[handler]
    async fn outcome(
        &self,
        ctx: SharedObjectContext<'_>,
        Json(registration): Json<Registration>,
    ) -> Result<Json<Ended>, TerminalError> {
        let pending = ctx.get::<Json<Pending>>(PENDING).await?.map(|Json(pending)| pending.registration);
        let joins = registration.check_joins(ctx.key(), pending.as_ref());
        joins.map_err(|fault| TerminalError::new_with_code(fault.code().http_status(), fault.message()))?;
        // Sent, not called: the cancellation of this invocation would cancel a call for which others wait.
        let wait = ctx.object_client::<LroClient<'_>>(ctx.key()).wait(Json(registration));
        wait.idempotency_key(ctx.key()).send().await?.attach().await
    }

    /// Waits for the outcome. The engine runs it once for an operation, and keeps its result.
    #[handler(ingress_private = true, lazy_state = true, idempotency_retention = "1 day")]
    async fn wait(
        &self,
        ctx: SharedObjectContext<'_>,
        Json(registration): Json<Registration>,
    ) -> Result<Json<Ended>, TerminalError> {
        let (waiter, ended) = ctx.awakeable::<Json<Ended>>();
        ctx.object_client::<LroClient<'_>>(ctx.key()).begin(Json((registration, waiter))).send();
        ended.await
    }

    /// Begins to poll.
    #[handler(ingress_private = true, inactivity_timeout = "10m")]
    async fn begin(
        &self,
        ctx: ObjectContext<'_>,
        Json((registration, waiter)): Json<(Registration, String)>,
    ) -> Result<(), TerminalError> {
        let pending = match pending(&ctx).await? {
            // The call that waited before was purged.
            Some(pending) => Pending { waiter, ..pending },
            None => {
                let Json(since) = ctx.run(async || Ok(Json(SystemTime::now()))).name("since").await?;
                // The number differs from those of an earlier wait for this operation.
                let turn = ctx.random_seed();
                Pending { registration, since, turn, wait: StoredWait::default(), waiter }
            }
        };
        poll_after(&ctx, pending, Duration::ZERO);
        Ok(())
    }

    /// Polls once. It calls itself again after the delay.
    #[handler(ingress_private = true, inactivity_timeout = "10m")]
    async fn poll(&self, ctx: ObjectContext<'_>, turn: u64) -> Result<(), TerminalError> {
        let Some(before) = pending(&ctx).await?.filter(|pending| pending.turn == turn) else { return Ok(()) };
        let (driver, mut pending) = (self.0.clone(), before.clone());
        let poll = async move || {
            let age = pending.since.elapsed().unwrap_or_default();
            let polled = driver.poll(&pending.registration, &mut pending.wait, age).await;
            // A step that fails would hold the key of the object, so that nothing could be cancelled or cleared.
            let step = polled.unwrap_or_else(|fault| {
                error!(key = pending.registration.key(), %fault, "an operation cannot be polled; it is tried again");
                Step::After(Driver::UNSERVED_PAUSE)
            });
            Ok(Json((pending, step)))
        };
        match ctx.run(poll).name("poll").await {
            Ok(Json((pending, Step::After(delay)))) => poll_after(&ctx, pending, delay),
            Ok(Json((pending, Step::Ended(ended)))) => {
                ctx.clear_all();
                ctx.resolve_awakeable(&pending.waiter, Json(*ended));
            }
            // An operator has cancelled this invocation, not the operation.
            Err(_) => poll_after(&ctx, before, CANCELLED_PAUSE),
        }
        Ok(())
    }

    /// Asks the service to cancel the operation, once. The polls go on to the outcome. Returns `false` if nothing polls the operation.
    #[handler]
    async fn cancel(&self, ctx: ObjectContext<'_>) -> Result<bool, TerminalError> {
        let Some(mut pending) = pending(&ctx).await? else { return Ok(false) };
        if pending.wait.request_cancel() {
            poll_after(&ctx, pending, Duration::ZERO);
        }
        Ok(true)
    }

    /// Ends the polls. The operation goes on. Returns `false` if nothing polls the operation.
    #[handler]
    async fn clear(&self, ctx: ObjectContext<'_>) -> Result<bool, TerminalError> {
        let Some(pending) = pending(&ctx).await? else { return Ok(false) };
        ctx.clear_all();
        ctx.reject_awakeable(&pending.waiter, TerminalError::new_with_code(404, "the operation was cleared"));
        Ok(true)
    }
}

/// Stores the wait, and polls after the delay. The number of the poll makes a delayed call from before out of date.
fn poll_after(ctx: &ObjectContext<'_>, pending: Pending, delay: Duration) {
    let turn = pending.turn.wrapping_add(1);
    ctx.set(PENDING, Json(Pending { turn, ..pending }));
    ctx.object_client::<LroClient<'_>>(ctx.key()).poll(turn).send_after(delay);
}

async fn pending(ctx: &ObjectContext<'_>) -> Result<Option<Pending>, TerminalError> {
    Ok(ctx.get::<Json<Pending>>(PENDING).await?.map(|Json(pending)| pending))
}

const PENDING: &str = "pending";
/// A quarter of the server's limit for a message, 32 MiB: a message may carry the outcome beside the state. Above the limit a
/// poll would be repeated for ever.
const LARGEST_OUTCOME: usize = 8 << 20;
/// Two calls of this length end before the engine's inactivity timeout of 10 minutes.
const LONGEST_CALL: Duration = Duration::from_secs(240);
/// As long as after a failed poll.
const CANCELLED_PAUSE: Duration = Duration::from_secs(1);
