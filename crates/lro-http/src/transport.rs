use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{Method, StatusCode, response::Parts};
use lro::{
    Any, Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Origin, Pacing, Service, Status, async_trait,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    Binding, Call, Form, HttpClient, Token,
    calls::{Calls, Verb},
    form::{Linked, path_of},
    listed::Listed,
    reply::Reply,
    request::{PreparedCalls, safe_name},
};

/// `google.longrunning` over HTTP/JSON, for any service that binds it.
///
/// ```
/// use lro::Service;
/// use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
///
/// let binding =
///     Binding::new(Service::new("example.googleapis.com", "v1"), NameTemplate::parse("operations/**")?);
/// let client = HttpClient::builder("http://localhost:8080").build()?;
/// let jobs = HttpTransport::new(client, binding);
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone)]
pub struct HttpTransport(Arc<Inner>);

struct Inner {
    client: HttpClient,
    binding: Binding,
    calls: Calls,
    /// The calls that the binding declares and has paths for.
    capabilities: Capabilities,
    polls: PreparedCalls,
    /// Whether a driver has seen that the server has no wait call, although the binding declares it.
    lacks_wait: AtomicBool,
}

impl HttpTransport {
    /// Creates a transport for the service that the client reaches.
    pub fn new(client: HttpClient, binding: Binding) -> Self {
        let (polls, lacks_wait) = (PreparedCalls::default(), AtomicBool::default());
        let calls = binding.calls();
        let (declared, reached) = (binding.capabilities, calls.capabilities());
        let capabilities = declared
            .cancel(declared.cancel && reached.cancel)
            .delete(declared.delete && reached.delete)
            .list(declared.list && reached.list && !binding.has_targets())
            .wait(declared.wait && reached.wait);
        Self(Arc::new(Inner { client, binding, calls, capabilities, polls, lacks_wait }))
    }

