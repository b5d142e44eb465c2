use http::{HeaderMap, header};
use lro::Status;
use lro_grpc_wire::{
    frame::{Decoder, Encoding, GRPC_ACCEPT_ENCODING},
    messages::{
        CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, Method,
        WaitOperationRequest,
    },
    timeout::{self, GRPC_TIMEOUT},
};
use tokio::time::Instant;

use super::refused;
use crate::request::{LONGEST_BODY, Received};

/// A request that was read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) call: Result<Call, Status>,
    /// When the client stops waiting for the reply.
    pub(super) deadline: Option<Instant>,
    /// Whether the reply is compressed: that of a client that compresses.
    pub(super) takes_gzip: bool,
}

/// The message of a request.
#[derive(Debug)]
pub(super) enum Call {
    Get(GetOperationRequest),
    List(ListOperationsRequest),
    Cancel(CancelOperationRequest),
    Delete(DeleteOperationRequest),
    Wait(WaitOperationRequest),
}

impl Request {
    /// Returns whether a request is one of gRPC.
    pub(crate) fn is(headers: &HeaderMap) -> bool {
        let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        kind.strip_prefix(b"application/grpc").is_some_and(|rest| matches!(rest, [] | [b'+' | b';', ..]))
    }

    pub(crate) fn parse((head, body): Received) -> Self {
        let encoding = Encoding::of(&head.headers);
        let accepted = head.headers.get(GRPC_ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
        let accepts_gzip = accepted.is_some_and(|names| names.split(',').any(|name| name.trim() == "gzip"));
        let timeout = head.headers.get(GRPC_TIMEOUT).and_then(timeout::parse);
        Self {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            takes_gzip: accepts_gzip && encoding == Encoding::Gzip,
            call: body.and_then(|body| {
                let mut decoder = Decoder::new(encoding, LONGEST_BODY);
                decoder.push(body).map_err(refused)?;
                Call::decode(head.uri.path(), decoder)
            }),
            headers: head.headers,
        }
    }

    /// Returns the name of the resource that the call is about.
    pub(crate) fn name(&self) -> Option<&str> {
        Some(match self.call.as_ref().ok()? {
            Call::Get(request) => &request.name,
            Call::List(request) => &request.name,
            Call::Cancel(request) => &request.name,
            Call::Delete(request) => &request.name,
            Call::Wait(request) => &request.name,
        })
    }
}

impl Call {
    fn decode(path: &str, frame: Decoder) -> Result<Self, Status> {
        match path {
            GetOperationRequest::PATH => frame.finish().map(Self::Get),
            ListOperationsRequest::PATH => frame.finish().map(Self::List),
            CancelOperationRequest::PATH => frame.finish().map(Self::Cancel),
            DeleteOperationRequest::PATH => frame.finish().map(Self::Delete),
            WaitOperationRequest::PATH => frame.finish().map(Self::Wait),
            _ => return Err(Status::unimplemented(format!("Method not found: {path}"))),
        }
        .map_err(refused)
    }
}
