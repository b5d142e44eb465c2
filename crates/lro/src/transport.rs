mod attempt;
mod forward;
mod map_replies;

use std::{fmt, future::Future, pin::Pin, time::Duration};

use async_trait::async_trait;

use crate::{Any, Operation, OperationName, Pacing, Service, Status};

pub use self::{
    attempt::{Attempt, Permit},
    map_replies::{MapReplies, map_replies},
};

/// Defines the provided methods `…_within`. Each returns the boxed future of the plain call, without a second box.
macro_rules! within {
    ($($(#[$doc:meta])* fn $within:ident($argument:ident: &$kind:ty) -> $output:ty = $plain:ident;)*) => {
        $(
            $(#[$doc])*
            fn $within<'a, 'b, 'c, 'd>(
                &'a self,
                $argument: &'b $kind,
                _: &'c Attempt,
            ) -> Pin<Box<dyn Future<Output = Result<$output, Status>> + Send + 'd>>
            where
                'a: 'd,
                'b: 'd,
                'c: 'd,
                Self: 'd,
            {
                self.$plain($argument)
            }
        )*
    };
}

/// An asynchronous function from an operation's name to its latest state.
///
/// A transport makes one request per call: it neither retries nor waits.
/// Only [`get_operation`](Self::get_operation) is required. The other calls are capabilities: a transport that
/// implements one declares it in [`capabilities`](Self::capabilities).
///
/// A failed call returns a [`Status`] with [`Origin::CallFailed`](crate::Origin::CallFailed), which [`Status::new`]
/// creates.
/// An operation that finished with an error is not a failed call: the transport returns `Ok` of [`Operation::failed`].
///
/// Drivers drop the future of a call at any await point. Only that call may be lost then.
///
/// ```
/// use lro::{LroTransport, Operation, OperationName, Status, async_trait};
///
/// #[derive(Debug)]
/// struct Printer;
///
/// #[async_trait]
/// impl LroTransport for Printer {
///     async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
///         Ok(Operation::running(name.as_str()))
///     }
/// }
/// ```
#[async_trait]
pub trait LroTransport: fmt::Debug + Send + Sync {
    /// Returns the state of an operation.
    ///
    /// # Errors
    ///
    /// The failed call. An operation that finished with an error is not one.
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status>;

    /// Asks the server to cancel an operation.
    ///
    /// Success means that the server accepted the request. It does not mean that the operation is cancelled.
    ///
    /// # Errors
    ///
    /// The failed call. `UNIMPLEMENTED` if the transport has no such call, which is the default.
    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unsupported(&self.service(), "cancel", name.as_str()))
    }

    /// Informs the server that the result is no longer needed. It does not cancel the operation.
    ///
    /// # Errors
    ///
    /// As [`cancel_operation`](Self::cancel_operation).
    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unsupported(&self.service(), "delete", name.as_str()))
    }

    /// Returns one page of the operations under a name.
    ///
    /// # Errors
    ///
    /// As [`cancel_operation`](Self::cancel_operation).
    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        Err(Status::unsupported(&self.service(), "list", &request.name))
    }

    /// Returns the state of an operation when it is done, or when the timeout has passed. The server may reply sooner.
    ///
    /// A wait makes this call if [`capabilities`](Self::capabilities) declare it.
    /// If the server has no such call, the wait continues with [`get_operation`](Self::get_operation).
    /// A driver that detects this calls [`disable_wait`](Self::disable_wait).
    ///
    /// # Errors
    ///
    /// As [`cancel_operation`](Self::cancel_operation).
    async fn wait_operation(&self, name: &OperationName, _: Option<Duration>) -> Result<Operation, Status> {
        Err(Status::unsupported(&self.service(), "wait", name.as_str()))
    }

    within! {
        /// As [`get_operation`](Self::get_operation), for a transport that uses the time left or the permit.
        ///
        /// The default ignores the [`Attempt`] and makes the plain call.
        fn get_operation_within(name: &OperationName) -> Operation = get_operation;
        /// As [`cancel_operation`](Self::cancel_operation), for a transport that uses the time left or the permit.
        fn cancel_operation_within(name: &OperationName) -> () = cancel_operation;
        /// As [`delete_operation`](Self::delete_operation), for a transport that uses the time left or the permit.
        fn delete_operation_within(name: &OperationName) -> () = delete_operation;
        /// As [`list_operations`](Self::list_operations), for a transport that uses the time left or the permit.
        fn list_operations_within(request: &ListOperationsRequest) -> OperationPage = list_operations;
    }

    /// As [`wait_operation`](Self::wait_operation), for a transport that uses the time left or the permit.
    fn wait_operation_within<'a, 'b, 'c, 'd>(
        &'a self,
        name: &'b OperationName,
        timeout: Option<Duration>,
        _: &'c Attempt,
    ) -> Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        self.wait_operation(name, timeout)
    }

    /// Returns the calls that the service has beside get. Default: none.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// Removes the wait call from the [`capabilities`](Self::capabilities), for all later waits.
    ///
    /// A driver calls it when it has seen that the server has no wait call. Default: does nothing.
    fn disable_wait(&self) {}

    /// Returns whether the transport awaits [`Attempt::permit`] before it sends a request. Default: no.
    ///
    /// A driver then knows when a call is sent. Before that the call waits for a connection or a credential, and does not
    /// hang.
    fn takes_permits(&self) -> bool {
        false
    }

    /// Returns the service of the operations. Names are unique only within a service.
    ///
    /// Default: a service with an empty key and an empty version. A handle of such a transport cannot be resumed: a
    /// transport whose handles are saved implements this method.
    fn service(&self) -> Service {
        Service::default()
    }

    /// Returns the pacing of a wait whose caller sets none, by the kind of its operation.
    ///
    /// The kind is that of [`Wait::kind`](crate::Wait::kind), or else the key of the service.
    /// `None`, the default, selects [`Pacing::default`].
    fn default_pacing(&self, _kind: &str) -> Option<Pacing> {
        None
    }

    /// Returns the share of the work that is done, from 0 to 1, from the metadata of an operation.
    ///
    /// `None`, the default, if the service does not report it.
    /// [`Snapshot::progress`](crate::Snapshot::progress) and the pacing use it, unless the wait has a closure of its own
    /// ([`Wait::pace_by_progress`](crate::Wait::pace_by_progress)).
    fn progress(&self, _metadata: &Any) -> Option<f64> {
        None
    }
}

