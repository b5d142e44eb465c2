use temporalio_sdk::{ActivityExecutionError, WorkflowCancellationToken, WorkflowContext};

use crate::{Ended, Polls, Registration, Text, options};

/// Waits for an operation, as a step of any workflow.
///
/// The history grows by the events of one activity, however many polls are made.
///
/// # Errors
///
/// That of the activity. It is `Cancelled` if the workflow was cancelled: that ends the polls, and the operation goes on. An
/// operation that failed and a wait that was given up are not errors: [`Ended`] has them.
pub async fn wait<W>(ctx: &WorkflowContext<W>, registration: Registration) -> Waited {
    let options = options(&registration);
    ctx.execute_activity(Polls::poll, registration, options).await
}

/// Waits for an operation, which the cancellation of the workflow cancels.
///
/// It is [`wait`]. If the workflow is cancelled, the operation is cancelled, and the polls go on until the service reports its outcome.
/// A second activity does that, because the server does not run a cancelled activity again. Its delays and its counts begin anew, and
/// a second cancellation of the workflow does not end it.
///
/// # Errors
///
/// As [`wait`].
pub async fn wait_or_cancel<W>(ctx: &WorkflowContext<W>, registration: Registration) -> Waited {
    let begun = ctx.workflow_time();
    let waited = wait(ctx, registration.clone()).await;
    let Err(ActivityExecutionError::Cancelled(_)) = waited else { return waited };
    let now = ctx.workflow_time().zip(begun);
    let elapsed = now.and_then(|(now, begun)| now.duration_since(begun).ok()).unwrap_or_default();
    let registration = registration.renewed_after(elapsed).cancel();
    let mut options = options(&registration);
    options.cancellation_token = Some(WorkflowCancellationToken::new());
    ctx.execute_activity(Polls::poll, registration, options).await
}

/// What the activity returned to the workflow.
type Waited = Result<Text<Ended>, ActivityExecutionError>;
