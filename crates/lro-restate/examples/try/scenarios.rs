//! Each scenario adds rows to the table.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use lro::{Any, Code, Status, rules::Ending};
use lro_emulator::{Emulator, Reply, Script};
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

    /// 2,000 operations; worker and server are killed, twice.
    pub(crate) async fn killed_twice(&mut self) -> Result<(), Fault> {
        let mut operations = Operations::default();
        for i in 0..2_000 {
            let script = Script::new().runs_for(Duration::from_millis(40_000 + 40 * i));
            operations.run(&self.emulator, format!("operations/kill/{i}"), script)?;
        }
        let (begun, calls) = (Instant::now(), self.emulator.call_count());
        operations.order(&self.engine).await?;
        let ordered = begun.elapsed();
        let mut pending = Vec::new();
        for at in [35, 80] {
            sleep(Duration::from_secs(at).saturating_sub(begun.elapsed())).await;
            pending.push(2_000 - operations.count_delivered(&self.engine)?);
            self.engine.kill_worker().await?;
            sleep(Duration::from_secs(3)).await;
            self.engine.start_worker("1").await?;
            sleep(Duration::from_secs(10)).await;
            pending.push(2_000 - operations.count_delivered(&self.engine)?);
            self.engine.kill_server().await?;
            sleep(Duration::from_secs(2)).await;
            self.engine.start_server().await?;
        }
        self.row(
            "orders in, and pending at the four kills",
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

    /// 20 operations whose second and third poll hang for an hour.
    pub(crate) async fn calls_that_hang(&mut self) -> Result<(), Fault> {
        let mut operations = Operations::default();
        for i in 0..20 {
            let hangs = || Reply::usual().after(Duration::from_secs(3_600));
            let script = Script::new().runs_for(Duration::from_secs(5)).call(2, hangs()).call(3, hangs());
            operations.run(&self.emulator, format!("operations/hang/{i}"), script)?;
        }
        let begun = Instant::now();
        operations.order(&self.engine).await?;
        let delivered = operations.delivered(&self.engine, Duration::from_secs(60)).await?;
        self.delivered("20 operations with two polls that hang", &operations, &delivered, begun);
        Ok(())
    }

    /// An operation fails 50 ms before its deadline, between two polls, and another does not end.
    pub(crate) async fn deadlines(&mut self) -> Result<(), Fault> {
        let status = Status::new(Code::Aborted, "out of ink");
        let fails = Script::new().runs_for(Duration::from_millis(5_950)).fails(status);
        let order = Order {
            kind: Some("4000".to_owned()),
            deadline_ms: Some(6_000),
            ..Order::new("operations/deadline/fails")
        };
        let ending = self.ends(fails, order).await?;
        let is_own =
            matches!(&ending, Ending::Done(lro::Outcome::Error(status)) if status.message() == "out of ink");
        self.row("an operation that fails at its deadline", shown(&ending), is_own);
        let runs = Script::new().runs_for(Duration::MAX);
        let ending = self
            .ends(runs, Order { deadline_ms: Some(3_000), ..Order::new("operations/deadline/runs") })
            .await?;
        let is_given_up =
            matches!(&ending, Ending::GaveUp(status) if status.code() == Code::DeadlineExceeded);
        self.row("an operation that does not end before its deadline", shown(&ending), is_given_up);
        Ok(())
    }

    /// An operation is cancelled between two polls that are an hour apart, three times.
    pub(crate) async fn cancelled(&mut self) -> Result<(), Fault> {
        let order = Order { kind: Some("3600000".to_owned()), ..Order::new("operations/cancel/1") };
        let key = order.registration().map_err(|fault| fault.to_string())?.key().replace('/', "%2F");
        self.emulator.operation("operations/cancel/1", Script::new().runs_for(Duration::MAX));
        self.engine.call("/Orders/wait/send", &order).await?;
        sleep(Duration::from_secs(2)).await;
        for _ in 0..3 {
            self.engine.call_bare(&format!("/Lro/{key}/cancel")).await?;
        }
        let ending = self.ending("operations/cancel/1").await?;
        let calls = self.emulator.calls().iter().filter(|call| call.path.ends_with(":cancel")).count();
        let is_cancelled =
            ending.decode::<serde_json::Value>().is_err_and(|status| status.code() == Code::Cancelled);
        let measured = format!("{}, {calls} CancelOperation", shown(&ending));
        self.row("cancelled three times between polls an hour apart", measured, is_cancelled && calls == 1);
        Ok(())
    }

    /// 20 starting calls; the worker dies while they are in flight.
    pub(crate) async fn starts_in_flight(&mut self) -> Result<(), Fault> {
        for i in 0..20 {
            self.engine.call("/Orders/start/send", &format!("operations/start/{i}")).await?;
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
            if counts.get("unresolved").or(counts.get("running")).is_some_and(|n| *n >= 20) {
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

    /// An operation of 5,000 polls.
    pub(crate) async fn five_thousand_polls(&mut self) -> Result<(), Fault> {
        let script =
            Script::new().runs_for_calls(5_000).responds(Any::from_json(r#"{"@type": "t/print.v1.Job"}"#)?);
        let order = Order { kind: Some("10".to_owned()), ..Order::new("operations/long") };
        let begun = Instant::now();
        let calls = self.emulator.call_count();
        let ending = self.ends(script, order).await?;
        let polls = self.emulator.call_count() - calls;
        let seconds = begun.elapsed().as_secs();
        let is_done = matches!(ending, Ending::Done(_)) && polls >= 5_001;
        self.row("an operation of 5,000 polls", format!("{polls} polls, {seconds} s"), is_done);
        sleep(Duration::from_secs(3)).await;
        let of_it = "where target_service_key like '%operations/long'";
        let invocations = self.engine.query(&format!("from sys_invocation {of_it}")).await?;
        let journal = self
            .engine
            .query(&format!("from sys_journal j join sys_invocation i on j.id = i.id {of_it}"))
            .await?;
        let state = self.engine.query("from state where service_key like '%operations/long'").await?;
        let measured =
            format!("{invocations} invocations, {journal} journal entries, {state} values of state");
        self.row("rows left of it after clear", measured, invocations + journal + state == 0);
        Ok(())
    }

    /// 1,000 operations that do not end, polled each second and then as often as possible.
    pub(crate) async fn rate(&mut self) -> Result<(), Fault> {
        for (kind, what) in [
            ("1000", "polls a second, 1,000 operations each second"),
            ("100", "polls a second, 1,000 operations each 100 ms"),
        ] {
            let mut keys = Vec::new();
            for i in 0..1_000 {
                let order =
                    Order { kind: Some(kind.to_owned()), ..Order::new(format!("operations/rate{kind}/{i}")) };
                self.emulator.operation(order.name.clone(), Script::new().runs_for(Duration::MAX));
                let registration = order.registration().map_err(|fault| fault.to_string())?;
                let key = registration.key().replace('/', "%2F");
                self.engine.call(&format!("/Lro/{key}/start"), &registration).await?;
                keys.push(key);
            }
            sleep(Duration::from_secs(5)).await;
            let (begun, calls) = (Instant::now(), self.emulator.call_count());
            sleep(Duration::from_secs(20)).await;
            let rate = (self.emulator.call_count() - calls) as f64 / begun.elapsed().as_secs_f64();
            let [server, worker] = self.engine.memory();
            self.row(what, format!("{rate:.0}; server {server} MB, worker {worker} MB"), rate > 0.0);
            for key in keys {
                self.engine.call_bare(&format!("/Lro/{key}/clear")).await?;
            }
        }
        Ok(())
    }

    /// Runs one operation, and returns how the wait for it ended.
    async fn ends(&self, script: Script, order: Order) -> Result<Ending, Fault> {
        self.emulator.operation(order.name.clone(), script);
        self.engine.call("/Orders/wait/send", &order).await?;
        self.ending(&order.name).await
    }

    async fn ending(&self, name: &str) -> Result<Ending, Fault> {
        for _ in 0..1_200 {
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

fn shown(ending: &Ending) -> String {
    match ending.decode::<serde_json::Value>() {
        Ok(response) => response.to_string(),
        Err(status) => status.to_string(),
    }
}
