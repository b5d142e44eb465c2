mod cases;
mod crowd;
mod delivery;
mod rate;
mod table;

use std::time::Duration;

use lro_emulator::Emulator;
use temporalio_client::{Client, WorkflowFetchHistoryOptions, WorkflowStartOptions};
use tokio::time::sleep;

use self::{
    delivery::{Form, Wait},
    table::Table,
};
use crate::{
    Fault, QUEUE,
    engine::Engine,
    operations::{self, EACH_SECOND},
    variable,
    worker::{OnlyWait, connect},
};

/// What all cases share.
pub(crate) struct Bench {
    emulator: Emulator,
    engine: Engine,
    client: Client,
    table: Table,
}

pub(crate) async fn run() -> Result<(), Fault> {
    let mut bench = Bench::start().await?;
    // On a server of its own: the others keep theirs busy.
    let quiet = Engine::start(variable("TRY_DIR")?, 17_244, bench.emulator.endpoint()).await?;
    let client = connect_when_ready(&quiet).await?;
    let long = operations::define(&bench.emulator, "long", 0, 499, Some(EACH_SECOND))?;
    let options = WorkflowStartOptions::new(QUEUE, long.key()).build();
    client.start_workflow(OnlyWait::run, long.clone(), options).await?;
    let long = Wait { form: Form::Workflow, n: 0, registration: long };

    crowd::run(&mut bench).await?;
    cases::run(&mut bench).await?;

    let ended = long.ended(&client).await?;
    let history = events(&client, &long.id()).await?;
    let polls = bench.polls_of("long-");
    let is_right = operations::is_own(0, &ended.ending)? && history < 20 && polls >= 500;
    let seconds = ended.saved.elapsed.as_secs();
    let text = format!("{history} events, {polls} polls in {seconds} s");
    bench.table.row("history of the workflow of one operation", text, is_right);
    bench.table.print()
}

/// Measures the polls a second alone.
pub(crate) async fn run_rate() -> Result<(), Fault> {
    let mut bench = Bench::start().await?;
    rate::run(&mut bench).await?;
    bench.table.print()
}

pub(crate) async fn run_cases() -> Result<(), Fault> {
    let mut bench = Bench::start().await?;
    cases::run(&mut bench).await?;
    bench.table.print()
}

impl Bench {
    async fn start() -> Result<Self, Fault> {
        let emulator = Emulator::builder().keeps_calls(200_000).start().await?;
        let engine = Engine::start(variable("TRY_DIR")?, 17_243, emulator.endpoint()).await?;
        let client = connect_when_ready(&engine).await?;
        Ok(Self { emulator, engine, client, table: Table::default() })
    }

    /// Returns the number of calls about the operations of a set.
    fn polls_of(&self, set: &str) -> usize {
        let path = format!("/v1/operations/{set}");
        self.emulator.calls().iter().filter(|call| call.path.starts_with(&path)).count()
    }
}

/// Returns the number of events in the history of a workflow.
async fn events(client: &Client, id: &str) -> Result<usize, Fault> {
    let workflow = client.get_workflow_handle::<OnlyWait>(id);
    Ok(workflow.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?.len())
}

/// Connects. A server that has just begun to listen refuses its first calls.
async fn connect_when_ready(engine: &Engine) -> Result<Client, Fault> {
    let mut tries = 0;
    loop {
        match connect(&engine.address()).await {
            Ok(client) => return Ok(client),
            Err(fault) if tries == 30 => return Err(fault),
            Err(_) => tries += 1,
        }
        sleep(Duration::from_secs(1)).await;
    }
}
