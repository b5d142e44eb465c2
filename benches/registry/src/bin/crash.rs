//! Runs the crash tests in full length, and prints their results. The argument `sqlite` or `postgres` selects the tests of one store.
//! With `child` the program is a process that a test kills.

use std::{env, path::Path, time::Instant};

use registry_benches::{
    Fault, child,
    scenario::{intents::Intents, kills::Kills, outage::Outage, poison::Poison, rate::Shared},
    stores::Database,
};

#[tokio::main]
async fn main() -> Result<(), Fault> {
    if env::args().nth(1).as_deref() == Some("child") {
        return child::run().await;
    }
    let (program, only) = (env::current_exe()?, env::args().nth(1));
    if only.as_deref() != Some("postgres") {
        on(&program, "SQLite", || Database::sqlite().map(Some)).await?;
    }
    if only.as_deref() != Some("sqlite") {
        on(&program, "PostgreSQL", || Ok(Database::postgres())).await?;
    }
    Ok(())
}

async fn on(
    program: &Path,
    name: &str,
    database: impl Fn() -> Result<Option<Database>, Fault> + Send + Sync,
) -> Result<(), Fault> {
    let Some(first) = database()? else { return Ok(()) };
    let new = || database()?.ok_or_else(|| Fault::from("the database has gone"));
    let (is_shared, began) = (first.is_shared(), Instant::now());
    let row = |scenario: &str, shown: String| {
        println!("| {name} | {scenario} | {shown} | {:.0} s |", began.elapsed().as_secs_f64());
    };
    row("kill -9, 200 times", Kills::FULL.run(program, first).await?.to_string());
    let poison = Poison::FULL.run(program, new()?).await?;
    let reason = poison.record.error.unwrap_or_default();
    row("one poll aborts", format!("{}; {} restarts; set aside: {reason}", poison.verdict, poison.restarts));
    let intents = Intents::SHORT.run(program, new()?).await?;
    let (reported, starts) = (intents.reported, intents.starts);
    row(
        "crash between start and registration",
        format!("{reported} reported, {starts} started; {}", intents.verdict),
    );
    if !is_shared {
        return Ok(());
    }
    let outage = Outage::FULL.run(program, new()?).await?;
    let (takeover, cancels) = (outage.takeover, outage.cancels);
    row(
        "2 of 4 workers, database",
        format!("{}; takeover {takeover:.1?}; {cancels} cancels", outage.verdict),
    );
    let rate = Shared::FULL.run(program, new()?).await?;
    row(
        "rate 200/s, 1 -> 4 -> 2 workers",
        format!("at most {} in a second, {:.0} on average", rate.most, rate.mean),
    );
    Ok(())
}
