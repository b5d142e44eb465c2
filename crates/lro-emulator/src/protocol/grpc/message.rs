use bytes::Bytes;
use lro::{Operation, Status};
use lro_grpc_wire::{
    frame::{FrameError, encode, encode_gzip},
    messages,
};

/// The message of a reply.
#[derive(Debug)]
pub(super) enum Message {
    Operation(messages::Operation),
    Page(messages::ListOperationsResponse),
    Empty,
}

impl Message {
    pub(super) fn operation(operation: &Operation) -> Result<Self, Status> {
        operation.try_into().map(Self::Operation)
    }

    /// Encodes the message in its frame.
    pub(super) fn frame(&self, is_gzip: bool) -> Result<Bytes, FrameError> {
        match (self, is_gzip) {
            (Self::Operation(operation), false) => encode(operation),
            (Self::Operation(operation), true) => encode_gzip(operation),
            (Self::Page(page), false) => encode(page),
            (Self::Page(page), true) => encode_gzip(page),
            (Self::Empty, false) => encode(&()),
            (Self::Empty, true) => encode_gzip(&()),
        }
    }
}
