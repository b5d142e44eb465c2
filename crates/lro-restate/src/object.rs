#![allow(missing_docs, reason = "the macro generates a constructor of the ingress client without docs")]

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lro::{
    rules::Ending,
    stored::{Cancel, Driver, Ended, Registration, Step, StoredWait},
};
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

/// The virtual object `Lro`: one key per operation, for the operations of any services.
#[derive(Clone, Debug)]
pub struct Lro(Arc<Driver>);

impl Lro {
    /// Creates the object. A call takes at most 4 minutes, whatever the rules of the driver allow: a poll of two calls then ends before
    /// the engine counts it as stalled.
    pub fn new(driver: Driver) -> Self {
        Self(Arc::new(driver.attempt_timeout_at_most(LONGEST_CALL)))
    }
}

/// What the object stores of an operation that is pending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    registration: Registration,
    /// The time of the registration, in milliseconds since 1970.
    since_ms: u64,
    /// The number of the poll that is due. A delayed call with another number is out of date.
    turn: u64,
    wait: StoredWait,
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
        let key = registration.key();
        if key != ctx.key() {
            return Err(refused(400, format!("the key of this registration is {key}, not {}", ctx.key())));
        }
        let served = registration.name().and_then(|_| self.0.transport(registration.service()));
        served.map_err(|status| refused(400, status))?;
        let pending = pending(&ctx).await?.map(|pending| pending.registration);
        let known = pending.or(ended(&ctx).await?.map(|ended| ended.registration));
        if let Some(known) = known {
            let conflict = format!(
                "the operation is registered with other settings: {known:?}, and now {registration:?}"
            );
            return if known == registration { Ok(false) } else { Err(refused(409, conflict)) };
        }
        let since_ms = ctx.run(async || Ok(now_ms())).name("since").await?;
        // The number differs from those of an earlier wait for this operation.
        let turn = ctx.random_seed();
        poll_after(
            &ctx,
            Pending { registration, since_ms, turn, wait: StoredWait::default() },
            Duration::ZERO,
        );
        Ok(true)
    }

    /// Polls once. It calls itself again after the delay.
    #[handler(ingress_private = true)]
    async fn poll(&self, ctx: ObjectContext<'_>, turn: u64) -> Result<(), TerminalError> {
        let pending = pending(&ctx).await?.filter(|pending| pending.turn == turn);
        let Some(before) = pending else { return Ok(()) };
        let (driver, mut pending) = (self.0.clone(), before.clone());
        // The engine repeats a step that fails: no transport serves the operation, or the transport panicked.
        let poll = async move || {
            let age = Duration::from_millis(now_ms().saturating_sub(pending.since_ms));
            let step = driver.poll(&pending.registration, &mut pending.wait, age).await?;
            Ok(Json((pending, storable(step))))
        };
        match ctx.run(poll).name("poll").await {
            Ok(Json((pending, Step::After(delay)))) => poll_after(&ctx, pending, delay),
            Ok(Json((Pending { registration, wait, .. }, Step::Ended(ending)))) => {
                ctx.clear(PENDING);
                ctx.set(ENDED, Json(Ended::new(registration, ending, wait.saved)));
                object(&ctx).deliver().send();
            }
            // An operator has cancelled this invocation, not the operation.
            Err(_) => poll_after(&ctx, before, CANCELLED_PAUSE),
        }
        Ok(())
    }

    /// Passes the outcome to some of the waiters, and calls itself for the others: all of them at once may exceed the limit of a message.
    #[handler(ingress_private = true)]
    async fn deliver(&self, ctx: ObjectContext<'_>) -> Result<(), TerminalError> {
        let Some(ended) = ended(&ctx).await? else { return Ok(()) };
        let size = serde_json::to_vec(&ended).map_or(LARGEST_OUTCOME, |ended| ended.len());
        let mut waiters = waiters(&ctx).await?;
        let left = waiters.split_off(waiters.len().min((LARGEST_OUTCOME / size.max(1)).max(1)));
        for waiter in waiters {
            ctx.resolve_awakeable(&waiter, Json(ended.clone()));
        }
        if left.is_empty() {
            ctx.clear(WAITERS);
        } else {
            ctx.set(WAITERS, Json(left));
            object(&ctx).deliver().send();
        }
        Ok(())
    }

    /// Asks the service to cancel the operation, once. The polls go on to the outcome. Returns `false` if the operation has ended.
    #[handler]
    async fn cancel(&self, ctx: ObjectContext<'_>) -> Result<bool, TerminalError> {
        let Some(mut pending) = pending(&ctx).await? else {
            return ended(&ctx).await?.map(|_| false).ok_or_else(unknown);
        };
        if pending.wait.cancel == Cancel::Unwanted {
            pending.wait.cancel = Cancel::Wanted;
            poll_after(&ctx, pending, Duration::ZERO);
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
        if let Some(ended) = ended(&ctx).await? {
            ctx.resolve_awakeable(&waiter, Json(ended));
            return Ok(());
        }
        let mut waiters = waiters(&ctx).await?;
        if pending(&ctx).await?.is_none() {
            ctx.reject_awakeable(&waiter, unknown());
        } else if waiters.len() >= MOST_WAITERS {
            let message = format!("{MOST_WAITERS} calls wait for this outcome already");
            ctx.reject_awakeable(&waiter, refused(429, message));
        } else {
            waiters.push(waiter);
            ctx.set(WAITERS, Json(waiters));
        }
        Ok(())
    }

    /// Removes what is stored about the operation, when its outcome is delivered. The operation itself goes on, and nothing polls it.
    #[handler]
    async fn clear(&self, ctx: ObjectContext<'_>) -> Result<(), TerminalError> {
        let waiters = waiters(&ctx).await?;
        if !waiters.is_empty() && ended(&ctx).await?.is_some() {
            // After the delivery to the next waiters, which is in the queue before.
            object(&ctx).clear().send();
            return Ok(());
        }
        for waiter in waiters {
            ctx.reject_awakeable(&waiter, unknown());
        }
        ctx.clear_all();
        Ok(())
    }
}