    /// Has the target of an operation that is done read, and its state returned as the response. Default: no.
    ///
    /// The operations of Compute Engine, Cloud SQL Admin, Kubernetes Engine and Deployment Manager do not carry the resource
    /// that they work on, but a link to it: the [target](Form::target) of the form. Without this setting the response is the
    /// reply itself, and a wait needs no permission to read the resource.
    ///
    /// - The target is read by one more call, from the endpoint of the client: only the path of the link is used, so that a reply
    ///   cannot lead a token to another host.
    /// - A target that does not exist, as after a delete, makes the response empty. An operation without a link, and one whose
    ///   reply has a response, is returned as it is.
    /// - If the target cannot be read, the poll is a failed call, which is retried as any other. The error that ends a wait then says
    ///   that the operation has succeeded, and [`Status::response`] is its reply.
    /// - The transport has no call to list, because a list does not have the targets.
    /// - The rate of a fleet or of workers does not count this call: their [permit](lro::Permit) is that of the poll. Where many
    ///   operations end at once, set the rate below the quota, down to half of it.
    ///
    /// ```
    /// use lro_http::{Binding, HttpClient, HttpTransport};
    ///
    /// let disks: Binding = serde_json::from_str(
    ///     r#"{
    ///         "service": "disks.example.com", "version": "v1", "get": ["v1/{name=operations/*}"],
    ///         "form": {"state": "status", "done": ["DONE"], "target": "targetLink"}
    ///     }"#,
    /// )?;
    /// let disks = HttpTransport::new(HttpClient::builder("http://localhost:8080").build()?, disks).reading_targets();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reading_targets(self) -> Self {
        Self::new(self.0.client.clone(), self.0.binding.clone().reading_targets())
    }

    /// Returns the client, for the other calls of the service.
    pub fn client(&self) -> &HttpClient {
        &self.0.client
    }

    /// Returns the binding.
    pub fn binding(&self) -> &Binding {
        &self.0.binding
    }

    /// Sends a call that starts an operation. It is sent once: a second call would start a second operation.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::send`].
    pub async fn start(&self, call: Call) -> Result<Operation, Status> {
        if let Some(form) = self.0.binding.form() {
            return self.start_in(form, call).await;
        }
        let what = call.shown();
        let reply = self.0.client.send_raw(call, &Attempt::default()).await?;
        let operation = self.0.client.read(&reply, |body| started(body, &what))?;
        let operation = Operation { retry_after: reply.retry_after, ..operation };
        // A name that is none is judged by the wait.
        let is_other = OperationName::parse(&operation.name).is_ok() && !self.0.calls.is_own(&operation.name);
        if operation.is_done() || !is_other {
            return Ok(operation);
        }
        let service = &self.0.binding.service;
        let name: String = operation.name.chars().take(LONGEST_NAME).collect();
        Err(Status::malformed(format!("the started operation is not one of {service}: {name:?}")))
    }

    /// Sends a starting call to a service with a form of its own.
    async fn start_in(&self, form: &Form, call: Call) -> Result<Operation, Status> {
        let (client, calls) = (&self.0.client, &self.0.calls);
        let mut linked = Linked::default();
        let seen = |head: &Parts, token: Option<&Token>| linked = form.linked(&head.headers, token, calls);
        let reply = match client.replied(call, StatusCode::is_success, seen).await {
            Ok((_, reply)) => reply,
            // The body has not arrived whole, but the operation runs.
            Err(fault) => return linked.own.map(|name| Operation::running(&name)).ok_or(fault),
        };
        let operation = client.read(&reply, |body| form.started(linked, body, reply.is_accepted, calls))?;
        let operation = Operation { retry_after: reply.retry_after, ..operation };
        let has_name = OperationName::parse(&operation.name).is_ok();
        if has_name && self.0.binding.reads_targets && form.target_of(&operation, &reply.body).is_some() {
            // A failure to read the target must not be one of the start, so that a poll reads it.
            return Ok(Operation { outcome: None, ..operation });
        }
        Ok(operation)
    }

    /// Returns the operation in a reply, with its target as the response if the binding says so.
    async fn whole(&self, name: &OperationName, reply: Reply) -> Result<Operation, Status> {
        let operation = self.operation(name, &reply)?;
        let form = self.0.binding.form().filter(|_| self.0.binding.reads_targets);
        match form.and_then(|form| form.target_of(&operation, &reply.body)) {
            // Boxed: its state would enlarge the future of every call.
            Some(link) => Box::pin(self.completed(operation, link)).await,
            None => Ok(operation),
        }
    }

    /// Reads the target of an operation that has succeeded.
    async fn completed(&self, operation: Operation, link: String) -> Result<Operation, Status> {
        match self.target(&link).await {
            Ok(target) => Ok(operation.with_outcome(Ok(target))),
            Err(status) if (status.code(), status.origin()) == (Code::NotFound, Origin::CallFailed) => {
                Ok(operation.with_outcome(Ok(Any::from_value(&())?)))
            }
            Err(status) => {
                let context = "the operation has succeeded, but its target could not be read";
                // The get was sent.
                let status = status.in_context(context).with_unsent(false);
                Err(operation.metadata.into_iter().fold(status, Status::with_response))
            }
        }
    }

    async fn target(&self, link: &str) -> Result<Any, Status> {
        let path = path_of(link, self.0.client.endpoint())
            .ok_or_else(|| Status::malformed("its link has no path of a resource"))?;
        let has_query = path.contains('?');
        let call = Call::to(Method::GET, path.into_bytes());
        let call = if has_query { call } else { self.asking(call) };
        self.0.client.send(call).await
    }

    fn operation(&self, name: &OperationName, reply: &Reply) -> Result<Operation, Status> {
        let operation = self.0.client.read(reply, |body| match self.0.binding.form() {
            None => Operation::from_json(body),
            Some(form) => form.operation(name.as_str(), body, reply.is_accepted),
        })?;
        Ok(Operation { retry_after: reply.retry_after, ..operation })
    }

    /// Checks that the reply of a call without a result carries no error.
    fn accepted(&self, reply: &Reply) -> Result<(), Status> {
        self.0.client.read(reply, |body| Status::in_reply(body).map_or(Ok(()), Err))
    }

    /// Returns a call for an operation, if the service has it and the name is one of its operations.
    fn call(&self, has: bool, verb: Verb, name: &OperationName) -> Result<Call, Status> {
        let (word, name) = (verb.word(), name.as_str());
        self.check_verb(has, word, name)?;
        let call = self.0.calls.call(verb, name)?;
        call.ok_or_else(|| Status::unsupported(&self.0.binding.service, word, name))
    }

    /// Adds the query of the form to a call for the state of an operation.
    fn asking(&self, call: Call) -> Call {
        let query = self.0.binding.form().into_iter().flat_map(|form| &form.query);
        query.fold(call, |call, (key, value)| call.query(key, value))
    }

    fn check_verb(&self, has: bool, verb: &str, name: &str) -> Result<(), Status> {
        if has { Ok(()) } else { Err(Status::unsupported(&self.0.binding.service, verb, name)) }
    }
}

