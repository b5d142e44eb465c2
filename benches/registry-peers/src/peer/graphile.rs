//! `graphile_worker`: a job adds the next poll under the same job key, and is then complete.

use std::time::Duration;

use chrono::Utc;
use graphile_worker::{
    Database, IntoTaskHandlerResult, JobSpec, JobSpecBuilder, LocalQueueConfig, TaskHandler, WorkerContext,
    WorkerContextExt as _, WorkerOptions, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;

use super::{PAUSE, Polls, batcher::Batcher, batches};
use crate::Fault;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Poll {
    operation: String,
}

type Adds = Option<Batcher<Poll>>;

pub(super) async fn fill(url: &str, operations: u32) -> Result<(), Fault> {
    let worker = WorkerOptions::default().database_url(url).define_job::<Poll>().init().await?;
    for batch in batches(operations) {
        let polls = batch.into_iter().map(|operation| Poll { operation }).collect();
        add(&worker.create_utils(), polls, Duration::ZERO).await?;
    }
    Ok(())
}

pub(super) async fn run(url: &str, polls: Polls, batched: bool) -> Result<(), Fault> {
    let database: Database = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?.into();
    let utils = WorkerUtils::new(database.clone(), "graphile_worker");
    let adds = batched.then(|| {
        Batcher::new(move |polls| {
            let utils = utils.clone();
            async move { add(&utils, polls, PAUSE).await }
        })
    });
    let worker = WorkerOptions::default()
        .database(database)
        .concurrency(CONCURRENCY)
        .poll_interval(Duration::from_millis(500))
        .complete_job_batch_delay(Duration::from_millis(5))
        .fail_job_batch_delay(Duration::from_millis(5))
        .local_queue(LocalQueueConfig::default().with_size(100))
        // Turns on the recovery of the jobs of a crashed worker, which the other two always have.
        .heartbeat_interval(Duration::from_secs(30))
        .define_job::<Poll>()
        .add_extension(polls)
        .add_extension::<Adds>(adds)
        .init()
        .await?;
    worker.run().await?;
    Ok(())
}

impl TaskHandler for Poll {
    const IDENTIFIER: &'static str = "poll";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        if let Some(polls) = context.get_ext::<Polls>() {
            polls.poll();
        }
        if let Some(Some(adds)) = context.get_ext::<Adds>() {
            return adds.insert(self).await.map_err(|fault| fault.to_string());
        }
        let spec = self.spec(PAUSE);
        context.add_job(self, spec).await.map(drop).map_err(|fault| fault.to_string())
    }
}

impl Poll {
    fn spec(&self, pause: Duration) -> JobSpec {
        JobSpecBuilder::new().run_at(Utc::now() + pause).job_key(&self.operation).build()
    }
}

async fn add(utils: &WorkerUtils, polls: Vec<Poll>, pause: Duration) -> Result<(), Fault> {
    let specs: Vec<JobSpec> = polls.iter().map(|poll| poll.spec(pause)).collect();
    utils.add_jobs::<Poll>(&polls.into_iter().zip(&specs).collect::<Vec<_>>()).await?;
    Ok(())
}

/// Handlers that wait for a commit share it with others: 64 cost less than the 16 of the documentation.
const CONCURRENCY: usize = 64;
/// One for each handler, and a few for the worker.
const CONNECTIONS: u32 = 68;
