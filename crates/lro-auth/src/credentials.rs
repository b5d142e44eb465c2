use std::{fmt, sync::Arc};

use async_trait::async_trait;
use lro::Status;

use crate::Token;

/// An asynchronous function that returns the token for a call.
///
/// It is called before every call, because a wait outlives a token. Implementations cache a valid token.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// Returns a valid token, or `None` for a call without a token.
    ///
    /// # Errors
    ///
    /// The call fails with the returned status. A transient status is retried like that of any failed call.
    async fn token(&self) -> Result<Option<Token>, Status>;

    /// Returns a valid token if one is cached. After `None`, [`token`](Self::token) is called.
    ///
    /// It saves the boxed future of `token` at every poll. Default: `None`.
    fn token_at_hand(&self) -> Option<Token> {
        None
    }

    /// Drops a token that the server refused, so that the next call gets a new one. Default: does nothing.
    ///
    /// A token that is no longer the current one was refused too late: the current one stays.
    fn invalidate(&self, _: &Token) {}
}

/// No credentials, for servers that need none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Ok(None)
    }
}

/// Credentials that several clients share.
#[async_trait]
impl<C: Credentials + ?Sized> Credentials for Arc<C> {
    async fn token(&self) -> Result<Option<Token>, Status> {
        C::token(self).await
    }

    fn token_at_hand(&self) -> Option<Token> {
        C::token_at_hand(self)
    }

    fn invalidate(&self, refused: &Token) {
        C::invalidate(self, refused);
    }
}
