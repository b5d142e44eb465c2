//! The wire form of `google.longrunning.Operations` over gRPC.
//!
//! This crate is an internal building block of the crates `lro-grpc` and `lro-emulator`: the client and the server of the same
//! protocol. It makes no call and has no socket. Its public items may change in any release.
//!
//! | module | contents |
//! |---|---|
//! | [`messages`] | the messages of `google.longrunning`, derived by hand: no `protoc` is needed |
//! | [`any`] | `google.protobuf.Any` in JSON and in protobuf |
//! | `operation` | conversions between the messages and the types of `lro`, as implementations of `From` and `TryFrom` |
//! | [`frame`] | a message as the body of a unary request or reply |
//! | [`status`] | the status of a call in headers and trailers |
//! | [`timeout`] | the header `grpc-timeout` |

pub mod any;
pub mod frame;
pub mod messages;
mod operation;
pub mod status;
pub mod timeout;
