//! Runs operations through a Restate server and a worker that are killed, and prints one table. `try.sh` starts it.

mod engine;
mod operations;
mod scenarios;
mod worker;

use std::{env, path::PathBuf};

use self::scenarios::Scenarios;

pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let Some(argument) = env::args().nth(1) else {
        return Err("usage: try DIR, with a server in DIR".into());
    };
    if argument == "worker" {
        return worker::serve().await;
    }
    let mut scenarios = Scenarios::start(PathBuf::from(argument)).await?;
    let result = run(&mut scenarios, env::args().nth(2)).await;
    let is_right = scenarios.print();
    result?;
    if is_right { Ok(()) } else { Err("a row is not as it must be".into()) }
}

/// Runs all scenarios, or one of them.
async fn run(scenarios: &mut Scenarios, only: Option<String>) -> Result<(), Fault> {
    let runs = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if runs("kill") {
        scenarios.killed_twice().await?;
    }
    if runs("redeploy") {
        scenarios.redeployed().await?;
    }
    if runs("calls") {
        scenarios.answers().await?;
        scenarios.attached().await?;
        scenarios.calls_that_hang().await?;
        scenarios.panics().await?;
        scenarios.deadlines().await?;
        scenarios.cancelled().await?;
    }
    if runs("start") {
        scenarios.starts_in_flight().await?;
    }
    if runs("polls") {
        scenarios.five_thousand_polls().await?;
    }
    if runs("rate") {
        scenarios.rate().await?;
    }
    if runs("large") {
        scenarios.large_outcome().await?;
    }
    Ok(())
}
