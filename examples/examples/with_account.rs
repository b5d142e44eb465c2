//! Starts an optimization with an account, and awaits it, as the README shows.
//!
//! `gcloud auth application-default login`, then `cargo run -p examples --features account --example with_account`
//! with a request in `request.json`.

use lro_route_optimization::{
    GoogleCloudCredentials, RouteOptimization, messages::OptimizeToursRequest, scopes,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request: OptimizeToursRequest = serde_json::from_str(&std::fs::read_to_string("request.json")?)?;
    let credentials = GoogleCloudCredentials::application_default([scopes::CLOUD_PLATFORM])?;
    let routes = RouteOptimization::builder().credentials(credentials).build()?;
    let tours = routes.optimize_tours_long_running(&request).await?.await?;
    println!("{} routes", tours.routes.len());
    Ok(())
}
