//! 1,000 operations that do not end, polled each second.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Bench, delivery::Wait};
use crate::{
    Fault,
    operations::{self, EACH_SECOND},
};

const OPERATIONS: usize = 1_000;
const TIME: Duration = Duration::from_secs(20);

pub(super) async fn run(bench: &mut Bench) -> Result<(), Fault> {
    for n in 0..OPERATIONS {
        let registration = operations::define(&bench.emulator, "rate", n, u32::MAX, Some(EACH_SECOND))?;
        Wait::start(&bench.client, super::Form::Standalone, n, registration).await?;
    }
    sleep(Duration::from_secs(5)).await;
    let (before, begun) = (bench.emulator.call_count(), Instant::now());
    sleep(TIME).await;
    let polls = bench.emulator.call_count() - before;
    let rate = polls as f64 / begun.elapsed().as_secs_f64();
    bench.engine.measure();
    let text = format!(
        "{rate:.0}; server {} MB, worker {} MB",
        bench.engine.server_memory, bench.engine.worker_memory
    );
    bench.table.row("polls a second, 1,000 operations each second", text, polls > 0);
    Ok(())
}
