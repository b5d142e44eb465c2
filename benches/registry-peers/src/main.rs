//! Runs the registry and job queues on PostgreSQL in turns, each in a cluster of its own, and prints a table.

mod measure;
mod peer;
mod pending;
mod report;

use std::env;

use crate::report::Row;

/// Any error. It ends the run.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report::print(Row::all(), OPERATIONS).await,
        ["child", peer, url, port, operations] => {
            measure::run(peer.parse()?, url, port.parse()?, operations.parse()?).await
        }
        [operations] => report::print(Row::all(), operations.parse()?).await,
        _ => Err("usage: registry-peers [operations]".into()),
    }
}

const OPERATIONS: u32 = 100_000;
