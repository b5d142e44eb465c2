//! Transports that are made of others, and calls that are made of others.

use std::sync::Arc;

use super::LroTransport;

impl<T: LroTransport + ?Sized> LroTransport for &T {
    crate::forward_transport!(self => **self);
}

impl<T: LroTransport + ?Sized> LroTransport for Arc<T> {
    crate::forward_transport!(self => **self);
}

impl<T: LroTransport + ?Sized> LroTransport for Box<T> {
    crate::forward_transport!(self => **self);
}

/// Implements the plain calls of an `impl LroTransport for …` by those of the same verb within an attempt.
///
/// A transport that uses the time left or the permit implements only the latter:
///
/// ```
/// use lro::{Attempt, LroTransport, Operation, OperationName, Status, async_trait, plain_calls};
///
/// #[derive(Debug)]
/// struct Printer;
///
/// #[async_trait]
/// impl LroTransport for Printer {
///     plain_calls!(self: get);
///
///     async fn get_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<Operation, Status> {
///         attempt.permit().await;
///         Ok(Operation::running(name.as_str()))
///     }
/// }
/// ```
#[macro_export]
macro_rules! plain_calls {
    ($this:ident: $($verb:ident)+) => { $( $crate::plain_calls!(@$verb $this); )+ };
    (@get $this:ident) => {
        $crate::plain_calls!(@call $this, get_operation, get_operation_within,
            (name: $crate::OperationName) -> $crate::Operation);
    };
    (@cancel $this:ident) => {
        $crate::plain_calls!(@call $this, cancel_operation, cancel_operation_within,
            (name: $crate::OperationName) -> ());
    };
    (@delete $this:ident) => {
        $crate::plain_calls!(@call $this, delete_operation, delete_operation_within,
            (name: $crate::OperationName) -> ());
    };
    (@list $this:ident) => {
        $crate::plain_calls!(@call $this, list_operations, list_operations_within,
            (request: $crate::ListOperationsRequest) -> $crate::OperationPage);
    };
    (@wait $this:ident) => {
        $crate::plain_calls!(@call $this, wait_operation, wait_operation_within,
            (name: $crate::OperationName, timeout: ::core::option::Option<::core::time::Duration>)
            -> $crate::Operation);
    };
    (@call $this:ident, $call:ident, $within:ident,
        ($argument:ident: $kind:ty $(, $more:ident: $more_kind:ty)?) -> $output:ty) => {
        $crate::forward_transport!(@plain $this, $call, ($argument: $kind $(, $more: $more_kind)?) -> $output, {
            ::std::boxed::Box::pin(async move {
                let attempt = $crate::Attempt::default();
                $crate::LroTransport::$within($this, $argument, $($more,)? &attempt).await
            })
        });
    };
}

/// Implements all methods of an `impl LroTransport for …` by another transport.
///
/// It forwards the boxed futures, so a call costs no second box as it would in an `async fn`.
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

        fn disable_wait(&$this) {
            $crate::LroTransport::disable_wait(&$to);
        }

        fn takes_permits(&$this) -> bool {
            $crate::LroTransport::takes_permits(&$to)
        }

        fn service(&$this) -> $crate::Service {
            $crate::LroTransport::service(&$to)
        }

        fn default_pacing(&$this, kind: &str) -> ::core::option::Option<$crate::Pacing> {
            $crate::LroTransport::default_pacing(&$to, kind)
        }

        fn progress(&$this, metadata: &$crate::Any) -> ::core::option::Option<f64> {
            $crate::LroTransport::progress(&$to, metadata)
        }
    };
    ($this:ident => $to:expr, $call:ident, $within:ident,
        ($argument:ident: $kind:ty $(, $more:ident: $more_kind:ty)?) -> $output:ty) => {
        $crate::forward_transport!(@plain $this, $call, ($argument: $kind $(, $more: $more_kind)?) -> $output, {
            $crate::LroTransport::$call(&$to, $argument $(, $more)?)
        });

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
    (@plain $this:ident, $call:ident,
        ($argument:ident: $kind:ty $(, $more:ident: $more_kind:ty)?) -> $output:ty, $body:block) => {
        fn $call<'a, 'b, 'c>(
            &'a $this,
            $argument: &'b $kind
            $(, $more: $more_kind)?
        ) -> $crate::forward_transport!(@call $output, 'c)
        where
            'a: 'c,
            'b: 'c,
            Self: 'c,
        $body
    };
    (@call $output:ty, $lifetime:lifetime) => {
        ::core::pin::Pin<::std::boxed::Box<
            dyn ::core::future::Future<Output = ::core::result::Result<$output, $crate::Status>>
                + ::core::marker::Send
                + $lifetime,
        >>
    };
}
