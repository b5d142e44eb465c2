use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    reply::Reply,
    request::call::Call,
    script::Script,
    server::Server,
    service::Services,
    store::job::{Ending, Scope, empty},
};

/// A running server. It stops when it is dropped.
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
    /// The emulator of a server that runs.
    pub(crate) fn of(server: Server, services: Arc<Services>) -> Self {
        Self { server, services }
    }

    /// The URL at which the server listens, such as `http://127.0.0.1:41234`, for both HTTP/1.1 and HTTP/2.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The address at which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Starts an operation of this name and replaces any other of the name. It is found under every version of an API.
    /// It can be got, listed within its collection, cancelled, deleted and waited for.
    pub fn operation(&self, name: impl Into<String>, script: Script) {
        let ending = Ending::response(empty());
        self.services.store.state().run(name.into(), Scope::Every, script, None, ending);
        self.services.store.changed.notify_waiters();
    }

    /// Sets the script of the next operation that a service starts. Scripts queue up.
    pub fn next_operation(&self, script: Script) {
        self.services.store.state().scripts.push_back(script);
    }

    /// Sets the reply to each of the next `n` calls, whatever they are about. Replies queue up. They come before those of
    /// scripts.
    pub fn reply_next(&self, n: usize, reply: Reply) {
        self.services.store.state().replies.extend(std::iter::repeat_n(reply, n));
    }

    /// Closes the socket and every connection, and listens again at the same address after a time: a server that restarts.
    /// Connections are refused when this returns. Operations continue to run.
    pub async fn refuse_for(&self, time: Duration) {
        self.server.refuse_for(time).await;
    }

    /// Sets the sizes of the next pages of lists of operations. 0 is a size. Later pages are as long as requested.
    pub fn pages(&self, sizes: impl IntoIterator<Item = usize>) {
        self.services.store.state().operations.set_pages(sizes);
    }

    /// Removes an operation, as services do with old ones. Returns `false` if there is none of this name.
    pub fn forget(&self, name: &str) -> bool {
        let forgotten = self.services.store.state().operations.remove(name).is_some();
        self.services.store.changed.notify_waiters();
        forgotten
    }

    /// Suspends a subscription for a reason such as `ENDPOINT_PERMISSION_DENIED`. Returns `false` if there is none of this
    /// name.
    pub fn suspend(&self, subscription: &str, reason: &str) -> bool {
        self.services.suspend(subscription, reason)
    }

    /// Sets the bearer token that calls must have. A call without it is UNAUTHENTICATED. `None` accepts every call.
    pub fn require_token<'a>(&self, token: impl Into<Option<&'a str>>) {
        self.services.store.state().token = token.into().map(str::to_owned);
    }

    /// Returns the last calls, oldest first. [`Builder::keeps_calls`](crate::Builder::keeps_calls) sets how many are kept.
    pub fn calls(&self) -> Vec<Call> {
        self.services.store.state().calls.to_vec()
    }

    /// Returns the number of all calls, kept or not.
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
