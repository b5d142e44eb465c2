use std::{env, sync::LazyLock, time::Duration};

use lro::{Capabilities, LroTransport, Pacing, pacing::PacingByKind};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use lro_temporal::{Driver, Ended, Polls, Registration, Text, wait, wait_or_cancel};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, Runtime, Worker, WorkerOptions, WorkflowCancellationToken, WorkflowContext,
    WorkflowResult,
    activities::{ActivityContext, ActivityError},
    runtime::PollerBehavior,
};

use crate::{
    Fault, QUEUE,
    operations::{CANCELS, EACH_SECOND, SERVICE, SLOW},
    start::{StartOnce, Starts},
    variable,
};

/// Whether this is the second version of the program: other delays, and one more step.
static IS_CHANGED: LazyLock<bool> = LazyLock::new(|| env::var_os("TRY_CHANGED").is_some());

pub(crate) async fn run() -> Result<(), Fault> {
    let runtime = Runtime::from_current_tokio(Default::default())?;
    let polls = Polls::new(Driver::default().serve(transport(&variable("TRY_ENDPOINT")?)?).pacing(Paces));
    let starts = Starts::new(transport(&variable("TRY_ENDPOINT")?)?);
    let options = WorkerOptions::new(QUEUE)
        .register_activities(polls)
        .register_activities(starts)
        .register_activities(Notes)
        .register_workflow::<OnlyWait>()?
        .register_workflow::<Order>()?
        .register_workflow::<StartOnce>()?
        .maybe_activity_task_poller_behavior(pollers()?)
        .build();
    let client = connect(&variable("TRY_TEMPORAL")?).await?;
    Ok(Worker::new(&runtime, client, options)?.run().await?)
}

pub(crate) async fn connect(address: &str) -> Result<Client, Fault> {
    let connection =
        Connection::connect(ConnectionOptions::new(address.parse::<url::Url>()?).build()).await?;
    Ok(Client::new(connection, ClientOptions::new("default").build())?)
}

fn transport(endpoint: &str) -> Result<impl LroTransport + 'static, Fault> {
    let binding = Binding::new(SERVICE, NameTemplate::parse("operations/**")?)
        .capabilities(Capabilities::default().cancel(true));
    Ok(HttpTransport::new(HttpClient::builder(endpoint).build()?, binding))
}

#[derive(Debug)]
struct Paces;

impl PacingByKind for Paces {
    fn pacing(&self, kind: &str) -> Pacing {
        match kind {
            EACH_SECOND => Pacing::fixed(Duration::from_secs(1)),
            SLOW => Pacing::fixed(Duration::from_secs(20)),
            _ if *IS_CHANGED => {
                Pacing::proportional(0.2).at_least(Duration::from_secs(1)).at_most(Duration::from_secs(3))
            }
            _ => Pacing::fixed(Duration::from_secs(2)),
        }
    }
}

/// How many requests for tasks the worker has open. Without a variable it is the SDK's own choice.
fn pollers() -> Result<Option<PollerBehavior>, Fault> {
    let most = env::var("TRY_POLLERS").ok().map(|most| most.parse()).transpose()?;
    Ok(most.map(PollerBehavior::SimpleMaximum))
}

/// A workflow of the wait alone.
#[workflow]
#[derive(Default)]
pub(crate) struct OnlyWait;

#[workflow_methods]
impl OnlyWait {
    #[run]
    #[allow(clippy::needless_pass_by_ref_mut, reason = "the macro expects this signature")]
    pub(crate) async fn run(
        ctx: &mut WorkflowContext<Self>,
        registration: Registration,
    ) -> WorkflowResult<Text<Ended>> {
        Ok(wait(ctx, registration).await?)
    }
}

/// A workflow of the program itself, with the wait as a step.
#[workflow]
#[derive(Default)]
pub(crate) struct Order;

#[workflow_methods]
impl Order {
    #[run]
    #[allow(clippy::needless_pass_by_ref_mut, reason = "the macro expects this signature")]
    pub(crate) async fn run(
        ctx: &mut WorkflowContext<Self>,
        registration: Registration,
    ) -> WorkflowResult<Text<Ended>> {
        let ended = match registration.handle.kind() {
            Some(CANCELS) => wait_or_cancel(ctx, registration).await?,
            _ => wait(ctx, registration).await?,
        };
        if *IS_CHANGED {
            let mut options = ActivityOptions::start_to_close_timeout(Duration::from_secs(10));
            // The step is made also after a cancellation.
            options.cancellation_token = Some(WorkflowCancellationToken::new());
            ctx.execute_activity(Notes::note, ended.0.registration.key(), options).await?;
        }
        Ok(ended)
    }
}

pub(crate) struct Notes;

#[activities]
impl Notes {
    /// The step that the second version has.
    #[activity]
    pub(crate) async fn note(_ctx: ActivityContext, _name: String) -> Result<(), ActivityError> {
        Ok(())
    }
}
