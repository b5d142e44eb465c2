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

    /// Where it listens, such as `http://127.0.0.1:41234`, for HTTP/1.1 and HTTP/2 alike.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Starts an operation of this name, in place of any other of the name. It is found under any version of an API, and
    /// can be got, listed with its like, cancelled, deleted and waited for.
    pub fn operation(&self, name: impl Into<String>, script: Script) {
        let ending = Ending::response(empty());
        self.services.store.state().run(name.into(), Scope::Every, script, None, ending);
        self.services.store.changed.notify_waiters();
    }

    /// Lets the next operation that a service starts run by this script. Scripts queue up.
    pub fn next_operation(&self, script: Script) {
        self.services.store.state().scripts.push_back(script);
    }

    /// Sends this reply to each of the next `n` calls, whatever they are about. Replies queue up; those of scripts come after
    /// them.
    pub fn reply_next(&self, n: usize, reply: Reply) {
        self.services.store.state().replies.extend(std::iter::repeat_n(reply, n));
    }

    /// Closes the socket and every connection, and listens again at the same address after a time: a server that restarts.
    /// When it returns, connections are refused. Operations run on.
    pub async fn refuse_for(&self, time: Duration) {
        self.server.refuse_for(time).await;
    }

    /// Sets the sizes of the next pages of lists of operations, 0 included; after these a page is as long as is asked.
    pub fn pages(&self, sizes: impl IntoIterator<Item = usize>) {
        self.services.store.state().operations.set_pages(sizes);
    }

    /// Forgets an operation, as services do with old ones; `false` if there is none of this name.
    pub fn forget(&self, name: &str) -> bool {
        let forgotten = self.services.store.state().operations.remove(name).is_some();
        self.services.store.changed.notify_waiters();
        forgotten
    }

    /// Suspends a subscription for a reason such as `ENDPOINT_PERMISSION_DENIED`; `false` if there is none of this name.
    pub fn suspend(&self, subscription: &str, reason: &str) -> bool {
        self.services.suspend(subscription, reason)
    }

    /// Sets the bearer token without which calls are UNAUTHENTICATED; `None` lets every call in.
    pub fn require_token<'a>(&self, token: impl Into<Option<&'a str>>) {
        self.services.store.state().token = token.into().map(str::to_owned);
    }

    /// The last calls, oldest first; [`Builder::keeps_calls`](crate::Builder::keeps_calls) says how many are kept.
    pub fn calls(&self) -> Vec<Call> {
        self.services.store.state().calls.to_vec()
    }

    /// How many calls there were, kept or not.
    pub fn call_count(&self) -> u64 {
        self.services.store.state().calls.count
    }

    /// Stops the server: when it returns, the socket and every connection are closed.
    pub async fn shutdown(self) {
        self.server.stop().await;
    }
}

/// Where it listens; the state has the token.
impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
