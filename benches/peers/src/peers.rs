//! What waits for operations, one a file.

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

/// Runs a loop as a task: the future of the peer itself, with nothing around it that would hold it twice.
///
/// # Errors
///
/// As [`Loop::poll`].
pub fn spawn(client: &impl Loop, name: String) -> Result<JoinHandle<Fault>, Fault> {
    Ok(tokio::spawn(client.poll(name)?))
}

/// Installs a TLS provider: `reqwest` as the peers use it has none, and requires one even where it is not used.
fn provide_tls() {
    // Another client may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The operations here never end.
fn ended() -> Fault {
    "an operation ended".into()
}
