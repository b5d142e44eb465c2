//! Awaits a hundred operations at once, on one connection.

use std::time::{Duration, Instant};

use futures::future::{join_all, try_join_all};
use lro::Status;
use lro_emulator::Emulator;
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder()
        .runs_for_between(Duration::from_millis(500), Duration::from_secs(4))
        .seed(1)
        .start()
        .await?;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).http2_only().build()?;
    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../data/optimize_tours.json"))?;

    let began = Instant::now();
    let waits = try_join_all((0..100).map(|_| routes.optimize_tours_long_running(&request))).await?;
    let outcomes: Vec<Result<_, Status>> = join_all(waits.into_iter().map(IntoFuture::into_future)).await;

    let visits: usize =
        outcomes.iter().flatten().flat_map(|tours| &tours.routes).map(|route| route.visits.len()).sum();
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    println!(
        "{} operations, {failed} failed, {visits} visits planned in {:.1?} by {} calls",
        outcomes.len(),
        began.elapsed(),
        emulator.call_count()
    );
    Ok(())
}
