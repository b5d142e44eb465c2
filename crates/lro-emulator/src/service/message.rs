use bytes::Bytes;
use lro::Status;

use crate::{api::json, reply::Lie, store::view::View};

/// The message that a service replies with.
#[derive(Debug)]
pub(crate) enum Message {
    Operation(View),
    /// Any other message, encoded as JSON.
    Other(Bytes),
}

impl Message {
    /// Encodes the message as a body. A lie applies to an operation alone.
    pub(crate) fn body(self, lie: Lie) -> Result<Bytes, Status> {
        match self {
            Self::Operation(view) => json::encode(&lie.apply(view.read())),
            Self::Other(json) => Ok(json),
        }
    }
}

impl From<View> for Message {
    fn from(view: View) -> Self {
        Self::Operation(view)
    }
}

impl From<Bytes> for Message {
    fn from(json: Bytes) -> Self {
        Self::Other(json)
    }
}
