//! Credentials from the crate `google-cloud-auth`.

mod default;

use std::{
    error::Error,
    fmt, mem,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt};
use google_cloud_auth::{
    build_errors,
    credentials::{Builder, CacheableResource, Credentials as CloudCredentials},
};
use http::{Extensions, HeaderMap};
use lro::{Code, Status};

use crate::{Credentials, Token, TokenFn, token_fn};

/// Credentials from the crate `google-cloud-auth`: application default credentials, service accounts, impersonation,
/// workload identity, API keys and its other kinds, with the quota project.
///
/// That crate renews the token. After a server refused the token, or when the token server does, the credentials are
/// built again, which is the only way to make that crate fetch another token. [`token_fn`] describes the pauses between
/// such attempts.
pub struct GoogleCloudCredentials {
    source: Arc<Source>,
    tokens: TokenFn<Fetch>,
}

/// Builds the credentials, and takes tokens from them.
struct Source {
    build: Build,
    /// What the messages of failures advise.
    advice: &'static str,
    are_default: bool,
    built: RwLock<Built>,
}

type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<Token, Status>> + Send + Sync>;
type Build = Box<dyn Fn() -> Result<CloudCredentials, build_errors::Error> + Send + Sync>;

#[derive(Default)]
struct Built {
    credentials: Option<CloudCredentials>,
    is_refused: bool,
}

impl GoogleCloudCredentials {
    /// Finds the application default credentials for these scopes: `GOOGLE_APPLICATION_CREDENTIALS`, the file that
    /// `gcloud auth application-default login` writes, or the metadata server.
    ///
    /// Where there is neither a file nor a metadata server, the first call fails at once with `UNAUTHENTICATED`.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if there is a file that cannot be read, or one outside of a tokio runtime.
    pub fn application_default<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Result<Self, Status> {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        let build = move || Builder::default().with_scopes(scopes.clone()).build();
        let source = Source { are_default: true, advice: default::ADVICE, ..Source::of(build) };
        if default::are_located() {
            source.build_now()?;
        }
        Ok(Self::of(source))
    }

    /// Creates credentials of any kind from the closure that builds them.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if the closure fails, or outside of a tokio runtime.
    pub fn new(
        build: impl Fn() -> Result<CloudCredentials, build_errors::Error> + Send + Sync + 'static,
    ) -> Result<Self, Status> {
        let source = Source::of(build);
        source.build_now()?;
        Ok(Self::of(source))
    }

    fn of(source: Source) -> Self {
        let source = Arc::new(source);
        let fetching = Arc::clone(&source);
        let fetch: Fetch = Box::new(move || {
            let source = Arc::clone(&fetching);
            async move { source.token().await }.boxed()
        });
        Self { source, tokens: token_fn(fetch) }
    }
}

/// Credentials without a header, such as anonymous ones, have no token.
#[async_trait]
impl Credentials for GoogleCloudCredentials {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Ok(self.tokens.token().await?.filter(has_headers))
    }

    fn token_at_hand(&self) -> Option<Token> {
        self.tokens.token_at_hand().filter(has_headers)
    }

    fn invalidate(&self, refused: &Token) {
        if self.tokens.is_current(refused) {
            self.source.refuse();
        }
        self.tokens.invalidate(refused);
    }
}

impl fmt::Debug for GoogleCloudCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoogleCloudCredentials")
    }
}

impl Source {
    fn of(build: impl Fn() -> Result<CloudCredentials, build_errors::Error> + Send + Sync + 'static) -> Self {
        Self { build: Box::new(build), advice: "", are_default: false, built: RwLock::default() }
    }

    async fn token(&self) -> Result<Token, Status> {
        let headers = self.credentials().await?.headers(Extensions::new()).await.map_err(|error| {
            if error.is_transient() {
                let status = unauthenticated(format!("cannot fetch a token: {error}: {}", root_of(&error)));
                return status.with_transient(true).with_source(error);
            }
            // That crate fetches no more tokens for these credentials.
            self.refuse();
            let status = self.repairable("cannot fetch a token", &error);
            status.with_source(error)
        })?;
        let headers = match headers {
            CacheableResource::New { data, .. } => data,
            // It answers an entity tag, and the request has none.
            CacheableResource::NotModified => HeaderMap::new(),
        };
        Ok(Token::from_headers(&headers).expires_in(LOOK_AGAIN))
    }

    /// Returns the credentials, built again after a refusal. If that fails, the refused ones stay.
    async fn credentials(&self) -> Result<CloudCredentials, Status> {
        let (kept, is_refused) = {
            let built = self.built.read().unwrap_or_else(PoisonError::into_inner);
            (built.credentials.clone(), built.is_refused)
        };
        match kept {
            Some(kept) if is_refused => Ok(self.find().await.unwrap_or(kept)),
            Some(kept) => Ok(kept),
            None => self.find().await,
        }
    }

    async fn find(&self) -> Result<CloudCredentials, Status> {
        if self.are_default && !default::are_located() {
            default::find_metadata_server().await?;
        }
        self.build_now()
    }

    fn build_now(&self) -> Result<CloudCredentials, Status> {
        // That crate spawns a task that renews the token, and panics without a runtime.
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(unauthenticated(
                "cannot build credentials outside of a tokio runtime: build them in an async function"
                    .to_owned(),
            ));
        }
        let credentials = (self.build)().map_err(|error| {
            let status = self.repairable("cannot build credentials", &error);
            status.with_source(error)
        })?;
        let built = Built { credentials: Some(credentials.clone()), is_refused: false };
        let replaced = mem::replace(&mut *self.built.write().unwrap_or_else(PoisonError::into_inner), built);
        // After the lock: the credentials may be the caller's.
        drop(replaced);
        Ok(credentials)
    }

    /// Returns a failure that lasts until a person repairs it.
    fn repairable(&self, what: &str, error: &dyn Error) -> Status {
        let why = error.to_string();
        let message = format!("{what}: {}{}", why.trim_end_matches('.'), self.advice);
        unauthenticated(message).with_transient(false)
    }

    fn refuse(&self) {
        self.built.write().unwrap_or_else(PoisonError::into_inner).is_refused = true;
    }
}

/// Returns the cause that other causes lead to: that crate names it in none of the messages above it.
fn root_of<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error
}

fn has_headers(token: &Token) -> bool {
    token.headers().len() > 0
}

fn unauthenticated(message: String) -> Status {
    Status::new(Code::Unauthenticated, message)
}

/// That crate does not pass on when a token expires. It renews the token itself, 4 minutes before that, and asked again
/// it returns the one in use. A shorter time asks it at more polls, in a longer one calls use a token that has expired.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
