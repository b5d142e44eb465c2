//! Runs a fleet in the scenarios of the simulated server, and prints its good replies as a share of those of an oracle, a caller with
//! full knowledge.
//!
//! `scenarios` prints a table of the classes. `scenarios NAME` prints a line for each scenario whose class or name begins with `NAME`.
//! An empty name prints all. `--seeds N` sets the runs of each scenario, 3 by default.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use lro_testkit::trouble::{Figures, Scenario, all, run};

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { name, seeds } = Arguments::parse(env::args().skip(1))?;
    let is_class = all().any(|scenario| name.as_deref() == Some(scenario.class));
    let is_wanted = |scenario: &&Scenario| match &name {
        Some(class) if is_class => scenario.class == class,
        Some(name) => scenario.name.starts_with(name.as_str()),
        None => true,
    };
    let scenarios: Vec<&Scenario> = all().filter(is_wanted).collect();
    let rows = replay(&scenarios, seeds);
    if name.is_some() {
        print_rows(&rows);
    } else {
        print_classes(&rows);
    }
    println!(
        "\ncalls over the rate, in any second or tenth: {}",
        rows.iter().map(|row| row.over_rate).sum::<u64>()
    );
    Ok(())
}

struct Arguments {
    name: Option<String>,
    seeds: u64,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self { name: None, seeds: 3 };
        while let Some(argument) = arguments.next() {
            if argument == "--seeds" {
                parsed.seeds = arguments.next().ok_or("--seeds takes a number")?.parse()?;
            } else {
                parsed.name = Some(argument);
            }
        }
        Ok(parsed)
    }
}

/// The results of the fleet in a scenario: the mean of the seeds, unless a field says otherwise.
#[derive(Clone, Debug)]
struct Row {
    class: &'static str,
    name: &'static str,
    /// The good replies, as a share of the oracle's.
    useful: f64,
    refused: f64,
    bad: f64,
    /// The longest time of the seeds. Infinite if an operation had no reply.
    all_answered: f64,
    longest_wait: f64,
    notice_delay: f64,
    calls_when_down: f64,
    /// The sum of the seeds.
    over_rate: u64,
}

impl Row {
    fn new(scenario: &Scenario, runs: &[Figures]) -> Self {
        let mean =
            |figure: &dyn Fn(&Figures) -> f64| runs.iter().map(figure).sum::<f64>() / runs.len() as f64;
        let longest = |figure: &dyn Fn(&Figures) -> f64| runs.iter().map(figure).fold(0.0, f64::max);
        Self {
            class: scenario.class,
            name: scenario.name,
            useful: mean(&|run| run.good as f64 / scenario.oracle),
            refused: mean(&Figures::refused_share),
            bad: mean(&Figures::bad_share),
            all_answered: longest(&|run| run.all_answered.unwrap_or(f64::INFINITY)),
            longest_wait: longest(&|run| run.longest_wait),
            notice_delay: mean(&|run| run.notice_delay),
            calls_when_down: mean(&|run| run.calls_when_down as f64),
            over_rate: runs.iter().map(|run| run.over_rate).sum(),
        }
    }
}

/// Runs the scenarios on all cores.
fn replay(scenarios: &[&Scenario], seeds: u64) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut rows = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(scenario) = scenarios.get(index)
        {
            let runs: Vec<Figures> = (1..=seeds).map(|seed| run(scenario, seed)).collect();
            rows.push((index, Row::new(scenario, &runs)));
        }
        rows
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rows: BTreeMap<usize, Row> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    rows.into_values().collect()
}

fn print_classes(rows: &[Row]) {
    println!(
        "| class | good answers, % of an oracle's: mean | worst | refused or failed, % of calls: mean | worst |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for class in rows.chunk_by(|one, other| one.class == other.class) {
        print_class(class[0].class, class);
    }
    print_class("**all**", rows);
}

fn print_class(name: &str, rows: &[Row]) {
    let count = rows.len() as f64;
    let mean = |figure: fn(&Row) -> f64| 100.0 * rows.iter().map(figure).sum::<f64>() / count;
    let worst_useful = 100.0 * rows.iter().map(|row| row.useful).fold(f64::INFINITY, f64::min);
    let worst_bad = 100.0 * rows.iter().map(|row| row.bad).fold(0.0, f64::max);
    let (useful, bad) = (mean(|row| row.useful), mean(|row| row.bad));
    println!("| {name} | {useful:.1} | {worst_useful:.1} | {bad:.1} | {worst_bad:.1} |");
}

fn print_rows(rows: &[Row]) {
    println!(
        "| class | scenario | good answers, % of an oracle's | refused, % | refused or failed, % | all answered, s \
         | longest wait, s | noticed after, s | calls while down | over the rate |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        println!(
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} |",
            row.class,
            row.name,
            100.0 * row.useful,
            100.0 * row.refused,
            100.0 * row.bad,
            row.all_answered,
            row.longest_wait,
            row.notice_delay,
            row.calls_when_down,
            row.over_rate
        );
    }
}
