use std::env;

use lro_http::{GoogleCloudCredentials, HttpClientBuilder, Token, token_file};

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
        (CredentialKind::Auto, Some(file), _) => Ok(builder.credentials(token_file(file))),
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
