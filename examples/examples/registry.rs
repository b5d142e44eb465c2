//! Registers an operation in a file. The process is killed, and the next process receives the outcome.

use std::{env, path::Path, process::Command, time::Duration};

use lro::{Any, LroTransport, OperationName};
use lro_emulator::{Emulator, Script};
use lro_registry::{Registration, Registry, Worker};
use lro_registry_sqlite::SqliteStore;
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursResponse};
use tokio::time::sleep;

const NAME: &str = "projects/my-project/locations/us-central1/operations/42";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [file, endpoint] = &arguments[..] {
        return first_process(Path::new(file), endpoint).await;
    }
    let emulator = Emulator::start().await?;
    let tours = Any::pack(&OptimizeToursResponse { request_label: "Monday".into(), ..Default::default() })?;
    emulator.operation(NAME, Script::new().runs_for(Duration::from_secs(5)).responds(tours));
    let folder = env::temp_dir().join(format!("lro-registry-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let file = folder.join("operations.db");

    let mut first = Command::new(env::current_exe()?).arg(&file).arg(emulator.endpoint()).spawn()?;
    while emulator.call_count() == 0 {
        if let Some(status) = first.try_wait()? {
            return Err(format!("the first process ended before its first poll: {status}").into());
        }
        sleep(Duration::from_millis(100)).await;
    }
    first.kill()?;
    first.wait()?;
    println!("the first process was killed at poll {}", emulator.call_count());

    let registry = Registry::new(SqliteStore::open(&file).await?);
    let worker = work(&registry, &emulator.endpoint()).await?;
    let mut deliveries = registry.deliveries();
    if let Some(delivery) = deliveries.next().await {
        let tours: OptimizeToursResponse = delivery.decode()?;
        println!("{} has tours for {}", String::from_utf8_lossy(delivery.tag()), tours.request_label);
        delivery.acknowledge().await?;
    }
    worker.stop().await;
    println!("after {} polls", emulator.call_count());
    Ok(std::fs::remove_dir_all(&folder)?)
}

async fn first_process(file: &Path, endpoint: &str) -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new(SqliteStore::open(file).await?);
    let service = RouteOptimization::builder().build()?.service();
    registry.register(Registration::new(&service, OperationName::parse(NAME)?).tag("order 7")).await?;
    println!("registered: from here on a crash loses nothing");
    let _worker = work(&registry, endpoint).await?;
    std::future::pending().await
}

async fn work(registry: &Registry, endpoint: &str) -> Result<Worker, Box<dyn std::error::Error>> {
    let routes = RouteOptimization::builder().endpoint(endpoint).build()?;
    Ok(Worker::builder(registry).serve(routes).start().await?)
}
