use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

/// One call as its driver sees it, for transports that implement the methods `…_within` of
/// [`LroTransport`](crate::LroTransport): how much time is left, and when the call may be written.
///
/// ```
/// use std::time::Duration;
/// use lro::{Attempt, LroTransport, Operation, OperationName, Status, async_trait};
///
/// #[derive(Debug)]
/// struct Jobs;
///
/// #[async_trait]
/// impl LroTransport for Jobs {
///     async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
///         self.get_operation_within(name, &Attempt::default()).await
///     }
///
///     async fn get_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<Operation, Status> {
///         // The connection is there and the credential is at hand:
///         attempt.permit().await;
///         let _header = attempt.time_left().map(|left| format!("grpc-timeout: {}m", left.as_millis()));
///         Ok(Operation::running(name.as_str()))
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    until: Option<Instant>,
    permit: Option<Arc<dyn Permit>>,
}

/// Says when a call may be written: a driver that limits its calls counts them at that moment and not when it made
/// them, because a connection or a credential may take its time.
pub trait Permit: fmt::Debug + Send + Sync {
    /// Takes the permit, or registers the task to be woken when it can be taken. A permit is taken once.
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()>;
}

impl Attempt {
    /// An attempt that is cut at this instant.
    pub(crate) fn until(until: Instant) -> Self {
        Self { until: Some(until), permit: None }
    }

    /// An attempt that is cut after this time.
    pub fn within(time: Duration) -> Self {
        Self { until: Instant::now().checked_add(time), permit: None }
    }

    /// Sets the permit. Default: the call may be written at once.
    pub fn with_permit(self, permit: Arc<dyn Permit>) -> Self {
        Self { permit: Some(permit), ..self }
    }

    /// The time until the driver cuts the call, by tokio's clock; `None` if it does not.
    pub fn time_left(&self) -> Option<Duration> {
        Some(self.until?.saturating_duration_since(Instant::now()))
    }

    /// Waits until the call may be written. A transport awaits this once, when nothing but the writing is left to do.
    pub async fn permit(&self) {
        if let Some(permit) = &self.permit {
            poll_fn(|context| permit.poll_take(context)).await;
        }
    }
}
