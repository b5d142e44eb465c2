use std::fmt;

use async_trait::async_trait;

use super::{Attempt, Capabilities, ListOperationsRequest, LroTransport, OperationPage};
use crate::{Any, Operation, OperationName, Pacing, Service, Status, rules::guard_call};

/// Returns a transport whose replies pass through a closure before a driver judges them.
///
/// The closure maps each operation that a get or list call returns. It is for services that deviate from
/// `google.longrunning`, for example by metadata that reports the end of an operation that is not `done`:
///
/// ```
/// use lro::{Code, Operation, Origin, Status, map_replies, poll_until_done, transport_fn};
///
/// #[derive(serde::Deserialize)]
/// struct Progress { state: String }
///
/// fn end_failed(operation: Operation) -> Operation {
///     match operation.metadata.as_ref().and_then(|metadata| metadata.decode::<Progress>().ok()) {
///         Some(progress) if progress.state == "FAILED" => {
///             operation.with_outcome(Err(Status::new(Code::Aborted, "the job failed")))
///         }
///         _ => operation,
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let jobs = transport_fn(|name| async move {
/// #     Operation::from_json(br#"{"name": "operations/1", "metadata": {"state": "FAILED"}}"#)
/// # });
/// let jobs = map_replies(jobs, end_failed);
/// let job: Result<(), Status> = poll_until_done(&jobs, "operations/1".parse()?).await;
/// assert_eq!(job.unwrap_err().origin(), Origin::OperationFailed);
/// # Ok::<(), Status>(())
/// # }).unwrap();
/// ```
///
/// A starting call is not a call of the trait. Its reply is mapped by [`MapReplies::mapped`]:
///
/// ```
/// # use lro::{LroTransport, Operation, Status, Wait, map_replies, transport_fn};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// # let end_failed = |operation: Operation| operation.with_outcome(lro::Any::from_json(r#"{"@type": "t/google.protobuf.Empty"}"#));
/// # async fn start() -> Result<Operation, Status> { Ok(Operation::running("operations/1")) }
/// let jobs = map_replies(jobs, end_failed);
/// let started = jobs.mapped(start().await?)?;
/// let job: () = Wait::started(&jobs, started).await?;
/// # Ok::<(), Status>(())
/// # }).unwrap();
/// ```
///
/// The transport has no [wait call](LroTransport::wait_operation): a server would hold it until the operation is `done`.
///
/// A panic of the closure is a failed call that is not retried. Its error names the closure.
pub fn map_replies<T, F>(transport: T, map: F) -> MapReplies<T, F>
where
    T: LroTransport,
    F: Fn(Operation) -> Operation + Send + Sync,
{
    MapReplies { transport, map }
}

/// A transport that maps the replies of another. See [`map_replies`].
#[derive(Clone, Copy)]
pub struct MapReplies<T, F> {
    transport: T,
    map: F,
}

impl<T, F: Fn(Operation) -> Operation> MapReplies<T, F> {
    /// Maps an operation that does not come from this transport, such as that of a starting call.
    ///
    /// # Errors
    ///
    /// `INTERNAL` with [`Origin::CallFailed`](crate::Origin::CallFailed) if the closure panics.
    pub fn mapped(&self, operation: Operation) -> Result<Operation, Status> {
        guard_call("the closure of `map_replies`", || (self.map)(operation))
    }
}

#[async_trait]
impl<T, F> LroTransport for MapReplies<T, F>
where
    T: LroTransport,
    F: Fn(Operation) -> Operation + Send + Sync,
{
    crate::plain_calls!(self: get list);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        self.mapped(self.transport.get_operation_within(name, attempt).await?)
    }

    async fn list_operations_within(
        &self,
        request: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        let mut page = self.transport.list_operations_within(request, attempt).await?;
        let operations = page.operations.into_iter().map(|operation| self.mapped(operation));
        page.operations = operations.collect::<Result<_, _>>()?;
        Ok(page)
    }

    crate::forward_transport!(self => self.transport, cancel_operation, cancel_operation_within,
        (name: OperationName) -> ());
    crate::forward_transport!(self => self.transport, delete_operation, delete_operation_within,
        (name: OperationName) -> ());

    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities().wait(false)
    }

    fn takes_permits(&self) -> bool {
        self.transport.takes_permits()
    }

    fn service(&self) -> Service {
        self.transport.service()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.transport.default_pacing(kind)
    }

    fn progress(&self, metadata: &Any) -> Option<f64> {
        self.transport.progress(metadata)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for MapReplies<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapReplies").field("transport", &self.transport).finish_non_exhaustive()
    }
}
