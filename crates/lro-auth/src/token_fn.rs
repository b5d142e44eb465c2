use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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
/// - A fetch belongs to the runtime of the call that started it. If that runtime does not run for 5 s, the other calls that
///   wait start a new fetch.
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
    fetch: Option<(WeakShared<Call>, Arc<Pulse>)>,
}

type Fetched = Result<Token, Status>;
type Call = Pin<Box<dyn Future<Output = Fetched> + Send>>;

/// A fetch that runs. Clones share it.
#[derive(Clone)]
struct Fetch {
    call: Shared<Call>,
    pulse: Arc<Pulse>,
}

/// Counts the seconds of a fetch, by the clock of the runtime that drives it. It stands still if that runtime does.
#[derive(Debug, Default)]
struct Pulse(AtomicU64);

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
                if let Err(status) = fetch.call.await {
                    warn!(%status, "cannot renew the token");
                }
            });
        }
    }

    /// Returns the fetch that runs, or else a new one.
    fn join(&self, state: &mut State) -> Fetch {
        if let Some((call, pulse)) = &state.fetch
            && let Some(call) = call.upgrade()
        {
            return Fetch { call, pulse: Arc::clone(pulse) };
        }
        let (call, pulse) = (Arc::clone(&self.fetch), Arc::<Pulse>::default());
        let results = Results { state: Arc::downgrade(&self.state), pulse: Arc::clone(&pulse) };
        let call = fetch_token(call, state.renewal.not_before(), results).boxed().shared();
        state.fetch = call.downgrade().map(|call| (call, Arc::clone(&pulse)));
        Fetch { call, pulse }
    }

    /// Waits for the result of a fetch. If its runtime does not run, another fetch takes its place.
    async fn finish(&self, mut fetch: Fetch) -> Fetched {
        loop {
            let before = fetch.pulse.count();
            match timeout(PATIENCE, fetch.call.clone()).await {
                Ok(fetched) => return fetched,
                Err(_) if fetch.pulse.count() != before => {}
                Err(_) => {
                    let mut state = write(&self.state);
                    let is_current = |(_, pulse): &mut (_, Arc<Pulse>)| Arc::ptr_eq(pulse, &fetch.pulse);
                    state.fetch.take_if(is_current);
                    let next = self.join(&mut state);
                    drop(state);
                    fetch = next;
                }
            }
        }
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
        // The timer is inside of the guard: the runtime may have none.
        guarded(self.finish(fetch)).await.map(Some)
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

impl Pulse {
    fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Counts while a future runs.
    async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        loop {
            match timeout(BEAT, call.as_mut()).await {
                Ok(result) => return result,
                Err(_) => self.0.fetch_add(1, Relaxed),
            };
        }
    }
}

/// Where the result of a fetch is stored.
struct Results {
    state: Weak<RwLock<State>>,
    pulse: Arc<Pulse>,
}

impl Results {
    /// Stores the result, unless another fetch took the place of this one.
    fn store(&self, fetched: &Fetched) {
        let Some(state) = self.state.upgrade() else { return };
        let replaced = {
            let mut state = write(&state);
            let is_current = |(_, pulse): &mut (_, Arc<Pulse>)| Arc::ptr_eq(pulse, &self.pulse);
            state.fetch.take_if(is_current).map(|_| state.renewal.store(fetched, Instant::now()))
        };
        drop(replaced);
    }
}

/// Waits for the end of a pause, calls the closure, and stores the result.
async fn fetch_token<F, Fut>(call: Arc<F>, not_before: Option<Instant>, results: Results) -> Fetched
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Fetched> + Send,
{
    // Timers and destructors are inside of the guard too: the runtime of the timers may have ended.
    let fetched = guarded(results.pulse.during(async move {
        if let Some(end) = not_before {
            sleep_until(end).await;
        }
        timeout(TIMEOUT, call()).await.unwrap_or_else(|_| {
            let message = format!("the closure that fetches the token did not end within {TIMEOUT:?}");
            Err(Status::new(Code::DeadlineExceeded, message))
        })
    }))
    .await;
    results.store(&fetched);
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
/// How often a fetch shows that its runtime runs.
const BEAT: Duration = Duration::from_secs(1);
/// A call waits for a fetch without a beat for this long, well within the attempt timeout of 30 s. A runtime that is busy
/// for a shorter time is common; a longer patience leaves less time for the next fetch.
const PATIENCE: Duration = Duration::from_secs(5);
