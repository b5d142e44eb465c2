//! Messages of prost as responses and metadata.

use std::{fmt, marker::PhantomData};

use lro::protobuf::TUPLE;
use prost::{Message, Name};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
    ser::SerializeTupleStruct,
};

/// A message of prost, to await as a response and to decode as metadata or a detail.
///
/// The type in the reply must be that of the message. `prost-build` generates [`Name`] with `enable_type_names`; otherwise
/// [`AnyProto`] decodes without this check.
///
/// ```
/// use lro::{Any, Status};
/// use lro_grpc::Proto;
/// use prost::{Message, Name};
///
/// #[derive(Clone, PartialEq, Message)]
/// struct Job {
///     #[prost(string, tag = "1")]
///     title: String,
/// }
///
/// impl Name for Job {
///     const PACKAGE: &'static str = "printer.v1";
///     const NAME: &'static str = "Job";
/// }
///
/// let job = Job { title: "poster".into() };
/// let packed = Any::from_value(&Proto(job.clone()))?;
/// assert_eq!(packed.type_name().as_deref(), Some("printer.v1.Job"));
/// assert_eq!(packed.decode::<Proto<Job>>()?.0, job);
/// # Ok::<(), Status>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proto<T>(pub T);

/// As [`Proto`], for a message without [`Name`]: whatever its type in the reply, the bytes are decoded as this message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyProto<T>(pub T);

impl<'de, T: Message + Name + Default> Deserialize<'de> for Proto<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `PACKAGE` and `NAME` alone: the full name of a nested message has the outer one between them.
        let expected = |name: &str| if name == T::full_name() { Ok(()) } else { Err(T::full_name()) };
        deserializer.deserialize_tuple_struct(TUPLE, 2, Encoded { expected, message: PhantomData }).map(Self)
    }
}

impl<'de, T: Message + Default> Deserialize<'de> for AnyProto<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = |_: &str| Ok(());
        deserializer.deserialize_tuple_struct(TUPLE, 2, Encoded { expected, message: PhantomData }).map(Self)
    }
}

/// [`Any::from_value`](lro::Any::from_value) packs it.
impl<T: Message + Name> Serialize for Proto<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple_struct(TUPLE, 2)?;
        parts.serialize_field(&T::full_name())?;
        parts.serialize_field(&self.0.encode_to_vec())?;
        parts.end()
    }
}

/// Reads the type and the bytes of a message.
struct Encoded<F, T> {
    expected: F,
    message: PhantomData<fn() -> T>,
}

impl<'de, F, T> Visitor<'de> for Encoded<F, T>
where
    F: FnOnce(&str) -> Result<(), String>,
    T: Message + Default,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a protobuf message")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<T, A::Error> {
        let name: &str = parts.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        let bytes: &[u8] = parts.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &"two parts"))?;
        (self.expected)(name)
            .map_err(|expected| de::Error::custom(format!("expected {expected}, found {}", shown(name))))?;
        T::decode(bytes).map_err(de::Error::custom)
    }
}

/// Returns the name of a type for a message of an error. A peer decides on its length.
fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_TYPE) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None if name.is_empty() => "no type".to_owned(),
        None => name.to_owned(),
    }
}

/// Names in use are shorter. A longer one hides the rest of the message.
const LONGEST_TYPE: usize = 200;
