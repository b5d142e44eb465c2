//! Publishes the metrics of a wait, a fleet and a registry, and scrapes them over HTTP as Prometheus does.

use std::time::Duration;

use futures::future::{join_all, try_join_all};
use lro::LroTransport;
use lro_emulator::{Emulator, Reply};
use lro_fleet::{Fleet, Rate};
use lro_registry::{MemoryStore, Registration, Registry, Worker};
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursRequest, OptimizeToursResponse},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // With buckets the exporter renders histograms, otherwise summaries.
    let buckets = [0.05, 0.25, 1.0, 5.0, 30.0, 300.0];
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let prometheus =
        PrometheusBuilder::new().set_buckets_for_metric(seconds, &buckets)?.install_recorder()?;
    lro::metrics::describe();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut scraper, _)) = listener.accept().await {
            let _request = scraper.read(&mut [0; 1_024]).await;
            let page = format!("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\n{}", prometheus.render());
            let _sent = scraper.write_all(page.as_bytes()).await;
        }
    });

    let emulator = Emulator::builder().runs_for(Duration::from_secs(2)).start().await?;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).http2_only().build()?;
    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../data/optimize_tours.json"))?;
    let started = try_join_all((0..52).map(|_| routes.optimize_tours_long_running(&request))).await?;
    let mut names = started.iter().filter_map(|wait| wait.name().cloned());

    emulator.reply_next(2, Reply::status(503));
    let alone = names.next().ok_or("no operation was started")?;
    let _tours: OptimizeToursResponse = lro::poll_until_done(&routes, alone).kind("tours").await?;
    let registry = Registry::new(MemoryStore::new());
    let stored = names.next().ok_or("no operation was started")?;
    registry.register(Registration::new(&routes.service(), stored)).await?;
    let _worker = Worker::builder(&registry).serve(routes.clone()).start().await?;
    if let Some(delivery) = registry.deliveries().next().await {
        delivery.acknowledge().await?;
    }
    let fleet = Fleet::builder(routes.clone()).rate(Rate::per_second(100)).start();
    join_all(names.map(|name| fleet.watch::<OptimizeToursResponse>(name))).await;

    // Fleets and workers set their gauges once a second.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut scraper = TcpStream::connect(address).await?;
    scraper.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
    let mut page = String::new();
    scraper.read_to_string(&mut page).await?;
    println!("{page}");
    Ok(())
}
