//! The registry, with its defaults: 256 calls in flight.

use std::future::pending;

use lro::{LroTransport, Operation, OperationName, Pacing, Service, Status, async_trait};
use lro_registry::{Registration, Registry, Worker};
use lro_registry_postgres::PostgresStore;

use super::{PAUSE, Polls, batches};
use crate::Fault;

#[derive(Debug)]
struct Running(Polls);

pub(super) async fn fill(url: &str, operations: u32) -> Result<(), Fault> {
    let registry = Registry::new(PostgresStore::new(url)?);
    for batch in batches(operations) {
        let registrations =
            batch.iter().map(|name| Ok(Registration::new(&SERVICE, OperationName::parse(name)?).kind("job")));
        for receipt in registry.register_all(registrations.collect::<Result<Vec<_>, Status>>()?).await? {
            receipt?;
        }
    }
    Ok(())
}

pub(super) async fn run(url: &str, polls: Polls) -> Result<(), Fault> {
    let registry = Registry::new(PostgresStore::new(url)?);
    let worker =
        Worker::builder(&registry).serve(Running(polls)).pacing(Pacing::fixed(PAUSE)).start().await?;
    pending::<()>().await;
    drop(worker);
    Ok(())
}

#[async_trait]
impl LroTransport for Running {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.poll();
        Ok(Operation::running(name.as_str()))
    }

    fn service(&self) -> Service {
        SERVICE
    }
}

const SERVICE: Service = Service::new("jobs.example.com", "v1");
