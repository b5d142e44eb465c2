use lro::{Capabilities, Handle, LroTransport, Status, Wait, forward_transport, message::Message};
use lro_grpc::{GrpcCall, GrpcTransport};
use lro_http::{HttpClientBuilder, resource_name};

use crate::{
    RouteOptimization, kind,
    messages::{
        BatchOptimizeToursMetadata, BatchOptimizeToursRequest, BatchOptimizeToursResponse,
        OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursResponse,
        OptimizeToursUriMetadata, OptimizeToursUriRequest, OptimizeToursUriResponse,
    },
    route_optimization::{LOCATIONS, OPERATIONS, PROJECTS, SERVICE},
};

/// A client of the Route Optimization API over gRPC: starts the operations that plan tours, and polls them.
///
/// The messages are those of [`RouteOptimization`], and a handle of one resumes with the other.
///
/// ```no_run
/// # async fn example(
/// #     token: lro_route_optimization::Token,
/// #     request: lro_route_optimization::messages::OptimizeToursRequest,
/// # ) -> Result<(), lro::Status> {
/// use lro_route_optimization::RouteOptimization;
///
/// let routes = RouteOptimization::grpc().credentials(token).build()?;
/// let tours = routes.optimize_tours_long_running(&request).await?.await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct GrpcRouteOptimization(GrpcTransport);

impl RouteOptimization {
    /// Returns the builder of a client of `v1` over gRPC.
    pub fn grpc() -> HttpClientBuilder<GrpcRouteOptimization> {
        GrpcTransport::builder(SERVICE).map(|transport| {
            let transport = transport.names([OPERATIONS]).with_capabilities(Capabilities::default());
            GrpcRouteOptimization(transport)
        })
    }
}

impl GrpcRouteOptimization {
    /// As [`RouteOptimization::optimize_tours_long_running`].
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT`, without a call, if the parent is neither `projects/*` nor `projects/*/locations/*`, and if the
    /// request has no binary form ([`lro::message::encode`]). Otherwise the error of a failed call.
    pub async fn optimize_tours_long_running(
        &self,
        request: &OptimizeToursRequest,
    ) -> Result<Wait<'static, OptimizeToursResponse, OptimizeToursLongRunningMetadata>, Status> {
        self.start(
            kind::OPTIMIZE_TOURS_LONG_RUNNING,
            call("OptimizeToursLongRunning", &request.parent, request)?,
        )
        .await
    }

    /// As [`RouteOptimization::optimize_tours_uri`].
    ///
    /// # Errors
    ///
    /// The errors of [`optimize_tours_long_running`](Self::optimize_tours_long_running).
    pub async fn optimize_tours_uri(
        &self,
        request: &OptimizeToursUriRequest,
    ) -> Result<Wait<'static, OptimizeToursUriResponse, OptimizeToursUriMetadata>, Status> {
        self.start(kind::OPTIMIZE_TOURS_URI, call("OptimizeToursUri", &request.parent, request)?).await
    }

    /// As [`RouteOptimization::batch_optimize_tours`].
    ///
    /// # Errors
    ///
    /// The errors of [`optimize_tours_long_running`](Self::optimize_tours_long_running).
    pub async fn batch_optimize_tours(
        &self,
        request: &BatchOptimizeToursRequest,
    ) -> Result<Wait<'static, BatchOptimizeToursResponse, BatchOptimizeToursMetadata>, Status> {
        self.start(kind::BATCH_OPTIMIZE_TOURS, call("BatchOptimizeTours", &request.parent, request)?).await
    }

    /// Resumes the wait for an operation from a saved handle.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle belongs to another service or to another version.
    pub fn resume<R>(&self, handle: &Handle) -> Result<Wait<'static, R>, Status> {
        Wait::resumed(self.clone(), handle)
    }

    async fn start<R, M>(&self, kind: &'static str, call: GrpcCall) -> Result<Wait<'static, R, M>, Status> {
        Ok(Wait::started(self.clone(), self.0.start(call).await?).with_metadata().kind(kind))
    }
}

impl LroTransport for GrpcRouteOptimization {
    forward_transport!(self => self.0);
}

fn call(method: &str, parent: &str, request: &impl Message) -> Result<GrpcCall, Status> {
    let parent = resource_name(&[PROJECTS, LOCATIONS], parent).map_err(|fault| fault.in_context("parent"))?;
    let method = format!("google.maps.routeoptimization.v1.RouteOptimization/{method}");
    Ok(GrpcCall::of(method, request)?.param("parent", parent))
}
