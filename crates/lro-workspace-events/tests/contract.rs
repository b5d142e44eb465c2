//! The client as a transport: what every transport must do, in both versions of the API.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use lro::LroTransport;
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};
use lro_testkit::service;
use lro_workspace_events::{Version, WorkspaceEvents};

#[tokio::test]
async fn v1_passes_the_contract() {
    passes_at("/v1/operations", Version::V1).await;
}

#[tokio::test]
async fn v1beta_passes_the_contract() {
    passes_at("/v1beta/operations", Version::V1Beta).await;
}

#[tokio::test]
async fn passes_the_contract_over_http_2() {
    let emulator = Emulator::start().await.unwrap();
    let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).http2_only().build().unwrap();
    service::passes_the_contract_over_http_2(&emulator, &events, "operations").await;
}

#[tokio::test]
async fn the_contract_holds_for_names_of_many_segments() {
    let emulator = Emulator::start().await.unwrap();
    let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).build().unwrap();
    // SPEC 15
    contract::all(&Subject::new(&emulator, &events, "operations/of/a/tenant")).await;
}

#[tokio::test]
async fn says_which_service_and_version_it_reaches() {
    let v1 = WorkspaceEvents::builder().build().unwrap();
    let v1beta = WorkspaceEvents::builder_of(Version::V1Beta).build().unwrap();
    assert_eq!(v1.service().to_string(), "workspaceevents.googleapis.com v1");
    assert_eq!(v1beta.service().to_string(), "workspaceevents.googleapis.com v1beta");
    // SPEC 38
    assert_eq!(v1.capabilities(), lro::Capabilities::default());
    assert_eq!(v1beta.capabilities(), lro::Capabilities::default());
}

async fn passes_at(path: &str, version: Version) {
    let emulator = Emulator::start().await.unwrap();
    let events = WorkspaceEvents::builder_of(version).endpoint(emulator.endpoint()).build().unwrap();
    service::passes_the_contract(&emulator, &events, "operations", path).await;
}
