//! The contract between [`Any`](crate::Any) and types that decode protobuf messages.
//!
//! This crate has no protobuf library. A type that decodes a protobuf message is a wrapper of a message of such a library,
//! as `Proto<T>` of `lro-grpc` is of a prost message. It asks its deserializer for a tuple struct of the name [`TUPLE`] with
//! two elements: the full name of the type as a borrowed `str`, which is empty if the `Any` has none, and the encoded
//! message as borrowed bytes. [`Any::decode`](crate::Any::decode) answers so if the `Any` came as protobuf.
//! An operation that finished without a response answers with an empty `google.protobuf.Empty`.
//!
//! A wrapper can be awaited like any other type.
//!
//! A wrapper that serializes as this tuple struct is packed as protobuf by [`Any::from_value`](crate::Any::from_value).
//!
//! ```
//! use std::fmt;
//!
//! use lro::{Any, protobuf};
//! use serde::{Deserialize, Deserializer, de::{self, SeqAccess, Visitor}};
//!
//! /// A `google.protobuf.BoolValue`.
//! #[derive(Debug, PartialEq)]
//! struct Flag(bool);
//!
//! impl<'de> Deserialize<'de> for Flag {
//!     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
//!         deserializer.deserialize_tuple_struct(protobuf::TUPLE, 2, FlagVisitor)
//!     }
//! }
//!
//! struct FlagVisitor;
//!
//! impl<'de> Visitor<'de> for FlagVisitor {
//!     type Value = Flag;
//!
//!     fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str("a protobuf message")
//!     }
//!
//!     fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Flag, A::Error> {
//!         let (name, message) = (parts.next_element::<&str>()?, parts.next_element::<&[u8]>()?);
//!         match (name, message) {
//!             (Some("google.protobuf.BoolValue"), Some([])) => Ok(Flag(false)),
//!             (Some("google.protobuf.BoolValue"), Some([0x08, value])) => Ok(Flag(*value != 0)),
//!             _ => Err(de::Error::custom("expected google.protobuf.BoolValue")),
//!         }
//!     }
//! }
//!
//! let any = Any::pack_protobuf("google.protobuf.BoolValue", &[0x08, 1]);
//! assert_eq!(any.decode::<Flag>()?, Flag(true));
//! assert_eq!(any.decode::<Option<Flag>>()?, Some(Flag(true)));
//! # Ok::<(), lro::Status>(())
//! ```

/// The name of the tuple struct by which a type asks for an encoded protobuf message.
pub const TUPLE: &str = "$lro::protobuf";
