//! `google-cloud-lro`: `until_done` of the poller that Google's generated clients return, over the client of
//! `google-cloud-longrunning`.
//!
//! A service's client makes the poller by `new_poller`, which is public for that and hidden from the documentation.

use std::{sync::Arc, time::Duration};

use google_cloud_gax::{
    exponential_backoff::ExponentialBackoffBuilder, polling_backoff_policy::PollingBackoffPolicy,
    polling_error_policy::Aip194Strict,
};
use google_cloud_longrunning::client::Operations;
use google_cloud_lro::{
    Poller,
    internal::{Operation, new_poller},
};
use google_cloud_wkt::Timestamp;

use super::{Loop, ended, google_cloud_longrunning::Longrunning};
use crate::{Fault, asked};

/// Google's poller.
#[derive(Clone, Debug)]
pub struct Lro(Longrunning);

type Pending = Operation<Timestamp, Timestamp>;

impl Lro {
    /// A client of the server at this endpoint, without credentials.
    ///
    /// # Errors
    ///
    /// If the client cannot be built.
    pub async fn new(endpoint: &str) -> Result<Self, Fault> {
        Ok(Self(Longrunning::new(endpoint).await?))
    }
}

impl Loop for Lro {
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static {
        let client = self.0.0.clone();
        async move {
            let pauses = match pauses(pause) {
                Ok(pauses) => pauses,
                Err(fault) => return fault,
            };
            // The call that starts it is a get here: the server starts nothing.
            let starting = client.clone();
            let start = move || get(starting, name);
            let query = move |name| get(client.clone(), name);
            let poller = new_poller(Arc::new(Aip194Strict), pauses, start, query);
            poller.until_done().await.map_or_else(Fault::from, |_| ended())
        }
    }
}

async fn get(client: Operations, name: String) -> google_cloud_gax::Result<Pending> {
    let operation = client.get_operation().set_name(name).send().await?;
    asked::count();
    Ok(Pending::new(operation))
}

/// Always the same pause; none at all is not to be had.
fn pauses(pause: Duration) -> Result<Arc<dyn PollingBackoffPolicy>, Fault> {
    let pause = pause.max(Duration::from_nanos(1));
    let builder = ExponentialBackoffBuilder::new().with_initial_delay(pause).with_maximum_delay(pause);
    Ok(Arc::new(builder.with_scaling(1.0).build()?))
}
