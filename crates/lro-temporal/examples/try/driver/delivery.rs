use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use lro_temporal::{Ended, Polls, Registration, Text, start_options};
use temporalio_client::{
    Client, WorkflowGetResultOptions, WorkflowStartOptions,
    errors::{ActivityResultError, StartActivityError, WorkflowGetResultError},
};
use tokio::time::{Instant, sleep};

use crate::{Fault, QUEUE, operations, worker::Order};

/// Whether an operation is polled by a standalone activity or as a step of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Standalone,
    Workflow,
}

/// A wait that was started, for the n-th operation of its set.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    pub(super) form: Form,
    pub(super) n: usize,
    pub(super) registration: Registration,
}

impl Wait {
    pub(super) async fn start(
        client: &Client,
        form: Form,
        n: usize,
        registration: Registration,
    ) -> Result<Self, Fault> {
        match form {
            Form::Standalone => {
                let options = start_options(&registration, QUEUE);
                match client.start_activity(Polls::poll, registration.clone(), options).await {
                    // It has completed: its outcome is there.
                    Ok(_) | Err(StartActivityError::AlreadyStarted { .. }) => {}
                    Err(fault) => return Err(fault.into()),
                }
            }
            Form::Workflow => {
                let options = WorkflowStartOptions::new(QUEUE, registration.key()).build();
                client.start_workflow(Order::run, registration.clone(), options).await?;
            }
        }
        Ok(Self { form, n, registration })
    }

    pub(super) fn id(&self) -> String {
        self.registration.key()
    }

    /// Waits for the end. A server that is away is asked again.
    pub(super) async fn ended(&self, client: &Client) -> Result<Ended, Fault> {
        let begun = Instant::now();
        loop {
            let fault: Fault = match self.form {
                Form::Standalone => {
                    match client.get_activity_handle(Polls::poll, self.id(), None).result().await {
                        Ok(Text(ended)) => return Ok(ended),
                        Err(fault @ ActivityResultError::Rpc(_)) => fault.into(),
                        Err(fault) => return Err(fault.into()),
                    }
                }
                Form::Workflow => {
                    let workflow = client.get_workflow_handle::<Order>(self.id());
                    match workflow.get_result(WorkflowGetResultOptions::default()).await {
                        Ok(Text(ended)) => return Ok(ended),
                        Err(fault @ WorkflowGetResultError::Rpc(_)) => fault.into(),
                        Err(fault) => return Err(fault.into()),
                    }
                }
            };
            if begun.elapsed() > LONGEST {
                return Err(fault);
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Starts the operations of a set, half of them in each form.
pub(super) async fn start_all(client: &Client, registrations: Vec<Registration>) -> Result<Vec<Wait>, Fault> {
    let starts = registrations.into_iter().enumerate().map(|(n, registration)| {
        let form = if n % 2 == 0 { Form::Standalone } else { Form::Workflow };
        Wait::start(client, form, n, registration)
    });
    stream::iter(starts).buffered(AT_ONCE).try_collect().await
}

/// Receives the outcome of each, and returns how many are what the service gave.
pub(super) async fn own_outcomes(client: &Client, waits: &[Wait]) -> Result<usize, Fault> {
    let ends = waits.iter().map(|wait| async { Ok::<_, Fault>((wait.n, wait.ended(client).await?)) });
    let mut ends = stream::iter(ends).buffer_unordered(AT_ONCE);
    let mut own = 0;
    while let Some((n, ended)) = ends.try_next().await? {
        own += usize::from(operations::is_own(n, &ended.ending)?);
    }
    Ok(own)
}

/// The requests in flight.
const AT_ONCE: usize = 20;
/// The longest wait for one end.
const LONGEST: Duration = Duration::from_secs(1_200);
