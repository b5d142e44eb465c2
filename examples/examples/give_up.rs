//! Ends a wait in three ways: leaves the operation alone, cancels it at the deadline, and cancels it now.

use std::time::Duration;

use lro::{AtDeadline, Cancellation, Capabilities, OperationName, Status, poll_until_done};
use lro_emulator::{Emulator, Script};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let jobs = HttpTransport::new(
        HttpClient::builder(emulator.endpoint()).build()?,
        Binding::new(lro::Service::new("printer.example.com", "v1"), NameTemplate::parse("operations/**")?)
            .capabilities(Capabilities::default().cancel(true)),
    );
    let name = OperationName::parse("operations/print")?;
    let deadline = Duration::from_millis(300);

    emulator.operation(name.as_str(), Script::new().runs_for(Duration::from_secs(3_600)));
    let left: Result<Value, Status> = poll_until_done(&jobs, name.clone()).deadline(deadline).await;
    println!("left alone: {}", left.err().ok_or("an hour is over")?);

    let cancelled: Result<Value, Status> = poll_until_done(&jobs, name.clone())
        .deadline(deadline)
        .at_deadline(AtDeadline::CancelAndWait(Duration::from_secs(5)))
        .await;
    println!("cancelled: {}", cancelled.err().ok_or("an hour is over")?);

    emulator.operation(name.as_str(), Script::new().runs_for(deadline).ignores_cancel());
    let mut wait = poll_until_done::<Value>(&jobs, name).deadline(Duration::from_secs(5));
    match wait.cancel_and_wait().await? {
        Cancellation::Finished(response) => println!("too late to cancel: it finished with {response}"),
        other => println!("not what the script sets: {other:?}"),
    }
    Ok(())
}
