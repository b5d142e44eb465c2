//! The transport of a child to the service.

use std::time::Duration;

use lro::{Any, Capabilities, LroTransport, Operation, OperationName, Outcome, Service, Status, async_trait};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// A transport whose replies differ from poll to poll, so that a second outcome of an operation is recognized.
#[derive(Debug)]
pub struct Stamping {
    inner: HttpTransport,
    /// The time from the reply of the server to the return of a call.
    latency: Duration,
    /// The name at which the process aborts.
    poison: Option<String>,
}

/// The response of an operation, with a number that is drawn for each poll.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stamped {
    /// The number of the operation.
    pub number: u32,
    /// The number of the poll.
    #[serde(default)]
    pub stamp: u64,
}

/// Returns the service of the operations.
pub const fn service() -> Service {
    Service::new("jobs.example.com", "v1")
}

impl Stamping {
    /// Creates a transport to a server.
    ///
    /// # Errors
    ///
    /// If the endpoint is not a URL.
    pub fn new(endpoint: &str, latency: Duration, poison: Option<String>) -> Result<Self, Status> {
        let capabilities = Capabilities::default().cancel(true).delete(true);
        let binding =
            Binding::new(service(), NameTemplate::parse("operations/**")?).capabilities(capabilities);
        let inner = HttpTransport::new(HttpClient::builder(endpoint).build()?, binding);
        Ok(Self { inner, latency, poison })
    }

    /// Returns the client, for starting calls.
    pub fn client(&self) -> &HttpClient {
        self.inner.client()
    }
}

#[async_trait]
impl LroTransport for Stamping {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        if self.poison.as_deref() == Some(name.as_str()) {
            std::process::abort();
        }
        let operation = self.inner.get_operation(name).await?;
        sleep(self.latency).await;
        let Some(Outcome::Response(response)) = &operation.outcome else { return Ok(operation) };
        let stamped = Stamped { stamp: fastrand::u64(..), ..response.decode()? };
        Ok(operation.with_outcome(Any::from_value(&stamped)))
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.inner.cancel_operation(name).await
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.inner.delete_operation(name).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn service(&self) -> Service {
        service()
    }
}
