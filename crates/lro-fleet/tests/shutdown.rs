//! A shutdown ends what is pending, whatever is going on.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Server, millis, secs};
use lro::Origin;
use lro_fleet::Fleet;
use serde_json::Value;
use tokio::time::{sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_with_the_last_call_in_flight() {
    let server = Server::new(millis(500));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server.clone()).start();
    let watch = fleet.watch::<Value>(name.clone());
    sleep(millis(100)).await;
    // The reply is that it is running: nobody but the shutdown wants to know.
    let handles = timeout(secs(100), fleet.shutdown()).await.unwrap();
    assert_eq!(handles.len(), 1);
    assert!(server.now() < millis(510), "{:?}", server.now());
    assert_eq!(watch.await.unwrap_err().origin(), Origin::StoppedAsking);
}
