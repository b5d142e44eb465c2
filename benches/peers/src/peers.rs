//! Who waits for operations, one a file.

pub mod azure_core;
pub mod bare;
pub mod fleet;
pub mod google_cloud_longrunning;
pub mod google_cloud_lro;
pub mod ours;
pub mod poll_until_done;
pub mod reqwest;

use std::{future::Future, time::Duration};

use futures::FutureExt;

use crate::Fault;

/// A client that asks about each operation in a loop of its own.
pub trait Loop: Clone + Send + Sync + 'static {
    /// Asks about an operation, again and again, and counts each reply. Returns only what went wrong.
    fn ask(&self, name: String, pause: Duration) -> impl Future<Output = Fault> + Send + 'static;
}

/// Runs a loop as a task.
pub fn spawn(client: &impl Loop, name: String, pause: Duration) -> tokio::task::JoinHandle<()> {
    // By a combinator: an `async` block would hold the future twice, as what it captures and as what it awaits.
    tokio::spawn(client.ask(name, pause).map(|fault| {
        eprintln!("a loop ended: {fault:?}");
        std::process::exit(1);
    }))
}

/// `reqwest` as the peers use it has no TLS of its own, and wants some even where it needs none.
fn provide_tls() {
    // Another client may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The operations here never end.
fn ended() -> Fault {
    "an operation ended".into()
}
