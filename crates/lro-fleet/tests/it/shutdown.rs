//! A shutdown ends what is pending, whatever is going on.
#![allow(clippy::unwrap_used, reason = "tests")]

use lro::Origin;
use lro_fleet::Fleet;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::common::{Server, millis, secs};

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

#[tokio::test(start_paused = true)]
async fn that_nobody_waits_for_ends_the_watches_all_the_same_and_hands_back_later() {
    let server = Server::new(millis(500));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server.clone()).start();
    let watch = fleet.watch::<Value>(name);
    sleep(millis(100)).await;
    // A call is in flight, so the shutdown is not over yet.
    assert!(timeout(millis(1), fleet.shutdown()).await.is_err());
    let status = timeout(secs(2), watch).await.unwrap().unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(fleet.shutdown().await.len(), 1);
    assert!(fleet.shutdown().await.is_empty());
}
