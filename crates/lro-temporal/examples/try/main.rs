//! Runs the adapter against Temporal's server and the emulator, kills worker and server on the way, and prints one table.
//!
//! `try.sh` starts it. Without an argument it drives everything, with `cases` only what takes some minutes, with `rate` only the polls a second. With `worker` it is the
//! worker that is killed.

mod driver;
mod engine;
mod operations;
mod start;
mod worker;

use std::{env, error::Error, process::ExitCode};

type Fault = Box<dyn Error + Send + Sync>;

const QUEUE: &str = "lro";

#[tokio::main]
async fn main() -> ExitCode {
    let ran = match env::args().nth(1).as_deref() {
        Some("worker") => worker::run().await,
        Some("cases") => driver::run_cases().await,
        Some("rate") => driver::run_rate().await,
        _ => driver::run().await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("failed: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Returns a variable that the driver sets.
fn variable(name: &str) -> Result<String, Fault> {
    env::var(name).map_err(|fault| format!("{name}: {fault}").into())
}
