//! Waits for three hundred operations under one quota: three as futures, the others as a stream of completions.

use std::time::{Duration, Instant};

use futures::{StreamExt, future::try_join_all};
use lro_emulator::Emulator;
use lro_fleet::{Fleet, Rate};
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursRequest, OptimizeToursResponse},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder()
        .runs_for_between(Duration::from_secs(1), Duration::from_secs(3))
        .seed(1)
        .start()
        .await?;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).http2_only().build()?;
    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../data/optimize_tours.json"))?;
    let started = try_join_all((0..300).map(|_| routes.optimize_tours_long_running(&request))).await?;
    let mut names = started.iter().filter_map(|wait| wait.name().cloned());

    let began = Instant::now();
    let fleet = Fleet::builder(routes.clone()).rate(Rate::per_second(200)).max_in_flight(32).start();
    let urgent: Vec<_> =
        names.by_ref().take(3).map(|name| fleet.watch::<OptimizeToursResponse>(name)).collect();
    for name in names {
        fleet.register(name)?;
    }
    // No more operations are added, so the completions end after the last outcome.
    fleet.drain();
    for tours in try_join_all(urgent).await? {
        println!("{} routes, after {:.1?}", tours.routes.len(), began.elapsed());
    }
    let mut completions = fleet.completions().decode::<OptimizeToursResponse>();
    while let Some(completion) = completions.next().await {
        if let Err(status) = completion.outcome() {
            println!("{status}");
        }
    }
    println!("{}", fleet.metrics());
    Ok(())
}
