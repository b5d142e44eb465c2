//! Millions of records, written by the database itself.

use lro::Service;
use rusqlite::Connection;
use tokio_postgres::NoTls;

use crate::{Fault, stores::open};

/// Returns the service of nearly all records.
pub fn service() -> Service {
    Service::new("jobs.example.com", "v1")
}

/// Returns the service of one record in a hundred thousand.
pub fn rare_service() -> Service {
    Service::new("rare.example.com", "v1")
}

/// Stores as many pending records, all due, and as many finished ones.
///
/// # Errors
///
/// The fault of the store.
pub async fn sqlite(url: &str, records: u32) -> Result<(), Fault> {
    drop(open(url).await?);
    let file = url.trim_start_matches("sqlite:");
    let connection = Connection::open(file)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN;
         INSERT INTO records (key, service, version, name, kind, fingerprint, state, created, due, saved)
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 2 * {records})
         SELECT printf('job-%07d', (i * 7919) % (2 * {records})),
             CASE WHEN i % 100000 < 2 THEN 'rare.example.com' ELSE 'jobs.example.com' END, 'v1', 'operations/' || i,
             CASE i % 10 WHEN 0 THEN 'report' WHEN 2 THEN 'import' ELSE 'render' END, 'f', CASE i % 2 WHEN 0 THEN 1 ELSE 3 END,
             1700000000000000 + i, 1700000000000000 + i * 1000, CAST(printf('%.60c', ' ') AS BLOB) FROM n;
         INSERT INTO payloads (id, tag, outcome) SELECT id, x'01020304', CASE state WHEN 3 THEN x'{outcome}' END FROM records;
         COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);",
        outcome = "20".repeat(100),
    ))?;
    Ok(())
}

/// As [`sqlite`].
///
/// # Errors
///
/// The fault of the store.
pub async fn postgres(url: &str, records: u32) -> Result<(), Fault> {
    drop(open(url).await?);
    let (client, connection) = tokio_postgres::connect(url.trim_start_matches("postgres:"), NoTls).await?;
    let connection = tokio::spawn(connection);
    client
        .batch_execute(&format!(
            "SET synchronous_commit = off;
             INSERT INTO lro.records (key, service, version, name, kind, fingerprint, state, created, due, saved, tag, outcome)
             SELECT 'job-' || lpad(((i * 7919) % (2 * {records}))::text, 7, '0'),
                 CASE WHEN i % 100000 < 2 THEN 'rare.example.com' ELSE 'jobs.example.com' END, 'v1', 'operations/' || i,
                 CASE i % 10 WHEN 0 THEN 'report' WHEN 2 THEN 'import' ELSE 'render' END, 'f', CASE i % 2 WHEN 0 THEN 1 ELSE 3 END,
                 1700000000000000 + i, 1700000000000000 + i * 1000, repeat(' ', 60)::bytea, '\\x01020304',
                 CASE i % 2 WHEN 1 THEN repeat(' ', 100)::bytea END
             FROM generate_series(0, 2 * {records}::bigint - 1) AS i"
        ))
        .await?;
    client.batch_execute("VACUUM ANALYZE lro.records").await?;
    drop(client);
    connection.await??;
    Ok(())
}
