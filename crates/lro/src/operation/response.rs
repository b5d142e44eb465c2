use serde::de::DeserializeOwned;

/// A type that a response can be decoded into: every type that implements `serde::de::DeserializeOwned`.
///
/// A [`message!`](crate::message!) checks the type of the response. [`Empty`](crate::Empty) and `()` accept a response
/// without content. `serde_json::Value` accepts every response in JSON. A response in protobuf is decoded into a type that
/// [`protobuf`](crate::protobuf) describes.
#[diagnostic::on_unimplemented(
    message = "the response of an operation cannot be decoded into `{Self}`",
    label = "the type of the response is `{Self}`",
    note = "name the type of the response: `let job: Job = poll_until_done(…).await?`, or `poll_until_done::<Job>(…)`",
    note = "the type must implement `serde::de::DeserializeOwned`; `serde_json::Value` accepts every response in JSON, `()` a response without content"
)]
pub trait Response: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Response for T {}
