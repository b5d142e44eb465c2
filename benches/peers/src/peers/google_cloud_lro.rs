//! `google-cloud-lro`: `until_done` of the poller that Google's generated clients return, over the client of
//! `google-cloud-longrunning`.
//!
//! The clients of services create the poller by `new_poller`, which is public and hidden from the documentation.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use google_cloud_gax::{
    exponential_backoff::ExponentialBackoffBuilder, polling_backoff_policy::PollingBackoffPolicy,
    polling_error_policy::Aip194Strict,
};
use google_cloud_longrunning::client::Operations;
use google_cloud_lro::{
    Poller,
    internal::{Operation, new_poller},
};
use google_cloud_wkt::{Struct, Timestamp};

use super::{Loop, ended, google_cloud_longrunning::Longrunning};
use crate::{Fault, asked};

/// Google's poller.
#[derive(Clone, Debug)]
pub struct Lro {
    client: Operations,
    pauses: Arc<dyn PollingBackoffPolicy>,
}

type Pending = Operation<Timestamp, Struct>;

impl Lro {
    /// Returns a client of the server at this endpoint, without credentials, that pauses so long between two polls.
    ///
    /// # Errors
    ///
    /// If the client cannot be built.
    pub async fn new(endpoint: &str, pause: Duration) -> Result<Self, Fault> {
        let Longrunning { client, pause } = Longrunning::new(endpoint, pause).await?;
        Ok(Self { client, pauses: pauses(pause)? })
    }
}

impl Loop for Lro {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let Self { client, pauses } = self.clone();
        // The starting call is a get here, because the server starts nothing.
        let starting = client.clone();
        let start = move || get(starting, name);
        let query = move |name| get(client.clone(), name);
        let poller = new_poller(Arc::new(Aip194Strict), pauses, start, query);
        Ok(poller.until_done().map(|done| done.map_or_else(Fault::from, |_| ended())))
    }
}

async fn get(client: Operations, name: String) -> google_cloud_gax::Result<Pending> {
    let operation = client.get_operation().set_name(name).send().await?;
    asked::count();
    Ok(Pending::new(operation))
}

/// Returns a policy of constant pauses, of at least a nanosecond.
fn pauses(pause: Duration) -> Result<Arc<dyn PollingBackoffPolicy>, Fault> {
    let pause = pause.max(Duration::from_nanos(1));
    let builder = ExponentialBackoffBuilder::new().with_initial_delay(pause).with_maximum_delay(pause);
    Ok(Arc::new(builder.with_scaling(1.0).build()?))
}