/// The calls that a service has beside get.
///
/// ```
/// use lro::Capabilities;
///
/// let can_cancel = Capabilities::default().cancel(true);
/// assert!(can_cancel.cancel && !can_cancel.list);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whether the service has [`LroTransport::cancel_operation`].
    pub cancel: bool,
    /// Whether the service has [`LroTransport::delete_operation`].
    pub delete: bool,
    /// Whether the service has [`LroTransport::list_operations`].
    pub list: bool,
    /// Whether the service has [`LroTransport::wait_operation`].
    pub wait: bool,
}

impl Capabilities {
    /// All calls.
    pub const ALL: Self = Self { cancel: true, delete: true, list: true, wait: true };

    /// Sets whether the service has a call to cancel.
    pub const fn cancel(self, cancel: bool) -> Self {
        Self { cancel, ..self }
    }

    /// Sets whether the service has a call to delete.
    pub const fn delete(self, delete: bool) -> Self {
        Self { delete, ..self }
    }

    /// Sets whether the service has a call to list.
    pub const fn list(self, list: bool) -> Self {
        Self { list, ..self }
    }

    /// Sets whether the service has a call that waits.
    pub const fn wait(self, wait: bool) -> Self {
        Self { wait, ..self }
    }
}

/// The request for one page of a list, `google.longrunning.ListOperationsRequest`.
///
/// ```
/// use lro::ListOperationsRequest;
///
/// let running = ListOperationsRequest::new("projects/p/locations/l").filter("done=false").page_size(100);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOperationsRequest {
    /// The collection's parent, such as `projects/p/locations/l`. Empty if the service has only one collection.
    pub name: String,
    /// A filter in the language of the service (AIP-160). Empty for all operations.
    pub filter: String,
    /// The largest number of operations per page. 0 leaves it to the service.
    pub page_size: u32,
    /// The [`OperationPage::next_page_token`] of the page before. Empty for the first page.
    pub page_token: String,
    /// Whether the list succeeds without the collections that the service cannot reach.
    ///
    /// The page names them in [`OperationPage::unreachable`].
    pub return_partial_success: bool,
}

