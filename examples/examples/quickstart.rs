//! Starts an operation of two services, and awaits both at the same time, with a line for each poll.

use std::time::Duration;

use futures::future::try_join;
use lro::{Status, Wait};
use lro_emulator::Emulator;
use lro_http::Token;
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursRequest};
use lro_workspace_events::{WorkspaceEvents, messages::Subscription};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder()
        .runs_for_between(Duration::from_secs(1), Duration::from_secs(4))
        .seed(7)
        .require_token("quickstart")
        .start()
        .await?;
    let token = Token::bearer("quickstart")?;
    let routes =
        RouteOptimization::builder().endpoint(emulator.endpoint()).credentials(token.clone()).build()?;
    let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).credentials(token).build()?;

    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../data/optimize_tours.json"))?;
    let wanted: Subscription = serde_json::from_value(json!({
        "targetResource": "//chat.googleapis.com/spaces/AAAABBBBCCC",
        "eventTypes": ["google.workspace.chat.message.v1.created"],
        "notificationEndpoint": {"pubsubTopic": "projects/my-project/topics/events"},
        "ttl": "86400s",
    }))?;
    let mut planning = routes.optimize_tours_long_running(&request).await?;
    let mut subscribing = events.create_subscription(&wanted).await?;

    try_join(watch("tours", &mut planning), watch("subscription", &mut subscribing)).await?;
    let (tours, subscription) = (planning.await?, subscribing.await?);

    for route in &tours.routes {
        let stops: Vec<&str> = route.visits.iter().map(|visit| visit.shipment_label.as_str()).collect();
        println!("{}: {}", route.vehicle_label, stops.join(", "));
    }
    for skipped in &tours.skipped_shipments {
        println!("skipped: {} ({:?})", skipped.label, skipped.reasons.first().map(|reason| &reason.code));
    }
    let expiry = subscription.expire_time.map_or_else(String::new, |time| format!(" until {time}"));
    println!("{} is {:?}{expiry}", subscription.name, subscription.state);
    Ok(())
}

async fn watch<R, M>(what: &str, wait: &mut Wait<'_, R, M>) -> Result<(), Status> {
    while let Some(snapshot) = wait.next().await {
        let snapshot = snapshot?;
        let state = if snapshot.is_done() { "done" } else { "running" };
        println!("{what}: {state} after {:.2?}, {} polls", snapshot.elapsed(), snapshot.polls());
    }
    Ok(())
}
