#[cfg(feature = "google-cloud-auth")]
mod google_cloud_auth;

use std::{
    fmt,
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use http::HeaderValue;
use lro::{Code, Status};
use tokio::{sync::Mutex, time::Instant};

#[cfg(feature = "google-cloud-auth")]
pub use self::google_cloud_auth::GoogleCloudCredentials;

/// An asynchronous function to the token that goes with a call.
///
/// It is asked before every call, for a wait outlives a token; whoever implements it keeps what is still good.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// A token that is good now; `None` for a call without one.
    async fn token(&self) -> Result<Option<Token>, Status>;

    /// A token that is good now and at hand, so that nothing need be awaited; `None` to be asked by
    /// [`token`](Self::token).
    fn token_at_hand(&self) -> Option<Token> {
        None
    }

    /// Told that the server refused this token, so that the next one is new.
    fn invalidate(&self, _: &Token) {}
}

/// A bearer token and how long it is good. It shows itself to nobody: `Debug` hides it. Cloning shares it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    authorization: HeaderValue,
    quota_project: Option<HeaderValue>,
    expires_at: Option<Instant>,
}

impl Token {
    /// A bearer token that does not expire.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if it is empty or has characters that no header can carry.
    pub fn bearer(token: &str) -> Result<Self, Status> {
        if token.trim().is_empty() {
            return Err(Status::new(Code::Unauthenticated, "the bearer token is empty"));
        }
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        header.map(Self::from_header).map_err(|_| {
            Status::new(Code::Unauthenticated, "the bearer token has characters that a header cannot carry")
        })
    }

    pub(crate) fn from_header(mut authorization: HeaderValue) -> Self {
        authorization.set_sensitive(true);
        Self(Arc::new(Parts { authorization, quota_project: None, expires_at: None }))
    }

    /// Sets how long the token is good from now.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        Arc::make_mut(&mut self.0).expires_at = Instant::now().checked_add(lifetime);
        self
    }

    /// Sets the project whose quota pays, sent as `x-goog-user-project`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if no header can carry it.
    pub fn quota_project(mut self, project: &str) -> Result<Self, Status> {
        Arc::make_mut(&mut self.0).quota_project = Some(project_header(project)?);
        Ok(self)
    }

    /// Whether it expires within the next minute.
    pub fn is_stale(&self) -> bool {
        self.0.expires_at.is_some_and(|expiry| expiry.saturating_duration_since(Instant::now()) < MARGIN)
    }

    pub(crate) fn authorization(&self) -> &HeaderValue {
        &self.0.authorization
    }

    pub(crate) fn project(&self) -> Option<&HeaderValue> {
        self.0.quota_project.as_ref()
    }

    /// The text without the token, for a server may say it back.
    pub(crate) fn hidden_in(&self, text: String) -> String {
        match self.secret() {
            Some(token) => text.replace(token, "…"),
            None => text,
        }
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.secret().is_some_and(|token| text.contains(token))
    }

    fn secret(&self) -> Option<&str> {
        let header = std::str::from_utf8(self.0.authorization.as_bytes()).ok()?;
        header.split_once(' ').map(|(_, token)| token).filter(|token| token.len() >= SECRET)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.0.expires_at).finish_non_exhaustive()
    }
}

/// Calls without a credential, for servers that ask for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Ok(None)
    }
}

/// Always the same token.
#[async_trait]
impl Credentials for Token {
    async fn token(&self) -> Result<Option<Self>, Status> {
        Ok(Some(self.clone()))
    }

    fn token_at_hand(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Tokens by a closure, which is called again when the last one is about to expire or was refused.
///
/// Calls that come meanwhile wait for the one that asks.
///
/// ```
/// use std::time::Duration;
/// use lro_http::{Token, token_fn};
///
/// let credentials = token_fn(|| async {
///     Ok(Token::bearer("from somewhere")?.expires_in(Duration::from_secs(3_600)))
/// });
/// ```
pub fn token_fn<F, Fut>(fetch: F) -> TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<Token, Status>> + Send,
{
    TokenFn { fetch, fetching: Mutex::new(()), kept: RwLock::new(None) }
}

/// See [`token_fn`].
pub struct TokenFn<F> {
    fetch: F,
    fetching: Mutex<()>,
    kept: RwLock<Option<Token>>,
}

impl<F> TokenFn<F> {
    fn kept(&self) -> Option<Token> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|token| !token.is_stale()).cloned()
    }
}

#[async_trait]
impl<F, Fut> Credentials for TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<Token, Status>> + Send,
{
    async fn token(&self) -> Result<Option<Token>, Status> {
        let _turn = self.fetching.lock().await;
        if let Some(token) = self.kept() {
            return Ok(Some(token));
        }
        let token = (self.fetch)().await?;
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }

    fn token_at_hand(&self) -> Option<Token> {
        self.kept()
    }

    fn invalidate(&self, refused: &Token) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // Another call may have brought a new one already.
        if kept.as_ref() == Some(refused) {
            *kept = None;
        }
    }
}

impl<F> fmt::Debug for TokenFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenFn")
    }
}

pub(crate) fn project_header(project: &str) -> Result<HeaderValue, Status> {
    HeaderValue::try_from(project)
        .ok()
        .filter(|header| !header.is_empty())
        .ok_or_else(|| Status::invalid_argument(format!("not a quota project: {project:?}")))
}

/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_secs(60);
/// A token of fewer bytes is no secret, and may well be a part of a word.
const SECRET: usize = 8;
