//! The transport passes the contract with every verb, on connections of its own and on those of a client that it is given.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use bytes::Bytes;
use http::Version;
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lro::Capabilities;
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};

use super::common::client;

#[tokio::test]
async fn passes_with_every_verb() {
    for is_given in [false, true] {
        let emulator = Emulator::start().await.unwrap();
        let client = client(&emulator.endpoint());
        let client = match is_given {
            false => client,
            true => {
                let mut http2 = Client::builder(TokioExecutor::new());
                client.service(http2.http2_only(true).build_http::<Full<Bytes>>())
            }
        };
        let jobs = client.build().unwrap().with_capabilities(Capabilities::ALL);
        for collection in ["operations", "projects/p/locations/l/operations"] {
            contract::all(&Subject::new(&emulator, &jobs, collection).over_grpc()).await;
        }
        let calls = emulator.calls();
        assert!(calls.iter().all(|call| call.version == Version::HTTP_2));
        for method in ["Get", "List", "Cancel", "Delete", "Wait"] {
            let path = format!("/google.longrunning.Operations/{method}Operation");
            assert!(calls.iter().any(|call| call.path.starts_with(&path)), "no {method}");
        }
    }
}

#[tokio::test]
async fn passes_with_get_alone() {
    let emulator = Emulator::start().await.unwrap();
    let jobs = client(&emulator.endpoint()).build().unwrap().with_capabilities(Capabilities::default());
    contract::all(&Subject::new(&emulator, &jobs, "operations").over_grpc()).await;
    assert!(emulator.calls().iter().all(|call| call.path.ends_with("/GetOperation")));
}
