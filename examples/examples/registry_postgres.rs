//! Three workers share a PostgreSQL database and one rate. One of them stops, and the others continue its work.

use std::{env, time::Duration};

use lro::{Any, LroTransport, OperationName};
use lro_emulator::{Emulator, Script};
use lro_registry::{Quota, Rate, Registration, Registry, Worker};
use lro_registry_postgres::PostgresStore;
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursResponse};

const OPERATIONS: usize = 30;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Ok(config) = env::var("REGISTRY_DATABASE") else {
        println!("It needs an empty PostgreSQL database, such as:");
        println!("    docker run --rm -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres");
        println!(
            "    REGISTRY_DATABASE='host=127.0.0.1 user=postgres' cargo run --example registry_postgres"
        );
        return Ok(());
    };
    let emulator = Emulator::start().await?;
    let registry = Registry::new(PostgresStore::new(&config)?);
    let mut workers = Vec::new();
    for _ in 0..3 {
        // On three machines each has a connection of its own.
        let registry = Registry::new(PostgresStore::new(&config)?);
        let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build()?;
        let quota = Quota::new("my-project", Rate::per_second(20));
        workers.push(Worker::builder(&registry).serve_under(quota, routes).start().await?);
    }
    let service = RouteOptimization::builder().build()?.service();
    let run = std::process::id();
    let mut registrations = Vec::new();
    for day in 0..OPERATIONS {
        let name = format!("projects/my-project/locations/us-central1/operations/{run}-{day}");
        let tours = OptimizeToursResponse { request_label: format!("day {day}"), ..Default::default() };
        let script = Script::new().runs_for(Duration::from_millis(100 * day as u64));
        emulator.operation(&name, script.responds(Any::pack(&tours)?));
        registrations.push(Registration::new(&service, OperationName::parse(&name)?));
    }
    for receipt in registry.register_all(registrations).await? {
        receipt?;
    }
    // The others poll its operations.
    if let Some(worker) = workers.pop() {
        worker.stop().await;
    }
    let mut deliveries = registry.deliveries();
    for _ in 0..OPERATIONS {
        let Some(delivery) = deliveries.next().await else { break };
        let tours: OptimizeToursResponse = delivery.decode()?;
        println!("{} after {} polls of all", tours.request_label, emulator.call_count());
        delivery.acknowledge().await?;
    }
    Ok(())
}
