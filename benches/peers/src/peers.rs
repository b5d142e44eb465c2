//! The peers, one in each file.

pub mod azure_core;
pub mod bare;
pub mod fleet;
pub mod google_cloud_longrunning;
pub mod google_cloud_lro;
pub mod ours;
pub mod poll_until_done;
pub mod reqwest;

use tokio::task::JoinHandle;

use crate::Fault;

/// A client that polls each operation in a loop.
pub trait Loop: Clone + Send + Sync + 'static {
    /// Returns the future that polls an operation again and again. It counts each poll, and ends only with a fault.
    ///
    /// # Errors
    ///
    /// If the peer does not accept the name.
    fn poll(&self, name: String) -> Result<impl Future<Output = Fault> + Send + 'static, Fault>;
}

/// Runs a loop as a task. The task holds the future of the peer and nothing else, so that its memory is not counted twice.
///
/// # Errors
///
/// As [`Loop::poll`].
pub fn spawn(client: &impl Loop, name: String) -> Result<JoinHandle<Fault>, Fault> {
    Ok(tokio::spawn(client.poll(name)?))
}

/// Installs a TLS provider. `reqwest`, with the features that the peers use, has none and requires one even without TLS.
fn provide_tls() {
    // Another client may have installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Returns the error of an operation that ended. The operations of the server never end.
fn ended() -> Fault {
    "an operation ended".into()
}
