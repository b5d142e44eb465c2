//! The worker and the server die, or are replaced.

use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

use lro_emulator::Script;
use tokio::time::sleep;

use super::Scenarios;
use crate::{Fault, operations::Operations};

impl Scenarios {
    /// 2,000 operations; worker and server are killed, twice.
    pub(crate) async fn killed_twice(&mut self) -> Result<(), Fault> {
        let mut operations = Operations::default();
        for i in 0..2_000 {
            let script = Script::new().runs_for(Duration::from_millis(30_000 + 30 * i));
            operations.run(&self.emulator, format!("operations/kill/{i}"), script)?;
        }
        let (begun, calls) = (Instant::now(), self.emulator.call_count());
        operations.order(&self.engine).await?;
        let ordered = begun.elapsed();
        let mut pending = Vec::new();
        for kill in 1..=4 {
            while operations.count_delivered(&self.engine)? < 400 * kill {
                sleep(Duration::from_millis(200)).await;
            }
            pending.push(2_000 - operations.count_delivered(&self.engine)?);
            if kill % 2 == 1 {
                self.engine.kill_worker().await?;
                sleep(Duration::from_secs(3)).await;
                self.engine.start_worker("1").await?;
            } else {
                self.engine.kill_server().await?;
                sleep(Duration::from_secs(2)).await;
                self.engine.start_server().await?;
            }
        }
        self.row(
            "time to order these, and pending at the kills of worker, server, worker, server",
            format!("{} s; {pending:?}", ordered.as_secs()),
            true,
        );
        let delivered = operations.delivered(&self.engine, Duration::from_secs(300)).await?;
        self.delivered("2,000 operations, worker and server killed twice", &operations, &delivered, begun);
        let polls = self.emulator.call_count() - calls;
        let [server, worker] = self.engine.memory();
        self.row(
            "polls of these, and memory after them",
            format!("{polls}; server {server} MB, worker {worker} MB"),
            true,
        );
        Ok(())
    }

    /// 200 operations; in the middle the worker is replaced by one with another pacing and one more step.
    pub(crate) async fn redeployed(&mut self) -> Result<(), Fault> {
        let mut operations = Operations::default();
        for i in 0..200 {
            let script = Script::new().runs_for(Duration::from_millis(5_000 + 100 * i));
            operations.run(&self.emulator, format!("operations/redeploy/{i}"), script)?;
        }
        let begun = Instant::now();
        operations.order(&self.engine).await?;
        sleep(Duration::from_secs(8)).await;
        self.engine.kill_worker().await?;
        self.engine.start_worker("2").await?;
        let delivered = operations.delivered(&self.engine, Duration::from_secs(120)).await?;
        self.delivered("200 operations, another pacing and one more step", &operations, &delivered, begun);
        let more =
            fs::read_to_string(self.engine.file("deliveries.more")).unwrap_or_default().lines().count();
        self.row("of these by the new version", format!("{more}"), more > 0 && more < 200);
        Ok(())
    }

    /// 20 starting calls; the worker dies while they are in flight.
    pub(crate) async fn starts_in_flight(&mut self) -> Result<(), Fault> {
        for i in 0..20 {
            self.engine.call("/Orders/start/send", Some(&format!("operations/start/{i}"))).await?;
        }
        sleep(Duration::from_secs(2)).await;
        self.engine.kill_worker().await?;
        self.engine.start_worker("2").await?;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for _ in 0..60 {
            sleep(Duration::from_millis(500)).await;
            counts.clear();
            for line in fs::read_to_string(self.engine.file("starts")).unwrap_or_default().lines() {
                let (_, what) = line.split_once('\t').unwrap_or_default();
                *counts.entry(what.to_owned()).or_default() += 1;
            }
            if counts.get("unresolved").or_else(|| counts.get("running")).is_some_and(|n| *n >= 20) {
                break;
            }
        }
        let count = |what| counts.get(what).copied().unwrap_or_default();
        let (called, unresolved, running) = (count("called"), count("unresolved"), count("running"));
        let measured =
            format!("{called} calls made, {unresolved} reported as unresolved, {running} as running");
        let is_right = called <= 20 && unresolved + running == 20 && unresolved > 0;
        self.row("20 starting calls, worker killed in flight", measured, is_right);
        Ok(())
    }
}
