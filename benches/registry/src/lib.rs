//! A registry under crashes and under load: real processes, a real server, a real database.
//!
//! `cargo test -p registry-benches` runs the short forms. The full forms, and everything that measures a time, are
//!
//! ```text
//! cargo run --release -p registry-benches --bin crash
//! cargo run --release -p registry-benches --bin pending
//! ```
//!
//! A scenario starts the program `crash` again as its children. They register, work and deliver with one store, and write
//! what they have seen to a [`Journal`](journal::Journal). The scenario kills them, and a [`Verdict`](verdict::Verdict)
//! compares the journal with the store and with the calls that the server has seen.

pub mod child;
pub mod journal;
pub mod pending;
pub mod process;
pub mod scenario;
pub mod server;
pub mod stores;
pub mod transport;
pub mod verdict;

/// The error of a scenario, for people to read.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
