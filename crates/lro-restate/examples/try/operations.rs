//! The operations of the emulator, and what was delivered of them.

use std::{
    collections::HashMap,
    fs, mem,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream::iter};
use lro::{Any, Code, Outcome, Status, rules::Ending};
use lro_emulator::{Emulator, Script};
use tokio::time::sleep;

use crate::{Fault, engine::Engine, worker::Order};

/// The operations of a scenario, with the outcome that the service gives each.
#[derive(Default)]
pub(crate) struct Operations(HashMap<String, Ending>);

/// What was delivered of some operations.
#[derive(Default, Debug)]
pub(crate) struct Delivered {
    pub(crate) right: usize,
    pub(crate) wrong: Vec<String>,
    pub(crate) twice: usize,
}

impl Operations {
    /// Lets the emulator run an operation. Each third fails.
    pub(crate) fn run(&mut self, emulator: &Emulator, name: String, script: Script) -> Result<(), Fault> {
        let i = self.0.len();
        let (outcome, script) = if i % 3 == 2 {
            let status = Status::new(Code::FailedPrecondition, format!("no paper for {name}"));
            let failed = status.clone().with_origin(lro::Origin::OperationFailed);
            (Outcome::Error(failed), script.fails(status))
        } else {
            let response =
                Any::from_json(format!(r#"{{"@type": "t/print.v1.Job", "name": "{name}", "pages": {i}}}"#))?;
            (Outcome::Response(response.clone()), script.responds(response))
        };
        emulator.operation(name.clone(), script);
        self.0.insert(name, Ending::Done(outcome));
        Ok(())
    }

    /// Sends the orders.
    pub(crate) async fn order(&self, engine: &Engine) -> Result<(), Fault> {
        let order = async |name| engine.call("/Orders/wait/send", Some(&Order::new(name))).await;
        iter(self.0.keys()).map(order).buffer_unordered(CALLS_AT_ONCE).try_collect().await
    }

    /// Waits until each was delivered, and compares.
    pub(crate) async fn delivered(&self, engine: &Engine, limit: Duration) -> Result<Delivered, Fault> {
        let begun = Instant::now();
        loop {
            let delivered =
                self.compare(&fs::read_to_string(engine.file("deliveries")).unwrap_or_default())?;
            if delivered.right + delivered.wrong.len() >= self.0.len() || begun.elapsed() > limit {
                return Ok(delivered);
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Returns how many have been delivered.
    pub(crate) fn count_delivered(&self, engine: &Engine) -> Result<usize, Fault> {
        let delivered = self.compare(&fs::read_to_string(engine.file("deliveries")).unwrap_or_default())?;
        Ok(delivered.right + delivered.wrong.len())
    }

    fn compare(&self, deliveries: &str) -> Result<Delivered, Fault> {
        let (mut delivered, mut seen) = (Delivered::default(), HashMap::new());
        for (name, ending) in deliveries.lines().filter_map(|line| line.split_once('\t')) {
            let Some(expected) = self.0.get(name) else { continue };
            if mem::replace(seen.entry(name).or_insert(false), true) {
                delivered.twice += 1;
            } else if result(&serde_json::from_str(ending)?) == result(expected) {
                delivered.right += 1;
            } else {
                delivered.wrong.push(format!("{name}: {ending}"));
            }
        }
        Ok(delivered)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The response, or the error with its origin, code and message.
fn result(ending: &Ending) -> Result<serde_json::Value, Status> {
    ending.decode()
}

/// More wait for the disk together; the server writes them in batches.
pub(crate) const CALLS_AT_ONCE: usize = 64;
