//! Awaits operations of four services that are selected by name: three with different paths, and one with another form of operations.

use lro::{OperationName, poll_until_done};
use lro_emulator::{Emulator, Reply};
use lro_http::Token;
use lro_services::find;
use serde_json::{Value, json};

const OPERATIONS: [(&str, &str, &str); 4] = [
    ("run", "v2", "projects/p/locations/europe-west1/operations/1"),
    // The path has several variables, which are parts of the name.
    ("gcs", "v1", "projects/_/buckets/pictures/operations/AAAA"),
    // The name is only an id. The metadata has the progress.
    ("speech", "v1", "7612202767953098924"),
    // Its operations have a form of their own, with a `status`. The service has a call that waits.
    ("compute", "v1", "projects/p/zones/europe-west1-b/operations/operation-1"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (service, version, name) in OPERATIONS {
        let entry = find(service, version)?;
        let emulator = Emulator::start().await?;
        for reply in replies(entry.form(), name) {
            emulator.reply_next(1, Reply::status(200).body(reply.to_string()));
        }
        let builder = entry.connect()?.endpoint(emulator.endpoint()).credentials(Token::bearer("a-token")?);
        // An operation of Compute has a link to its resource. The resource becomes the response.
        let transport = builder.build()?.reading_targets();
        let mut wait = poll_until_done::<Value>(&transport, OperationName::parse(name)?);
        while let Some(snapshot) = wait.next().await {
            println!("{} {} has done {:?} of the work", entry.host(), entry.version(), snapshot?.progress());
        }
        println!("    {}", wait.await?);
        for call in emulator.calls() {
            println!("    {} {}", call.method, call.path);
        }
    }
    // The name of an operation does not determine its service.
    if let Err(refused) = find("projects/p/locations/l/operations/1", None) {
        println!("{refused}");
    }
    Ok(())
}

/// Sets the replies of the service: running, then done.
fn replies(form: &str, name: &str) -> Vec<Value> {
    match form {
        "compute" => vec![
            json!({"status": "RUNNING", "progress": 40}),
            json!({"status": "DONE", "progress": 100, "targetLink": "https://www.googleapis.com/compute/v1/instance"}),
            json!({"name": "instance", "machineType": "e2-micro"}),
        ],
        _ => vec![
            json!({"name": name, "metadata": {"progressPercent": 40}}),
            json!({"name": name, "done": true, "metadata": {"progressPercent": 100}, "response": {}}),
        ],
    }
}
