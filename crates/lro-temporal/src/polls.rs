#![allow(missing_docs, missing_debug_implementations, reason = "what the macro generates has neither")]

use std::{sync::Arc, time::Duration};

use lro::{
    rules::{Age, Rules},
    stored::{Driver, Ended, Step, StoredWait},
};
use temporalio_common::error::ApplicationErrorCategory::{self, Benign, Unspecified};
use temporalio_macros::activities;
use temporalio_sdk::{
    ApplicationFailure,
    activities::{ActivityContext, ActivityError},
};
use tokio::time::{Instant, sleep};

use crate::{Registration, Text};

/// The activity that polls operations, with the driver of the services that this worker serves.
///
/// A worker registers it with `WorkerOptions::register_activities`.
///
/// ```
/// use lro::{LroTransport, Pacing};
/// use lro_temporal::{Driver, Polls};
///
/// fn polls(printer: impl LroTransport + 'static) -> Polls {
///     Polls::new(Driver::default().serve(printer).pacing(Pacing::proportional(0.05)))
/// }
/// ```
#[derive(Debug)]
pub struct Polls(Driver);

impl Polls {
    /// Creates the activity. The rules of the driver judge the polls; Temporal's retry policy does not.
    pub fn new(driver: Driver) -> Self {
        Self(driver.outcome_at_most(LARGEST_OUTCOME))
    }

    /// Makes the polls of one attempt, from the age `age` of the wait on.
    ///
    /// # Errors
    ///
    /// The failure that makes Temporal repeat the attempt.
    pub(crate) async fn attempt(
        &self,
        registration: &Registration,
        wait: &mut StoredWait,
        age: Age,
    ) -> Result<Ended, ApplicationFailure> {
        let driver = self.0.clone().attempt_timeout_at_most(attempt_timeout(registration));
        let begun = Instant::now();
        loop {
            let step = driver.poll(registration, wait, age + begun.elapsed()).await.map_err(unserved)?;
            let delay = match step {
                Step::Ended(ended) => return Ok(*ended),
                Step::After(delay) => delay,
            };
            if delay >= LEAST_RETRY_DELAY || begun.elapsed() + delay > SPAN {
                return Err(failure("the operation is not known to be done", delay, Benign));
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
    ) -> Result<Text<Ended>, ActivityError> {
        let details = ctx.heartbeat_details().deserialize::<Text<StoredWait>>();
        let unreadable = |fault| unserved(format_args!("cannot read the state of the wait: {fault}"));
        // Without details it is the first attempt, or the state was lost: the counts begin anew, at the age that the wait has.
        let Text(mut wait) = details.map_err(unreadable)?.unwrap_or_default();
        let age = ctx.info().scheduled_time.and_then(|since| since.elapsed().ok()).unwrap_or_default();
        let attempted = self.attempt(&registration, &mut wait, age).await;
        if attempted.is_err() {
            ctx.record_heartbeat(Text(wait)).await?;
        }
        Ok(Text(attempted?))
    }
}

/// Returns the longest time for one call. The start-to-close timeout follows from it, so the rules of the worker cannot extend it.
pub(crate) fn attempt_timeout(registration: &Registration) -> Duration {
    let timeout = registration.attempt_timeout.unwrap_or_else(|| Rules::default().attempt_timeout);
    // The server adds a multiple of it to its time.
    timeout.min(Driver::LONGEST_DELAY / 4)
}

/// Returns the failure of an attempt that another worker can repeat.
fn unserved(fault: impl ToString) -> ApplicationFailure {
    failure(&fault.to_string(), Driver::UNSERVED_PAUSE, Unspecified)
}

/// Returns the failure of an attempt that Temporal repeats after a delay.
fn failure(text: &str, delay: Duration, category: ApplicationErrorCategory) -> ApplicationFailure {
    let builder = ApplicationFailure::builder(text.to_owned()).type_name("lro.Pending".to_owned());
    builder.next_retry_delay(delay).category(category).build()
}

/// The server of Temporal rounds a shorter delay up to about 1 s.
pub(crate) const LEAST_RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long an attempt waits for short delays itself. A longer span finds the death of a worker later; with a shorter one, an
/// operation of some seconds takes several attempts.
pub(crate) const SPAN: Duration = Duration::from_secs(5);
/// The server refuses a payload of 2 MiB. The rest is for what is stored beside the outcome.
const LARGEST_OUTCOME: usize = 1900 << 10;
