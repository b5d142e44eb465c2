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

/// A client of the Route Optimization API: starts the operations that plan tours, and polls them.
///
/// A starting call returns a [`Wait`]. Awaiting it returns the typed outcome. A starting call is sent once: it is not
/// retried when it fails, because the service bills each call. Cloning a client is cheap, and clones share their
/// connections.
///
/// The [front page](crate) has an example.
#[derive(Clone, Debug)]
pub struct RouteOptimization(HttpTransport);

impl RouteOptimization {
    /// The URL of the service, which is the default [`endpoint`](HttpClientBuilder::endpoint).
    pub const ENDPOINT: &'static str = "https://routeoptimization.googleapis.com";

    /// Returns the builder of a client of `v1`.
    pub fn builder() -> HttpClientBuilder<Self> {
        HttpClient::builder(Self::ENDPOINT)
            .map(|client| Self(HttpTransport::new(client, Binding::new(SERVICE, OPERATIONS))))
    }

    /// Plans tours in a single call, without an operation.
    ///
    /// If the request has a timeout, the call may take 30 s longer than that. Otherwise the client's
    /// [`call_timeout`](HttpClientBuilder::call_timeout) applies.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let tours = routes.optimize_tours(&request).await?;
    /// assert_eq!(tours.routes[0].visits.len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT`, without a call, if the parent is neither `projects/*` nor `projects/*/locations/*`.
    /// Otherwise the error of a failed call.
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
    /// ```
    #[doc = include_str!("example.txt")]
    /// let mut wait = routes.optimize_tours_long_running(&request).await?;
    /// while let Some(snapshot) = wait.next().await {
    ///     println!("done: {}", snapshot?.is_done());
    /// }
    /// let tours = wait.await?;
    /// assert_eq!(tours.routes[0].visits.len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`optimize_tours`](Self::optimize_tours).
    pub async fn optimize_tours_long_running(
        &self,
        request: &OptimizeToursRequest,
    ) -> Result<Wait<'static, OptimizeToursResponse, OptimizeToursLongRunningMetadata>, Status> {
        let call = self.call(&request.parent, ":optimizeToursLongRunning")?;
        self.start(kind::OPTIMIZE_TOURS_LONG_RUNNING, call.body(&Without::new(request, "parent"))?).await
    }

    /// Plans tours in an operation that reads the request from Cloud Storage and writes the response there.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let request = OptimizeToursUriRequest {
    ///     parent: "projects/my-project".into(),
    ///     input: Some(Uri { uri: "gs://my-bucket/request.json".into() }),
    ///     output: Some(Uri { uri: "gs://my-bucket/response.json".into() }),
    /// };
    /// let response = routes.optimize_tours_uri(&request).await?.await?;
    /// assert_eq!(response.output, request.output);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`optimize_tours`](Self::optimize_tours).
    pub async fn optimize_tours_uri(
        &self,
        request: &OptimizeToursUriRequest,
    ) -> Result<Wait<'static, OptimizeToursUriResponse, OptimizeToursUriMetadata>, Status> {
        // The service spells this verb with a capital letter.
        let call = self.call(&request.parent, ":OptimizeToursUri")?;
        self.start(kind::OPTIMIZE_TOURS_URI, call.body(&Without::new(request, "parent"))?).await
    }

    /// Plans the tours of several models in a single operation. Each model is read from a file, and its solution is
    /// written to another file.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let input = GcsSource { uri: "gs://my-bucket/request.json".into() };
    /// let output = GcsDestination { uri: "gs://my-bucket/response.json".into() };
    /// let config = BatchOptimizeToursRequestAsyncModelConfig {
    ///     input_config: Some(InputConfig { gcs_source: Some(input), data_format: DataFormat::Json }),
    ///     output_config: Some(OutputConfig { gcs_destination: Some(output), data_format: DataFormat::Json }),
    ///     ..Default::default()
    /// };
    /// let request =
    ///     BatchOptimizeToursRequest { parent: "projects/my-project".into(), model_configs: vec![config] };
    /// routes.batch_optimize_tours(&request).await?.await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`optimize_tours`](Self::optimize_tours).
    pub async fn batch_optimize_tours(
        &self,
        request: &BatchOptimizeToursRequest,
    ) -> Result<Wait<'static, BatchOptimizeToursResponse, BatchOptimizeToursMetadata>, Status> {
        let call = self.call(&request.parent, ":batchOptimizeTours")?;
        self.start(kind::BATCH_OPTIMIZE_TOURS, call.body(&Without::new(request, "parent"))?).await
    }

    /// Resumes the wait for an operation from a saved handle.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let saved = serde_json::to_string(&routes.optimize_tours_long_running(&request).await?.handle())?;
    ///
    /// // Later, in another process.
    /// let handle: Handle = serde_json::from_str(&saved)?;
    /// let tours: OptimizeToursResponse = routes.resume(&handle)?.await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle belongs to another service or to another version.
    pub fn resume<R>(&self, handle: &Handle) -> Result<Wait<'static, R>, Status> {
        Wait::resumed(self.clone(), handle)
    }

    fn call(&self, parent: &str, verb: &str) -> Result<Call, Status> {
        let parent =
            resource_name(&[PROJECTS, LOCATIONS], parent).map_err(|fault| fault.in_context("parent"))?;
        Ok(Call::post(SERVICE.version(), parent, verb).param("parent", parent))
    }

    async fn start<R, M>(&self, kind: &'static str, call: Call) -> Result<Wait<'static, R, M>, Status> {
        Ok(Wait::started(self.clone(), self.0.start(call).await?).with_metadata().kind(kind))
    }
}

impl LroTransport for RouteOptimization {
    forward_transport!(self => self.0);
}

pub(crate) const SERVICE: Service = Service::new("routeoptimization.googleapis.com", "v1");
pub(crate) const OPERATIONS: NameTemplate = NameTemplate::from_static("projects/*/locations/*/operations/*");
pub(crate) const PROJECTS: NameTemplate = NameTemplate::from_static("projects/*");
pub(crate) const LOCATIONS: NameTemplate = NameTemplate::from_static("projects/*/locations/*");
/// The time for connecting, queueing and transfer, in addition to the solver's timeout. With less, the client may give
/// up a plan that the service has computed and billed. With more, a dead connection is noticed later.
const MARGIN: Duration = Duration::from_secs(30);
