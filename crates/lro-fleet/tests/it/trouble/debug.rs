//! A fleet in a log.

use std::time::Duration;

use lro::{Operation, OperationName, transport_fn};
use lro_fleet::Fleet;
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn a_fleet_is_shown_in_one_line() {
    let jobs = transport_fn(|name: OperationName| async move { Ok(Operation::running(name.as_str())) });
    let fleet = Fleet::builder(jobs).start();
    fleet.register("operations/1".parse().unwrap()).unwrap();
    sleep(Duration::from_secs(1)).await;
    for shown in [format!("{fleet:?}"), format!("{fleet:#?}")] {
        assert!(shown.len() < 1_000 && shown.starts_with("Fleet"), "{} bytes: {shown:.200}", shown.len());
    }
    assert_eq!(format!("{fleet:?}").lines().count(), 1);
}
