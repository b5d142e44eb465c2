//! Which pacing a fleet applies, by the kind of operation.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use lro::{
    LroTransport, Operation, OperationName, Pacing, Service, Status, async_trait, pacing::PacingByKind,
};
use lro_fleet::{Fleet, FleetBuilder};
use serde_json::Value;

use super::common::{Server, millis, secs};

#[tokio::test(start_paused = true)]
async fn the_pacing_of_the_transport_unless_the_fleet_has_another() {
    assert_eq!(second_poll(|fleet| fleet).await, secs(5), "by the key of the service");
    assert_eq!(second_poll(|fleet| fleet.kind(|_| "other".to_owned())).await, millis(250), "it has none");
    assert_eq!(second_poll(|fleet| fleet.pacing(Pacing::fixed(secs(3)))).await, secs(3));
}

#[tokio::test(start_paused = true)]
async fn the_pacing_of_the_kind_that_a_name_has() {
    let by_kind: Arc<dyn PacingByKind> = Arc::new(ByKind);
    let print = |name: &OperationName| format!("jobs.example.com/{}", name.segments().next().unwrap());
    assert_eq!(second_poll(|fleet| fleet.pacing(by_kind.clone()).kind(print)).await, secs(9));
    assert_eq!(second_poll(|fleet| fleet.pacing(by_kind)).await, secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_hands_back_the_kind_that_a_name_has() {
    let server = Server::new(Duration::ZERO);
    let name = server.has("operations/1", Duration::MAX);
    for (kind, expected) in [("jobs.example.com", None), ("print", Some("print"))] {
        let fleet = Fleet::builder(server.clone()).kind(|_| kind.to_owned()).start();
        let _watch = fleet.watch::<Value>(name.clone());
        let handles = fleet.shutdown().await;
        assert_eq!(handles.iter().map(|handle| handle.kind()).collect::<Vec<_>>(), [expected]);
    }
}

/// From the reply to the first poll of an operation to the second poll.
async fn second_poll(set: impl FnOnce(FleetBuilder) -> FleetBuilder) -> Duration {
    let server = Server::new(Duration::ZERO);
    let name = server.has("operations/1", millis(100));
    let fleet = Fleet::builder(Paced(server.clone())).tick(Duration::ZERO);
    set(fleet).start().watch::<Value>(name).await.unwrap();
    let calls = server.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    Duration::from_millis((calls[1].0 - calls[0].0).as_millis() as u64)
}

/// A server whose transport has a pacing for the kind of its service.
#[derive(Debug)]
struct Paced(Server);

#[async_trait]
impl LroTransport for Paced {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    fn service(&self) -> Service {
        self.0.service()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        (kind == "jobs.example.com").then(|| Pacing::fixed(secs(5)))
    }
}

#[derive(Debug)]
struct ByKind;

impl PacingByKind for ByKind {
    fn pacing(&self, kind: &str) -> Pacing {
        Pacing::fixed(if kind == "jobs.example.com/operations" { secs(9) } else { secs(1) })
    }
}
