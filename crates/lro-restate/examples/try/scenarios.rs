//! Each scenario adds rows to the table.

mod calls;
mod kills;
mod load;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use lro::rules::Ending;
use lro_emulator::{Emulator, Script};
use lro_restate::Registration;
use tokio::time::sleep;

use crate::{
    Fault,
    engine::Engine,
    operations::{Delivered, Operations},
    worker::Order,
};

pub(crate) struct Scenarios {
    emulator: Emulator,
    engine: Engine,
    rows: Vec<(String, String, bool)>,
}

impl Scenarios {
    pub(crate) async fn start(dir: PathBuf) -> Result<Self, Fault> {
        let emulator = Emulator::builder().keeps_calls(1_000).start().await?;
        let engine = Engine::start(&dir, emulator.endpoint()).await?;
        Ok(Self { emulator, engine, rows: Vec::new() })
    }

    /// Prints the table. Returns whether all rows are as they must be.
    pub(crate) fn print(&self) -> bool {
        println!("| what | measured | |\n|---|---|---|");
        for (what, measured, is_right) in &self.rows {
            println!("| {what} | {measured} | {} |", if *is_right { "ok" } else { "WRONG" });
        }
        self.rows.iter().all(|(.., is_right)| *is_right)
    }

    fn row(&mut self, what: &str, measured: impl Into<String>, is_right: bool) {
        let measured = measured.into();
        eprintln!("{what}: {measured}");
        self.rows.push((what.to_owned(), measured, is_right));
    }

    fn delivered(&mut self, what: &str, operations: &Operations, delivered: &Delivered, begun: Instant) {
        let Delivered { right, wrong, twice } = delivered;
        if let Some(wrong) = wrong.first() {
            eprintln!("wrong: {wrong}");
        }
        let seconds = begun.elapsed().as_secs();
        let measured = format!(
            "{right} of {} with the service's outcome, {} with another, {twice} delivered twice, {seconds} s",
            operations.len(),
            wrong.len()
        );
        self.row(what, measured, *right == operations.len());
    }

    /// Runs one operation, and returns how the wait for it ended.
    async fn ends(&self, script: Script, order: Order) -> Result<Ending, Fault> {
        self.emulator.operation(order.name.clone(), script);
        self.engine.call("/Orders/wait/send", Some(&order)).await?;
        self.ending(&order.name).await
    }

    async fn ending(&self, name: &str) -> Result<Ending, Fault> {
        for _ in 0..3_600 {
            let deliveries = fs::read_to_string(self.engine.file("deliveries")).unwrap_or_default();
            let mut lines = deliveries.lines().filter_map(|line| line.split_once('\t'));
            if let Some((_, ending)) = lines.find(|(delivered, _)| *delivered == name) {
                return Ok(serde_json::from_str(ending)?);
            }
            sleep(Duration::from_millis(500)).await;
        }
        Err(format!("{name} was not delivered").into())
    }
}

/// The key in a URL, and the registration.
fn registered(order: &Order) -> Result<(String, Registration), Fault> {
    let registration = order.registration().map_err(|fault| fault.to_string())?;
    Ok((registration.key().replace('/', "%2F"), registration))
}

const NOTHING: Option<&()> = None;

fn shown(ending: &Ending) -> String {
    match ending.decode::<serde_json::Value>() {
        Ok(response) => response.to_string(),
        Err(status) => status.to_string(),
    }
}
