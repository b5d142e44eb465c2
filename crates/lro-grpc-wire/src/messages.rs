//! The messages of `google.longrunning` and `google.rpc`, from `google/longrunning/operations.proto` and
//! `google/rpc/status.proto`.
//!
//! A field of type `google.protobuf.Any` is declared as `bytes`, which is the same on the wire. It holds the encoded `Any` as
//! it was received.

use prost::{DecodeError, Message};

use crate::frame::count;

/// A message whose parts are counted before it is decoded: the values of its repeated fields, and those of the messages in it.
///
/// A message without repeated fields has none, which is the default.
pub trait Bounded: Message + Default {
    /// Counts the parts in one value of a field, encoded without its length.
    ///
    /// # Errors
    ///
    /// If a message in it is malformed.
    fn parts(_tag: u32, _value: &[u8]) -> Result<usize, DecodeError> {
        Ok(0)
    }
}

/// A unary method of `google.longrunning.Operations`, named by the message that it receives.
pub trait Method: Bounded {
    /// The message that the method replies with.
    type Reply: Bounded;

    /// The path of the method.
    const PATH: &'static str;
}

/// `google.longrunning.Operation`.
///
/// `error` and `response` are members of a `oneof`. They are declared as two fields, so that a reply with both is detected.
#[derive(Clone, PartialEq, Message)]
pub struct Operation {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// An encoded `Any`: the progress of the work.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub metadata: Option<Vec<u8>>,
    /// Whether the operation has finished.
    #[prost(bool, tag = "3")]
    pub done: bool,
    /// The error of a failed operation.
    #[prost(message, optional, tag = "4")]
    pub error: Option<Status>,
    /// An encoded `Any`: the response of an operation that succeeded.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub response: Option<Vec<u8>>,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// The number of the code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The message for developers.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Encoded `Any` messages.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub details: Vec<Vec<u8>>,
}

impl Bounded for Operation {
    fn parts(tag: u32, value: &[u8]) -> Result<usize, DecodeError> {
        if tag == 4 { count::<Status>(value) } else { Ok(0) }
    }
}

impl Bounded for Status {
    fn parts(tag: u32, _: &[u8]) -> Result<usize, DecodeError> {
        Ok((tag == 3).into())
    }
}

impl Bounded for ListOperationsResponse {
    fn parts(tag: u32, value: &[u8]) -> Result<usize, DecodeError> {
        match tag {
            1 => Ok(1 + count::<Operation>(value)?),
            3 => Ok(1),
            _ => Ok(0),
        }
    }
}

/// `google.protobuf.Empty`.
impl Bounded for () {}

/// `google.longrunning.GetOperationRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct GetOperationRequest {
    /// The name of the operation.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// `google.longrunning.ListOperationsRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct ListOperationsRequest {
    /// The name of the collection.
    #[prost(string, tag = "4")]
    pub name: String,
    /// The filter, in the language of the service.
    #[prost(string, tag = "1")]
    pub filter: String,
    /// The most operations in a page. 0 leaves it to the service.
    #[prost(int32, tag = "2")]
    pub page_size: i32,
    /// The token of the page. It is empty for the first page.
    #[prost(string, tag = "3")]
    pub page_token: String,
    /// Whether the service may leave out operations that it cannot reach.
    #[prost(bool, tag = "5")]
    pub return_partial_success: bool,
}

/// `google.longrunning.ListOperationsResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct ListOperationsResponse {
    /// The operations of the page.
    #[prost(message, repeated, tag = "1")]
    pub operations: Vec<Operation>,
    /// The token of the next page. It is empty in the last page.
    #[prost(string, tag = "2")]
    pub next_page_token: String,
    /// The names of resources that the service cannot reach.
    #[prost(string, repeated, tag = "3")]
    pub unreachable: Vec<String>,
}

/// `google.longrunning.CancelOperationRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct CancelOperationRequest {
    /// The name of the operation.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// `google.longrunning.DeleteOperationRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct DeleteOperationRequest {
    /// The name of the operation.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// `google.longrunning.WaitOperationRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct WaitOperationRequest {
    /// The name of the operation.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The longest time to wait. `None` leaves it to the service.
    #[prost(message, optional, tag = "2")]
    pub timeout: Option<Duration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Duration {
    /// The whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// The nanoseconds beyond the seconds, with the same sign.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl From<std::time::Duration> for Duration {
    /// Converts a duration. It saturates at 10,000 years.
    fn from(duration: std::time::Duration) -> Self {
        lro::wkt::Duration::from(duration).into()
    }
}

impl From<lro::wkt::Duration> for Duration {
    fn from(duration: lro::wkt::Duration) -> Self {
        Self { seconds: duration.seconds(), nanos: duration.subsec_nanos() }
    }
}

impl TryFrom<Duration> for lro::wkt::Duration {
    type Error = lro::Status;

    /// Fails with `INVALID_ARGUMENT` if the values are out of range or differ in their sign.
    fn try_from(duration: Duration) -> Result<Self, lro::Status> {
        Self::new(duration.seconds, duration.nanos)
    }
}

/// Implements [`Method`] for the request of a method of this name.
macro_rules! method {
    ($request:ty => $name:literal => $reply:ty) => {
        impl Bounded for $request {}

        impl Method for $request {
            type Reply = $reply;

            const PATH: &'static str = concat!("/google.longrunning.Operations/", $name);
        }
    };
}

method!(GetOperationRequest => "GetOperation" => Operation);
method!(ListOperationsRequest => "ListOperations" => ListOperationsResponse);
// `()` is the message `google.protobuf.Empty`.
method!(CancelOperationRequest => "CancelOperation" => ());
method!(DeleteOperationRequest => "DeleteOperation" => ());
method!(WaitOperationRequest => "WaitOperation" => Operation);
