//! Awaits operations of four services by their names, three with different paths and one with a form of its own.

use lro::{OperationName, poll_until_done};
use lro_emulator::{Emulator, Reply};
use lro_http::Token;
use lro_services::find;
use serde_json::{Value, json};

const OPERATIONS: [(&str, &str, &str); 4] = [
    ("run", "v2", "projects/p/locations/europe-west1/operations/1"),
    // The name is cut into the variables of the path.
    ("gcs", "v1", "projects/_/buckets/pictures/operations/AAAA"),
    // A bare id, and progress in the metadata.
    ("speech", "v1", "7612202767953098924"),
    // Its operations have a `status`, and a call that waits.
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
        // The operations of Compute have a link to the resource that is the response.
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

/// What the service replies: running, then done.
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
