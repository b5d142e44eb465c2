use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use lro::{
    Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage, Pacing,
    Service, Status, async_trait, wkt,
};
use serde::{Deserialize, Serialize};

use crate::{
    Binding, Call, HttpClient,
    reply::{Reply, hinted},
    request::{PreparedPolls, safe_name},
};

/// `google.longrunning` over HTTP/JSON, for any service of that kind.
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
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: HttpClient,
    binding: Binding,
    polls: Arc<PreparedPolls>,
    /// Whether the server turned out to have no call that waits, whatever the binding says.
    lacks_wait: Arc<AtomicBool>,
}

impl HttpTransport {
    /// A transport to the service that the client reaches.
    pub fn new(client: HttpClient, binding: Binding) -> Self {
        Self { client, binding, polls: Arc::default(), lacks_wait: Arc::default() }
    }

    /// The client, for the service's other calls.
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// How the service binds.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Sends a call that starts an operation. It is sent once, for a second one would start a second operation.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::send`].
    pub async fn start(&self, call: Call) -> Result<Operation, Status> {
        let reply = self.client.send_raw(call).await?;
        operation(&reply)
    }

    fn version(&self) -> &str {
        self.binding.service.version()
    }

    fn supports(&self, has: bool, verb: &str, name: &str) -> Result<(), Status> {
        if has { Ok(()) } else { Err(Status::unsupported(&self.binding.service, verb, name)) }
    }
}

#[async_trait]
impl LroTransport for HttpTransport {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let prepared = self.polls.get(name, || {
            let name = name.as_str();
            self.binding.names.check(name)?;
            Call::get(self.version(), name, "").param("name", name).prepare(self.client.endpoint())
        })?;
        operation(&self.client.exchange(&prepared).await?)
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        let name = name.as_str();
        self.supports(self.binding.capabilities.cancel, "cancel", name)?;
        self.binding.names.check(name)?;
        let call = Call::post(self.version(), name, ":cancel").param("name", name).body(&Empty {})?;
        self.client.send_raw(call).await.map(|_| ())
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        let name = name.as_str();
        self.supports(self.binding.capabilities.delete, "delete", name)?;
        self.binding.names.check(name)?;
        let call = Call::delete(self.version(), name).param("name", name);
        self.client.send_raw(call).await.map(|_| ())
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.supports(self.binding.capabilities.list, "list", &request.name)?;
        let call = match &*request.name {
            "" => Call::get(self.version(), "operations", ""),
            parent => {
                safe_name(parent)?;
                Call::get(self.version(), parent, "/operations").param("name", parent)
            }
        };
        let call = call
            .query("filter", &request.filter)
            .count("pageSize", request.page_size)
            .query("pageToken", &request.page_token);
        let page: Page = self.client.send(call).await?;
        Ok(OperationPage {
            operations: page.operations.unwrap_or_default(),
            next_page_token: page.next_page_token.unwrap_or_default(),
        })
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        let name = name.as_str();
        self.supports(self.capabilities().wait, "wait for", name)?;
        self.binding.names.check(name)?;
        let wait = WaitBody { timeout: timeout.map(wkt::Duration::from) };
        let call = Call::post(self.version(), name, ":wait").param("name", name).body(&wait)?;
        let reply = self.client.exchange(&call.prepare(self.client.endpoint())?).await;
        if reply.as_ref().is_err_and(Capabilities::lack_wait) {
            self.lacks_wait.store(true, Relaxed);
        }
        operation(&reply?)
    }

    fn capabilities(&self) -> Capabilities {
        let Capabilities { wait, .. } = self.binding.capabilities;
        Capabilities { wait: wait && !self.lacks_wait.load(Relaxed), ..self.binding.capabilities }
    }

    fn service(&self) -> Service {
        self.binding.service.clone()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.client.default_pacing(kind)
    }
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct WaitBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<wkt::Duration>,
}

#[derive(Deserialize)]
struct Page {
    operations: Option<Vec<Operation>>,
    #[serde(rename = "nextPageToken", alias = "next_page_token")]
    next_page_token: Option<String>,
}

fn operation(reply: &Reply) -> Result<Operation, Status> {
    let mut operation =
        Operation::from_json(&reply.body).map_err(|fault| hinted(fault, reply.retry_after))?;
    operation.retry_after = reply.retry_after;
    Ok(operation)
}
