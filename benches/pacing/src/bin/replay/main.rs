//! Reads durations of operations in seconds, one on each line, and prints the polls and the delay of a wait for each.
//!
//! ```sh
//! seq 50 70 | cargo run --release -p pacing-benches --bin replay -- --pacing learned --history history.json
//! ```

mod durations;
mod history;
mod options;

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use lro::Pacing;
use lro_learned::Learned;
use pacing_benches::replay::{Cost, Replay};

use self::options::{Mode, Options};

type Fault = Box<dyn Error>;

fn main() -> ExitCode {
    let Err(fault) = run() else { return ExitCode::SUCCESS };
    // If stderr is closed, too, there is nowhere to report to.
    let _ = writeln!(io::stderr(), "replay: {fault}");
    ExitCode::FAILURE
}

fn run() -> Result<(), Fault> {
    let Some(options) = Options::parse(lexopt::Parser::from_env())? else {
        return print(options::HELP).map(drop);
    };
    let durations = durations::read(io::stdin().lock())?;
    let learned = Learned::new().budget(options.budget);
    if let Some(path) = &options.history {
        learned.remember(&history::open(path)?);
    }
    let replay = Replay::new(options.round_trip)?;
    let (mut costs, mut is_read) = (Vec::with_capacity(durations.len()), true);
    for duration in durations {
        let cost = replay.wait(&pacing(options.mode, &learned), duration)?;
        costs.push(cost);
        is_read = is_read && print(&format!("{},{:.3}\n", cost.polls, cost.delay.as_secs_f64()))?;
        if !is_read && options.history.is_none() {
            return Ok(());
        }
    }
    if is_read {
        print(&total(&costs))?;
    }
    if costs.is_empty() {
        let _ = writeln!(io::stderr(), "replay: no durations on standard input");
    }
    options.history.map_or(Ok(()), |path| history::save(&path, &learned.history()))
}

fn pacing(mode: Mode, learned: &Learned) -> Pacing {
    match mode {
        Mode::Learned => learned.pacing(KIND),
        // A learned pacing without a history is the classic backoff: its first poll comes after 1 s.
        Mode::Classic => Learned::new().pacing(KIND),
        Mode::Proportional => Pacing::default(),
    }
}

/// Formats the sum of the polls, the mean delay and its 95th percentile in seconds.
fn total(costs: &[Cost]) -> String {
    let mut delays: Vec<f64> = costs.iter().map(|cost| cost.delay.as_secs_f64()).collect();
    delays.sort_by(f64::total_cmp);
    let polls: u64 = costs.iter().map(|cost| u64::from(cost.polls)).sum();
    let mean = delays.iter().fold(0.0, |sum, delay| sum + delay) / delays.len().max(1) as f64;
    let rank = (delays.len() * 95).div_ceil(100);
    let p95 = delays.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    format!("total,{polls},{mean:.3},{p95:.3}\n")
}

/// Prints, and returns whether stdout is still open. A reader that closes it, such as `| head`, is not an error.
fn print(text: &str) -> Result<bool, Fault> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("cannot write to standard output: {error}").into()),
        Ok(()) => Ok(true),
    }
}

const KIND: &str = "replayed";
