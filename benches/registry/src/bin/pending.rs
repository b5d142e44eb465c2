//! Measures a million pending operations on SQLite and PostgreSQL, beside the bare statements, and prints a table.

use std::{env, time::Duration};

use registry_benches::{
    Fault,
    pending::{
        bare,
        child::{self, Measured},
        cost::Cost,
        fill,
    },
    stores::{Database, Folder, open},
};

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, url, seconds, server] = &arguments[..]
        && role == "child"
    {
        return child::run(url, Duration::from_secs(seconds.parse()?), server.parse()?).await;
    }
    let operations = arguments.first().map_or(Ok(1_000_000), |operations| operations.parse())?;
    println!("| store | registered/s | open | memory of a worker | polls/s | bare | CPU a poll | bare |");
    println!("|---|---|---|---|---|---|---|---|");
    let folder = Folder::new()?;
    let bare = bare::sqlite(&folder.path().join("bare.db"), operations, TIME)?;
    row("SQLite", operations, &Database::sqlite()?, bare).await?;
    if let Some(database) = Database::postgres_that_syncs() {
        let Database::Postgres { server, .. } = &database else { return Ok(()) };
        let bare = bare::postgres(&server.database(), server.port(), operations, TIME).await?;
        row("PostgreSQL", operations, &database, bare).await?;
    }
    Ok(())
}

async fn row(name: &str, operations: u32, database: &Database, bare: Cost) -> Result<(), Fault> {
    let filled = fill(&open(&database.url()).await?, operations).await?;
    let server = match database {
        Database::Postgres { server, .. } => server.port(),
        Database::Sqlite(_) => child::NO_SERVER,
    };
    let measured = Measured::by_child(&database.url(), TIME, server)?;
    let ours = Cost { polls: measured.polls, time: TIME, processor: measured.processor };
    println!(
        "| {name} | {:.0} | {:.0?} | {} MB | {:.0} | {:.0} | {:.0} µs | {:.0} µs |",
        f64::from(operations) / filled.as_secs_f64(),
        measured.open,
        measured.memory / 1_024,
        ours.rate(),
        bare.rate(),
        ours.micros(),
        bare.micros(),
    );
    Ok(())
}

const TIME: Duration = Duration::from_secs(10);
