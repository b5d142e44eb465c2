//! The least that a poll over HTTP costs: hyper-util's GET, its body, and a struct of two fields.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::time::sleep;

use super::{Loop, ended};
use crate::{Fault, asked};

/// hyper-util's client, and nothing else.
#[derive(Clone, Debug)]
pub struct Bare {
    client: Client<HttpConnector, Empty<Bytes>>,
    endpoint: String,
}

/// The least that a poller must know.
#[derive(Debug, Deserialize)]
pub struct Minimal {
    /// The operation's name.
    pub name: String,
    /// Whether it has finished.
    #[serde(default)]
    pub done: bool,
}

impl Bare {
    /// A client of the server at this endpoint.
    pub fn new(endpoint: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), endpoint: endpoint.to_owned() }
    }
}

impl Loop for Bare {
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static {
        let client = self.client.clone();
        let uri = format!("{}/v1/{name}", self.endpoint);
        async move {
            let asking = async {
                let uri: Uri = uri.parse()?;
                loop {
                    let response = client.get(uri.clone()).await?;
                    let body = response.into_body().collect().await?.to_bytes();
                    let operation: Minimal = serde_json::from_slice(&body)?;
                    asked::count();
                    if operation.done {
                        return Ok(());
                    }
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                }
            };
            asking.await.err().unwrap_or_else(ended)
        }
    }
}
