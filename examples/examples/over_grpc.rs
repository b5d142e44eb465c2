//! Awaits an operation over gRPC, as a message of prost, and resumes the wait by a handle.

use lro::{Handle, OperationName, Wait, poll_until_done};
use lro_emulator::{Emulator, Script};
use lro_grpc::Proto;
use prost::{Message, Name};

/// A message as `prost-build` generates it with `enable_type_names`.
#[derive(Clone, PartialEq, Message)]
struct Transcript {
    #[prost(string, tag = "1")]
    text: String,
}

impl Name for Transcript {
    const PACKAGE: &'static str = "example.speech.v1";
    const NAME: &'static str = "Transcript";
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let spoken = lro::Any::from_value(&Proto(Transcript { text: "take the next left".into() }))?;
    emulator.operation("7612202767953098924", Script::new().responds(spoken).runs_for_calls(2));

    // In production, the endpoint is that of the service, and the client has credentials.
    let speech = lro_services::find_grpc("speech", "v1")?.connect_grpc()?;
    let speech = speech.endpoint(emulator.endpoint()).build()?;

    let name = OperationName::parse("7612202767953098924")?;
    let mut wait: Wait<'_, Proto<Transcript>> = poll_until_done(&speech, name);
    let snapshot = wait.next().await.ok_or("no reply")??;
    println!("after {} poll: done = {}", snapshot.polls(), snapshot.is_done());

    // The handle is what a program saves. Another process resumes the wait with it.
    let saved = serde_json::to_string(&wait.handle().ok_or("no name")?)?;
    drop(wait);
    let handle: Handle = serde_json::from_str(&saved)?;
    let Proto(transcript) = Wait::<Proto<Transcript>>::resumed(&speech, &handle)?.await?;
    println!("transcript: {}", transcript.text);
    Ok(())
}
