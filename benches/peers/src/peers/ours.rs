//! Our transports: over HTTP, and in memory.

use std::{future::Future, pin::Pin};

use lro::{LroTransport, Operation, OperationName, Service, Status, async_trait};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};

use crate::asked;

/// A transport in memory, whose operations never end.
#[derive(Clone, Copy, Debug)]
pub struct InMemory;

#[async_trait]
impl LroTransport for InMemory {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        asked::count();
        Ok(Operation::running(name.as_str()))
    }
}

/// The transport over HTTP, whose calls are counted.
#[derive(Clone, Debug)]
pub struct OverHttp(HttpTransport);

impl OverHttp {
    /// A transport to the server at this endpoint.
    ///
    /// # Errors
    ///
    /// If it is no endpoint.
    pub fn new(endpoint: &str) -> Result<Self, Status> {
        let service = Service::new("peers.example.com", "v1");
        let binding = Binding::new(service, NameTemplate::parse("operations/**")?);
        Ok(Self(HttpTransport::new(HttpClient::builder(endpoint).build()?, binding)))
    }
}

/// Written out, for what `async_trait` would put around the call is not ours.
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
}
