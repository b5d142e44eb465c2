//! The statements of a poll on PostgreSQL. The bench beside other job queues includes this file.

use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use crate::{
    Fault,
    pending::{
        cost::Cost,
        usage::{own_time, server_time},
    },
};

/// Measures PostgreSQL, with four connections.
///
/// # Errors
///
/// The fault of the database.
pub async fn postgres(config: &str, port: u16, rows: u32, time: Duration) -> Result<Cost, Fault> {
    let setup = connect(config).await?;
    setup
        .batch_execute(&format!(
            "CREATE TABLE job (key text PRIMARY KEY, service text, due bigint, epoch bigint, claim bytea, saved bytea)
                 WITH (fillfactor = 70);
             INSERT INTO job SELECT 'operations/job-' || n, 'jobs', n, 0, NULL, decode(repeat('00', 100), 'hex')
                 FROM generate_series(1, {rows}) AS n;
             CREATE INDEX job_due ON job (service, due);
             ANALYZE job;"
        ))
        .await?;
    let (began, before) = (Instant::now(), own_time() + server_time(port));
    let clients = (0..CONNECTIONS).map(|_| tokio::spawn(poll(config.to_owned(), rows, began + time)));
    let mut polls = 0;
    for client in clients.collect::<Vec<_>>() {
        polls += client.await??;
    }
    Ok(Cost { polls, time: began.elapsed(), processor: own_time() + server_time(port) - before })
}

async fn poll(config: String, rows: u32, end: Instant) -> Result<u64, Fault> {
    let (client, mut polls) = (connect(&config).await?, 0);
    let claim = client
        .prepare(
            "WITH picked AS MATERIALIZED (
                 SELECT key FROM job WHERE service = 'jobs' AND due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             UPDATE job SET due = $3, epoch = epoch + 1, claim = $4 FROM picked WHERE job.key = picked.key
             RETURNING job.key, job.epoch",
        )
        .await?;
    let reschedule = client
        .prepare(
            "UPDATE job SET due = $1, claim = NULL, saved = $2
             FROM unnest($3::text[], $4::bigint[]) AS done (key, epoch)
             WHERE job.key = done.key AND job.epoch = done.epoch AND job.claim = $5",
        )
        .await?;
    while Instant::now() < end {
        let id = fastrand::u128(..).to_be_bytes().to_vec();
        let claimed = client.query(&claim, &[&i64::from(rows), &BATCH, &LEASED, &id]).await?;
        if claimed.is_empty() {
            break;
        }
        let keys: Vec<&str> = claimed.iter().map(|row| row.get(0)).collect();
        let epochs: Vec<i64> = claimed.iter().map(|row| row.get(1)).collect();
        polls += client.execute(&reschedule, &[&LEASED, &vec![0_u8; 100], &keys, &epochs, &id]).await?;
    }
    Ok(polls)
}

async fn connect(config: &str) -> Result<tokio_postgres::Client, Fault> {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The rows of a claim.
pub(super) const BATCH: i64 = 100;
const CONNECTIONS: usize = 4;
/// After every due time of the bench.
pub(super) const LEASED: i64 = 1 << 40;
