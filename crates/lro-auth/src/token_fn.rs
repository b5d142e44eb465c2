use std::{
    fmt,
    future::Future,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;
use lro::Status;
use tokio::sync::Mutex;

use crate::{Credentials, Token};

/// Returns credentials that call a closure when the last token is about to expire or was refused.
///
/// The closure is called once at a time. Concurrent calls wait for its token.
///
/// ```
/// use std::time::Duration;
/// use lro_auth::{Token, token_fn};
///
/// let credentials = token_fn(|| async {
///     Ok(Token::bearer("from-somewhere")?.expires_in(Duration::from_secs(3_600)))
/// });
/// ```
pub fn token_fn<F, Fut>(fetch: F) -> TokenFn<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<Token, Status>> + Send,
{
    TokenFn { fetch, fetching: Mutex::new(()), kept: RwLock::new(None) }
}

/// The credentials that [`token_fn`] returns.
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
        // Another call may have stored a newer token.
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
