//! Reads durations of operations in seconds, one a line, and prints what it costs to wait for each: `polls,delay_s`, and
//! at the end `total,<polls>,<mean delay>,<p95 delay>`.
//!
//! ```sh
//! seq 50 70 | cargo run --release -p pacing-benches --bin replay -- --pacing learned --history history.json
//! ```

use std::{
    error::Error,
    fs,
    io::{self, BufRead, ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use lexopt::{Arg, ValueExt};
use lro::{History, Learned, Pacing};
use pacing_benches::replay::{Cost, Replay};

/// What to replay with.
struct Options {
    pacing: String,
    round_trip: Duration,
    budget: f64,
    history: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    let learned = Learned::new().budget(options.budget);
    if let Some(history) = options.history.as_deref().map(load).transpose()? {
        learned.remember(&history);
    }
    let pacing = || match &*options.pacing {
        "learned" => Ok(learned.pacing(KIND)),
        // The learned one that never learns: its first poll comes after 1 s.
        "classic" => Ok(Learned::new().pacing(KIND)),
        "proportional" => Ok(Pacing::default()),
        other => Err(format!("{other:?} is no pacing: learned, classic or proportional")),
    };
    let replay = Replay::new(options.round_trip)?;
    let mut out = io::stdout().lock();
    let mut costs = Vec::new();
    for (number, line) in (1..).zip(io::stdin().lock().lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let duration =
            seconds(&line).ok_or_else(|| format!("line {number} is no number of seconds: {line:?}"))?;
        let cost = replay.wait(&pacing()?, duration)?;
        writeln!(out, "{},{:.3}", cost.polls, cost.delay.as_secs_f64())?;
        costs.push(cost);
    }
    let (polls, mean, p95) = total(&costs);
    writeln!(out, "total,{polls},{mean:.3},{p95:.3}")?;
    if let Some(path) = &options.history {
        fs::write(path, serde_json::to_vec(&learned.history())?)?;
    }
    Ok(())
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            pacing: "learned".to_owned(),
            round_trip: Duration::from_millis(60),
            budget: 1.0,
            history: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("pacing") => options.pacing = parser.value()?.string()?,
                Arg::Long("rtt-ms") => {
                    let millis: f64 = parser.value()?.parse()?;
                    options.round_trip = Duration::try_from_secs_f64(millis / 1000.0)?;
                }
                // Nothing is drawn: the same durations cost the same.
                Arg::Long("seed") => drop(parser.value()?.parse::<u64>()?),
                Arg::Long("budget") => options.budget = parser.value()?.parse()?,
                Arg::Long("history") => options.history = Some(parser.value()?.into()),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

/// The history of a file; none if there is no file yet.
fn load(path: &Path) -> Result<History, Box<dyn Error>> {
    match fs::read(path) {
        Ok(json) => Ok(serde_json::from_slice(&json)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(History::default()),
        Err(error) => Err(error.into()),
    }
}

fn seconds(line: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(line.trim().parse().ok()?).ok()
}

/// All polls, the mean delay and its 95th percentile, in seconds.
fn total(costs: &[Cost]) -> (u64, f64, f64) {
    let mut delays: Vec<f64> = costs.iter().map(|cost| cost.delay.as_secs_f64()).collect();
    delays.sort_by(f64::total_cmp);
    let polls = costs.iter().map(|cost| u64::from(cost.polls)).sum();
    let mean = delays.iter().sum::<f64>() / delays.len().max(1) as f64;
    let p95 = delays.get((delays.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    (polls, mean, p95)
}

const KIND: &str = "replayed";
