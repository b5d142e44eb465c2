//! Awaits operations of other forms than `google.longrunning`, such as those of Azure and AWS, by bindings from a configuration.

use lro::{Wait, poll_until_done};
use lro_emulator::{Emulator, Reply};
use lro_http::{Binding, Call, HttpClient, HttpTransport};
use serde_json::Value;

/// Azure: 202 with the URL of an operation, and the state in `status`.
const VIDEOS: &str = r#"{
    "service": "media.example.com", "version": "2026-11-01",
    "get": ["media/{name=videos/*}"],
    "form": {
        "state": "status", "done": ["Succeeded"], "failed": ["Failed"], "cancelled": ["Canceled"], "response": "result",
        "links": ["azure-asyncoperation", "operation-location"], "query": {"api-version": "2026-11-01"}
    }
}"#;
/// Azure: the resource has the state of the work in one of its fields.
const DISKS: &str = r#"{
    "service": "disks.example.com", "version": "v1",
    "get": ["{name=disks/*}"],
    "form": {"state": "properties.provisioningState", "done": ["Succeeded"], "failed": ["Failed"], "cancelled": ["Canceled"]}
}"#;
/// AWS: the state is in capitals, another field has the reason of a failure, and the service can cancel.
const EXPORTS: &str = r#"{
    "service": "exports.example.com", "version": "v1",
    "get": ["{name=exports/*}"], "cancel": ["POST {name=exports/*}/cancel"],
    "form": {
        "state": "exportStatus", "done": ["COMPLETED"], "failed": ["FAILED"], "cancelled": ["CANCELLED"],
        "error": "failureReason"
    }
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let connect = |binding: &str| -> Result<HttpTransport, Box<dyn std::error::Error>> {
        let binding: Binding = serde_json::from_str(binding)?;
        Ok(HttpTransport::new(HttpClient::builder(emulator.endpoint()).build()?, binding))
    };
    let reply = |body: &str| emulator.reply_next(1, Reply::status(200).body(body.to_owned()));

    let location = format!("{}/media/videos/7?api-version=2026-11-01", emulator.endpoint());
    emulator.reply_next(1, Reply::status(202).header("operation-location", location));
    reply(r#"{"status": "Succeeded", "result": {"frames": 240}}"#);
    let videos = connect(VIDEOS)?;
    let started = videos.start(Call::post("", "media/videos", "")).await?;
    let video: Value = Wait::started(&videos, started).await?;
    println!("{} frames", video["frames"]);

    reply(r#"{"properties": {"provisioningState": "Updating"}}"#);
    reply(r#"{"id": "disks/1", "properties": {"provisioningState": "Succeeded"}}"#);
    let disk: Value = poll_until_done(&connect(DISKS)?, "disks/1".parse()?).await?;
    println!("{} is ready", disk["id"]);

    reply(r#"{"exportStatus": "FAILED", "failureReason": "the table is gone"}"#);
    let export = poll_until_done::<Value>(&connect(EXPORTS)?, "exports/1".parse()?).await;
    println!("{export:?}");
    Ok(())
}
