//! Calls of other protocols over the connections of a client.
//!
//! A protocol over HTTP, such as gRPC, uses the connections, credentials, proxies, TLS and bounds of an [`HttpClient`] by this module.
//! It reads the reply by itself. The crate `lro-grpc` is built on it.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, response::Parts};
use http_body_util::BodyExt;
use hyper::body::Frame;
use lro::{Attempt, Status};

pub use crate::request::{PreparedCall, PreparedCalls};
use crate::{
    Call, HttpClient, Token,
    client::root_cause,
    connection::ReplyBody,
    reply::{body::broken, failure::without_token},
};

impl HttpClient {
    /// Checks and encodes a call, for any number of requests.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if its path or its routing parameters are not valid in HTTP.
    pub fn prepare(&self, call: Call) -> Result<PreparedCall, Status> {
        call.prepare(self.endpoint())
    }

    /// Sends a call and returns its reply, whose body was not read. There is no timeout.
    ///
    /// `header` makes a further header of each request at the time when it is sent, such as the time that is left.
    ///
    /// The call is sent again as [`send`](Self::send) says. Dropping the future or the reply ends the call.
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE` if no reply arrives, and the failure of the credentials. A reply is never an error here, whatever its
    /// status line.
    pub async fn begin(
        &self,
        call: &PreparedCall,
        header: &(dyn Fn() -> Option<(HeaderName, HeaderValue)> + Sync),
        attempt: &Attempt,
    ) -> Result<RawReply, Status> {
        let (response, token) = self.answered(call, header, attempt).await?;
        let (head, body) = response.into_parts();
        Ok(RawReply { client: self.clone(), head, body, token })
    }
}

impl PreparedCall {
    /// Adds a header that the protocol needs. No header is refused, so it must not be a header of the caller.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let mut headers = self.headers.into_vec();
        headers.push((name, value));
        self.headers = headers.into();
        self
    }

    /// Sets the body. It is sent with the content type of a header of the call, or else as JSON.
    pub fn with_body(self, body: Bytes) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Sets whether the call changes nothing, so that it may be sent again after a kept connection has closed. Default: it
    /// is a GET.
    pub fn read_only(self, is_read: bool) -> Self {
        Self { is_read, ..self }
    }
}

/// A reply whose head has arrived. Its connection serves other calls once its body was read to the end.
pub struct RawReply {
    client: HttpClient,
    head: Parts,
    body: ReplyBody,
    token: Option<Token>,
}

impl RawReply {
    /// Returns the status line and the headers.
    pub fn head(&self) -> &Parts {
        &self.head
    }

    /// Returns the next part of the body: data, or the trailers at its end. `None` after the last part.
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE` if the connection breaks or the server resets the call.
    pub async fn frame(&mut self) -> Result<Option<Frame<Bytes>>, Status> {
        let frame = self.body.frame().await.transpose();
        frame.map_err(|error| {
            let message =
                format!("the reply of {} broke off: {}", self.client.endpoint(), root_cause(&*error));
            without_token(broken(error).with_message(message), self.token.as_ref())
        })
    }

    /// Returns the token that the call carried. No status may show it.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Invalidates the token that a failed call refuses, and hides it in the message of the server.
    pub fn judged(&self, status: Status) -> Status {
        let token = self.token.as_ref();
        self.client.judged_once(&self.head, without_token(status, token), token)
    }

    /// Returns the status of a call that was answered by something other than the protocol, such as the page of a proxy.
    ///
    /// It is read as [`Status::from_http`] does.
    pub async fn into_failure(self) -> Status {
        self.client.failure(Response::from_parts(self.head, self.body), self.token).await
    }
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawReply").field("status", &self.head.status).finish_non_exhaustive()
    }
}
