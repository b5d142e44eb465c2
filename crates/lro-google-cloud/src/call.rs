use std::{pin::Pin, sync::Arc};

use google_cloud_gax::{options::RequestOptions, retry_policy::NeverRetry};
use lro::{Attempt, OperationName, Status};

use crate::call_failed;

/// A call of a client: a closure from the request and its options to the reply.
pub(crate) type Call<Q, A> = Arc<dyn Fn(Q, RequestOptions) -> Reply<A> + Send + Sync>;
type Reply<A> = Pin<Box<dyn Future<Output = google_cloud_gax::Result<A>> + Send>>;

/// Sends one request.
pub(crate) async fn send<Q, A>(call: &Call<Q, A>, request: Q, attempt: &Attempt) -> Result<A, Status> {
    let mut options = RequestOptions::default();
    options.set_retry_policy(NeverRetry);
    if let Some(left) = attempt.time_left() {
        options.set_attempt_timeout(left);
    }
    call(request, options).await.map_err(call_failed)
}

/// Returns the name if a client sends it unchanged.
pub(crate) fn sendable(name: &OperationName) -> Result<&str, Status> {
    // The clients parse the path as part of a URL: a `%2e%2e` removes a segment, and a `\` is a `/`.
    match name.as_str().find(['%', '\\']) {
        None => Ok(name.as_str()),
        Some(_) => Err(Status::invalid_argument(format!(
            "{name} has a character that the clients of google-cloud-rust do not encode"
        ))),
    }
}
