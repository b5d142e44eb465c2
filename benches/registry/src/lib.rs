//! A registry under crashes and under load: real processes, a real server, a real database.
//!
//! `cargo test -p registry-benches` runs the short forms. The full forms, and everything that measures a time, are
//!
//! ```text
//! cargo run --release -p registry-benches --bin crash
//! cargo run --release -p registry-benches --bin pending
//! cargo run --release -p registry-benches --bin page
//! cargo run --release -p registry-benches --bin durations
//! ```
//!
//! `crash` and `pending` print what they measure. [`durations`] runs cases for minutes that the tests run for seconds, and
//! prints whether each one holds. Its exit code is 1 if a count does not hold: something was lost, or a deadlock was found.
//! All of them take 35 minutes. The arguments are the cases to run, and `--scale 0.1` for a tenth of their length:
//!
//! | case | for | needs a quiet machine |
//! |---|---|---|
//! | `g04` failover to a standby that lags | 2 min | |
//! | `g09` a snapshot that stays open, figures of each minute on the standard error | 11 min | yes |
//! | `g10` all writes on the same keys at other isolation levels | 5 min | |
//! | `g12` workers that are stopped in 200 moments | 10 min | for the rate and the waits |
//! | `g16` registrations with wake-up hints and without | 2 min | yes |
//! | `g19` batches with the same keys on both stores | 5 min | |
//!
//! One more test takes a minute and is not a part of `cargo test`. It runs the rules of all stores (g13) behind pgbouncer, and
//! is skipped where there is none:
//!
//! ```text
//! cargo test -p lro-registry-postgres --test pooler -- --ignored
//! ```
//!
//! A scenario starts the program `crash` or `durations` again as its children. They register, work and deliver with one store,
//! and write what they have seen to a [`Journal`](journal::Journal). The scenario kills them, and a
//! [`Verdict`](verdict::Verdict) compares the journal with the store and with the calls that the server has seen.

pub mod child;
pub mod durations;
pub mod forwarder;
pub mod journal;
pub mod page;
pub mod pending;
pub mod process;
pub mod scenario;
pub mod server;
pub mod stores;
pub mod transport;
pub mod verdict;

/// The error of a scenario, for people to read.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
