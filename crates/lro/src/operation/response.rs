use serde::de::DeserializeOwned;

/// What a wait can decode a response into: every type that `serde` can deserialize.
///
/// A [`message!`](crate::message!) checks that the response is of its own type. [`Empty`](crate::Empty) and `()` stand for a
/// response without content, `serde_json::Value` for any.
#[diagnostic::on_unimplemented(
    message = "the response of an operation cannot be decoded into `{Self}`",
    label = "the type of the response is `{Self}`",
    note = "name the type that is awaited: `let job: Job = poll_until_done(…).await?`, or `poll_until_done::<Job>(…)`",
    note = "it is any type that implements `serde::de::DeserializeOwned`; `serde_json::Value` takes every response, `()` one without content"
)]
pub trait Response: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Response for T {}
