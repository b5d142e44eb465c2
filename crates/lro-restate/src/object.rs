#![allow(missing_docs, reason = "the macro generates a constructor of the ingress client without docs")]

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lro::stored::{Driver, Ended, Registration, Step, StoredWait};
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use tracing::error;

/// The virtual object `Lro`: one key per operation, for the operations of any services.
#[derive(Clone, Debug)]
pub struct Lro {
    driver: Arc<Driver>,
    retention: Duration,
}

impl Lro {
    /// Creates the object. A call takes at most 4 minutes, whatever the rules of the driver allow: a poll of two calls then ends before
    /// the engine counts it as stalled.
    pub fn new(driver: Driver) -> Self {
        let driver = driver.attempt_timeout_at_most(LONGEST_CALL).outcome_at_most(LARGEST_OUTCOME);
        Self { driver: Arc::new(driver), retention: RETENTION }
    }

    /// Sets how long an outcome is kept. Default: 24 hours, as the engine keeps the results of workflows.
    ///
    /// After that the operation is not known, and is polled again if it is registered again.
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
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

/// What it stores of one that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    ended: Ended,
    /// The last number of the wait, which no other wait for the operation has.
    turn: u64,
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
        self.register(&ctx, registration).await
    }

    /// Polls once. It calls itself again after the delay.
    #[handler(ingress_private = true)]
    async fn poll(&self, ctx: ObjectContext<'_>, turn: u64) -> Result<(), TerminalError> {
        let pending = pending(&ctx).await?.filter(|pending| pending.turn == turn);
        let Some(before) = pending else { return Ok(()) };
        let (driver, mut pending) = (self.driver.clone(), before.clone());
        let poll = async move || {
            let age = Duration::from_millis(now_ms().saturating_sub(pending.since_ms));
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
            Ok(Json((_, Step::Ended(ended)))) => {
                ctx.clear(PENDING);
                ctx.set(ENDED, Json(Kept { ended: *ended, turn }));
                object(&ctx).forget(turn).send_after(self.retention.min(LONGEST));
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
        match kept(&ctx).await? {
            Some(Kept { ended, .. }) => deliver(&ctx, ended, waiters(&ctx).await?),
            None => Ok(()),
        }
    }

    /// Removes an outcome that was kept for long enough.
    #[handler(ingress_private = true)]
    async fn forget(&self, ctx: ObjectContext<'_>, turn: u64) -> Result<(), TerminalError> {
        match kept(&ctx).await? {
            Some(kept) if kept.turn == turn => clear(&ctx).await,
            _ => Ok(()),
        }
    }

    /// Asks the service to cancel the operation, once. The polls go on to the outcome. Returns `false` if the operation has ended.
    #[handler]
    async fn cancel(&self, ctx: ObjectContext<'_>) -> Result<bool, TerminalError> {
        let Some(mut pending) = pending(&ctx).await? else {
            return kept(&ctx).await?.map(|_| false).ok_or_else(unknown);
        };
        if pending.wait.request_cancel() {
            poll_after(&ctx, pending, Duration::ZERO);
        }
        Ok(true)
    }

    /// Returns the outcome when the operation has ended. It begins to wait as `start` does.
    #[handler(inactivity_timeout = "0s", lazy_state = true)]
    async fn outcome(
        &self,
        ctx: SharedObjectContext<'_>,
        Json(registration): Json<Registration>,
    ) -> Result<Json<Ended>, TerminalError> {
        let (waiter, ended) = ctx.awakeable::<Json<Ended>>();
        ctx.object_client::<LroClient<'_>>(ctx.key()).attach(Json((registration, waiter))).send();
        ended.await
    }

    /// Adds a waiter for the outcome.
    #[handler(ingress_private = true)]
    async fn attach(
        &self,
        ctx: ObjectContext<'_>,
        Json((registration, waiter)): Json<(Registration, String)>,
    ) -> Result<(), TerminalError> {
        if let Err(refusal) = self.register(&ctx, registration).await {
            ctx.reject_awakeable(&waiter, refusal);
            return Ok(());
        }
        let mut waiters = waiters(&ctx).await?;
        if waiters.len() >= MOST_WAITERS {
            let message = format!("{MOST_WAITERS} calls wait for this outcome already");
            ctx.reject_awakeable(&waiter, refused(429, message));
            return Ok(());
        }
        waiters.push(waiter);
        match kept(&ctx).await? {
            Some(Kept { ended, .. }) => deliver(&ctx, ended, waiters),
            None => {
                ctx.set(WAITERS, Json(waiters));
                Ok(())
            }
        }
    }

    /// Removes what is stored about the operation. The operation itself goes on, and nothing polls it.
    #[handler]
    async fn clear(&self, ctx: ObjectContext<'_>) -> Result<(), TerminalError> {
        clear(&ctx).await
    }
}

impl Lro {
    /// Begins to wait. Returns `false` if that has been done before.
    async fn register(
        &self,
        ctx: &ObjectContext<'_>,
        registration: Registration,
    ) -> Result<bool, TerminalError> {
        let key = registration.key();
        if key != ctx.key() {
            return Err(refused(400, format!("the key of this registration is {key}, not {}", ctx.key())));
        }
        let pending = pending(ctx).await?.map(|pending| pending.registration);
        if let Some(known) = pending.or(kept(ctx).await?.map(|kept| kept.ended.registration)) {
            let conflict = format!(
                "the operation is registered with other settings: {known:?}, and now {registration:?}"
            );
            return if known == registration { Ok(false) } else { Err(refused(409, conflict)) };
        }
        // A step: another worker may serve other services, and replays the choice of this one.
        let served =
            registration.name().and_then(|_| self.driver.transport(registration.service()).map(drop));
        let since = served.map(|()| now_ms()).map_err(|status| status.to_string());
        let Json(since) = ctx.run(async move || Ok(Json(since))).name("since").await?;
        let since_ms = since.map_err(|message| refused(400, message))?;
        // The number differs from those of an earlier wait for this operation.
        let turn = ctx.random_seed();
        poll_after(
            ctx,
            Pending { registration, since_ms, turn, wait: StoredWait::default() },
            Duration::ZERO,
        );
        Ok(true)
    }
}

/// Passes the outcome to as many waiters as fit a message, and has the others called later.
fn deliver(ctx: &ObjectContext<'_>, ended: Ended, mut waiters: Vec<String>) -> Result<(), TerminalError> {
    let size = serde_json::to_vec(&ended).map_or(LARGEST_OUTCOME, |ended| ended.len());
    let left = waiters.split_off(waiters.len().min((LARGEST_OUTCOME / size.max(1)).max(1)));
    for waiter in waiters {
        ctx.resolve_awakeable(&waiter, Json(ended.clone()));
    }
    if left.is_empty() {
        ctx.clear(WAITERS);
    } else {
        ctx.set(WAITERS, Json(left));
        object(ctx).deliver().send();
    }
    Ok(())
}

async fn clear(ctx: &ObjectContext<'_>) -> Result<(), TerminalError> {
    for waiter in waiters(ctx).await? {
        ctx.reject_awakeable(&waiter, refused(404, "the operation was cleared"));
    }
    ctx.clear_all();
    Ok(())
}

/// Stores the wait, and polls after the delay. The number of the poll makes a delayed call from before out of date.
fn poll_after(ctx: &ObjectContext<'_>, pending: Pending, delay: Duration) {
    let turn = pending.turn.wrapping_add(1);
    ctx.set(PENDING, Json(Pending { turn, ..pending }));
    object(ctx).poll(turn).send_after(delay);
}

fn object<'a>(ctx: &'a ObjectContext<'_>) -> LroClient<'a> {
    ctx.object_client(ctx.key())
}

async fn pending(ctx: &ObjectContext<'_>) -> Result<Option<Pending>, TerminalError> {
    Ok(ctx.get::<Json<Pending>>(PENDING).await?.map(|Json(pending)| pending))
}

async fn kept(ctx: &ObjectContext<'_>) -> Result<Option<Kept>, TerminalError> {
    Ok(ctx.get::<Json<Kept>>(ENDED).await?.map(|Json(kept)| kept))
}

async fn waiters(ctx: &ObjectContext<'_>) -> Result<Vec<String>, TerminalError> {
    Ok(ctx.get::<Json<Vec<String>>>(WAITERS).await?.map(|Json(waiters)| waiters).unwrap_or_default())
}

fn unknown() -> TerminalError {
    refused(404, "the operation is not registered, or its outcome is no longer kept")
}

fn refused(code: u16, message: impl fmt::Display) -> TerminalError {
    TerminalError::new_with_code(code, message.to_string())
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
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
const RETENTION: Duration = Duration::from_secs(86_400);
/// As long as after a failed poll.
const CANCELLED_PAUSE: Duration = Duration::from_secs(1);
/// A century. The engine adds it to its time.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
