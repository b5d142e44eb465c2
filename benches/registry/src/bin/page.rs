//! Measures the page of a registry with a million pending and a million finished operations, on SQLite and PostgreSQL.
//!
//! It prints the time of the first reply and of the first counts, the slowest call of the store that a page makes, and the claims beside
//! 20 open pages as a share of the claims without pages. An argument is another number of records, such as 10000.

use std::env;

use registry_benches::{
    Fault,
    page::{fill, measure},
    stores::Database,
};

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let records = env::args().nth(1).map_or(Ok(1_000_000), |records| records.parse())?;
    println!(
        "| store | first answer | first counts | slowest call | of it | claims/s alone | with 20 pages | share |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let sqlite = Database::sqlite()?;
    fill::sqlite(&sqlite.url(), records).await?;
    println!("{}", measure("SQLite", &sqlite.url()).await?);
    if let Some(postgres) = Database::postgres_that_syncs() {
        fill::postgres(&postgres.url(), records).await?;
        println!("{}", measure("PostgreSQL", &postgres.url()).await?);
    }
    Ok(())
}
