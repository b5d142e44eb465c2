use std::time::Duration;

use lro::{Handle, rules::Rules, stored};
use serde::{Deserialize, Serialize};
use temporalio_client::{ActivityIdConflictPolicy, ActivityIdReusePolicy, ActivityStartOptions, RetryPolicy};
use temporalio_sdk::ActivityOptions;

use crate::polls::SPAN;

/// An operation to poll, and the settings of its wait: the input of [`Polls::poll`](crate::Polls::poll).
///
/// It is stored by the server of Temporal.
///
/// ```
/// use std::time::Duration;
/// use lro::{Handle, OperationName, Service};
/// use lro_temporal::Registration;
///
/// let service = Service::new("routeoptimization.googleapis.com", "v1");
/// let name = OperationName::parse("projects/p/locations/l/operations/1")?;
/// let mut registration = Registration::new(Handle::new(&service, name));
/// registration.operation.deadline = Some(Duration::from_secs(86_400));
/// assert_eq!(registration.id(), "routeoptimization.googleapis.com/v1/projects/p/locations/l/operations/1");
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registration {
    /// The operation, and the limit of its wait.
    #[serde(flatten)]
    pub operation: stored::Registration,
    /// The longest time for one call, if the rules of the driver do not limit it further. The start-to-close timeout follows from it.
    /// Default: 30 s.
    pub attempt_timeout: Duration,
    /// Whether the cancellation of the workflow cancels the operation and waits for its outcome. See [`wait`](crate::wait).
    ///
    /// Default: no. The cancellation of the workflow ends the polls, and the operation goes on.
    pub cancel_with_workflow: bool,
    /// Whether the operation is cancelled before the next poll. The polls go on to the outcome. Default: no.
    pub cancel: bool,
}

impl Registration {
    /// Creates the registration of an operation. The kind of the handle selects the pacing.
    pub fn new(handle: Handle) -> Self {
        Self {
            operation: stored::Registration::new(handle),
            attempt_timeout: Rules::default().attempt_timeout,
            cancel_with_workflow: false,
            cancel: false,
        }
    }

    /// Returns the service and the name as one text: the id of the standalone activity.
    pub fn id(&self) -> String {
        self.operation.key()
    }

    /// Returns the options with which a workflow executes [`Polls::poll`](crate::Polls::poll).
    ///
    /// The start-to-close timeout is a little above the timeout of one call. There is no schedule-to-close timeout, no
    /// heartbeat timeout and no limit of attempts. A lost attempt is repeated after 1 s.
    pub fn options(&self) -> ActivityOptions {
        ActivityOptions::with_start_to_close_timeout(self.start_to_close())
            .retry_policy(retry_policy())
            .build()
    }

    /// Returns the options with which a client starts [`Polls::poll`](crate::Polls::poll) without a workflow.
    ///
    /// They are those of [`options`](Self::options). The id is [`Self::id`]. A start finds an activity of this id that is
    /// running; with [`cancel`](Self::cancel) that is an error.
    /// An activity that has completed is not started again: the client returns `AlreadyStarted`.
    pub fn start_options(&self, task_queue: &str) -> ActivityStartOptions {
        // An activity that is being cancelled ends without the request.
        let conflict_policy = match self.cancel {
            true => ActivityIdConflictPolicy::Fail,
            false => ActivityIdConflictPolicy::UseExisting,
        };
        ActivityStartOptions::with_start_to_close_timeout(task_queue, self.id(), self.start_to_close())
            .retry_policy(retry_policy())
            .id_conflict_policy(conflict_policy)
            .id_reuse_policy(ActivityIdReusePolicy::AllowDuplicateFailedOnly)
            .build()
    }

    /// An attempt waits for short delays for a span, before its last call begins. It may make two calls if it cancels.
    fn start_to_close(&self) -> Duration {
        self.attempt_timeout.min(LONGEST / 4) * (1 + u32::from(self.cancel)) + SPAN + MARGIN
    }
}

fn retry_policy() -> RetryPolicy {
    // What is not set is the server's: at most 100 s between two attempts, and a limit of attempts if it has one.
    RetryPolicy::builder()
        .initial_interval(LOST_PAUSE)
        .backoff_coefficient(1.0)
        .maximum_interval(LONGEST)
        .maximum_attempts(MOST_ATTEMPTS)
        .build()
}

/// The time for a worker to receive the task and to report the result. Below it a slow worker loses polls that succeeded; above it
/// the polls of a worker that died are repeated later.
const MARGIN: Duration = Duration::from_secs(5);
/// A century. The server adds it to its time.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
/// The largest number of the server.
const MOST_ATTEMPTS: u32 = i32::MAX as u32;
/// The server rounds shorter delays up to about 1 s.
const LOST_PAUSE: Duration = Duration::from_secs(1);
