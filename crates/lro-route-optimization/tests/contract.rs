//! The client as a transport: what every transport must do.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use lro::LroTransport;
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};
use lro_route_optimization::RouteOptimization;
use lro_testkit::service;

#[tokio::test]
async fn passes_the_contract() {
    let emulator = Emulator::start().await.unwrap();
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build().unwrap();
    service::passes_the_contract(&emulator, &routes, COLLECTION, "/v1/projects/p/locations/l/operations/")
        .await;
}

#[tokio::test]
async fn passes_the_contract_over_http_2() {
    let emulator = Emulator::start().await.unwrap();
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).http2_only().build().unwrap();
    service::passes_the_contract_over_http_2(&emulator, &routes, COLLECTION).await;
}

#[tokio::test]
async fn the_contract_holds_for_any_project_and_location() {
    let emulator = Emulator::start().await.unwrap();
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build().unwrap();
    let collection = "projects/example.com:a b/locations/-/operations";
    // SPEC 14
    contract::all(&Subject::new(&emulator, &routes, collection)).await;
}

#[test]
fn says_which_service_and_version_it_reaches() {
    let routes = RouteOptimization::builder().build().unwrap();
    assert_eq!(routes.service().to_string(), "routeoptimization.googleapis.com v1");
    // SPEC 38
    assert_eq!(routes.capabilities(), lro::Capabilities::default());
}

const COLLECTION: &str = "projects/p/locations/l/operations";
