//! Saves the handle of a wait, and resumes the wait from the file, as a program does after a restart.

use std::time::Duration;

use lro::{Handle, Status};
use lro_emulator::Emulator;
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursRequest, OptimizeToursResponse},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder().runs_for(Duration::from_secs(2)).start().await?;
    let file = std::env::temp_dir().join(format!("lro-handle-{}.json", std::process::id()));

    std::fs::write(&file, first_run(&emulator.endpoint()).await?)?;
    println!("saved: {}", std::fs::read_to_string(&file)?);
    let tours = second_run(&emulator.endpoint(), &std::fs::read_to_string(&file)?).await?;
    println!("resumed: {} routes for {:?}", tours.routes.len(), tours.request_label);
    Ok(std::fs::remove_file(&file)?)
}

/// Starts an operation, saves its handle, and drops the wait. The operation goes on.
async fn first_run(endpoint: &str) -> Result<String, Box<dyn std::error::Error>> {
    let routes = RouteOptimization::builder().endpoint(endpoint).build()?;
    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../data/optimize_tours.json"))?;
    let wait = routes.optimize_tours_long_running(&request).await?;
    let handle = wait.handle().ok_or_else(|| Status::malformed("the operation has no name"))?;
    Ok(serde_json::to_string(&handle)?)
}

async fn second_run(
    endpoint: &str,
    saved: &str,
) -> Result<OptimizeToursResponse, Box<dyn std::error::Error>> {
    let routes = RouteOptimization::builder().endpoint(endpoint).build()?;
    let handle: Handle = serde_json::from_str(saved)?;
    Ok(routes.resume(&handle)?.await?)
}
