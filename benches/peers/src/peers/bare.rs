//! A client of hyper-util alone: a GET, its body, and a struct of two fields.

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

/// A client of hyper-util.
#[derive(Clone, Debug)]
pub struct Bare {
    client: Client<HttpConnector, Empty<Bytes>>,
    endpoint: String,
    pause: Duration,
}

/// The fields of an operation that any poller needs.
#[derive(Debug, Deserialize)]
pub struct Minimal {
    /// The operation's name.
    pub name: String,
    /// Whether it has finished.
    #[serde(default)]
    pub done: bool,
}

impl Bare {
    /// Returns a client of the server at this endpoint that pauses so long between two polls.
    pub fn new(endpoint: &str, pause: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, endpoint: endpoint.to_owned(), pause }
    }

    async fn get(&self, uri: Uri) -> Result<bool, Fault> {
        let body = self.client.get(uri).await?.into_body().collect().await?.to_bytes();
        let operation: Minimal = serde_json::from_slice(&body)?;
        Ok(operation.done)
    }
}

impl Loop for Bare {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let bare = self.clone();
        let uri: Uri = format!("{}/v1/{name}", self.endpoint).parse()?;
        Ok(async move {
            loop {
                match bare.get(uri.clone()).await {
                    Ok(false) => asked::count(),
                    Ok(true) => return ended(),
                    Err(fault) => return fault,
                }
                if !bare.pause.is_zero() {
                    sleep(bare.pause).await;
                }
            }
        })
    }
}
