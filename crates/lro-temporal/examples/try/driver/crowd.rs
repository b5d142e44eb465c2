//! 2,000 operations. Worker and server are killed twice.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    Bench,
    delivery::{self, Wait},
};
use crate::{
    Fault,
    operations::{self, SLOW},
};

const OPERATIONS: usize = 2_000;
/// The polls that each takes.
const POLLS: usize = 4;

pub(super) async fn run(bench: &mut Bench) -> Result<(), Fault> {
    let calls = u32::try_from(POLLS - 1)?;
    let registrations = (0..OPERATIONS)
        .map(|n| operations::define(&bench.emulator, "crowd", n, calls, Some(SLOW)))
        .collect::<Result<Vec<_>, Fault>>()?;
    let begun = Instant::now();
    let waits = delivery::start_all(&bench.client, registrations.clone()).await?;
    let started = begun.elapsed();

    let mut rates = Vec::new();
    for _ in 0..2 {
        rates.push(rate(bench).await);
        bench.engine.kill_worker().await?;
        sleep(Duration::from_secs(5)).await;
        bench.engine.start_worker(false)?;
        sleep(Duration::from_secs(10)).await;
        bench.engine.kill_server().await?;
        sleep(Duration::from_secs(3)).await;
        bench.engine.start_server().await?;
        sleep(Duration::from_secs(5)).await;
    }
    let before = bench.polls_of("crowd-");
    let own = delivery::own_outcomes(&bench.client, &waits).await?;
    let seconds = begun.elapsed().as_secs();
    bench.engine.measure();

    let polls = bench.polls_of("crowd-");
    let text =
        format!("{own} of {OPERATIONS}; {before} of {polls} polls were made before the last kill ended");
    let is_right = own == OPERATIONS && before < OPERATIONS * POLLS;
    bench.table.row("own outcomes, worker and server killed twice", text, is_right);
    let again = polls.saturating_sub(OPERATIONS * POLLS);
    let text = format!("{again} of {polls}");
    bench.table.row("polls made again", text, polls >= OPERATIONS * POLLS);
    let text = format!(
        "{:.0} and {:.0} a second; all in {seconds} s, of which {} s to start",
        rates[0],
        rates[1],
        started.as_secs()
    );
    bench.table.row("polls in steady state", text, true);
    let text = format!("server {} MB, worker {} MB", bench.engine.server_memory, bench.engine.worker_memory);
    bench.table.row("largest memory", text, true);
    started_again(bench, &waits, polls).await
}

/// Returns the polls a second while nothing is killed.
async fn rate(bench: &mut Bench) -> f64 {
    let (before, begun) = (bench.polls_of("crowd-"), Instant::now());
    sleep(Duration::from_secs(20)).await;
    bench.engine.measure();
    let calls = u32::try_from(bench.polls_of("crowd-") - before).unwrap_or(u32::MAX);
    f64::from(calls) / begun.elapsed().as_secs_f64()
}

/// Starts standalone activities that have completed once more: the id is the key.
async fn started_again(bench: &mut Bench, waits: &[Wait], polls: usize) -> Result<(), Fault> {
    let again = waits.iter().step_by(2).take(100).cloned().collect::<Vec<_>>();
    for wait in &again {
        Wait::start(&bench.client, wait.form, wait.n, wait.registration.clone()).await?;
    }
    let own = delivery::own_outcomes(&bench.client, &again).await?;
    sleep(Duration::from_secs(3)).await;
    let more = bench.polls_of("crowd-") - polls;
    let text = format!("{own} of 100 have the same outcome, {more} more polls");
    bench.table.row("standalone activities started again after their end", text, own == 100 && more == 0);
    Ok(())
}
