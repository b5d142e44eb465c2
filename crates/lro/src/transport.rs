mod attempt;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Code, Operation, OperationName, Pacing, Service, Status};

pub use self::attempt::{Attempt, Permit};

/// The provided methods `…_within`: the plain calls, without a box around theirs.
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
/// A transport asks once: it neither retries nor waits. Only [`get_operation`](Self::get_operation) must be written;
/// the other calls are capabilities, and a transport that has one says so in [`capabilities`](Self::capabilities).
///
/// A failed call is a [`Status`] of [`Origin::CallFailed`](crate::Origin::CallFailed), which is what [`Status::new`]
/// makes; an operation that finished with an error is no failed call but an `Ok` of [`Operation::failed`].
///
/// The future of a call may be dropped at any await point, and then nothing must be lost but that call.
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
    /// Asks for the state of an operation.
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status>;

    /// Asks the server to cancel an operation. Success means that the request was accepted, not that it was cancelled.
    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unsupported(&self.service(), "cancel", name.as_str()))
    }

    /// Tells the server that the result is no longer wanted. It does not cancel.
    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        Err(Status::unsupported(&self.service(), "delete", name.as_str()))
    }

    /// Asks for one page of the operations under a name.
    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        Err(Status::unsupported(&self.service(), "list", &request.name))
    }

    /// Asks for the state of an operation as soon as it is done, or when the timeout has passed, or at once.
    ///
    /// A wait asks by it where [`capabilities`](Self::capabilities) declare it, and goes on with get where the server
    /// turns out to have no such call. A transport that learns so declares it no more, for all waits to come.
    async fn wait_operation(&self, name: &OperationName, _: Option<Duration>) -> Result<Operation, Status> {
        Err(Status::unsupported(&self.service(), "wait", name.as_str()))
    }

    within! {
        /// As [`get_operation`](Self::get_operation), for a transport that heeds the time left or the permit.
        fn get_operation_within(name: &OperationName) -> Operation = get_operation;
        /// As [`cancel_operation`](Self::cancel_operation), for a transport that heeds the time left or the permit.
        fn cancel_operation_within(name: &OperationName) -> () = cancel_operation;
        /// As [`delete_operation`](Self::delete_operation), for a transport that heeds the time left or the permit.
        fn delete_operation_within(name: &OperationName) -> () = delete_operation;
        /// As [`list_operations`](Self::list_operations), for a transport that heeds the time left or the permit.
        fn list_operations_within(request: &ListOperationsRequest) -> OperationPage = list_operations;
    }

    /// As [`wait_operation`](Self::wait_operation), for a transport that heeds the time left or the permit.
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

    /// Which calls the service has beside get.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// The service whose operations these are: names are unique only within it.
    fn service(&self) -> Service {
        Service::default()
    }

    /// Returns the pacing of a wait that was given none, by the kind of its operation. The kind is the wait's
    /// [own](crate::Wait::kind) or, without one, the key of the service.
    ///
    /// The default is `None`: such a wait is paced by [`Pacing::default`].
    fn default_pacing(&self, _kind: &str) -> Option<Pacing> {
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
    /// [`LroTransport::cancel_operation`].
    pub cancel: bool,
    /// [`LroTransport::delete_operation`].
    pub delete: bool,
    /// [`LroTransport::list_operations`].
    pub list: bool,
    /// [`LroTransport::wait_operation`].
    pub wait: bool,
}

impl Capabilities {
    /// Every call.
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

    /// Whether a failed [`wait_operation`](LroTransport::wait_operation) says that the server has no such call. An
    /// operation that is not there reads alike; then get tells.
    pub fn lack_wait(failure: &Status) -> bool {
        // HTTP 404 and 405 are a missing method; 405 reads as a failed precondition. So does 408, which may pass.
        let is_final = failure.transient() != Some(true);
        is_final && matches!(failure.code(), Code::Unimplemented | Code::NotFound | Code::FailedPrecondition)
    }
}

/// What to list, `google.longrunning.ListOperationsRequest`.
///
/// ```
/// use lro::ListOperationsRequest;
///
/// let running = ListOperationsRequest::new("projects/p/locations/l").filter("done=false").page_size(100);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOperationsRequest {
    /// The collection's parent, such as `projects/p/locations/l`; empty where the service has one collection.
    pub name: String,
    /// A filter of the service's own language (AIP-160); empty for all.
    pub filter: String,
    /// The most operations a page; 0 leaves it to the service.
    pub page_size: u32,
    /// Where to go on, from [`OperationPage::next_page_token`]; empty for the first page.
    pub page_token: String,
    /// Whether a list is a success that lacks the collections which the service cannot reach
    /// ([`OperationPage::unreachable`]).
    pub return_partial_success: bool,
}

impl ListOperationsRequest {
    /// All operations of a collection.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Sets the filter.
    pub fn filter(self, filter: impl Into<String>) -> Self {
        Self { filter: filter.into(), ..self }
    }

