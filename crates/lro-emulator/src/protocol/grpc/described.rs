//! The messages and errors that a body in JSON describes.

use http::{HeaderMap, StatusCode};
use lro::{Any, Status};
use lro_grpc_wire::{any, messages};
use serde::Deserialize;

use super::{
    message::Message,
    request::{Call, Request},
};

/// Reads the message or the error that a body describes. Returns `None` if it is no JSON of the reply to the request.
pub(super) fn read(
    request: &Request,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Result<Message, Status>> {
    if let Some(error) = Status::in_reply(body) {
        let error = if status.is_success() { error } else { Status::from_http(status, headers, body) };
        return Some(Err(error));
    }
    if !status.is_success() {
        return None;
    }
    Some(match request.call.as_ref().ok()? {
        Call::Get(_) | Call::Wait(_) => object::<Operation>(body)?.message().map(Message::Operation),
        Call::List(_) => object::<Page>(body)?.message().map(Message::Page),
        Call::Cancel(_) | Call::Delete(_) => object::<Empty>(body).map(|_| Ok(Message::Empty))?,
    })
}

/// An operation as JSON has it. It may be malformed, with both an error and a response.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Operation {
    name: String,
    metadata: Option<Any>,
    done: bool,
    error: Option<Status>,
    response: Option<Any>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    operations: Vec<Operation>,
    next_page_token: String,
    unreachable: Vec<String>,
}

#[derive(Deserialize)]
struct Empty {}

impl Operation {
    fn message(self) -> Result<messages::Operation, Status> {
        Ok(messages::Operation {
            name: self.name,
            metadata: self.metadata.as_ref().map(any::to_protobuf).transpose()?,
            done: self.done,
            error: self.error.as_ref().map(messages::Status::try_from).transpose()?,
            response: self.response.as_ref().map(any::to_protobuf).transpose()?,
        })
    }
}

impl Page {
    fn message(self) -> Result<messages::ListOperationsResponse, Status> {
        let operations = self.operations.into_iter().map(Operation::message).collect::<Result<_, _>>()?;
        let Self { next_page_token, unreachable, .. } = self;
        Ok(messages::ListOperationsResponse { operations, next_page_token, unreachable })
    }
}

/// Parses an object. An array of its members is none.
fn object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Option<T> {
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
}
