//! A loop over `reqwest` in a task for each operation, as many programs have.

use std::time::Duration;

use tokio::time::sleep;

use super::{Loop, bare::Minimal, ended, provide_tls};
use crate::{Fault, asked};

/// A client of `reqwest`.
#[derive(Clone, Debug)]
pub struct Reqwest {
    client: reqwest::Client,
    endpoint: String,
    pause: Duration,
}

impl Reqwest {
    /// Returns a client of the server at this endpoint that pauses so long between two polls.
    pub fn new(endpoint: &str, pause: Duration) -> Self {
        provide_tls();
        Self { client: reqwest::Client::new(), endpoint: endpoint.to_owned(), pause }
    }
}

impl Loop for Reqwest {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let Self { client, endpoint, pause } = self.clone();
        let url = format!("{endpoint}/v1/{name}");
        Ok(async move {
            loop {
                match get(&client, &url).await {
                    Ok(false) => asked::count(),
                    Ok(true) => return ended(),
                    Err(fault) => return fault.into(),
                }
                if !pause.is_zero() {
                    sleep(pause).await;
                }
            }
        })
    }
}

async fn get(client: &reqwest::Client, url: &str) -> reqwest::Result<bool> {
    let operation: Minimal = client.get(url).send().await?.error_for_status()?.json().await?;
    Ok(operation.done)
}