    /// Sets the most operations a page.
    pub fn page_size(self, page_size: u32) -> Self {
        Self { page_size, ..self }
    }

    /// Sets the page to begin with.
    pub fn page_token(self, page_token: impl Into<String>) -> Self {
        Self { page_token: page_token.into(), ..self }
    }

    /// Sets whether a list may lack what the service cannot reach.
    pub fn return_partial_success(self, return_partial_success: bool) -> Self {
        Self { return_partial_success, ..self }
    }
}

/// One page of a list, `google.longrunning.ListOperationsResponse`. It may be empty and yet have a next one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OperationPage {
    /// The operations.
    pub operations: Vec<Operation>,
    /// Where to go on; empty at the end.
    pub next_page_token: String,
    /// The collections that the service could not reach, such as `projects/p/locations/l`.
    pub unreachable: Vec<String>,
}

impl OperationPage {
    /// A page of these operations, the last one until it has a [token](Self::next_page_token).
    pub fn new(operations: Vec<Operation>) -> Self {
        Self { operations, ..Self::default() }
    }

    /// Sets where the next page begins.
    pub fn next_page_token(self, next_page_token: impl Into<String>) -> Self {
        Self { next_page_token: next_page_token.into(), ..self }
    }

    /// Sets the collections that could not be reached.
    pub fn unreachable(self, unreachable: Vec<String>) -> Self {
        Self { unreachable, ..self }
    }
}

/// A transport made of a closure, for tests and for services that need no more.
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
    TransportFn(get_operation)
}

/// See [`transport_fn`].
#[derive(Clone, Copy)]
pub struct TransportFn<F>(F);

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
        (self.0)(name.clone()).await
    }
}

impl<T: LroTransport + ?Sized> LroTransport for &T {
    crate::forward_transport!(self => **self);
}

impl<T: LroTransport + ?Sized> LroTransport for Arc<T> {
    crate::forward_transport!(self => **self);
}

impl<T: LroTransport + ?Sized> LroTransport for Box<T> {
    crate::forward_transport!(self => **self);
}

/// Inside `impl LroTransport for …`: passes every call on to another transport, without the box that an `async fn`
/// would put around each.
///
/// ```
/// use lro::{LroTransport, forward_transport};
///
/// #[derive(Debug)]
/// struct Renamed<T>(T);
///
/// impl<T: LroTransport> LroTransport for Renamed<T> {
///     forward_transport!(self => self.0);
/// }
/// ```
#[macro_export]
macro_rules! forward_transport {
    ($this:ident => $to:expr) => {
        $crate::forward_transport!($this => $to, get_operation, get_operation_within,
            (name: $crate::OperationName) -> $crate::Operation);
        $crate::forward_transport!($this => $to, cancel_operation, cancel_operation_within,
            (name: $crate::OperationName) -> ());
        $crate::forward_transport!($this => $to, delete_operation, delete_operation_within,
            (name: $crate::OperationName) -> ());
        $crate::forward_transport!($this => $to, list_operations, list_operations_within,
            (request: $crate::ListOperationsRequest) -> $crate::OperationPage);
        $crate::forward_transport!($this => $to, wait_operation, wait_operation_within,
            (name: $crate::OperationName, timeout: ::core::option::Option<::core::time::Duration>)
            -> $crate::Operation);

        fn capabilities(&$this) -> $crate::Capabilities {
            $crate::LroTransport::capabilities(&$to)
        }

        fn service(&$this) -> $crate::Service {
            $crate::LroTransport::service(&$to)
        }

        fn default_pacing(&$this, kind: &str) -> ::core::option::Option<$crate::Pacing> {
            $crate::LroTransport::default_pacing(&$to, kind)
        }
    };
    ($this:ident => $to:expr, $call:ident, $within:ident,
        ($argument:ident: $kind:ty $(, $more:ident: $more_kind:ty)?) -> $output:ty) => {
        fn $call<'a, 'b, 'c>(
            &'a $this,
            $argument: &'b $kind
            $(, $more: $more_kind)?
        ) -> $crate::forward_transport!(@call $output, 'c)
        where
            'a: 'c,
            'b: 'c,
            Self: 'c,
        {
            $crate::LroTransport::$call(&$to, $argument $(, $more)?)
        }

        fn $within<'a, 'b, 'c, 'd>(
            &'a $this,
            $argument: &'b $kind,
            $($more: $more_kind,)?
            attempt: &'c $crate::Attempt,
        ) -> $crate::forward_transport!(@call $output, 'd)
        where
            'a: 'd,
            'b: 'd,
            'c: 'd,
            Self: 'd,
        {
            $crate::LroTransport::$within(&$to, $argument, $($more,)? attempt)
        }
    };
    (@call $output:ty, $lifetime:lifetime) => {
        ::core::pin::Pin<::std::boxed::Box<
            dyn ::core::future::Future<Output = ::core::result::Result<$output, $crate::Status>>
                + ::core::marker::Send
                + $lifetime,
        >>
    };
}
