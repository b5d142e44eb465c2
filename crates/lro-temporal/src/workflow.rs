use temporalio_sdk::{ActivityExecutionError, WorkflowCancellationToken, WorkflowContext};

use crate::{Ended, Polls, Registration, Text};

/// Waits for an operation, as a step of any workflow.
///
/// The history grows by the events of one activity, however many polls are made.
///
/// If the workflow is cancelled and the registration says so ([`cancel_with_workflow`](Registration::cancel_with_workflow)), the
/// operation is cancelled, and the polls go on until the service reports its outcome. A second activity does that, because the
/// server does not run a cancelled activity again. Its delays and its counts begin anew, and a second cancellation of the workflow does not
/// end it.
///
/// # Errors
///
/// That of the activity. It is `Cancelled` if the workflow was cancelled and the registration does not cancel the operation. An
/// operation that failed and a wait that was given up are not errors: [`Ended`] has them.
pub async fn wait<W>(
    ctx: &WorkflowContext<W>,
    mut registration: Registration,
) -> Result<Text<Ended>, ActivityExecutionError> {
    let begun = ctx.workflow_time();
    match ctx.execute_activity(Polls::poll, registration.clone(), registration.options()).await {
        Err(ActivityExecutionError::Cancelled(_)) if registration.cancel_with_workflow => {
            let elapsed =
                ctx.workflow_time().zip(begun).and_then(|(now, begun)| now.duration_since(begun).ok());
            let deadline = &mut registration.operation.deadline;
            *deadline = deadline.map(|deadline| deadline.saturating_sub(elapsed.unwrap_or_default()));
            registration.cancel = true;
            let mut options = registration.options();
            options.cancellation_token = Some(WorkflowCancellationToken::new());
            ctx.execute_activity(Polls::poll, registration, options).await
        }
        ended => ended,
    }
}
