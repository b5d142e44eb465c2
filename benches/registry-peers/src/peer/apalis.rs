//! `apalis-postgres`: a task pushes the next poll, and is then done.

use std::time::Duration;

use apalis::prelude::{
    BoxDynError, Data, ParallelizeExt as _, TaskBuilder, TaskSink as _, WorkerBuilder, WorkerBuilderExt as _,
};
use apalis_postgres::{Config, PgPool, PostgresStorage};
use futures::stream;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;

use super::{PAUSE, Polls, batcher::Batcher, batches};
use crate::Fault;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Poll {
    operation: String,
}

type Storage = PostgresStorage<Poll>;
type Pushes = Option<Batcher<Poll>>;

pub(super) async fn fill(url: &str, operations: u32) -> Result<(), Fault> {
    let pool = PgPool::connect(url).await?;
    PostgresStorage::setup(&pool).await?;
    for batch in batches(operations) {
        let polls = batch.into_iter().map(|operation| Poll { operation }).collect();
        push(storage(&pool), polls, Duration::ZERO).await?;
    }
    Ok(())
}

pub(super) async fn run(url: &str, polls: Polls, batched: bool) -> Result<(), Fault> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?;
    let storage = storage(&pool);
    let pushes: Pushes = batched.then(|| {
        let storage = storage.clone();
        Batcher::new(move |polls| push(storage.clone(), polls, PAUSE))
    });
    let worker = WorkerBuilder::new("poller")
        .backend(storage.clone())
        .data(storage)
        .data(pushes)
        .data(polls)
        .concurrency(CONCURRENCY)
        .parallelize(tokio::spawn)
        .build(poll);
    worker.run().await?;
    Ok(())
}

async fn poll(
    poll: Poll,
    storage: Data<Storage>,
    pushes: Data<Pushes>,
    polls: Data<Polls>,
) -> Result<(), BoxDynError> {
    polls.poll();
    match &*pushes {
        Some(pushes) => pushes.insert(poll).await,
        None => push(storage.0, vec![poll], PAUSE).await,
    }
}

async fn push(mut storage: Storage, polls: Vec<Poll>, pause: Duration) -> Result<(), Fault> {
    let tasks = polls.into_iter().map(|poll| TaskBuilder::new(poll).run_after(pause).build());
    storage.push_all(stream::iter(tasks)).await?;
    Ok(())
}

fn storage(pool: &PgPool) -> Storage {
    let config = Config::default().queue("polls").batch_size(100).lock_tasks(false);
    PostgresStorage::new(pool).with_config(config)
}

const CONCURRENCY: usize = 64;
/// One for each handler, and a few for the worker.
const CONNECTIONS: u32 = 68;
