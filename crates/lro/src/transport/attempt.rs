use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

/// The limits of one call: how much time is left, and when the transport may send the request.
///
/// A driver passes it to the methods `…_within` of [`LroTransport`](crate::LroTransport).
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
///         // The transport has a connection and a credential now.
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

/// Decides when a transport may send a request.
///
/// A driver that limits its rate counts a call when it is sent, because a connection or a credential may delay it.
pub trait Permit: fmt::Debug + Send + Sync {
    /// Takes the permit, or registers the task's waker until the permit is available. A permit can be taken once.
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()>;
}

impl Attempt {
    /// Creates an attempt that the driver cuts at this instant.
    pub(crate) fn until(until: Instant) -> Self {
        Self { until: Some(until), permit: None }
    }

    /// Creates an attempt that the driver cuts after this time.
    pub fn within(time: Duration) -> Self {
        Self { until: Instant::now().checked_add(time), permit: None }
    }

    /// Sets the permit. Default: none, the transport may send the request at once.
    pub fn with_permit(self, permit: Arc<dyn Permit>) -> Self {
        Self { permit: Some(permit), ..self }
    }

    /// Returns the time until the driver cuts the call, by tokio's clock. `None` for no limit.
    pub fn time_left(&self) -> Option<Duration> {
        Some(self.until?.saturating_duration_since(Instant::now()))
    }

    /// Waits until the transport may send the request.
    ///
    /// A transport awaits it once per call, after it has a connection and a credential. A permit is for one request: the rate of the
    /// driver does not count those that a transport makes after it.
    pub async fn permit(&self) {
        if let Some(permit) = &self.permit {
            poll_fn(|context| permit.poll_take(context)).await;
        }
    }
}
