use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    reply::Reply,
    request::call::Call,
    script::Script,
    server::Server,
    service::Services,
    store::job::{Ending, Scope, empty},
};

/// A running server. Dropping it stops the server.
///
/// ```
/// use lro_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
/// let emulator = Emulator::start().await?;
/// assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
/// emulator.shutdown().await;
/// # Ok(()) }
/// ```
pub struct Emulator {
    server: Server,
    services: Arc<Services>,
}

impl Emulator {
    /// Creates the emulator of a running server.
    pub(crate) fn of(server: Server, services: Arc<Services>) -> Self {
        Self { server, services }
    }

    /// Returns the URL of the server, such as `http://127.0.0.1:41234`. It speaks HTTP/1.1 and HTTP/2.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Returns the address at which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Starts an operation of this name. It replaces one that has the name already.
    ///
    /// The operation exists under every version of an API. It has the calls get, list (of its collection), cancel, delete and
    /// wait.
    pub fn operation(&self, name: impl Into<String>, script: Script) {
        let (name, ending) = (name.into(), Ending::response(empty()));
        let mut state = self.services.store.state();
        let replaced = state.operations.remove(&name);
        state.run(name, Scope::Every, script, None, ending);
        drop(state);
        // A script has a closure of the caller, whose destructor may use the emulator. // SPEC 61
        drop(replaced);
        self.services.store.changed.notify_waiters();
    }

    /// Sets the script of the next operation that a starting call starts.
    ///
    /// Each call of this method adds a script to a queue, and each started operation takes one.
    pub fn next_operation(&self, script: Script) {
        self.services.store.state().scripts.push_back(script);
    }

    /// Sets the reply to each of the next `n` calls, whatever they are about.
    ///
    /// Each call of this method adds to a queue. These replies precede those of scripts.
    pub fn reply_next(&self, n: usize, reply: Reply) {
        self.services.store.state().replies.push_back((n, reply));
    }

    /// Restarts the server: closes the socket and every connection, and listens again at the same address after a time.
    ///
    /// Connections are refused from when this returns until then. Operations continue to run.
    pub async fn refuse_for(&self, time: Duration) {
        self.server.refuse_for(time).await;
    }

    /// Sets the sizes of the next pages of lists of operations. A size of 0 is an empty page.
    ///
    /// Pages after these have the requested size.
    pub fn pages(&self, sizes: impl IntoIterator<Item = usize>) {
        self.services.store.state().operations.set_pages(sizes);
    }

    /// Removes an operation, as services remove old ones. Returns `false` if no operation has this name.
    pub fn forget(&self, name: &str) -> bool {
        let forgotten = self.services.store.state().operations.remove(name);
        self.services.store.changed.notify_waiters();
        forgotten.is_some()
    }

    /// Suspends a subscription for a reason such as `ENDPOINT_PERMISSION_DENIED`. Returns `false` if no subscription has this
    /// name.
    pub fn suspend(&self, subscription: &str, reason: &str) -> bool {
        self.services.suspend(subscription, reason)
    }

    /// Sets the bearer token that calls must have. `None` accepts every call.
    ///
    /// A call without it fails with `UNAUTHENTICATED`.
    pub fn require_token<'a>(&self, token: impl Into<Option<&'a str>>) {
        self.services.store.state().token = token.into().map(str::to_owned);
    }

    /// Returns the last calls, oldest first.
    ///
    /// [`Builder::keeps_calls`](crate::Builder::keeps_calls) sets how many are kept.
    pub fn calls(&self) -> Vec<Call> {
        self.services.store.state().calls.to_vec()
    }

    /// Returns the number of all calls, including those that are not kept.
    pub fn call_count(&self) -> u64 {
        self.services.store.state().calls.count
    }

    /// Stops the server. The socket and every connection are closed when this returns.
    pub async fn shutdown(self) {
        self.server.stop().await;
    }
}

/// Shows the URL alone: the state contains the token.
impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
