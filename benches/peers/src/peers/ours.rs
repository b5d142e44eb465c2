//! Transports of `lro`: over HTTP, and in memory.

use std::{pin::Pin, time::Duration};

use lro::{Any, LroTransport, Operation, OperationName, Pacing, Service, Status, async_trait};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};

use crate::{asked, metadata};

/// A transport in memory. Its operations never end, and each reply has metadata.
#[derive(Clone, Debug)]
pub struct InMemory(Any);

impl InMemory {
    /// Creates a transport in memory.
    ///
    /// # Errors
    ///
    /// None: the metadata is an object.
    pub fn new() -> Result<Self, Status> {
        metadata::parsed().map(Self)
    }
}

#[async_trait]
impl LroTransport for InMemory {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        asked::count();
        Ok(Operation::running(name.as_str()).with_metadata(self.0.clone()))
    }
}

/// The transport over HTTP, whose calls are counted.
#[derive(Clone, Debug)]
pub struct OverHttp(HttpTransport);

impl OverHttp {
    /// Returns a transport to the server at this endpoint that pauses so long between two polls.
    ///
    /// # Errors
    ///
    /// If the endpoint is not valid.
    pub fn new(endpoint: &str, pause: Duration) -> Result<Self, Status> {
        let service = Service::new("peers.example.com", "v1");
        let binding = Binding::new(service, NameTemplate::parse("operations/**")?);
        let client = HttpClient::builder(endpoint).pacing(Pacing::fixed(pause)).build()?;
        Ok(Self(HttpTransport::new(client, binding)))
    }
}

/// Written without `async_trait`, which would put a future around the call.
impl LroTransport for OverHttp {
    fn get_operation<'a, 'b, 'c>(
        &'a self,
        name: &'b OperationName,
    ) -> Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        asked::count();
        self.0.get_operation(name)
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.0.default_pacing(kind)
    }
}
