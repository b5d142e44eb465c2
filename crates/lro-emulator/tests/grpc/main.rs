//! `google.longrunning.Operations` over gRPC, on the port of HTTP/JSON.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod calls;
mod client;
mod frames;
mod replies;
mod transport;

use lro::Operation;
use lro_emulator::{
    Emulator, Script,
    contract::{self, Subject},
};
use lro_grpc_wire::messages::GetOperationRequest;

use self::{client::Client, transport::Transport};

#[tokio::test]
async fn a_transport_over_grpc_passes_the_contract() {
    let (emulator, client) = start().await;
    let transport = Transport(client);
    for collection in ["operations", "projects/p/locations/l/operations"] {
        contract::all(&Subject::new(&emulator, &transport, collection).over_grpc()).await;
    }
    let is_grpc = |path: &str| path.starts_with("/google.longrunning.Operations/");
    assert!(emulator.calls().iter().all(|call| is_grpc(&call.path)));
}

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
