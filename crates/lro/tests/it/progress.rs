//! The share of the work that is done: who reads it, and who receives it.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::sync::{Arc, Mutex};

use lro::{
    Any, LroTransport, Operation, OperationName, Origin, Pacing, Status, Wait, async_trait,
    forward_transport, map_replies,
    pacing::{Moment, PacingPolicy, Schedule},
    poll_until_done,
};
use serde_json::Value;

use super::common::{self, NAME, Reply, Script, name, running, script, seconds};

#[tokio::test(start_paused = true)]
async fn is_read_by_the_transport_without_a_closure() {
    let seen = Seen::default();
    let jobs = Knowing(script([with(40), running(), with(60), done(100)]));
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::custom(seen.clone()));
    // A snapshot has the last metadata and its share, the pacing only what is new.
    assert_eq!(shares(&mut wait).await, [0.4, 0.4, 0.6, 1.0].map(Some));
    assert_eq!(seen.shares(), [None, Some(0.4), None, Some(0.6)]);
}

#[tokio::test(start_paused = true)]
async fn is_read_by_the_closure_of_the_wait_first() {
    let seen = Seen::default();
    let jobs = Knowing(script([with(40), with(60), done(100)]));
    let mut wait = poll_until_done::<Value>(&jobs, name())
        .pacing(Pacing::custom(seen.clone()))
        .with_metadata::<Value>()
        .pace_by_progress(|metadata| {
            Some(metadata["percent"].as_f64()? / 1_000.0).filter(|share| *share < 0.06)
        });
    assert_eq!(shares(&mut wait).await, [Some(0.04), None, None]);
    assert_eq!(seen.shares(), [None, Some(0.04), None]);
}

#[tokio::test(start_paused = true)]
async fn is_unknown_to_a_transport_without_it_and_before_there_is_metadata() {
    let jobs = script([with(40), done(100)]);
    assert_eq!(shares(&mut poll_until_done::<Value>(&jobs, name())).await, [None, None]);
    let jobs = Knowing(script([running(), done(100)]));
    assert_eq!(shares(&mut poll_until_done::<Value>(&jobs, name())).await, [None, Some(1.0)]);
}

#[tokio::test(start_paused = true)]
async fn of_a_snapshot_is_within_0_and_1() {
    for (percent, share) in [(-1, Some(0.0)), (250, Some(1.0)), (0, Some(0.0)), (NAN, None)] {
        let jobs = Knowing(script([with(percent), done(100)]));
        assert_eq!(shares(&mut poll_until_done::<Value>(&jobs, name())).await[0], share, "{percent}");
    }
}

#[tokio::test(start_paused = true)]
async fn is_that_of_the_transport_behind_a_wrapper() {
    #[derive(Debug)]
    struct Renamed<T>(T);
    impl<T: LroTransport> LroTransport for Renamed<T> {
        forward_transport!(self => self.0);
    }
    let wrapped: [Box<dyn LroTransport>; 5] = [
        Box::new(knowing()),
        Box::new(Arc::new(knowing())),
        Box::new(Box::new(knowing())),
        Box::new(Renamed(knowing())),
        Box::new(map_replies(knowing(), |operation| operation)),
    ];
    for transport in wrapped {
        assert_eq!(shares(&mut poll_until_done::<Value>(&transport, name())).await[0], Some(0.4));
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_transport_that_panics_ends_its_wait() {
    // SPEC 61
    let jobs = Knowing(script([with(PANIC)]));
    let status = poll_until_done::<Value>(&jobs, name()).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(status.message(), "stopped asking: the progress of the transport panicked: no share");
    // An operation that is done has its outcome all the same.
    let jobs = Knowing(script([with(40), done(PANIC)]));
    let mut wait = poll_until_done::<Value>(&jobs, name());
    assert_eq!(shares(&mut wait).await, [Some(0.4), None]);
    assert_eq!(wait.await.unwrap(), common::forty_two());
}

/// Returns the share of each snapshot.
async fn shares<M>(wait: &mut Wait<'_, Value, M>) -> Vec<Option<f64>> {
    let mut shares = Vec::new();
    while let Some(snapshot) = wait.next().await {
        shares.push(snapshot.unwrap().progress());
    }
    shares
}

/// A transport that knows the field of its service with a percent.
#[derive(Debug)]
struct Knowing(Script);

#[async_trait]
impl LroTransport for Knowing {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    fn progress(&self, metadata: &Any) -> Option<f64> {
        match metadata.decode::<Value>().ok()?["percent"].as_i64()? {
            PANIC => panic!("no share"),
            NAN => Some(f64::NAN),
            percent => Some(percent as f64 / 100.0),
        }
    }
}

fn knowing() -> Knowing {
    Knowing(script([with(40), done(100)]))
}

fn with(percent: i64) -> Reply {
    Ok(Operation::running(NAME).with_metadata(common::any(&format!("{{\"percent\": {percent}}}"))))
}

fn done(percent: i64) -> Reply {
    Ok(with(percent)?.with_outcome(Ok(common::answer())))
}

/// A pacing that records the progress of each moment.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<Option<f64>>>>);

impl Seen {
    fn shares(&self) -> Vec<Option<f64>> {
        self.0.lock().unwrap().clone()
    }
}

impl PacingPolicy for Seen {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(self.clone())
    }
}

impl Schedule for Seen {
    fn delay(&mut self, moment: &Moment) -> Option<std::time::Duration> {
        self.0.lock().unwrap().push(moment.progress);
        Some(seconds(u64::from(moment.polls)))
    }
}

const PANIC: i64 = 7_777;
const NAN: i64 = 8_888;
