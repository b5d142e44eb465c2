#[cfg(feature = "google-cloud-auth")]
mod google_cloud_auth;
mod token;
mod token_fn;

use std::fmt;

use async_trait::async_trait;
use lro::Status;

#[cfg(feature = "google-cloud-auth")]
pub use self::google_cloud_auth::GoogleCloudCredentials;
pub(crate) use self::token::project_header;
pub use self::{
    token::Token,
    token_fn::{TokenFn, token_fn},
};

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

/// Calls without a credential, for servers that ask for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Ok(None)
    }
}
