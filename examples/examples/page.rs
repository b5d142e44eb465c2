//! Shows a registry under load as a page. The program ends after ten seconds. With the argument `stay` it does not end.

use std::{env, time::Duration};

use lro::{Code, LroTransport, Operation, OperationName, Service, Status, async_trait};
use lro_page::Page;
use lro_registry::{MemoryStore, Quota, Rate, Registration, Registry, Worker};
use serde_json::json;
use tokio::time::sleep;

const KINDS: [&str; 3] = ["render", "report", "import"];

/// A service whose operations take some polls. Polls of imports fail now and then.
#[derive(Debug)]
struct Jobs;

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        sleep(Duration::from_millis(20)).await;
        match fastrand::u8(..) {
            0..20 if name.as_str().contains("import") => {
                Err(Status::new(Code::Unavailable, "the disk is <busy>"))
            }
            20..60 => Operation::succeeded(name.as_str(), json!({"pages": 3})),
            _ => Ok(Operation::running(name.as_str())),
        }
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new(MemoryStore::new());
    let quota = Quota::new("jobs", Rate::per_second(50));
    let worker = Worker::builder(&registry).serve_under(quota, Jobs).start().await?;
    let page = Page::registry(&registry).title("Jobs").worker(worker.watch()).serve(0).await?;
    println!("http://{}/", page.address());

    let (load, consumer) = (tokio::spawn(load(registry.clone())), tokio::spawn(consume(registry)));
    let is_to_stay = env::args().nth(1).is_some_and(|argument| argument == "stay");
    sleep(Duration::from_secs(if is_to_stay { u64::from(u32::MAX) } else { 10 })).await;
    load.abort();
    consumer.abort();
    worker.stop().await;
    Ok(())
}

/// Registers ten operations a second.
async fn load(registry: Registry) {
    for number in 0.. {
        let kind = KINDS[number % KINDS.len()];
        let Ok(name) = OperationName::parse(&format!("operations/{kind}/{number}")) else { return };
        let registration = Registration::new(&Jobs.service(), name).kind(kind);
        if let Err(error) = registry.register(registration).await {
            println!("not registered: {error}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Acknowledges each outcome after half a second.
async fn consume(registry: Registry) {
    let mut deliveries = registry.deliveries();
    while let Some(delivery) = deliveries.next().await {
        sleep(Duration::from_millis(500)).await;
        if let Err(error) = delivery.acknowledge().await {
            println!("not acknowledged: {error}");
        }
    }
}