/// Stores the wait, and polls after the delay. The number of the poll makes a delayed call from before out of date.
fn poll_after(ctx: &ObjectContext<'_>, pending: Pending, delay: Duration) {
    let turn = pending.turn.wrapping_add(1);
    ctx.set(PENDING, Json(Pending { turn, ..pending }));
    object(ctx).poll(turn).send_after(delay.min(LONGEST));
}

fn object<'a>(ctx: &'a ObjectContext<'_>) -> LroClient<'a> {
    ctx.object_client(ctx.key())
}

async fn pending(ctx: &ObjectContext<'_>) -> Result<Option<Pending>, TerminalError> {
    Ok(ctx.get::<Json<Pending>>(PENDING).await?.map(|Json(pending)| pending))
}

async fn ended(ctx: &ObjectContext<'_>) -> Result<Option<Ended>, TerminalError> {
    Ok(ctx.get::<Json<Ended>>(ENDED).await?.map(|Json(ended)| ended))
}

async fn waiters(ctx: &ObjectContext<'_>) -> Result<Vec<String>, TerminalError> {
    Ok(ctx.get::<Json<Vec<String>>>(WAITERS).await?.map(|Json(waiters)| waiters).unwrap_or_default())
}

fn unknown() -> TerminalError {
    refused(404, "the operation is not registered, or was cleared")
}

fn refused(code: u16, message: impl fmt::Display) -> TerminalError {
    TerminalError::new_with_code(code, message.to_string())
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Replaces an outcome that is too large for the journal: the step that returns it would be repeated for ever.
fn storable(step: Step) -> Step {
    let size = |ending: &Ending| serde_json::to_vec(ending).map_or(0, |ending| ending.len());
    match step {
        Step::Ended(ending) if size(&ending) > LARGEST_OUTCOME => {
            Step::Ended(ending.clone().too_large(size(&ending), LARGEST_OUTCOME))
        }
        step => step,
    }
}

const PENDING: &str = "pending";
const ENDED: &str = "ended";
const WAITERS: &str = "waiters";
/// A quarter of the server's limit for a message, 32 MiB: a message may carry the outcome beside the state. Above the limit a
/// poll would be repeated for ever.
const LARGEST_OUTCOME: usize = 8 << 20;
/// Their names take 60 kB of the state, which each of them rewrites.
const MOST_WAITERS: usize = 1_000;
/// Two calls of this length end before the engine's inactivity timeout of 10 minutes.
const LONGEST_CALL: Duration = Duration::from_secs(240);
/// As long as after a failed poll.
const CANCELLED_PAUSE: Duration = Duration::from_secs(1);
/// A century. The engine adds it to its time.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
