//! gRPC: the service `google.longrunning.Operations`.

mod described;
mod message;
mod request;
mod service;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lro::{Any, Status, details::RetryInfo, retry_after};
use lro_grpc_wire::{
    frame::{FrameError, GRPC_ACCEPT_ENCODING, GRPC_ENCODING},
    status,
};

use self::message::Message;
pub(crate) use self::request::Request;
use super::{Answer, json};
use crate::{
    reply::{Body, Content, Lie, gzip_frame, large_frame},
    store::Store,
};

/// Returns the answer of the service: its message, or its error in the headers of an empty reply.
pub(super) async fn usual(store: &Store, request: Request, lie: Lie) -> Answer {
    let is_gzip = request.takes_gzip;
    match service::handle(store, request, lie).await {
        Ok(message) => sent(message, is_gzip),
        Err(error) => failed(&error),
    }
}

/// Returns an answer that replaces that of the service.
///
/// An error becomes the status of the call, and `Retry-After` its `RetryInfo`. A body in JSON is sent as the message or the
/// error that it describes. Any other body is sent as it is, as a proxy sends it.
pub(super) fn canned(
    request: &Request,
    status: StatusCode,
    content: Content,
    headers: &[(HeaderName, HeaderValue)],
) -> Answer {
    let headers = HeaderMap::from_iter(headers.iter().cloned());
    match content {
        Content::Error { error, .. } => failed(&hinted(error, &headers)),
        Content::Large(bytes) => framed(large_frame(bytes), false),
        Content::Bomb(bytes) => framed(gzip_frame(bytes), true),
        Content::Body(body) => match described::read(request, status, &headers, &body) {
            Some(Ok(message)) => sent(message, request.takes_gzip),
            Some(Err(error)) => failed(&hinted(error, &headers)),
            None => json::canned(status, Content::Body(body)),
        },
    }
}

fn sent(message: Message, is_gzip: bool) -> Answer {
    match message.frame(is_gzip) {
        Ok(frame) => framed(frame.into(), is_gzip),
        Err(error) => failed(&refused(error)),
    }
}

fn framed(body: Body, is_gzip: bool) -> Answer {
    let mut headers = headers();
    if is_gzip {
        headers.insert(GRPC_ENCODING, GZIP);
    }
    let mut trailers = HeaderMap::new();
    status::write(Ok(()), &mut trailers);
    Answer { status: StatusCode::OK, headers, body, trailers: Some(trailers) }
}

/// Returns an error as headers that end the stream, which gRPC calls trailers-only.
fn failed(error: &Status) -> Answer {
    let mut headers = headers();
    status::write(Err(error), &mut headers);
    Answer { status: StatusCode::OK, headers, body: Bytes::new().into(), trailers: None }
}

fn headers() -> HeaderMap {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    HeaderMap::from_iter([content_type, (GRPC_ACCEPT_ENCODING, GZIP)])
}

/// Adds the pause of `Retry-After` to the details, because a client of gRPC does not read the header.
fn hinted(error: Status, headers: &HeaderMap) -> Status {
    let Some(pause) = retry_after(headers).filter(|_| error.details().retry_info().is_none()) else {
        return error;
    };
    let mut details = error.details().as_slice().to_vec();
    details.extend(Any::pack(&RetryInfo { retry_delay: Some(pause.into()) }));
    error.with_details(details)
}

/// Returns the error of a frame that the server does not read or write.
fn refused(fault: FrameError) -> Status {
    match fault {
        FrameError::NoEncoding | FrameError::UnknownEncoding(_) => Status::unimplemented(fault.to_string()),
        FrameError::TooLarge(_) => Status::new(lro::Code::ResourceExhausted, fault.to_string()),
        _ => fault.into(),
    }
}

const GZIP: HeaderValue = HeaderValue::from_static("gzip");
