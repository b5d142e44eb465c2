//! The least that a poll over HTTP costs: hyper-util's GET, and a struct of two fields.

use std::error::Error;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;

/// A client without anything of ours.
#[derive(Clone, Debug)]
pub struct Bare {
    client: Client<HttpConnector, Empty<Bytes>>,
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

impl Default for Bare {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }
}

impl Bare {
    /// One GET, its body read and parsed.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong.
    pub async fn poll(&self, uri: &Uri) -> Result<Minimal, Box<dyn Error + Send + Sync>> {
        let response = self.client.get(uri.clone()).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    }
}
