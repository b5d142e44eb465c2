use crate::message;

message! {
    /// A response or metadata without content, `google.protobuf.Empty`.
    ///
    /// A wait for an `Empty` succeeds if the operation finishes with neither a response nor an error.
    pub struct Empty("google.protobuf.Empty") {}
}
