//! What becomes of the operations of a sweep that does not go well.
#![allow(clippy::unwrap_used, reason = "tests")]

use futures::future::join_all;
use lro::{Code, Status};
use lro_fleet::Fleet;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::common::{Server, millis, secs};

/// Two sweeps of the same operations while nothing may be asked.
#[tokio::test(start_paused = true)]
async fn a_sweep_that_failed_before_loses_nobody() {
    let throttled = Status::new(Code::ResourceExhausted, "too many").with_retry_after(secs(100));
    let server = Server::new(millis(20)).lists(100).fails(secs(0), secs(1), throttled);
    let names = server.has_many(3, |_| secs(1));
    let other = server.has("other/operations/1", secs(1));
    // The list takes the only place, so the other one stays in line.
    let fleet = Fleet::builder(server).max_in_flight(1).start();
    let [one, two] = [0, 1].map(|number| fleet.watch::<Value>(names[number].clone()));
    let mut watches = vec![one, two, fleet.watch(other)];
    sleep(secs(70)).await;
    watches.push(fleet.watch(names[2].clone()));
    let outcomes = timeout(secs(200), join_all(watches)).await.expect("all are asked about");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
