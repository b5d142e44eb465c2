//! An `Any` that came as protobuf.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::fmt;

use lro::{Any, protobuf};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

mod decode;
mod form;
mod messages;
mod pack;
mod stored;
mod wait;

/// `example.v1.Job { pages: 3 }`, as a peer of any language encodes it.
const JOB: &[u8] = b"\x0A\x22type.googleapis.com/example.v1.Job\x12\x02\x08\x03";

fn job() -> Any {
    Any::from_protobuf(JOB).unwrap()
}

/// A wrapper that a protobuf library would decode from.
#[derive(Debug, PartialEq)]
struct Packed {
    name: String,
    message: Vec<u8>,
}

impl Packed {
    fn new(name: &str, message: &[u8]) -> Self {
        Self { name: name.to_owned(), message: message.to_owned() }
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PackedVisitor;

        impl<'de> Visitor<'de> for PackedVisitor {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a protobuf message")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Packed, A::Error> {
                let name: &str = parts.next_element()?.unwrap();
                let message: &[u8] = parts.next_element()?.unwrap();
                assert!(parts.next_element::<&str>()?.is_none());
                Ok(Packed::new(name, message))
            }
        }
        deserializer.deserialize_tuple_struct(protobuf::TUPLE, 2, PackedVisitor)
    }
}
