//! A starting call within a workflow: it is made at most once, and a result that is lost is reported.

use std::{sync::Arc, time::Duration};

use lro::{Handle, LroTransport, OperationName};
use lro_temporal::{Ended, Registration, Text, wait};
use serde::{Deserialize, Serialize};
use temporalio_client::RetryPolicy;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, ApplicationFailure, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Started {
    Ended(Box<Text<Ended>>),
    /// The operation may run, under a name that is not known. A person, or code that knows the service, looks.
    Unresolved(String),
}

pub(crate) struct Starts {
    jobs: Arc<dyn LroTransport>,
}

impl Starts {
    pub(crate) fn new(jobs: impl LroTransport + 'static) -> Self {
        Self { jobs: Arc::new(jobs) }
    }
}

#[activities]
impl Starts {
    /// In the place of a call that starts an operation: a get call, so that the emulator counts it by name.
    #[activity]
    pub(crate) async fn start(
        self: Arc<Self>,
        _ctx: ActivityContext,
        name: OperationName,
    ) -> Result<Registration, ActivityError> {
        match self.jobs.get_operation(&name).await {
            Ok(_) => Ok(Registration::new(Handle::new(&self.jobs.service(), name))),
            Err(status) => Err(ActivityError::application(ApplicationFailure::non_retryable(status))),
        }
    }
}

#[workflow]
#[derive(Default)]
pub(crate) struct StartOnce;

#[workflow_methods]
impl StartOnce {
    #[run]
    #[allow(clippy::needless_pass_by_ref_mut, reason = "the macro expects this signature")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, name: OperationName) -> WorkflowResult<Started> {
        let once = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(20))
            .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
            .build();
        match ctx.execute_activity(Starts::start, name, once).await {
            Ok(registration) => Ok(Started::Ended(Box::new(wait(ctx, registration).await?))),
            Err(lost) => Ok(Started::Unresolved(lost.to_string())),
        }
    }
}
