use std::{fs, io, path::PathBuf, sync::Arc};

use lro::{Code, Status};

use crate::{Credentials, Token, token_fn};

/// Returns credentials that read a bearer token from a file, such as one that an agent or an orchestrator keeps current.
///
/// The file is read at the first call, and again after a server has refused the token. A line feed at its end is ignored. A call fails with
/// `UNAUTHENTICATED`, which is not retried, if the file cannot be read or has no token; the error names the file, and shows nothing of it.
///
/// ```
/// # fn builder_of_a_client(_: impl lro_auth::Credentials + 'static) {}
/// builder_of_a_client(lro_auth::token_file("/var/run/secrets/printer/token"));
/// ```
pub fn token_file(path: impl Into<PathBuf>) -> impl Credentials + 'static {
    let path: Arc<PathBuf> = Arc::new(path.into());
    token_fn(move || {
        let path = Arc::clone(&path);
        async move {
            let context = format!("the token file {}", path.display());
            // A local file of one line, which is read once for each token.
            let text = fs::read_to_string(&*path).map_err(unreadable);
            text.and_then(|text| Token::bearer(text.trim_end())).map_err(|status| status.in_context(&context))
        }
    })
}

fn unreadable(error: io::Error) -> Status {
    Status::new(Code::Unauthenticated, error.to_string()).with_transient(false)
}
