//! One unary call: its headers, the reply, and which of the two sides a failure is of.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use lro::{Attempt, Status};
use lro_grpc_wire::{
    frame::{Decoder, Encoding, GRPC_ACCEPT_ENCODING},
    status, timeout,
};
use lro_http::{
    Call, HttpClient, Token,
    raw::{PreparedCall, RawReply},
};
use prost::Message;

use crate::secret::hidden_in_status;

/// Prepares a call of a method with an encoded request. `params` are sent as `x-goog-request-params`.
pub(crate) fn prepare(
    client: &HttpClient,
    path: &str,
    params: &[(&str, &str)],
    frame: Bytes,
) -> Result<PreparedCall, Status> {
    let call = params
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(Call::post("", path.trim_start_matches('/'), ""), |call, (key, value)| call.param(key, value));
    Ok(client
        .prepare(call)?
        .with_body(frame)
        .with_header(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
        .with_header(header::TE, HeaderValue::from_static("trailers"))
        .with_header(GRPC_ACCEPT_ENCODING, HeaderValue::from_static("gzip")))
}

/// A message of the server, and the token that the call carried.
pub(crate) struct Reply<R> {
    pub(crate) message: R,
    pub(crate) token: Option<Token>,
}

/// Sends a prepared call and decodes its reply, without a timeout other than that of the attempt, which the server learns.
pub(crate) async fn send<R: Message + Default>(
    client: &HttpClient,
    call: &PreparedCall,
    attempt: &Attempt,
) -> Result<Reply<R>, Status> {
    let left = attempt.time_left().map(|left| (timeout::GRPC_TIMEOUT, timeout::format(left)));
    let headers: &[(HeaderName, HeaderValue)] = left.as_slice();
    let mut reply = client.begin(call, headers, attempt).await?;
    if !is_grpc(&reply) {
        // Boxed: it is rare, and its state would enlarge the future of every call.
        return Err(Box::pin(foreign(client, reply)).await);
    }
    let mut decoder = Decoder::new(Encoding::of(&reply.head().headers), client.largest_message());
    let mut trailers = None;
    while let Some(frame) = reply.frame().await? {
        match frame.into_data() {
            Ok(data) => decoder.push(data).map_err(|fault| unreadable(client, fault.into()))?,
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    let ending: &HeaderMap = trailers.as_ref().unwrap_or_else(|| &reply.head().headers);
    match status::read(ending) {
        Some(Ok(())) => {
            let message = decoder.finish().map_err(|fault| unreadable(client, fault.into()))?;
            Ok(Reply { message, token: reply.token().cloned() })
        }
        Some(Err(status)) => {
            let status = reply.token().into_iter().fold(status, hidden_in_status);
            Err(reply.judged(status))
        }
        // A server always sends one, so something between it and us has cut the reply.
        None => Err(Status::unavailable(format!(
            "the reply of {} ended without a grpc-status",
            client.endpoint()
        ))),
    }
}

fn is_grpc(reply: &RawReply) -> bool {
    let head = reply.head();
    let kind = head.headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    head.status == StatusCode::OK
        && kind.starts_with(b"application/grpc")
        && !kind.starts_with(b"application/grpc-web")
        || head.headers.contains_key(status::GRPC_STATUS)
}

/// Reads a reply that is not one of gRPC, such as the page of a proxy.
async fn foreign(client: &HttpClient, reply: RawReply) -> Status {
    let (endpoint, version, http) = (client.endpoint().clone(), reply.head().version, reply.head().status);
    if version < Version::HTTP_2 {
        let advice = "build the client with `http2_only`";
        return Status::unimplemented(format!(
            "{endpoint} replied by {version:?}, and gRPC needs HTTP/2: {advice}"
        ));
    }
    if http.is_success() {
        return Status::unimplemented(format!("the reply of {endpoint} is HTTP {http} without gRPC"));
    }
    status::by_http(http, reply.into_failure().await)
}

/// Adds who sent a reply that cannot be read: no word of the server is one of ours.
fn unreadable(client: &HttpClient, fault: Status) -> Status {
    let message = format!("the reply of {} cannot be read: {}", client.endpoint(), fault.message());
    fault.with_message(message)
}
