//! The store of `lro-registry` in an SQLite file: durable, and without a server.
//!
//! ```
//! use lro::{OperationName, Service};
//! use lro_registry::{Registration, Registry};
//! use lro_registry_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("lro-registry-sqlite-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("operations.db");
//! let registry = Registry::new(SqliteStore::open(path).await?);
//! let service = Service::new("example.googleapis.com", "v1");
//! let registration = Registration::new(&service, OperationName::parse("operations/7")?).tag("for the board");
//! let receipt = registry.register(registration).await?;
//! assert!(receipt.is_new);
//! // A `Worker` of this or another process polls it, and `registry.deliveries()` has its outcome.
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Processes
//!
//! Any number of processes on one host may open the file, to register, read and cancel. One of them at a time is the worker:
//! [`lock_worker`](lro_registry::Store::lock_worker) takes a lock of the operating system on the file `<path>-worker`. The lock
//! ends with its process, however that ends. After a crash, an operation that was being polled is polled again when its lease ends,
//! 60 s by default. Reading needs the permission to write to the file and to its folder, too.
//!
//! A call is answered after its commit is on the disk (`synchronous = FULL`). Calls that wait at the same time share a commit.
//! A call that cannot get the lock of the file within the [busy timeout](Builder::busy_timeout) fails as a whole.
//!
//! The file must lie on a local disk. On Linux, network file systems are found and
//! [refused](Builder::allow_network_file_system). On other systems they are not found.
//!
//! # Backups
//!
//! **Do not copy the file by hand.** The newest records are in the log beside it, `<path>-wal`, and a copy that is made during
//! a write is damaged. [`SqliteStore::backup`] makes one consistent file while the store is used.
//!
//! After a backup is restored, everything that was registered after it is lost. Operations that had ended since are polled and
//! delivered again, under the same key. Claims from before are fenced. End all processes before the file is replaced, and
//! remove `<path>-wal` and `<path>-shm` with the old file.
//!
//! # The tables
//!
//! All times are microseconds since 1970 in UTC, all durations microseconds.
//!
//! | `records` | |
//! |---|---|
//! | `id` | row id; `payloads` has the same |
//! | `key` | the key |
//! | `service`, `version` | the service and the version of its API |
//! | `name` | the name of the operation, NULL if it is not known |
//! | `kind` | the kind of the operation |
//! | `fingerprint` | the fingerprint of the request |
//! | `state` | 0 intent, 1 pending, 2 set aside, 3 finished, 4 acknowledged |
//! | `created` | when the wait began |
//! | `deadline` | the age at which the wait ends, NULL for none |
//! | `due` | when the next poll or delivery is due, or the lease ends; NULL if nothing is due any more |
//! | `epoch` | the number of claims and deliveries |
//! | `claim` | the id of the claim, 16 bytes; NULL if there is none |
//! | `claims` | the claims without a result since the last result |
//! | `failures` | the failures of calls in a row |
//! | `cancel` | 0 not requested, 1 requested, 2 sent |
//! | `started` | 1 if a starting call returned the operation |
//! | `deliveries` | the deliveries of the outcome |
//! | `acknowledged` | when the outcome was acknowledged |
//! | `error` | the last error, or why the record is set aside |
//! | `cursor` | the position of the pacing, opaque |
//! | `saved` | the state of the wait, JSON as bytes |
//!
//! | other table | |
//! |---|---|
//! | `payloads` | `id`, `tag` (bytes of the caller) and `outcome` (opaque); no row if both are empty |
//! | `buckets` | `quota` (key), `tokens` at the time `updated` |
//! | `finished` | how operations ended: `id`, `worker`, `kind`, `running`, `done`, `polls`; at least the last 64 of each kind |
//! | `meta` | one row: the `version` of the schema, and `reads_from`, the least version that may use the file |
//!
//! The indexes are a part of the schema: the statements of this crate name them.
//!
//! # SQL for people
//!
//! These statements are safe while processes use the file. Keep transactions short, because others wait for them.
//!
#![doc = concat!("```sql\n", include_str!("schema/people.sql"), "```")]

mod backup;
mod builder;
mod call;
mod calls;
mod fault;
mod file_system;
mod reader;
mod schema;
mod store;
mod time;
mod trouble;
mod worker_lock;
mod writer;

pub use crate::{builder::Builder, store::SqliteStore};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
