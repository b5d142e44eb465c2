//! `google-cloud-longrunning`: its client makes one call, over HTTP/JSON. The loop is what a program would write.

use std::time::Duration;

use google_cloud_auth::credentials::anonymous;
use google_cloud_longrunning::client::Operations;
use tokio::time::sleep;

use super::{Loop, ended, provide_tls};
use crate::{Fault, asked};

/// Google's client of `google.longrunning.Operations`.
#[derive(Clone, Debug)]
pub struct Longrunning {
    pub(super) client: Operations,
    pub(super) pause: Duration,
}

impl Longrunning {
    /// Returns a client of the server at this endpoint, without credentials, that pauses so long between two polls.
    ///
    /// # Errors
    ///
    /// If the client cannot be built.
    pub async fn new(endpoint: &str, pause: Duration) -> Result<Self, Fault> {
        provide_tls();
        let builder = Operations::builder().with_endpoint(endpoint);
        let client = builder.with_credentials(anonymous::Builder::new().build()).build().await?;
        Ok(Self { client, pause })
    }
}

impl Loop for Longrunning {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let Self { client, pause } = self.clone();
        Ok(async move {
            loop {
                let is_done =
                    client.get_operation().set_name(&name).send().await.map(|operation| operation.done);
                match is_done {
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
