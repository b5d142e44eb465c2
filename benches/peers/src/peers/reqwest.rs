//! A task per operation with a get loop over `reqwest`, as many a program has.

use std::time::Duration;

use tokio::time::sleep;

use super::{Loop, bare::Minimal, ended, provide_tls};
use crate::{Fault, asked};

/// `reqwest`'s client.
#[derive(Clone, Debug)]
pub struct Reqwest {
    client: reqwest::Client,
    endpoint: String,
}

impl Reqwest {
    /// A client of the server at this endpoint.
    pub fn new(endpoint: &str) -> Self {
        provide_tls();
        Self { client: reqwest::Client::new(), endpoint: endpoint.to_owned() }
    }
}

impl Loop for Reqwest {
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static {
        let client = self.client.clone();
        let url = format!("{}/v1/{name}", self.endpoint);
        async move {
            loop {
                let operation: Minimal = match get(&client, &url).await {
                    Ok(operation) => operation,
                    Err(fault) => return fault.into(),
                };
                asked::count();
                if operation.done {
                    return ended();
                }
                if !pause.is_zero() {
                    sleep(pause).await;
                }
            }
        }
    }
}

async fn get(client: &reqwest::Client, url: &str) -> reqwest::Result<Minimal> {
    client.get(url).send().await?.error_for_status()?.json().await
}