#[async_trait]
impl LroTransport for HttpTransport {
    lro::plain_calls!(self: get cancel delete list wait);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let prepared = self
            .0
            .polls
            .get(name, || self.asking(self.0.calls.get(name.as_str())?).prepare(self.0.client.endpoint()))?;
        self.whole(name, self.0.client.exchange(&prepared, attempt).await?).await
    }

    async fn cancel_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        let call = self.call(self.0.capabilities.cancel, Verb::Cancel, name)?;
        let call = if call.method == Method::POST { call.body(&Empty {})? } else { call };
        self.accepted(&self.0.client.send_raw(call, attempt).await?)
    }

    async fn delete_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        let call = self.call(self.0.capabilities.delete, Verb::Delete, name)?;
        self.accepted(&self.0.client.send_raw(call, attempt).await?)
    }

    async fn list_operations_within(
        &self,
        request: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        self.check_verb(self.0.capabilities.list, "list", &request.name)?;
        if !request.name.is_empty() {
            safe_name(&request.name)?;
        }
        let form = self.0.binding.form();
        let call = self.0.calls.list(&request.name)?;
        let call = call
            .query("filter", &request.filter)
            .count(form.map_or("pageSize", |form| &form.page_size), request.page_size)
            .query("pageToken", &request.page_token)
            .flag("returnPartialSuccess", request.return_partial_success);
        let reply = self.0.client.send_raw(call, attempt).await?;
        if let Some(form) = form {
            return self.0.client.read(&reply, |body| form.page(&request.name, body, &self.0.calls));
        }
        let page = self.0.client.read(&reply, page)?;
        Ok(OperationPage::new(page.operations.unwrap_or_default().items)
            .next_page_token(page.next_page_token.unwrap_or_default())
            .unreachable(page.unreachable.unwrap_or_default().items))
    }

    async fn wait_operation_within(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let call = self.call(self.capabilities().wait, Verb::Wait, name)?;
        let call = self.asking(self.0.calls.with_timeout(call, timeout)?);
        let prepared = call.prepare(self.0.client.endpoint())?;
        let operation = self.whole(name, self.0.client.exchange(&prepared, attempt).await?).await;
        // The call that waits is not missing if the target is: the get that follows decides.
        operation.map_err(|status| match status.response() {
            Some(_) => status.with_transient(true),
            None => status,
        })
    }

    fn capabilities(&self) -> Capabilities {
        let bound = self.0.capabilities;
        bound.wait(bound.wait && !self.0.lacks_wait.load(Relaxed))
    }

    fn takes_permits(&self) -> bool {
        true
    }

    fn disable_wait(&self) {
        // Where only some names have the call, the driver may have seen that another one lacks it.
        if self.0.calls.all_wait() {
            self.0.lacks_wait.store(true, Relaxed);
        }
    }

    fn service(&self) -> Service {
        self.0.binding.service.clone()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.0.client.default_pacing(kind)
    }

    fn progress(&self, metadata: &Any) -> Option<f64> {
        self.0.binding.progress.share(metadata)
    }
}

/// Omits the paths, of which some services have hundreds.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { client, binding, capabilities, .. } = &*self.0;
        f.debug_struct("HttpTransport")
            .field("service", &binding.service)
            .field("endpoint", client.endpoint())
            .field("capabilities", capabilities)
            .finish_non_exhaustive()
    }
}

/// Parses the reply to a starting call.
fn started(body: &[u8], call: &str) -> Result<Operation, Status> {
    let operation = Operation::from_json(body).map_err(|fault| match fault.origin() {
        Origin::MalformedReply => fault.in_context(call),
        _ => fault,
    })?;
    // An operation without a name that is not done does not exist, so its error is that of the start.
    match Status::in_reply(body) {
        Some(error) => Err(error.in_context("the operation was not started")),
        None => Ok(operation),
    }
}

#[derive(Serialize)]
struct Empty {}

#[derive(Deserialize)]
struct ListOperationsResponse {
    operations: Option<Listed<Operation>>,
    #[serde(rename = "nextPageToken", alias = "next_page_token")]
    next_page_token: Option<String>,
    unreachable: Option<Listed<String>>,
    error: Option<IgnoredAny>,
}

/// Parses a page of a list. `{}` is an empty page.
fn page(body: &[u8]) -> Result<ListOperationsResponse, Status> {
    let page: ListOperationsResponse =
        lro::from_json(body).map_err(|fault| Status::in_reply(body).unwrap_or(fault))?;
    if page.error.is_some()
        && let Some(error) = Status::in_reply(body)
    {
        return Err(error);
    }
    let is_empty = page.operations.is_none() && page.next_page_token.is_none() && page.unreachable.is_none();
    if is_empty && lro::from_json::<Members>(body)?.contains_key(&Member::Other) {
        let fault =
            Operation::from_json(body).err().unwrap_or_else(|| Status::malformed("it is an operation"));
        return Err(fault.in_context("the reply is not a list of operations"));
    }
    Ok(page)
}

type Members = BTreeMap<Member, IgnoredAny>;

/// A member of a page, or another one. The names of the others are not kept.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(field_identifier)]
enum Member {
    #[serde(rename = "operations", alias = "nextPageToken", alias = "next_page_token", alias = "unreachable")]
    Page,
    #[serde(other)]
    Other,
}

/// The longest name of an operation that a message shows, in characters. Names in use are shorter.
const LONGEST_NAME: usize = 200;
