//! What may cross threads: everything.

use lro::{Handle, Status, Wait};
use lro_route_optimization::{
    HttpClientBuilder, RouteOptimization,
    messages::{
        BatchOptimizeToursMetadata, BatchOptimizeToursRequest, BatchOptimizeToursResponse,
        OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursResponse,
        OptimizeToursUriMetadata, OptimizeToursUriRequest, OptimizeToursUriResponse, ShipmentModel,
        SkippedShipmentReasonCode,
    },
};
use lro_testkit::{
    are_shared,
    threads::{is_sent, sent, spawned, stepped},
};

are_shared! {
    RouteOptimization,
    BatchOptimizeToursMetadata, BatchOptimizeToursRequest, BatchOptimizeToursResponse,
    OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursResponse,
    OptimizeToursUriMetadata, OptimizeToursUriRequest, OptimizeToursUriResponse,
    ShipmentModel, SkippedShipmentReasonCode,
    Wait<'static, OptimizeToursResponse, OptimizeToursLongRunningMetadata>,
    Wait<'static, OptimizeToursUriResponse, OptimizeToursUriMetadata>,
    Wait<'static, BatchOptimizeToursResponse, BatchOptimizeToursMetadata>,
}

const _: fn() = is_sent::<HttpClientBuilder<RouteOptimization>>;

#[test]
fn the_futures_of_calls_may_be_sent() {
    let routes = RouteOptimization::builder().build().unwrap();
    sent(routes.optimize_tours(&OptimizeToursRequest::default()));
    sent(routes.optimize_tours_long_running(&OptimizeToursRequest::default()));
    sent(routes.optimize_tours_uri(&OptimizeToursUriRequest::default()));
    sent(routes.batch_optimize_tours(&BatchOptimizeToursRequest::default()));
}

#[test]
fn a_whole_wait_may_be_spawned() {
    async fn optimize(routes: RouteOptimization) -> Result<OptimizeToursResponse, Status> {
        routes.optimize_tours_long_running(&OptimizeToursRequest::default()).await?.await
    }
    async fn go_on(routes: RouteOptimization, handle: Handle) -> Result<OptimizeToursResponse, Status> {
        stepped(routes.resume(&handle)?).await
    }
    let routes = RouteOptimization::builder().build().unwrap();
    spawned(optimize(routes.clone()));
    let name = "projects/p/locations/l/operations/1";
    let saved =
        format!(r#"{{"service": "routeoptimization.googleapis.com", "version": "v1", "name": "{name}"}}"#);
    spawned(go_on(routes, serde_json::from_str(&saved).unwrap()));
}
