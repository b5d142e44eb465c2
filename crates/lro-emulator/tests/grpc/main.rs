//! `google.longrunning.Operations` over gRPC, on the port of HTTP/JSON.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod calls;
mod client;
mod frames;
mod replies;

use lro::Operation;
use lro_emulator::{Emulator, Script};
use lro_grpc_wire::messages::GetOperationRequest;

use self::client::Client;

async fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::of(&emulator);
    (emulator, client)
}

fn get(name: &str) -> GetOperationRequest {
    GetOperationRequest { name: name.to_owned() }
}

/// The operation in a good reply.
async fn got(client: &Client, name: &str) -> Operation {
    client.call(&get(name)).await.unwrap().try_into().unwrap()
}

fn endless() -> Script {
    Script::new().runs_for(std::time::Duration::MAX)
}
