//! Awaits one operation by its name, with a deadline, and distinguishes the four origins of a failure.

use std::time::Duration;

use lro::{Any, OperationName, Origin, poll_until_done};
use lro_emulator::{Emulator, Reply, Script};
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursResponse};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let name = "projects/my-project/locations/us-central1/operations/42";
    let tours = Any::pack(&OptimizeToursResponse { request_label: "Monday".into(), ..Default::default() })?;
    // The first call fails, and the wait retries it.
    let script = Script::new().runs_for(Duration::from_secs(1)).responds(tours).call(1, Reply::status(503));
    emulator.operation(name, script);

    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build()?;
    let wait = poll_until_done::<OptimizeToursResponse>(&routes, OperationName::parse(name)?)
        .deadline(Duration::from_secs(600));
    match wait.await {
        Ok(tours) => println!("tours for {}", tours.request_label),
        Err(status) => {
            let advice = match status.origin() {
                Origin::OperationFailed => "mend the request and start again",
                Origin::CallFailed => "the operation may be well: wait again by the same name",
                Origin::StoppedAsking => "it was not done yet: wait again by the same name",
                Origin::MalformedReply => "tell the people who run the server",
            };
            println!("{status}\n{advice}");
        }
    }
    Ok(())
}
