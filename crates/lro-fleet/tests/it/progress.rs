//! The share of the work that is done, in the snapshots of a fleet and for its pacing.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait,
    pacing::{Moment, PacingPolicy, Schedule},
};
use lro_fleet::{Fleet, FleetBuilder};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn is_read_by_the_transport_without_a_closure() {
    let (shares, paced) = seen(|builder| builder).await;
    assert_eq!(shares, [Some(0.2), Some(0.4), Some(0.6)]);
    assert_eq!(paced, [None, Some(0.2), Some(0.4)]);
}

#[tokio::test(start_paused = true)]
async fn is_read_by_the_closure_of_the_fleet_first() {
    let by_closure = |metadata: &Value| Some(metadata["percent"].as_f64()? / 1_000.0);
    let (shares, paced) = seen(|builder| builder.pace_by_progress(by_closure)).await;
    assert_eq!(shares, [Some(0.02), Some(0.04), Some(0.06)]);
    assert_eq!(paced, [None, Some(0.02), Some(0.04)]);
}

#[tokio::test(start_paused = true)]
async fn is_known_to_the_pacing_alone_if_the_fleet_keeps_no_metadata() {
    let (shares, paced) = seen(|builder| builder.keep_metadata(false)).await;
    assert_eq!(shares, [None; 3]);
    assert_eq!(paced, [None, Some(0.2), Some(0.4)]);
}

#[tokio::test(start_paused = true)]
async fn is_part_of_the_last_snapshot_by_name() {
    let fleet = Fleet::builder(Knowing::default()).pacing(Pacing::fixed(Duration::from_secs(1))).start();
    let _watch = fleet.watch::<Value>(name());
    assert_eq!(fleet.get::<Value>(&name()).unwrap().progress(), None);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(fleet.get::<Value>(&name()).unwrap().progress(), Some(0.2));
}

#[tokio::test(start_paused = true)]
async fn of_a_snapshot_may_use_the_fleet_or_panic() {
    // SPEC 61: it runs without the lock, and the outcome is known.
    let fleet: Arc<Mutex<Option<Fleet>>> = Arc::default();
    let inside = fleet.clone();
    let by_closure = move |metadata: &Value| {
        let pending = inside.lock().unwrap().as_ref().unwrap().metrics().pending;
        assert!(metadata["percent"] != 60, "done");
        Some(pending as f64)
    };
    let started = Fleet::builder(Knowing::default()).pace_by_progress(by_closure).start();
    fleet.lock().unwrap().replace(started.clone());
    let mut watch = started.watch::<Value>(name());
    let mut shares = Vec::new();
    while let Some(snapshot) = watch.next().await {
        shares.push(snapshot.unwrap().progress());
    }
    assert_eq!(shares, [Some(1.0), Some(1.0), None]);
    assert_eq!(watch.await.unwrap(), json!({}));
    fleet.lock().unwrap().take();
}

/// Returns the share of each snapshot, and of each moment of the pacing.
async fn seen(set: impl FnOnce(FleetBuilder) -> FleetBuilder) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let paced = Paced::default();
    let builder = Fleet::builder(Knowing::default()).pacing(Pacing::custom(paced.clone()));
    let fleet = set(builder).start();
    let (mut watch, mut shares) = (fleet.watch::<Value>(name()), Vec::new());
    while let Some(snapshot) = watch.next().await {
        shares.push(snapshot.unwrap().progress());
    }
    let paced = paced.0.lock().unwrap().clone();
    (shares, paced)
}

/// A transport that knows the field of its service with a percent, which grows by 20 with each call up to 60.
#[derive(Debug, Default)]
struct Knowing(Mutex<u32>);

#[async_trait]
impl LroTransport for Knowing {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let percent = {
            let mut percent = self.0.lock().unwrap();
            *percent += 20;
            *percent
        };
        let operation =
            Operation::running(name.as_str()).with_metadata(Any::from_value(&json!({"percent": percent}))?);
        Ok(if percent < 60 { operation } else { operation.with_outcome(Ok(Any::default())) })
    }

    fn progress(&self, metadata: &Any) -> Option<f64> {
        Some(metadata.decode::<Value>().ok()?["percent"].as_f64()? / 100.0)
    }
}

#[derive(Clone, Debug, Default)]
struct Paced(Arc<Mutex<Vec<Option<f64>>>>);

impl PacingPolicy for Paced {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(self.clone())
    }
}

impl Schedule for Paced {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        self.0.lock().unwrap().push(moment.progress);
        Some(Duration::from_secs(u64::from(moment.polls)))
    }
}

fn name() -> OperationName {
    "operations/1".parse().unwrap()
}
