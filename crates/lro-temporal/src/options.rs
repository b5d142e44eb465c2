use std::time::Duration;

use lro::stored::{Driver, Registration};
use temporalio_client::{ActivityIdConflictPolicy, ActivityIdReusePolicy, ActivityStartOptions, RetryPolicy};
use temporalio_sdk::ActivityOptions;

use crate::polls::{LEAST_RETRY_DELAY, SPAN, attempt_timeout};

/// Returns the options with which a workflow executes [`Polls::poll`](crate::Polls::poll).
///
/// The start-to-close timeout is a little above the timeout of one call. There is no schedule-to-close timeout, no
/// heartbeat timeout and no limit of attempts. A lost attempt is repeated after 1 s.
pub fn options(registration: &Registration) -> ActivityOptions {
    let timeout = start_to_close(registration);
    ActivityOptions::with_start_to_close_timeout(timeout).retry_policy(retry_policy()).build()
}

/// Returns the options with which a client starts [`Polls::poll`](crate::Polls::poll) without a workflow.
///
/// They are those of [`options`]. The id is the [key](Registration::key) of the registration. A start finds an activity of this id
/// that is running; with [`cancel`](field@Registration::cancel) that is an error.
/// An activity that has completed is not started again: the client returns `AlreadyStarted`.
///
/// ```
/// use lro::{Handle, OperationName, Service};
/// use lro_temporal::{Registration, start_options};
///
/// let service = Service::new("routeoptimization.googleapis.com", "v1");
/// let name = OperationName::parse("projects/p/locations/l/operations/1")?;
/// let options = start_options(&Registration::new(Handle::new(&service, name)), "operations");
/// assert_eq!(options.id, "routeoptimization.googleapis.com/v1/projects/p/locations/l/operations/1");
/// # Ok::<(), lro::Status>(())
/// ```
pub fn start_options(registration: &Registration, task_queue: &str) -> ActivityStartOptions {
    // An activity that is being cancelled ends without the request.
    let conflict_policy = match registration.cancel {
        true => ActivityIdConflictPolicy::Fail,
        false => ActivityIdConflictPolicy::UseExisting,
    };
    let timeout = start_to_close(registration);
    ActivityStartOptions::with_start_to_close_timeout(task_queue, registration.key(), timeout)
        .retry_policy(retry_policy())
        .id_conflict_policy(conflict_policy)
        .id_reuse_policy(ActivityIdReusePolicy::AllowDuplicateFailedOnly)
        .build()
}

/// An attempt waits for short delays for a span, before its last call begins. It may make two calls if it cancels.
fn start_to_close(registration: &Registration) -> Duration {
    attempt_timeout(registration) * (1 + u32::from(registration.cancel)) + SPAN + MARGIN
}

/// What is not set is the server's: at most 100 s between two attempts, and a limit of attempts if it has one.
fn retry_policy() -> RetryPolicy {
    let policy = RetryPolicy::builder().initial_interval(LEAST_RETRY_DELAY).backoff_coefficient(1.0);
    policy.maximum_interval(Driver::LONGEST_DELAY).maximum_attempts(MOST_ATTEMPTS).build()
}

/// The time for a worker to receive the task and to report the result. Below it a slow worker loses polls that succeeded; above it
/// the polls of a worker that died are repeated later.
const MARGIN: Duration = Duration::from_secs(5);
/// The largest number of the server.
const MOST_ATTEMPTS: u32 = i32::MAX as u32;
