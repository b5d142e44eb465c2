//! A transport with every verb passes the contract, over HTTP/1 and over HTTP/2.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use http::{Method, Version};
use lro::Capabilities;
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};
use lro_http::{HttpClient, HttpTransport};

use super::common::binding;

#[tokio::test]
async fn passes_with_every_verb() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let emulator = Emulator::start().await.unwrap();
        let client = HttpClient::builder(emulator.endpoint());
        let client = if version == Version::HTTP_2 { client.http2_only() } else { client };
        let jobs = HttpTransport::new(client.build().unwrap(), binding(Capabilities::ALL));
        contract::all(&Subject::new(&emulator, &jobs, "operations")).await;
        let calls = emulator.calls();
        assert!(calls.iter().all(|call| call.version == version), "{version:?}");
        for (method, verb) in [
            (Method::GET, "/v1/operations/"),
            (Method::GET, "/v1/operations"),
            (Method::POST, ":cancel"),
            (Method::POST, ":wait"),
            (Method::DELETE, "/v1/operations/"),
        ] {
            let is_of = |call: &&lro_emulator::Call| call.method == method && call.path.contains(verb);
            assert!(calls.iter().any(|call| is_of(&call)), "{version:?}: no {method} of {verb}");
        }
    }
}
