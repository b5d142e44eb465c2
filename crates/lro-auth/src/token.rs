use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, header};
use lro::Status;
use memchr::memmem::{self, Finder};
use tokio::time::Instant;

use crate::{Credentials, echo, headers};

/// The headers that authenticate a call, and when they expire: a bearer token, an API key, or any others.
///
/// `Debug` omits the values. Clones share them. Tokens are equal if they have the same headers.
///
/// ```
/// use lro_auth::Token;
///
/// let token = Token::bearer("ya29.c0AY")?;
/// let api_key = Token::header("x-goog-api-key", "AIzaSyDa")?;
/// let with_tenant = Token::header("authorization", "Basic dXNlcjpwYXNz")?.with_header("x-tenant", "blue")?;
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone)]
pub struct Token(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    headers: Vec<(HeaderName, HeaderValue)>,
    expiry: Option<Expiry>,
    /// Searches for the ends of the secrets, prepared by the first search.
    ends: OnceLock<Vec<Finder<'static>>>,
}

#[derive(Clone, Copy)]
struct Expiry {
    renew_at: Instant,
    at: Instant,
}

impl Token {
    /// Creates a bearer token that does not expire, sent as `authorization: Bearer <token>`.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if it is empty, begins with a scheme such as `Bearer `, has whitespace in it or around it, such as
    /// the line feed of a file, or contains characters that are invalid in a header.
    pub fn bearer(token: &str) -> Result<Self, Status> {
        headers::bearer(token).map(|value| Self::of(vec![(header::AUTHORIZATION, value)]))
    }

    /// Creates a token of one header that does not expire, such as `x-goog-api-key`, `api-key`, or `authorization` with
    /// a scheme of any kind.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an invalid name, and for one that belongs to the connection, such as `host`.
    /// `UNAUTHENTICATED` if the value is empty, has whitespace around it, or contains characters that are invalid in a
    /// header, and for an `authorization` with two schemes, a colon after its scheme, or a space in a bearer token.
    pub fn header(name: &str, value: &str) -> Result<Self, Status> {
        Self::of(Vec::new()).with_header(name, value)
    }

    /// Adds a header, or replaces the one of that name.
    ///
    /// # Errors
    ///
    /// Those of [`header`](Self::header).
    pub fn with_header(self, name: &str, value: &str) -> Result<Self, Status> {
        headers::header(name, value).map(|header| self.set(header))
    }

    /// Sets the project that pays and provides the quota, sent as `x-goog-user-project`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if it is empty or contains characters that are invalid in a header.
    pub fn quota_project(self, project: &str) -> Result<Self, Status> {
        headers::quota_project(project).map(|header| self.set(header))
    }

    /// Sets how long the token is valid, from now on.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        let margin = (lifetime / SHARE).min(LONGEST_MARGIN);
        let expiry = |at| Expiry { renew_at: at - margin, at };
        Arc::make_mut(&mut self.0).expiry = Instant::now().checked_add(lifetime).map(expiry);
        self
    }

    /// Whether the token has expired.
    pub fn is_expired(&self) -> bool {
        self.expires_at().is_some_and(|at| at <= Instant::now())
    }

    /// Returns the headers to send. All but `x-goog-user-project` are marked as sensitive.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.headers.iter().map(|(name, value)| (name, value))
    }

    /// Replaces the token in a text that a server sent, so that the text can be shown.
    ///
    /// The token is also found where the text has it escaped: as in JSON, percent-encoded, as in HTML or as in Rust's
    /// `Debug`, also several times one after another.
    /// A token of less than 8 characters is not a secret and may be a part of a word: it is not replaced.
    /// A text that has the token more than 10,000 times is replaced as a whole.
    pub fn hidden_in(&self, text: String) -> String {
        if self.is_in(&text) { echo::hidden(text, self.secrets()) } else { text }
    }

    /// Whether [`hidden_in`](Self::hidden_in) would change a text.
    pub fn is_in(&self, text: impl AsRef<[u8]>) -> bool {
        let text = text.as_ref();
        // A text that does not contain the end of a secret costs the least, and most texts do not.
        let ends = self.0.ends.get_or_init(|| self.secrets().map(end_of).collect());
        let found = ends.iter().any(|end| end.find(text).is_some());
        found && self.secrets().any(|secret| memmem::find(text, secret.as_bytes()).is_some())
            || echo::may_have_escapes(text) && echo::is_escaped_in(text, self.secrets())
    }

    /// Creates a token of headers that another library made.
    #[cfg(feature = "google-cloud-auth")]
    pub(crate) fn from_headers(headers: &http::HeaderMap) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        headers.map(headers::sensitive).fold(Self::of(Vec::new()), Self::set)
    }

    pub(crate) fn expires_at(&self) -> Option<Instant> {
        self.0.expiry.map(|expiry| expiry.at)
    }

    pub(crate) fn renew_at(&self) -> Option<Instant> {
        self.0.expiry.map(|expiry| expiry.renew_at)
    }

    fn of(headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self(Arc::new(Parts { headers, expiry: None, ends: OnceLock::new() }))
    }

    fn set(mut self, header: (HeaderName, HeaderValue)) -> Self {
        let Parts { headers, ends, .. } = Arc::make_mut(&mut self.0);
        headers.retain(|(name, _)| *name != header.0);
        headers.push(header);
        *ends = OnceLock::new();
        self
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers().filter(|(_, value)| value.is_sensitive());
        headers.flat_map(headers::secrets).filter(|secret| secret.len() >= SECRET)
    }
}

/// Returns the search for the end of a secret.
fn end_of(secret: &str) -> Finder<'static> {
    let end = secret.as_bytes().last_chunk::<SECRET>().copied().unwrap_or_default();
    Finder::new(&end).into_owned()
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.headers == other.0.headers
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Token").field("headers", &names).field("expires_at", &self.expires_at()).finish()
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

/// The renewal begins in the last tenth of the lifetime. A smaller part leaves no time for a second attempt at short
/// tokens, a larger one fetches more tokens.
const SHARE: u32 = 10;
/// Google's metadata server returns the same token again until 4 to 5 minutes before it expires. With a longer margin
/// the renewal brings no new token.
const LONGEST_MARGIN: Duration = Duration::from_secs(240);
/// Shorter tokens are not replaced in texts: they are not secret, and may be a part of a word.
const SECRET: usize = 8;