impl ListOperationsRequest {
    /// Creates a request for all operations of a collection.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Sets the filter. Default: all operations.
    pub fn filter(self, filter: impl Into<String>) -> Self {
        Self { filter: filter.into(), ..self }
    }

    /// Sets the largest number of operations per page. Default: 0, the service decides.
    pub fn page_size(self, page_size: u32) -> Self {
        Self { page_size, ..self }
    }

    /// Sets the token of the first page to request. Default: the first page of the list.
    pub fn page_token(self, page_token: impl Into<String>) -> Self {
        Self { page_token: page_token.into(), ..self }
    }

    /// Sets whether the list succeeds without the collections that the service cannot reach. Default: no.
    pub fn return_partial_success(self, return_partial_success: bool) -> Self {
        Self { return_partial_success, ..self }
    }
}

/// One page of a list, `google.longrunning.ListOperationsResponse`. An empty page may have a next page.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OperationPage {
    /// The operations.
    pub operations: Vec<Operation>,
    /// The token of the next page. Empty on the last page.
    pub next_page_token: String,
    /// The collections that the service could not reach, such as `projects/p/locations/l`.
    pub unreachable: Vec<String>,
}

impl OperationPage {
    /// The most operations, collections and details of errors, taken together, in a page that a transport reads. A page with more
    /// is refused, because the operations beyond could not be listed.
    ///
    /// The pages of the services have at most a few thousand operations. In memory 100,000 take some 40 MB, however short they are
    /// in the reply.
    pub const MOST_PARTS: usize = 100_000;

    /// Creates a page of these operations. It is the last page unless it has a [token](Self::next_page_token).
    pub fn new(operations: Vec<Operation>) -> Self {
        Self { operations, ..Self::default() }
    }

    /// Sets the token of the next page.
    pub fn next_page_token(self, next_page_token: impl Into<String>) -> Self {
        Self { next_page_token: next_page_token.into(), ..self }
    }

    /// Sets the collections that the service could not reach.
    pub fn unreachable(self, unreachable: Vec<String>) -> Self {
        Self { unreachable, ..self }
    }
}

/// Creates a transport from a closure, for tests and for services that need only get.
///
/// ```
/// use lro::{Operation, poll_until_done, transport_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let answers = transport_fn(|name| async move {
///     Operation::succeeded(name.as_str(), serde_json::json!({"answer": 42}))
/// });
/// let answer: serde_json::Value = poll_until_done(&answers, "operations/1".parse()?).await?;
/// assert_eq!(answer["answer"], 42);
/// # Ok::<(), lro::Status>(())
/// # }).unwrap();
/// ```
pub fn transport_fn<F, Fut>(get_operation: F) -> TransportFn<F>
where
    F: Fn(OperationName) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Operation, Status>> + Send,
{
    TransportFn { get_operation, service: ("", "") }
}

/// A transport that calls a closure. See [`transport_fn`].
#[derive(Clone, Copy)]
pub struct TransportFn<F> {
    get_operation: F,
    /// Key and version.
    service: (&'static str, &'static str),
}

impl<F> TransportFn<F> {
    /// Sets the key and the version of the [service](LroTransport::service), which metrics, handles and registries need. Default: none.
    ///
    /// ```
    /// use lro::{LroTransport, Operation, transport_fn};
    ///
    /// let printer = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) })
    ///     .with_service("printer.example.com", "v1");
    /// assert_eq!(printer.service().key(), "printer.example.com");
    /// ```
    pub fn with_service(self, key: &'static str, version: &'static str) -> Self {
        Self { service: (key, version), ..self }
    }
}

impl<F> fmt::Debug for TransportFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFn")
    }
}

#[async_trait]
impl<F, Fut> LroTransport for TransportFn<F>
where
    F: Fn(OperationName) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Operation, Status>> + Send,
{
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        (self.get_operation)(name.clone()).await
    }

    fn service(&self) -> Service {
        let (key, version) = self.service;
        Service::new(key, version)
    }
}
