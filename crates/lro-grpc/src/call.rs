use std::{fmt, time::Duration};

use bytes::Bytes;
use lro::Status;
use lro_grpc_wire::frame;
use lro_http::{HttpClient, raw::PreparedCall};

use crate::unary;

/// A unary call of a service outside `google.longrunning`, such as one that starts an operation.
#[derive(Clone)]
#[must_use = "a call does nothing until it is sent"]
pub struct GrpcCall {
    pub(crate) path: String,
    message: Bytes,
    params: Vec<(String, String)>,
    pub(crate) timeout: Option<Duration>,
}

impl GrpcCall {
    /// Creates a call of a method, such as `google.cloud.speech.v1.Speech/LongRunningRecognize`, with the encoded message of its request.
    ///
    /// Another form of the method is refused when the call is sent. A message of prost is encoded by `prost::Message::encode_to_vec`.
    pub fn new(method: impl Into<String>, message: impl Into<Bytes>) -> Self {
        Self { path: method.into(), message: message.into(), params: Vec::new(), timeout: None }
    }

    /// As [`new`](Self::new), with a message of [`lro::message!`].
    ///
    /// # Errors
    ///
    /// As [`lro::message::encode`].
    pub fn of(method: impl Into<String>, message: &impl lro::message::Message) -> Result<Self, Status> {
        Ok(Self::new(method, lro::message::encode(message)?))
    }

    /// Adds a routing parameter, sent in `x-goog-request-params`.
    pub fn param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((key.into(), value.into()));
        self
    }

    /// Sets the timeout of this call, which the server learns. Default: the call timeout of the client.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the method has no service and name, such as `example.v1.Printer/Print`.
    pub(crate) fn prepare(self, client: &HttpClient) -> Result<PreparedCall, Status> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
        };
        let method = self.path.strip_prefix('/').unwrap_or(&self.path);
        if !method.split_once('/').is_some_and(|(service, name)| is_word(service) && is_word(name)) {
            let message = format!(
                "not a method: {:?}: expected a service and a name, such as \"example.v1.Printer/Print\"",
                self.path
            );
            return Err(Status::invalid_argument(message));
        }
        let params: Vec<_> = self.params.iter().map(|(key, value)| (&**key, &**value)).collect();
        unary::prepare(client, &self.path, &params, frame::of_encoded(&self.message)?)
    }
}

/// Omits the message, which may contain a secret of the caller.
impl fmt::Debug for GrpcCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcCall").field("path", &self.path).finish_non_exhaustive()
    }
}
