use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use google_cloud_gax::options::RequestOptions;
use google_cloud_longrunning::model;
use lro::{
    Attempt, Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Service, Status, Wait, async_trait,
};

use crate::{
    call::{Call, send, sendable},
    call_failed, operation,
    operation::page,
};

/// `google.longrunning` by a client of google-cloud-rust.
///
/// The macro [`transport!`](crate::transport) creates one from a client. [`new`](Self::new) and the other methods take
/// the calls one by one, for a client whose calls have other names. Clones share the client.
///
/// Each call is one request: the retry policy of the client is not used. A driver of `lro` retries.
///
/// The client decodes the replies, so it alone bounds their length, and the number of their operations and details.
///
/// A name that contains `%` or `\` is refused without a call. The clients do not encode these characters, so the request
/// would be about another resource.
#[derive(Clone)]
pub struct GoogleCloudTransport {
    service: Service,
    get: Call<model::GetOperationRequest, model::Operation>,
    cancel: Option<Call<model::CancelOperationRequest, ()>>,
    delete: Option<Call<model::DeleteOperationRequest, ()>>,
    list: Option<Call<model::ListOperationsRequest, model::ListOperationsResponse>>,
    wait: Option<Call<model::WaitOperationRequest, model::Operation>>,
    /// Whether a driver has seen that the server has no wait call.
    lacks_wait: Arc<AtomicBool>,
}

/// Defines a method that sets an optional call.
macro_rules! optional_call {
    ($(#[$doc:meta])* $method:ident, $call:ident: $request:ident -> $reply:ty) => {
        $(#[$doc])*
        pub fn $method<F>(
            self,
            $call: impl Fn(model::$request, RequestOptions) -> F + Send + Sync + 'static,
        ) -> Self
        where
            F: Future<Output = google_cloud_gax::Result<$reply>> + Send + 'static,
        {
            Self { $call: Some(Arc::new(move |request, options| Box::pin($call(request, options)))), ..self }
        }
    };
}

impl GoogleCloudTransport {
    /// Creates a transport from the call that gets an operation. The key of the service is its host, such as
    /// `workflows.googleapis.com`.
    ///
    /// ```
    /// # use google_cloud_workflows_v1::client::Workflows;
    /// use lro::Service;
    /// use lro_google_cloud::GoogleCloudTransport;
    ///
    /// # fn example(client: Workflows) {
    /// let operations = GoogleCloudTransport::new(
    ///     Service::new("workflows.googleapis.com", "v1"),
    ///     move |request, options| client.get_operation().with_request(request).with_options(options).send(),
    /// );
    /// # }
    /// ```
    pub fn new<F>(
        service: Service,
        get: impl Fn(model::GetOperationRequest, RequestOptions) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = google_cloud_gax::Result<model::Operation>> + Send + 'static,
    {
        Self {
            service,
            get: Arc::new(move |request, options| Box::pin(get(request, options))),
            cancel: None,
            delete: None,
            list: None,
            wait: None,
            lacks_wait: Arc::default(),
        }
    }

    optional_call! {
        /// Sets the call that cancels an operation. Default: none.
        cancel_by, cancel: CancelOperationRequest -> ()
    }

    optional_call! {
        /// Sets the call that deletes an operation. Default: none.
        delete_by, delete: DeleteOperationRequest -> ()
    }

    optional_call! {
        /// Sets the call that lists operations. Default: none.
        list_by, list: ListOperationsRequest -> model::ListOperationsResponse
    }

    optional_call! {
        /// Sets the call that waits for an operation. Default: none.
        wait_by, wait: WaitOperationRequest -> model::Operation
    }

    /// Creates a wait for the operation that a starting call of the client returned.
    ///
    /// The response decodes as `R`: a model struct of the client's crate, or [`Model`](crate::Model) of one, which checks
    /// the type of the response.
    ///
    /// # Errors
    ///
    /// The failure of the starting call, as [`call_failed`] reads it. [`Origin::MalformedReply`](lro::Origin::MalformedReply)
    /// if its reply is not an operation.
    pub fn started<R>(
        &self,
        started: google_cloud_gax::Result<model::Operation>,
    ) -> Result<Wait<'static, R>, Status> {
        let started = started.map_err(call_failed)?;
        Ok(Wait::started(self.clone(), operation(&started)?))
    }

    fn unsupported(&self, verb: &str, name: &str) -> Status {
        Status::unsupported(&self.service, verb, name)
    }
}

#[async_trait]
impl LroTransport for GoogleCloudTransport {
    lro::plain_calls!(self: get cancel delete list wait);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let request = model::GetOperationRequest::new().set_name(sendable(name)?);
        operation(&send(&self.get, request, attempt).await?)
    }

    async fn cancel_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        let call = self.cancel.as_ref().ok_or_else(|| self.unsupported("cancel", name.as_str()))?;
        send(call, model::CancelOperationRequest::new().set_name(sendable(name)?), attempt).await
    }

    async fn delete_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        let call = self.delete.as_ref().ok_or_else(|| self.unsupported("delete", name.as_str()))?;
        send(call, model::DeleteOperationRequest::new().set_name(sendable(name)?), attempt).await
    }

    async fn list_operations_within(
        &self,
        request: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        let call = self.list.as_ref().ok_or_else(|| self.unsupported("list", &request.name))?;
        if !request.name.is_empty() {
            sendable(&OperationName::parse(&request.name)?)?;
        }
        let request = model::ListOperationsRequest::new()
            .set_name(&request.name)
            .set_filter(&request.filter)
            .set_page_size(i32::try_from(request.page_size).unwrap_or(i32::MAX))
            .set_page_token(&request.page_token)
            .set_return_partial_success(request.return_partial_success);
        page(&send(call, request, attempt).await?)
    }

    async fn wait_operation_within(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let call = self.wait.as_ref().ok_or_else(|| self.unsupported("wait", name.as_str()))?;
        let request = model::WaitOperationRequest::new().set_name(sendable(name)?).set_or_clear_timeout(
            timeout.and_then(|timeout| google_cloud_wkt::Duration::try_from(timeout).ok()),
        );
        operation(&send(call, request, attempt).await?)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .cancel(self.cancel.is_some())
            .delete(self.delete.is_some())
            .list(self.list.is_some())
            .wait(self.wait.is_some() && !self.lacks_wait.load(Relaxed))
    }

    fn disable_wait(&self) {
        self.lacks_wait.store(true, Relaxed);
    }

    fn service(&self) -> Service {
        self.service.clone()
    }
}

impl fmt::Debug for GoogleCloudTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleCloudTransport")
            .field("service", &self.service)
            .field("capabilities", &self.capabilities())
            .finish_non_exhaustive()
    }
}
