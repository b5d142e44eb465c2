//! What [`transport!`](crate::transport) expands to. Not for other use.
//!
//! The clients have no common trait, and each has other calls. An inherent method of a client takes precedence over the
//! method of [`Absent`], which every type has. So the name of a call resolves for every client, and the type of its
//! builder shows whether the client has the call.

use google_cloud_gax::{error::Error, options::RequestOptions};

/// The calls that a client may lack.
pub trait Absent {
    /// Every client has this call. A pointer to a client has this one, which the compiler then refuses: all other calls would
    /// appear to be absent.
    fn get_operation(&self) -> NotTheClientItself {
        NotTheClientItself
    }

    fn cancel_operation(&self) -> NoCall {
        NoCall
    }

    fn delete_operation(&self) -> NoCall {
        NoCall
    }

    fn list_operations(&self) -> NoCall {
        NoCall
    }

    fn wait_operation(&self) -> NoCall {
        NoCall
    }
}

impl<T> Absent for T {}

/// What the compiler names if the macro is given a pointer to a client, such as an `Arc`.
#[derive(Debug)]
pub struct NotTheClientItself;

/// The builder of a call that the client lacks.
#[derive(Debug)]
pub struct NoCall;

impl NoCall {
    pub fn exists(&self) -> bool {
        false
    }

    pub fn with_request<Q>(self, _: Q) -> Self {
        self
    }

    pub fn with_options(self, _: RequestOptions) -> Self {
        self
    }

    pub async fn send<A>(self) -> google_cloud_gax::Result<A> {
        Err(Error::exhausted("the client has no such call"))
    }
}

/// Every other builder exists.
pub trait Present {
    fn exists(&self) -> bool {
        true
    }
}

impl<T> Present for T {}

/// Creates a [`GoogleCloudTransport`](crate::GoogleCloudTransport) from a service and a client of google-cloud-rust that
/// has `get_operation`. It uses the calls to cancel, delete, list and wait that the client has.
///
/// The client is cloned. The key of the service is its host. Handles carry it with the version.
/// A pointer such as `Arc<Client>` does not compile: pass `*pointer`.
///
/// ```
/// # use google_cloud_workflows_v1::client::Workflows;
/// use lro::{LroTransport, Service};
///
/// # fn example(client: Workflows) {
/// let operations = lro_google_cloud::transport!(Service::new("workflows.googleapis.com", "v1"), client);
/// assert!(operations.capabilities().list && !operations.capabilities().cancel);
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # use google_cloud_workflows_v1::client::Workflows;
/// # fn example(client: std::sync::Arc<Workflows>) {
/// let operations = lro_google_cloud::transport!(lro::Service::new("workflows.googleapis.com", "v1"), client);
/// # }
/// ```
#[macro_export]
macro_rules! transport {
    ($service:expr, $client:expr $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::probe::{Absent as _, Present as _};

        let client = $client.clone();
        let transport = $crate::GoogleCloudTransport::new($service, $crate::transport!(@call client, get_operation));
        let transport = $crate::transport!(@call_if client, cancel_operation, transport, cancel_by);
        let transport = $crate::transport!(@call_if client, delete_operation, transport, delete_by);
        let transport = $crate::transport!(@call_if client, list_operations, transport, list_by);
        $crate::transport!(@call_if client, wait_operation, transport, wait_by)
    }};
    (@call $client:ident, $call:ident) => {{
        let client = $client.clone();
        move |request, options| client.$call().with_request(request).with_options(options).send()
    }};
    (@call_if $client:ident, $call:ident, $transport:ident, $setter:ident) => {
        if $client.$call().exists() {
            $transport.$setter($crate::transport!(@call $client, $call))
        } else {
            $transport
        }
    };
}
