//! `google-cloud-longrunning`: its client asks once, over HTTP/JSON; the loop is what its users write.

use std::time::Duration;

use google_cloud_auth::credentials::anonymous;
use google_cloud_longrunning::client::Operations;
use tokio::time::sleep;

use super::{Loop, ended, provide_tls};
use crate::{Fault, asked};

/// Google's client of `google.longrunning.Operations`.
#[derive(Clone, Debug)]
pub struct Longrunning(pub(crate) Operations);

impl Longrunning {
    /// A client of the server at this endpoint, without credentials.
    ///
    /// # Errors
    ///
    /// If the client cannot be built.
    pub async fn new(endpoint: &str) -> Result<Self, Fault> {
        provide_tls();
        let builder = Operations::builder().with_endpoint(endpoint);
        Ok(Self(builder.with_credentials(anonymous::Builder::new().build()).build().await?))
    }
}

impl Loop for Longrunning {
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static {
        let client = self.0.clone();
        async move {
            loop {
                let operation = match client.get_operation().set_name(&name).send().await {
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
