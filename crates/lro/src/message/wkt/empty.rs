use crate::message;

message! {
    /// A response or metadata without content, `google.protobuf.Empty`.
    ///
    /// Awaited as [`Empty`], an operation that finishes without a result is a success.
    pub struct Empty("google.protobuf.Empty") {}
}
