//! A [`Store`](lro_registry::Store) in PostgreSQL, for workers on several machines.
//!
//! ```no_run
//! use lro_registry_postgres::PostgresStore;
//!
//! # async fn example() -> Result<(), lro_registry::StoreError> {
//! let store = PostgresStore::new("host=db.example.com user=lro dbname=jobs sslmode=require")?;
//! // Optional: reports a fault of the database now. Each call connects if there is no connection.
//! store.connect().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The database
//!
//! PostgreSQL 13 or later with the encoding UTF8. The user needs the right to create a schema, or to create objects in the
//! schema `lro` if that exists. The first connection creates the tables and functions. Several processes may start at the same
//! time: one of them does it. A process of an earlier version goes on with a later schema, as long as the schema allows that.
//! Otherwise its calls fail with [`Newer`](lro_registry::StoreErrorKind::Newer).
//!
//! All times are the clock of the server. After a failover, the clock is that of the new server.
//!
//! A commit that the server has confirmed is as durable as `synchronous_commit` and `fsync` of the server make it. A failover to
//! an asynchronous standby loses the last commits. Operations that were registered in them are then unknown to the registry, and
//! operations that ended in them are polled and delivered again. A synchronous standby avoids that.
//!
//! # Poolers
//!
//! A call is one message of the simple protocol, which the server runs as one transaction. It uses no prepared statement, no
//! session setting and no session lock, so that a pooler in transaction mode (pgbouncer, pgcat) may stand between.
//! Claimed records and outcomes are sent after the commit, from a cursor that the same message closes: a process that is stopped
//! while it receives them holds no lock.
//! Notifications do not pass such a pooler: set [`listen_address`](PostgresStoreBuilder::listen_address), or workers find new
//! records by polling only.
//!
//! # TLS
//!
//! | `sslmode` | TLS | certificate |
//! |---|---|---|
//! | `disable` | never | |
//! | `prefer`, the default | if the server offers it | not verified, unless a root certificate is set |
//! | `require`, `verify-ca`, `verify-full` | always | verified, with the name of the host |
//!
//! # Outages
//!
//! A call fails with [`Unavailable`](lro_registry::StoreErrorKind::Unavailable) while the database is away. New connections are
//! tried after pauses that grow to 3 s. No process has to be restarted. A server that has become read-only is left at once,
//! because the address may lead to another server. A transaction that conflicts with another one is repeated as a whole.
//!
//! # Old snapshots
//!
//! A transaction that stays open (a report, a dump, an unused replication slot) keeps the dead rows of all tables.
//! Claims do not read through them: they begin at the due time where the last one ended, and a search from the beginning runs
//! beside them now and then. [`health`](lro_registry::Store::health) has `oldest snapshot`, `oldest snapshot in transactions` and
//! `dead rows` among its details.
//!
//! # The tables
//!
//! `lro.records` has a row for each operation. Times are microseconds since 1970 UTC, durations are microseconds.
//!
//! | column | meaning |
//! |---|---|
//! | `key` | the key, unique |
//! | `state` | 0 intent, 1 pending, 2 set aside, 3 finished, 4 acknowledged |
//! | `service`, `version`, `name`, `kind` | the operation |
//! | `fingerprint` | of the request: another one with the same key conflicts |
//! | `created`, `deadline` | when the wait began, and the age at which it ends |
//! | `due` | the next poll or delivery; for a claimed record the end of the lease |
//! | `epoch`, `claim` | the fence: the number of claims, and the id of the last one, `NULL` if it has ended |
//! | `claims` | the claims without a result |
//! | `failures` | the failures of calls in a row |
//! | `cancel` | 0 no, 1 requested, 2 sent |
//! | `started` | whether a starting call returned the operation |
//! | `deliveries`, `acknowledged` | of the outcome |
//! | `error` | the last error, or why the record is set aside |
//! | `tag` | the bytes of the caller |
//! | `service_hash` | of service and version, for an index |
//! | `saved`, `pacing`, `outcome` | bytes of the registry |
//!
//! `lro.buckets` has the tokens of each quota key, `lro.finished` how long operations took, and `lro.meta` the version.
//! The functions with a version in their names are for this crate.
//!
//! ## To read
//!
//! What is pending, and what has been due for more than a minute:
//!
//! ```sql
//! SELECT service, version, count(*), count(*) FILTER (WHERE due < lro.now_v1() - 60000000) AS overdue
//! FROM lro.records WHERE state = 1 GROUP BY service, version;
//! ```
//!
//! What is set aside, and why; starting calls of which nothing is known:
//!
//! ```sql
//! SELECT key, name, claims, error FROM lro.records WHERE state = 2 ORDER BY key;
//! SELECT key, to_timestamp(created / 1e6) FROM lro.records WHERE state = 0 AND due < lro.now_v1();
//! ```
//!
//! Outcomes that are delivered again and again:
//!
//! ```sql
//! SELECT key, deliveries, error, to_timestamp(due / 1e6) FROM lro.records
//! WHERE state = 3 AND deliveries > 3 ORDER BY deliveries DESC LIMIT 100;
//! ```
//!
//! ## To mend
//!
//! A statement that sets a due time also ends the claim, so that a worker which has claimed the record does not overwrite it.
//! A due time in the past may take some seconds to be seen: `lro.now_v1()` is seen at once.
//!
//! Poll now what is pending, or what was set aside:
//!
//! ```sql
//! UPDATE lro.records SET due = lro.now_v1(), claim = NULL WHERE state = 1 AND service = 'example.googleapis.com';
//! UPDATE lro.records SET state = 1, due = lro.now_v1(), claims = 0, claim = NULL WHERE state = 2 AND key = 'report-7';
//! ```
//!
//! Request that an operation is cancelled, forget one, and deliver an outcome again:
//!
//! ```sql
//! UPDATE lro.records SET cancel = 1, due = CASE WHEN claim IS NULL THEN lro.now_v1() ELSE due END
//! WHERE state = 1 AND cancel = 0 AND key = 'report-7';
//! DELETE FROM lro.records WHERE key = 'report-7';
//! UPDATE lro.records SET state = 3, due = lro.now_v1(), claim = NULL, acknowledged = NULL WHERE state = 4 AND key = 'report-8';
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod call;
mod claims;
mod connection;
mod counts;
mod health;
mod listen;
mod marks;
mod notify;
mod records;
mod row;
mod store;
mod time;
mod writes;

pub use crate::{builder::PostgresStoreBuilder, store::PostgresStore};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
