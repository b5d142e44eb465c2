//! `azure_core`: its `Poller` over its pipeline, with the callback that Azure's generated clients have.

use std::{future::IntoFuture, time::Duration};

use azure_core::{
    http::{
        ClientOptions, JsonFormat, Method, Pipeline, RawResponse, Request, Response, Url,
        poller::{Poller, PollerContinuation, PollerOptions, PollerResult, PollerStatus, StatusMonitor},
    },
    json,
};
use futures::FutureExt;
use serde::Deserialize;

use super::{Loop, ended, provide_tls};
use crate::{Fault, asked};

/// A client of Azure's pipeline.
#[derive(Clone, Debug)]
pub struct Azure {
    pipeline: Pipeline,
    endpoint: String,
    pause: Duration,
}

#[derive(Debug, Deserialize)]
struct Monitor {
    #[serde(default)]
    done: bool,
}

impl Azure {
    /// Returns a client of the server at this endpoint that pauses so long between two polls.
    pub fn new(endpoint: &str, pause: Duration) -> Self {
        provide_tls();
        let (name, version) = (Some(env!("CARGO_PKG_NAME")), Some(env!("CARGO_PKG_VERSION")));
        let pipeline = Pipeline::new(name, version, ClientOptions::default(), Vec::new(), Vec::new(), None);
        Self { pipeline, endpoint: endpoint.to_owned(), pause }
    }
}

impl Loop for Azure {
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault> {
        let Self { pipeline, endpoint, pause } = self.clone();
        let url: Url = format!("{endpoint}/v1/{name}").parse()?;
        let poller =
            Poller::new(move |_, options| Box::pin(get(pipeline.clone(), url.clone(), options, pause)), None);
        Ok(poller.into_future().map(|done| done.map_or_else(Fault::from, |_| ended())))
    }
}

async fn get(
    pipeline: Pipeline,
    url: Url,
    options: PollerOptions<'static>,
    pause: Duration,
) -> azure_core::Result<PollerResult<Monitor>> {
    let mut request = Request::new(url.clone(), Method::Get);
    let (status, headers, body) = pipeline.send(&options.context, &mut request, None).await?.deconstruct();
    let monitor: Monitor = json::from_json(&body)?;
    asked::count();
    let response: Response<Monitor> = RawResponse::from_bytes(status, headers, body).into();
    if monitor.done {
        return Ok(PollerResult::Done { response });
    }
    Ok(PollerResult::InProgress {
        response,
        retry_after: pause.try_into().unwrap_or(azure_core::time::Duration::MAX),
        continuation: PollerContinuation::Links { next_link: url, final_link: None },
    })
}

impl StatusMonitor for Monitor {
    type Output = Self;
    type Format = JsonFormat;

    fn status(&self) -> PollerStatus {
        if self.done { PollerStatus::Succeeded } else { PollerStatus::InProgress }
    }
}
