use std::{env, fs, path::PathBuf, sync::Arc};

use lro::{Code, Status};
use lro_http::{GoogleCloudCredentials, HttpClientBuilder, Token, token_fn};

use crate::{
    args::{Access, CredentialKind},
    exit::Failure,
};

/// The environment variable with a bearer token.
const TOKEN: &str = "LRO_TOKEN";

/// Gives a client the credentials that the command line and the environment name. `scopes` are those of the service.
///
/// No argument has a token: others read the arguments of a process.
pub(crate) fn apply<C>(
    builder: HttpClientBuilder<C>,
    access: &Access,
    scopes: &[String],
) -> Result<HttpClientBuilder<C>, Failure> {
    let token = env::var_os(TOKEN).filter(|token| !token.is_empty());
    match (access.credentials, &access.token_file, token) {
        (CredentialKind::None, _, _) => Ok(builder),
        (CredentialKind::Auto, Some(file), _) => of_file(builder, file),
        (CredentialKind::Auto, None, Some(token)) => {
            // What is not Unicode has a character that no header may have.
            let token = Token::bearer(&token.to_string_lossy()).map_err(|status| status.in_context(TOKEN))?;
            Ok(builder.credentials(token))
        }
        (CredentialKind::Auto, None, None) if !is_google(access.endpoint.as_deref()) => Ok(builder),
        (CredentialKind::Auto | CredentialKind::ApplicationDefault, ..) => {
            let scopes = if access.scope.is_empty() { scopes } else { &access.scope };
            let scopes = if scopes.is_empty() { vec![CLOUD_PLATFORM.to_owned()] } else { scopes.to_vec() };
            Ok(builder.credentials(GoogleCloudCredentials::application_default(scopes)?))
        }
    }
}

/// Uses the token of a file, and reads the file again when a server refuses the token.
fn of_file<C>(builder: HttpClientBuilder<C>, file: &PathBuf) -> Result<HttpClientBuilder<C>, Failure> {
    token_in(file)?;
    let file = Arc::new(file.clone());
    Ok(builder.credentials(token_fn(move || {
        let file = Arc::clone(&file);
        async move { token_in(&file) }
    })))
}

fn token_in(file: &PathBuf) -> Result<Token, Status> {
    let context = format!("the token file {}", file.display());
    let text = fs::read_to_string(file).map_err(|error| {
        Status::new(Code::Unauthenticated, format!("{context}: {error}")).with_transient(false)
    })?;
    Token::bearer(text.trim_end()).map_err(|status| status.in_context(&context))
}

/// Returns whether the tokens of Google's accounts are for this endpoint. They are not sent elsewhere unless that is asked for.
fn is_google(endpoint: Option<&str>) -> bool {
    let Some(endpoint) = endpoint else {
        return true;
    };
    let host = endpoint.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| {
        let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        is_plain && host.to_ascii_lowercase().ends_with(".googleapis.com")
    })
}

/// What services accept that publish no scope.
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_default_credentials_are_for_google_alone() {
        let google = [
            "https://run.googleapis.com",
            "https://us-central1-run.googleapis.com/",
            "https://RUN.googleapis.com/x",
        ];
        let others = [
            "http://run.googleapis.com",
            "https://run.googleapis.com.example.com",
            "https://evilgoogleapis.com",
            "https://a@run.googleapis.com",
            "https://example.com?.googleapis.com",
            "https://example.com\\.googleapis.com",
            "https://example.com:443#.googleapis.com",
            "http://127.0.0.1:8080",
        ];
        assert!(is_google(None) && google.iter().all(|endpoint| is_google(Some(endpoint))));
        assert!(!others.iter().any(|endpoint| is_google(Some(endpoint))));
    }
}
