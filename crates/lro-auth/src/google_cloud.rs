//! Credentials from the crate `google-cloud-auth`.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;
use google_cloud_auth::{
    build_errors,
    credentials::{Builder, CacheableResource, Credentials as CloudCredentials},
};
use http::Extensions;
use lro::{Code, Status};

use crate::{Credentials, Token};

/// Credentials from the crate `google-cloud-auth`: application default credentials, service accounts, impersonation,
/// workload identity and its other kinds, with the quota project.
///
/// That crate caches and renews the token. After a server refused the token, the credentials are built again, which
/// is the only way to drop a cached token.
pub struct GoogleCloudCredentials {
    build: Box<dyn Fn() -> Result<CloudCredentials, build_errors::Error> + Send + Sync>,
    current: RwLock<Current>,
}

struct Current {
    credentials: CloudCredentials,
    token: Option<Token>,
}

impl GoogleCloudCredentials {
    /// Finds the application default credentials for these scopes: `GOOGLE_APPLICATION_CREDENTIALS`, the file that
    /// `gcloud auth application-default login` writes, or the metadata server.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if none exist, if they cannot be read, or outside of a tokio runtime.
    pub fn application_default<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Result<Self, Status> {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        Self::new(move || Builder::default().with_scopes(scopes.clone()).build())
    }

    /// Creates credentials of any kind from the closure that builds them.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if the closure fails, or outside of a tokio runtime.
    pub fn new(
        build: impl Fn() -> Result<CloudCredentials, build_errors::Error> + Send + Sync + 'static,
    ) -> Result<Self, Status> {
        // That crate spawns a task that renews the token, and panics without a runtime.
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Status::new(
                Code::Unauthenticated,
                "cannot build credentials outside of a tokio runtime: build them in an async function",
            ));
        }
        let credentials = build().map_err(|error| {
            Status::new(Code::Unauthenticated, format!("cannot build credentials: {error}"))
                .with_source(error)
        })?;
        Ok(Self { build: Box::new(build), current: RwLock::new(Current { credentials, token: None }) })
    }

    fn credentials(&self) -> CloudCredentials {
        self.current.read().unwrap_or_else(PoisonError::into_inner).credentials.clone()
    }
}

#[async_trait]
impl Credentials for GoogleCloudCredentials {
    async fn token(&self) -> Result<Option<Token>, Status> {
        let headers = self.credentials().headers(Extensions::new()).await.map_err(|error| {
            let status = Status::new(Code::Unauthenticated, format!("cannot fetch a token: {error}"));
            status.with_transient(error.is_transient()).with_source(error)
        })?;
        let CacheableResource::New { data, .. } = headers else {
            // The other variant answers an entity tag, and the request has none.
            return Ok(None);
        };
        let token = Some(Token::from_headers(&data)).filter(|token| token.headers().len() > 0);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.token != token {
            current.token.clone_from(&token);
        }
        Ok(token)
    }

    fn invalidate(&self, refused: &Token) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.token.as_ref() != Some(refused) {
            return;
        }
        // If the build fails, the next call fails as this one did.
        if let Ok(credentials) = (self.build)() {
            *current = Current { credentials, token: None };
        }
    }
}

impl fmt::Debug for GoogleCloudCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoogleCloudCredentials")
    }
}
