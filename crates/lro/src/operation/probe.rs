use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{Impossible, SerializeTupleStruct},
};

use super::{
    any::{ANY, Any},
    stored,
};
use crate::protobuf::TUPLE;

/// Returns the [`Any`] that a value is if JSON cannot show it: one in a stored form, or the tuple struct [`TUPLE`].
///
/// `Option` and newtype structs around it pass through. Any other value is recognized by its first call.
pub(super) fn any_of<T: Serialize + ?Sized>(value: &T) -> Option<Any> {
    value.serialize(Probe).ok()
}

struct Probe;

macro_rules! no_protobuf {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => { $(
        fn $method(self, $(_: $argument),*) -> Result<$ok, fmt::Error> {
            Err(fmt::Error)
        }
    )* };
}

impl Serializer for Probe {
    type Ok = Any;
    type Error = fmt::Error;
    type SerializeSeq = Impossible<Any, fmt::Error>;
    type SerializeTuple = Impossible<Any, fmt::Error>;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Impossible<Any, fmt::Error>;
    type SerializeMap = Impossible<Any, fmt::Error>;
    type SerializeStruct = Impossible<Any, fmt::Error>;
    type SerializeStructVariant = Impossible<Any, fmt::Error>;

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Any, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Any, fmt::Error> {
        if name != ANY {
            return value.serialize(self);
        }
        let stored = serde_json::to_string(value).map_err(|_| fmt::Error)?;
        stored::restore(&stored).and_then(Result::ok).ok_or(fmt::Error)
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Parts, fmt::Error> {
        if name == TUPLE { Ok(Parts::default()) } else { Err(fmt::Error) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Any, fmt::Error> {
        Err(fmt::Error)
    }

    no_protobuf! {
        serialize_bool(bool) -> Any;
        serialize_i8(i8) -> Any;
        serialize_i16(i16) -> Any;
        serialize_i32(i32) -> Any;
        serialize_i64(i64) -> Any;
        serialize_u8(u8) -> Any;
        serialize_u16(u16) -> Any;
        serialize_u32(u32) -> Any;
        serialize_u64(u64) -> Any;
        serialize_f32(f32) -> Any;
        serialize_f64(f64) -> Any;
        serialize_char(char) -> Any;
        serialize_str(&str) -> Any;
        serialize_bytes(&[u8]) -> Any;
        serialize_none() -> Any;
        serialize_unit() -> Any;
        serialize_unit_struct(&'static str) -> Any;
        serialize_unit_variant(&'static str, u32, &'static str) -> Any;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// The elements of [`TUPLE`].
#[derive(Default)]
struct Parts {
    type_name: Option<String>,
    value: Option<Vec<u8>>,
}

impl SerializeTupleStruct for Parts {
    type Ok = Any;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), fmt::Error> {
        let json = serde_json::to_string(part).map_err(|_| fmt::Error)?;
        if self.type_name.is_none() {
            self.type_name = serde_json::from_str(&json).map_err(|_| fmt::Error)?;
        } else {
            self.value = serde_json::from_str(&json).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }

    fn end(self) -> Result<Any, fmt::Error> {
        let (type_name, value) = self.type_name.zip(self.value).ok_or(fmt::Error)?;
        Ok(Any::pack_protobuf(&type_name, &value))
    }
}
