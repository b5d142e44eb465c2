use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::HeaderValue;
use lro::{Code, Status};
use tokio::time::Instant;

use crate::Credentials;

/// A bearer token and when it expires. `Debug` omits the token. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    authorization: HeaderValue,
    quota_project: Option<HeaderValue>,
    expires_at: Option<Instant>,
}

impl Token {
    /// Creates a bearer token that does not expire.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if it is empty or contains characters that are invalid in a header.
    pub fn bearer(token: &str) -> Result<Self, Status> {
        if token.trim().is_empty() {
            return Err(Status::new(Code::Unauthenticated, "the bearer token is empty"));
        }
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        header.map(Self::from_header).map_err(|_| {
            Status::new(
                Code::Unauthenticated,
                "the bearer token contains characters that are invalid in a header",
            )
        })
    }

    pub(crate) fn from_header(mut authorization: HeaderValue) -> Self {
        authorization.set_sensitive(true);
        Self(Arc::new(Parts { authorization, quota_project: None, expires_at: None }))
    }

    /// Sets how long the token is valid, from now on.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        Arc::make_mut(&mut self.0).expires_at = Instant::now().checked_add(lifetime);
        self
    }

    /// Sets the project whose quota is used, sent as `x-goog-user-project`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if it is empty or contains characters that are invalid in a header.
    pub fn quota_project(mut self, project: &str) -> Result<Self, Status> {
        Arc::make_mut(&mut self.0).quota_project = Some(quota_project(project)?);
        Ok(self)
    }

    /// Whether the token expires within the next minute.
    pub fn is_stale(&self) -> bool {
        self.0.expires_at.is_some_and(|expiry| expiry.saturating_duration_since(Instant::now()) < MARGIN)
    }

    /// Returns the value of the header `authorization`.
    pub fn authorization(&self) -> &HeaderValue {
        &self.0.authorization
    }

    /// Returns the value of the header `x-goog-user-project`.
    pub fn project(&self) -> Option<&HeaderValue> {
        self.0.quota_project.as_ref()
    }

    /// Replaces the token in a text that a server sent.
    pub fn hidden_in(&self, text: String) -> String {
        match self.secret() {
            Some(token) => text.replace(token, "…"),
            None => text,
        }
    }

    /// Whether a text contains the token.
    pub fn is_in(&self, text: &str) -> bool {
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

/// The same token for every call.
#[async_trait]
impl Credentials for Token {
    async fn token(&self) -> Result<Option<Self>, Status> {
        Ok(Some(self.clone()))
    }

    fn token_at_hand(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Returns the value of the header `x-goog-user-project`.
///
/// # Errors
///
/// `INVALID_ARGUMENT` if it is empty or contains characters that are invalid in a header.
pub fn quota_project(project: &str) -> Result<HeaderValue, Status> {
    HeaderValue::try_from(project)
        .ok()
        .filter(|header| !header.is_empty())
        .ok_or_else(|| Status::invalid_argument(format!("not a quota project: {project:?}")))
}

/// A token is renewed this long before it expires. A shorter margin lets it expire on the way to the server, a longer
/// one discards tokens that are issued for a few minutes.
const MARGIN: Duration = Duration::from_secs(60);
/// Shorter tokens are not replaced in texts: they are not secret, and may be a part of a word.
const SECRET: usize = 8;
