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
/// The [front page](crate) has an example.
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
    /// ```
    #[doc = include_str!("example.txt")]
    /// let tours = routes.optimize_tours(&request).await?;
    /// assert_eq!(tours.routes[0].visits.len(), 1);
    /// # Ok(()) }
    /// ```
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
