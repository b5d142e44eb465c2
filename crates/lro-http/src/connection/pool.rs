//! The connections to one endpoint.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{HeaderValue, Request, Response};
use lro::Attempt;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Fault, Resend, Unanswered,
    body::ReplyBody,
    connector::{Connector, Opened},
    http1::Http1,
    http2::{Http2, KeepAlive},
    stream::{Stream, Task},
};
use crate::request::Payload;

/// The connections to one endpoint: one of HTTP/2 for all calls, or one of HTTP/1 for each call in flight.
pub(crate) struct Pool {
    connector: Connector,
    host: HeaderValue,
    connect_timeout: Duration,
    keep_alive: KeepAlive,
    /// Whether the server speaks HTTP/1, as far as is known. Then calls open connections side by side.
    is_http1: AtomicBool,
    open: Mutex<Open>,
    /// Held while a connection is opened that others may share. It contains the last failure.
    opening: tokio::sync::Mutex<Option<Fault>>,
    failures: AtomicUsize,
}

#[derive(Default)]
struct Open {
    shared: Option<Http2>,
    /// The last one was used last.
    idle: Vec<Http1>,
    reaper: Option<Task>,
}

enum Connection {
    Http1(Http1),
    Http2(Http2),
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        host: HeaderValue,
        connect_timeout: Duration,
        keep_alive: KeepAlive,
    ) -> Self {
        Self {
            is_http1: AtomicBool::new(connector.is_http1()),
            connector,
            host,
            connect_timeout,
            keep_alive,
            open: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            failures: AtomicUsize::default(),
        }
    }

    /// Sends the request that `request` builds, with the permit of the attempt.
    ///
    /// A request that the server did not process is sent again at once, at most [`RESENDS`] times. A read is also sent
    /// again once if its connection closed before the reply.
    pub(crate) async fn send(
        self: &Arc<Self>,
        attempt: &Attempt,
        is_read: bool,
        request: &(impl Fn() -> Request<Payload> + Sync),
    ) -> Result<Response<ReplyBody>, Fault> {
        if !self.has_connection() {
            // The pool shares a connection of HTTP/2 already.
            if let Connection::Http1(http1) = Box::pin(self.connect()).await? {
                self.put(http1);
            }
        }
        attempt.permit().await;
        let (mut resends, mut may_be_lost) = (0, is_read);
        if !is_read && !self.is_http1.load(Relaxed) {
            // A close that has arrived is noticed now. Later it could fail a call that cannot be sent again.
            tokio::task::yield_now().await;
        }
        let mut is_again = false;
        loop {
            let taken = if is_again { self.take(true) } else { self.take_quiet().await };
            let connection = match taken {
                Some(connection) => connection,
                None => Box::pin(self.connect()).await?,
            };
            let sent = match connection {
                Connection::Http1(mut http1) => {
                    let reply = http1.send(request, &self.host).await;
                    reply.map(|reply| {
                        let connection = Some((http1, self.clone()));
                        reply.map(|body| ReplyBody::Http1 { body, ended: false, connection })
                    })
                }
                Connection::Http2(http2) => http2.send(request).await,
            };
            let Unanswered { error, resend } = match sent {
                Ok(reply) => return Ok(reply),
                Err(unanswered) => unanswered,
            };
            match resend {
                Resend::Unprocessed if resends < RESENDS => resends += 1,
                Resend::ClosedEarly if may_be_lost => may_be_lost = false,
                _ => return Err(Fault::reply(error)),
            }
            tracing::debug!(?resend, "sends a request again");
            is_again = true;
        }
    }

    /// Stores a connection of HTTP/1 whose reply was read.
    pub(crate) fn put(&self, connection: Http1) {
        self.open().idle.push(connection);
    }

    fn has_connection(&self) -> bool {
        let open = self.open();
        open.shared.is_some() || !open.idle.is_empty()
    }

    /// Returns an open connection on which nothing has arrived that is no part of a reply.
    async fn take_quiet(&self) -> Option<Connection> {
        loop {
            match self.take(false)? {
                Connection::Http1(http1) if !http1.is_quiet().await => {}
                connection => return Some(connection),
            }
        }
    }

    /// Returns an open connection. After a failure, a connection of HTTP/1 that was idle may be broken too.
    fn take(&self, after_failure: bool) -> Option<Connection> {
        let now = Instant::now();
        let mut open = self.open();
        if let Some(shared) = &mut open.shared {
            if shared.is_usable(now) {
                return Some(Connection::Http2(shared.clone()));
            }
            open.shared = None;
        }
        if after_failure {
            return None;
        }
        loop {
            let mut idle = open.idle.pop()?;
            if idle.is_usable(now) {
                idle.use_at(now);
                return Some(Connection::Http1(idle));
            }
        }
    }

    /// Opens a connection. One call at a time opens a connection that others may share; those that wait for it share
    /// its failure too. If it is dropped, the next one opens the connection.
    async fn connect(self: &Arc<Self>) -> Result<Connection, Fault> {
        if self.is_http1.load(Relaxed) {
            return self.open_one().await;
        }
        let failures = self.failures.load(Relaxed);
        // The runtime of the call that opens one may be stopped. If it runs, its failure comes first.
        let limit = self.connect_timeout.saturating_add(GRACE);
        let Ok(mut last_failure) = timeout(limit, self.opening.lock()).await else {
            return self.open_one().await;
        };
        if let Some(connection) = self.take(false) {
            return Ok(connection);
        }
        if self.is_http1.load(Relaxed) {
            drop(last_failure);
            return self.open_one().await;
        }
        if let Some(fault) = last_failure.as_ref().filter(|_| self.failures.load(Relaxed) != failures) {
            return Err(fault.clone());
        }
        let opened = self.open_one().await;
        if let Err(fault) = &opened {
            self.failures.fetch_add(1, Relaxed);
            *last_failure = Some(fault.clone());
        }
        opened
    }

    async fn open_one(self: &Arc<Self>) -> Result<Connection, Fault> {
        let opening = async {
            let Opened { io, watcher, is_http2 } = self.connector.connect().await?;
            let stream = Stream::new(io, watcher);
            Ok::<_, super::BoxError>(if is_http2 {
                Connection::Http2(Http2::open(stream, self.keep_alive).await?)
            } else {
                Connection::Http1(Http1::open(stream).await?)
            })
        };
        let limit = self.connect_timeout;
        let connection = timeout(limit, opening)
            .await
            .unwrap_or_else(|_| Err(format!("not connected within {limit:?}").into()))
            .map_err(Fault::connect)?;
        let is_http1 = matches!(connection, Connection::Http1(_));
        self.is_http1.store(is_http1, Relaxed);
        let mut open = self.open();
        if let Connection::Http2(http2) = &connection {
            open.shared = Some(http2.clone());
        }
        if open.reaper.as_ref().is_none_or(Task::is_finished) {
            open.reaper = Some(Task::spawn(reap(Arc::downgrade(self))));
        }
        drop(open);
        Ok(connection)
    }

    /// Closes the connections that were idle for too long, and returns when the next ones will have been.
    fn close_idle(&self) -> Instant {
        let now = Instant::now();
        let mut open = self.open();
        open.idle.retain(|idle| idle.is_usable(now));
        open.shared.take_if(|shared| shared.expires_at(now) <= now);
        let shared = open.shared.as_ref().map(|shared| shared.expires_at(now));
        let next = open.idle.iter().map(Http1::expires_at).chain(shared).min();
        next.unwrap_or(now + super::IDLE_TIMEOUT)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes idle connections for as long as the pool exists.
async fn reap(pool: Weak<Pool>) {
    while let Some(next) = pool.upgrade().map(|pool| pool.close_idle()) {
        sleep_until(next).await;
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// More than a tick of the timers, and a small part of a connect timeout.
const GRACE: Duration = Duration::from_millis(50);
/// A request that is refused as often is refused for a reason that the next connection does not change.
const RESENDS: u32 = 3;
