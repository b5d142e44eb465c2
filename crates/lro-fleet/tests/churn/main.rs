//! Random commands to a fleet on a paused clock, against a model of who is to learn what.
//!
//! `LRO_SEEDS=0..10000 cargo test -p lro-fleet --test churn` runs more of them, 200 commands each.
#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

mod model;
mod server;

use std::time::Duration;

use lro_testkit::{
    Dice,
    seeds::{seeds, simulate},
};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use model::Model;

#[test]
fn everybody_learns_what_the_model_says() {
    for seed in seeds(0..100) {
        simulate(
            seed,
            || String::from("a churn"),
            async || {
                let mut model = Model::new(Dice::new(seed));
                for _ in 0..200 {
                    model.step().await;
                }
                timeout(LONGEST, model.finish()).await.expect("all ends");
                let is_over = async {
                    // A request to cancel is retried, and holds the fleet.
                    while Handle::current().metrics().num_alive_tasks() > 0 {
                        sleep(Duration::from_secs(1)).await;
                    }
                };
                timeout(LONGEST, is_over).await.expect("the task of a fleet does not outlive it");
            },
        );
    }
}

/// More than any of them takes.
const LONGEST: Duration = Duration::from_secs(100_000);
