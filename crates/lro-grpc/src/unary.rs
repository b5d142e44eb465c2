//! One unary call: its headers, the reply, and which of the two sides a failure is of.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Version, header};
use lro::{Attempt, Code, Status};
use lro_grpc_wire::{
    frame::{Decoder, Encoding, FrameError, GRPC_ACCEPT_ENCODING},
    messages::Bounded,
    status, timeout,
};
use lro_http::{
    Call, HttpClient, Token,
    raw::{PreparedCall, RawReply},
};
use tracing::debug;

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

/// A message of the server, and what came with it.
pub(crate) struct Reply<R> {
    pub(crate) message: R,
    /// The token that the call carried.
    pub(crate) token: Option<Token>,
    /// The pause that a header of HTTP asks for.
    pub(crate) retry_after: Option<Duration>,
}

/// Sends a prepared call and decodes its reply, without a timeout of its own.
///
/// The server learns the time that the attempt has left when the request is sent, or the time of `limit` if that is shorter.
pub(crate) async fn send<R: Bounded>(
    client: &HttpClient,
    call: &PreparedCall,
    attempt: &Attempt,
    limit: Option<&Attempt>,
) -> Result<Reply<R>, Status> {
    let header = || {
        let left = [attempt.time_left(), limit.and_then(Attempt::time_left)].into_iter().flatten().min();
        left.map(|left| (timeout::GRPC_TIMEOUT, timeout::format(left)))
    };
    let mut reply = client.begin(call, &header, attempt).await?;
    if !is_grpc(&reply) {
        // Boxed: it is rare, and its state would enlarge the future of every call.
        return Err(Box::pin(foreign(client, reply)).await);
    }
    let mut decoder = Decoder::new(Encoding::of(&reply.head().headers), client.largest_reply());
    let mut trailers = None;
    while let Some(frame) = reply.frame().await? {
        match frame.into_data() {
            Ok(data) => decoder.push(data).map_err(|fault| unreadable(client, &reply, fault))?,
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    match trailers.as_ref().and_then(status::read).or_else(|| status::read(&reply.head().headers)) {
        Some(Ok(())) => {
            trace(call, Code::Ok);
            let message = decoder.finish().map_err(|fault| unreadable(client, &reply, fault))?;
            Ok(Reply {
                message,
                token: reply.token().cloned(),
                retry_after: lro::retry_after(&reply.head().headers),
            })
        }
        Some(Err(status)) => {
            trace(call, status.code());
            let status = reply.token().into_iter().fold(status, hidden_in_status);
            // Envoy refuses calls by such a reply, with this header of HTTP.
            let retry_after = lro::retry_after(&reply.head().headers);
            let status = retry_after.into_iter().fold(status, Status::with_retry_after);
            Err(reply.judged(status))
        }
        // A server always sends one, so something between it and us has cut the reply.
        None => Err(of_old_version(client, &reply).unwrap_or_else(|| {
            Status::unavailable(format!(
                "the reply of {} ended without a grpc-status: a proxy may have cut it or dropped its trailers",
                client.endpoint()
            ))
        })),
    }
}

/// Sends a call that is not a poll: it ends after a timeout, by default that of the client.
pub(crate) async fn send_within<R: Bounded>(
    client: &HttpClient,
    call: &PreparedCall,
    attempt: &Attempt,
    timeout: Option<Duration>,
) -> Result<Reply<R>, Status> {
    let limit = timeout.unwrap_or_else(|| client.call_timeout());
    client.within(limit, send(client, call, attempt, Some(&Attempt::within(limit)))).await
}

/// Reports a reply of gRPC, by the names of OpenTelemetry.
fn trace(call: &PreparedCall, code: Code) {
    debug!(
        rpc.system.name = "grpc",
        rpc.method = call.path().trim_start_matches('/'),
        rpc.response.status_code = code.name(),
        server.address = call.host(),
        "replied"
    );
}

fn is_grpc(reply: &RawReply) -> bool {
    let head = reply.head();
    head.status == StatusCode::OK && head.headers.get(header::CONTENT_TYPE).is_some_and(is_protobuf)
        || head.headers.contains_key(status::GRPC_STATUS)
}

/// Returns whether a content type is that of gRPC with protobuf, whatever its parameters.
fn is_protobuf(content_type: &HeaderValue) -> bool {
    let kind = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [&b"application/grpc"[..], b"application/grpc+proto"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// Reads a reply that is not one of gRPC, such as the page of a proxy.
async fn foreign(client: &HttpClient, reply: RawReply) -> Status {
    if let Some(status) = of_old_version(client, &reply) {
        return status;
    }
    let http = reply.head().status;
    let status = status::by_http(http, reply.into_failure().await);
    // The status line alone reads as a success.
    let is_line = http.is_success() && status.message().starts_with("HTTP ");
    if is_line { status.in_context("not a reply of gRPC") } else { status }
}

/// Returns the status of a reply by HTTP/1.
fn of_old_version(client: &HttpClient, reply: &RawReply) -> Option<Status> {
    let (endpoint, version) = (client.endpoint(), reply.head().version);
    (version < Version::HTTP_2).then(|| {
        let advice = "build the client with `http2_only`";
        Status::unimplemented(format!("{endpoint} replied by {version:?}, and gRPC needs HTTP/2: {advice}"))
    })
}

/// Returns the status of a reply that cannot be read, which names the server: it is no status that the server sent.
fn unreadable(client: &HttpClient, reply: &RawReply, fault: FrameError) -> Status {
    let message = format!("the reply of {} cannot be read: {fault}", client.endpoint());
    reply.judged(Status::from(fault).with_message(message))
}
