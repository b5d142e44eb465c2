//! The same messages over gRPC.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use lro::{Any, Code, LroTransport, Operation, message::encode};
use lro_route_optimization::{
    RouteOptimization, kind,
    messages::{
        OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursResponse, ShipmentModel,
        ShipmentRoute, Vehicle,
    },
};
use lro_testkit::grpc::serve;

const NAME: &str = "projects/p/locations/l/operations/1";

#[tokio::test]
async fn starts_polls_and_resumes_with_the_messages_of_json() {
    let polls = AtomicUsize::new(0);
    let endpoint = serve(
        |path, headers, message| {
            assert_eq!(path, "/google.maps.routeoptimization.v1.RouteOptimization/OptimizeToursLongRunning");
            assert_eq!(headers["x-goog-request-params"], "parent=projects%2Fp");
            let sent = Any::pack_protobuf("google.maps.routeoptimization.v1.OptimizeToursRequest", message);
            assert_eq!(sent.decode::<OptimizeToursRequest>().unwrap(), request());
            Operation::running(NAME)
        },
        move |name| {
            assert_eq!(name, NAME);
            match polls.fetch_add(1, Ordering::Relaxed) {
                0 => {
                    let metadata = packed(&OptimizeToursLongRunningMetadata::default());
                    Operation::running(NAME).with_metadata(metadata)
                }
                _ => Operation::succeeded(NAME, packed(&tours())).unwrap(),
            }
        },
    )
    .await;
    let routes = RouteOptimization::grpc().endpoint(&endpoint).build().unwrap();
    let mut wait = routes.optimize_tours_long_running(&request()).await.unwrap();
    let snapshot = wait.next().await.unwrap().unwrap();
    assert_eq!(snapshot.metadata(), Some(OptimizeToursLongRunningMetadata::default()));
    let handle = wait.handle().unwrap();
    assert_eq!(wait.await.unwrap(), tours());

    // A handle belongs to the service, whatever reaches it.
    let over_http = RouteOptimization::builder().endpoint(&endpoint).build().unwrap();
    assert_eq!(over_http.resume::<OptimizeToursResponse>(&handle).unwrap().handle(), Some(handle.clone()));
    assert_eq!(routes.resume::<OptimizeToursResponse>(&handle).unwrap().await.unwrap(), tours());
    assert_eq!(handle.kind(), Some(kind::OPTIMIZE_TOURS_LONG_RUNNING));
}

#[tokio::test]
async fn refuses_what_the_service_does_not_have() {
    // SPEC 15
    let routes = RouteOptimization::grpc().endpoint("http://127.0.0.1:9").build().unwrap();
    let name = "operations/1".parse().unwrap();
    assert_eq!(routes.get_operation(&name).await.unwrap_err().code(), Code::InvalidArgument);
    let other = OptimizeToursRequest { parent: "folders/f".into(), ..request() };
    let refused = routes.optimize_tours_long_running(&other).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(!routes.capabilities().cancel);
}

fn request() -> OptimizeToursRequest {
    let vehicle = Vehicle { label: "v".into(), cost_per_hour: 2.5, ..Default::default() };
    let model = ShipmentModel { vehicles: vec![vehicle], ..Default::default() };
    OptimizeToursRequest { parent: "projects/p".into(), model: Some(model), ..Default::default() }
}

fn tours() -> OptimizeToursResponse {
    let route = ShipmentRoute { vehicle_label: "v".into(), route_total_cost: 7.25, ..Default::default() };
    OptimizeToursResponse { routes: vec![route], ..Default::default() }
}

fn packed<M: lro::message::Message>(message: &M) -> Any {
    Any::pack_protobuf(M::TYPE_NAME, &encode(message).unwrap())
}
