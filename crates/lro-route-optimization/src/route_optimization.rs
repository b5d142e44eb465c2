use std::time::Duration;

use lro::{Handle, LroTransport, Service, Status, Wait, forward_transport, message::Without};
use lro_http::{Binding, Call, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate, resource_name};

use crate::{
    kind,
    messages::{
        BatchOptimizeToursMetadata, BatchOptimizeToursRequest, BatchOptimizeToursResponse,
        OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursResponse,
        OptimizeToursUriMetadata, OptimizeToursUriRequest, OptimizeToursUriResponse,
    },
};

/// The Route Optimization API: starts the operations that plan tours, and polls them.
///
/// Each starting call returns a [`Wait`], awaited for the typed outcome. A starting call is never repeated on its own,
/// for each one is billed.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use lro_http::Token;
/// use lro_route_optimization::{RouteOptimization, messages::OptimizeToursRequest};
///
/// let routes = RouteOptimization::builder().credentials(Token::bearer("ya29...")?).build()?;
/// let request: OptimizeToursRequest = serde_json::from_str(&std::fs::read_to_string("request.json")?)?;
/// let tours = routes.optimize_tours_long_running(&request).await?.await?;
/// println!("{} routes", tours.routes.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RouteOptimization(HttpTransport);

impl RouteOptimization {
    /// Where the service answers.
    pub const ENDPOINT: &'static str = "https://routeoptimization.googleapis.com";

    /// A client of `v1`.
    pub fn builder() -> HttpClientBuilder<Self> {
        HttpClient::builder(Self::ENDPOINT)
            .map(|client| Self(HttpTransport::new(client, Binding::new(SERVICE, OPERATIONS))))
    }

    /// Plans tours in one call, without an operation. The call may take as long as the request's own timeout.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` without any call if the parent is neither `projects/*` nor `projects/*/locations/*`; else
    /// those of a failed call.
    pub async fn optimize_tours(
        &self,
        request: &OptimizeToursRequest,
    ) -> Result<OptimizeToursResponse, Status> {
        let call = self.call(&request.parent, ":optimizeTours")?.body(&Without::new(request, "parent"))?;
        let solving = request.timeout.and_then(|timeout| Duration::try_from(timeout).ok());
        let call = match solving {
            Some(solving) => call.timeout(solving.saturating_add(MARGIN)),
            None => call,
        };
        self.0.client().send(call).await
    }

    /// Plans tours in an operation.
    ///
    /// # Errors
    ///
    /// As [`optimize_tours`](Self::optimize_tours).
    pub async fn optimize_tours_long_running(
        &self,
        request: &OptimizeToursRequest,
    ) -> Result<Wait<'static, OptimizeToursResponse, OptimizeToursLongRunningMetadata>, Status> {
        let call = self.call(&request.parent, ":optimizeToursLongRunning")?;
        self.start(kind::OPTIMIZE_TOURS_LONG_RUNNING, call.body(&Without::new(request, "parent"))?).await
    }

    /// Plans tours in an operation that reads the request from Cloud Storage and writes the response there.
    ///
    /// # Errors
    ///
    /// As [`optimize_tours`](Self::optimize_tours).
    pub async fn optimize_tours_uri(
        &self,
        request: &OptimizeToursUriRequest,
    ) -> Result<Wait<'static, OptimizeToursUriResponse, OptimizeToursUriMetadata>, Status> {
        // The service's own spelling.
        let call = self.call(&request.parent, ":OptimizeToursUri")?;
        self.start(kind::OPTIMIZE_TOURS_URI, call.body(&Without::new(request, "parent"))?).await
    }

    /// Plans many tours in one operation, each read from a file and written to a file.
    ///
    /// # Errors
    ///
    /// As [`optimize_tours`](Self::optimize_tours).
    pub async fn batch_optimize_tours(
        &self,
        request: &BatchOptimizeToursRequest,
    ) -> Result<Wait<'static, BatchOptimizeToursResponse, BatchOptimizeToursMetadata>, Status> {
        let call = self.call(&request.parent, ":batchOptimizeTours")?;
        self.start(kind::BATCH_OPTIMIZE_TOURS, call.body(&Without::new(request, "parent"))?).await
    }

    /// Goes on with an operation from a saved handle.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle is of another service, or of another version.
    pub fn resume<R>(&self, handle: &Handle) -> Result<Wait<'static, R>, Status> {
        Wait::resumed(self.clone(), handle)
    }

    fn call(&self, parent: &str, verb: &str) -> Result<Call, Status> {
        let parent = resource_name(&[PROJECTS, LOCATIONS], parent)?;
        Ok(Call::post(SERVICE.version(), parent, verb).param("parent", parent))
    }

    async fn start<R, M>(&self, kind: &'static str, call: Call) -> Result<Wait<'static, R, M>, Status> {
        Ok(Wait::started(self.clone(), self.0.start(call).await?).with_metadata().kind(kind))
    }
}

impl LroTransport for RouteOptimization {
    forward_transport!(self => self.0);
}

const SERVICE: Service = Service::new("routeoptimization.googleapis.com", "v1");
const OPERATIONS: NameTemplate = NameTemplate::from_static("projects/*/locations/*/operations/*");
const PROJECTS: NameTemplate = NameTemplate::from_static("projects/*");
const LOCATIONS: NameTemplate = NameTemplate::from_static("projects/*/locations/*");
/// What the network and the queue may take beyond the solving.
const MARGIN: Duration = Duration::from_secs(30);
