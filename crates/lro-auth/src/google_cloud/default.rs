//! Where application default credentials come from.

use std::{env, io, path::PathBuf, time::Duration};

use lro::{Code, Status};
use tokio::{net::TcpStream, time::timeout};

/// What follows a failure that a person must repair.
pub(crate) const ADVICE: &str = concat!(
    ": run `gcloud auth application-default login`, ",
    "or set GOOGLE_APPLICATION_CREDENTIALS to the path of a file with credentials"
);

/// Whether a file has the credentials, or the environment names a metadata server: then nothing must be looked for.
pub(crate) fn are_located() -> bool {
    let is_set = |name| env::var_os(name).is_some();
    is_set("GOOGLE_APPLICATION_CREDENTIALS")
        || is_set("GCE_METADATA_HOST")
        || well_known_file().is_some_and(|file| file.exists())
}

/// Looks for the metadata server of Google Cloud.
///
/// The crate `google-cloud-auth` takes its absence for a failure that may pass.
pub(crate) async fn find_metadata_server() -> Result<(), Status> {
    let connected = timeout(TIMEOUT, TcpStream::connect(METADATA_SERVER)).await;
    let why = match connected {
        Ok(Ok(_)) => return Ok(()),
        // A metadata server that starts, such as that of a new pod.
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(()),
        Ok(Err(error)) => error,
        Err(elapsed) => elapsed.into(),
    };
    let message = format!("no application default credentials were found{ADVICE}");
    Err(Status::new(Code::Unauthenticated, message).with_transient(false).with_source(why))
}

/// The file that `gcloud auth application-default login` writes (AIP-4113).
fn well_known_file() -> Option<PathBuf> {
    let (root, file) = if cfg!(windows) {
        ("APPDATA", "gcloud/application_default_credentials.json")
    } else {
        ("HOME", ".config/gcloud/application_default_credentials.json")
    };
    Some(PathBuf::from(env::var_os(root)?).join(file))
}

const METADATA_SERVER: &str = "metadata.google.internal:80";
/// The timeout of Google's other libraries. The server is on the same host and answers within milliseconds. A longer
/// timeout delays the advice where the address leads nowhere.
const TIMEOUT: Duration = Duration::from_secs(3);
