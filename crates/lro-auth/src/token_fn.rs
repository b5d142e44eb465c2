use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures::future::{FutureExt, Shared, WeakShared};
use lro::{Code, Status, rules::guard_call};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until, timeout},
};
use tracing::warn;

use crate::{Credentials, Token, renewal::Renewal};

/// Returns credentials that fetch a token by a closure and use it until it expires.
///
/// - The last tenth of the lifetime, at most 4 minutes, is for renewal. It runs in the background of the calls, which go
///   on with the valid token. A renewal that fails logs a warning and is tried again after pauses of 0.5 s to 10 s.
/// - Calls without a valid token wait for one fetch together and share its result, also its failure. The fetch goes on
///   while at least one of them waits.
/// - A token that a server refuses is dropped, and the next one is fetched. If that is refused too, the fetches after it
///   have pauses.
/// - A fetch fails after 60 s, and when the closure panics.
///
/// ```
/// use std::time::Duration;
/// use lro_auth::{Token, token_fn};
///
/// let credentials = token_fn(|| async {
///     let (token, lifetime) = ("from-somewhere", Duration::from_secs(3_600));
///     Ok(Token::bearer(token)?.expires_in(lifetime))
/// });
/// ```
pub fn token_fn<F, Fut>(fetch: F) -> TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, Status>> + Send + 'static,
{
    TokenFn { fetch: Arc::new(fetch), state: Arc::default() }
}

/// The credentials that [`token_fn`] returns.
pub struct TokenFn<F> {
    fetch: Arc<F>,
    state: Arc<RwLock<State>>,
}

/// Callers and the background hold the running fetch. It is dropped when the last of them gives up.
#[derive(Default)]
struct State {
    renewal: Renewal,
    fetch: Option<WeakShared<Fetch>>,
}

type Fetched = Result<Token, Status>;
type Fetch = Pin<Box<dyn Future<Output = Fetched> + Send>>;

impl<F, Fut> TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Fetched> + Send + 'static,
{
    /// Starts the renewal in the background, if it is due.
    #[cold]
    fn renew(&self) {
        // Without a runtime, the calls that find the token expired fetch the next one.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut state = write(&self.state);
        if state.renewal.begin(Instant::now()) {
            let fetch = self.join(&mut state);
            drop(state);
            runtime.spawn(async move {
                if let Err(status) = fetch.await {
                    warn!(%status, "cannot renew the token");
                }
            });
        }
    }

    /// Returns the fetch that runs, or else a new one.
    fn join(&self, state: &mut State) -> Shared<Fetch> {
        if let Some(fetch) = state.fetch.as_ref().and_then(WeakShared::upgrade) {
            return fetch;
        }
        let (call, results) = (Arc::clone(&self.fetch), Arc::downgrade(&self.state));
        let fetch = fetch_token(call, state.renewal.not_before(), results).boxed().shared();
        state.fetch = fetch.downgrade();
        fetch
    }
}

#[cfg(feature = "google-cloud-auth")]
impl<F> TokenFn<F> {
    pub(crate) fn is_current(&self, token: &Token) -> bool {
        read(&self.state).renewal.is_current(token)
    }
}

#[async_trait]
impl<F, Fut> Credentials for TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Fetched> + Send + 'static,
{
    async fn token(&self) -> Result<Option<Token>, Status> {
        if let Some(token) = self.token_at_hand() {
            return Ok(Some(token));
        }
        let fetch = {
            let mut state = write(&self.state);
            // Another call may have stored a token since.
            if let Some((token, _)) = state.renewal.at_hand(Instant::now) {
                return Ok(Some(token));
            }
            if let Some(failure) = state.renewal.failing(Instant::now()) {
                return Err(failure);
            }
            self.join(&mut state)
        };
        fetch.await.map(Some)
    }

    fn token_at_hand(&self) -> Option<Token> {
        let (token, is_due) = read(&self.state).renewal.at_hand(Instant::now)?;
        if is_due {
            self.renew();
        }
        Some(token)
    }

    fn invalidate(&self, refused: &Token) {
        write(&self.state).renewal.refuse(refused, Instant::now());
    }
}

impl<F> fmt::Debug for TokenFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenFn")
    }
}

/// Waits for the end of a pause, calls the closure, and stores the result.
async fn fetch_token<F, Fut>(
    call: Arc<F>,
    not_before: Option<Instant>,
    results: Weak<RwLock<State>>,
) -> Fetched
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Fetched> + Send,
{
    // Timers and destructors are inside of the guard too: the runtime of the timers may have ended.
    let fetched = guarded(async move {
        if let Some(end) = not_before {
            sleep_until(end).await;
        }
        timeout(TIMEOUT, call()).await.unwrap_or_else(|_| {
            let message = format!("the closure that fetches the token did not end within {TIMEOUT:?}");
            Err(Status::new(Code::DeadlineExceeded, message))
        })
    })
    .await;
    if let Some(state) = results.upgrade() {
        let replaced = {
            let mut state = write(&state);
            state.fetch = None;
            state.renewal.store(&fetched, Instant::now())
        };
        drop(replaced);
    }
    fetched
}

/// Turns a panic into a failure.
async fn guarded(call: impl Future<Output = Fetched> + Send) -> Fetched {
    let mut call = Box::pin(call);
    poll_fn(|context| {
        guard_call("the closure that fetches the token", || call.as_mut().poll(context))
            .unwrap_or_else(|panicked| Poll::Ready(Err(panicked)))
    })
    .await
}

fn read(state: &RwLock<State>) -> RwLockReadGuard<'_, State> {
    state.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(state: &RwLock<State>) -> RwLockWriteGuard<'_, State> {
    state.write().unwrap_or_else(PoisonError::into_inner)
}

/// The default timeout of a call. A shorter one ends fetches that a slow token server would answer, a longer one keeps
/// all calls waiting for one connection that is dead.
const TIMEOUT: Duration = Duration::from_secs(60);
