//! Clients of google-cloud-rust for the emulator.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of the helpers")]

use google_apps_events_subscriptions_v1::client::SubscriptionsService;
use google_cloud_auth::credentials::{Credentials, anonymous};
use google_cloud_longrunning::{client::Operations, model::Operation};
use google_cloud_workflows_v1::{client::Workflows, model::Workflow};
use google_maps_routeoptimization_v1::client::RouteOptimization;
use lro::{Any, OperationName, Service};
use lro_emulator::{Emulator, Reply, Script};
use lro_google_cloud::{GoogleCloudTransport, transport};

pub(crate) const WORKFLOWS: Service = Service::new("workflows.googleapis.com", "v1");
pub(crate) const ROUTE_OPTIMIZATION: Service = Service::new("routeoptimization.googleapis.com", "v1");
pub(crate) const WORKSPACE_EVENTS: Service = Service::new("workspaceevents.googleapis.com", "v1");

/// The operation that the emulator runs for [`create`].
pub(crate) const NAME: &str = "projects/p/locations/l/operations/create";

pub(crate) fn name() -> OperationName {
    OperationName::parse(NAME).unwrap()
}

pub(crate) async fn workflows(endpoint: impl Into<String>) -> Workflows {
    let builder = Workflows::builder().with_endpoint(endpoint);
    builder.with_credentials(no_credentials()).build().await.unwrap()
}

pub(crate) async fn route_optimization(endpoint: impl Into<String>) -> RouteOptimization {
    let builder = RouteOptimization::builder().with_endpoint(endpoint);
    builder.with_credentials(no_credentials()).build().await.unwrap()
}

pub(crate) async fn workspace_events(endpoint: impl Into<String>) -> SubscriptionsService {
    let builder = SubscriptionsService::builder().with_endpoint(endpoint);
    builder.with_credentials(no_credentials()).build().await.unwrap()
}

/// A transport by a client that has get, list, cancel and delete.
pub(crate) async fn operations(endpoint: impl Into<String>) -> GoogleCloudTransport {
    let builder = Operations::builder().with_endpoint(endpoint);
    let client = builder.with_credentials(no_credentials()).build().await.unwrap();
    transport!(Service::new("example.googleapis.com", "v1"), client)
}

/// The emulator, a client of Workflows for it, and the transport by that client. Operation [`NAME`] runs by the script.
pub(crate) async fn start(script: Script) -> (Emulator, Workflows, GoogleCloudTransport) {
    let emulator = Emulator::start().await.unwrap();
    emulator.operation(NAME, script);
    let client = workflows(emulator.endpoint()).await;
    let transport = transport!(WORKFLOWS, client);
    (emulator, client, transport)
}

/// Starts operation [`NAME`] by a call that creates a workflow. The emulator does not have that service.
pub(crate) async fn create(emulator: &Emulator, client: &Workflows) -> google_cloud_gax::Result<Operation> {
    emulator.reply_next(1, started());
    create_workflow(client).send().await
}

pub(crate) fn create_workflow(
    client: &Workflows,
) -> google_cloud_workflows_v1::builder::workflows::CreateWorkflow {
    let builder = client.create_workflow().set_parent("projects/p/locations/l").set_workflow_id("w");
    builder.set_workflow(Workflow::new().set_description("greets"))
}

/// The reply to the call that creates a workflow.
pub(crate) fn started() -> Reply {
    Reply::status(200).body(format!(r#"{{"name": "{NAME}"}}"#))
}

/// The response of the operation that creates a workflow.
pub(crate) fn created() -> Any {
    Any::from_json(
        r#"{"@type": "type.googleapis.com/google.cloud.workflows.v1.Workflow", "name": "w", "state": "ACTIVE",
            "revisionCreateTime": "2026-11-23T08:00:00.5Z", "callLogLevel": 7, "labels": {"a": "b"}}"#,
    )
    .unwrap()
}

/// Returns no credentials. Installs a provider of TLS, which a client requires even if it does not use TLS.
pub(crate) fn no_credentials() -> Credentials {
    let _ = rustls::crypto::ring::default_provider().install_default();
    anonymous::Builder::new().build()
}
