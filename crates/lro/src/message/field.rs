use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, MapAccess, Visitor},
};

use super::wire::{Fields, Wire, WireError, WireType, write_bytes, write_key};

/// The type of a field of a message, with its forms in proto3 JSON and on the wire of protobuf.
pub trait Field: Default {
    /// Reads a value that is not `null`.
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error>;

    /// Writes the value.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Returns whether the writer omits the value.
    fn is_absent(&self) -> bool;

    /// The wire type of the value in the binary form.
    const WIRE_TYPE: WireType;

    /// Reads a value of the binary form into the field, which may have one already.
    ///
    /// # Errors
    ///
    /// If the value is not one of this type.
    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError>;

    /// Writes the value in the binary form, without its key.
    ///
    /// # Errors
    ///
    /// If the value has no binary form.
    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError>;

    /// Writes a field of this number in the binary form, unless it is absent.
    ///
    /// # Errors
    ///
    /// If the value has no binary form.
    fn write_wire(&self, number: u32, out: &mut Vec<u8>) -> Result<(), WireError> {
        if self.is_absent() { Ok(()) } else { write_present(self, number, out) }
    }
}

/// Writes the key and the value of a field, also if the value is the default.
fn write_present<T: Field>(field: &T, number: u32, out: &mut Vec<u8>) -> Result<(), WireError> {
    write_key(number, T::WIRE_TYPE, out);
    field.write_value(out)
}

/// Reads a field. `null` reads as the default value.
pub fn read_nullable<'de, T: Field, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    value.deserialize_option(NullableVisitor(PhantomData))
}

/// Serializes a field in its proto3 JSON form.
#[derive(Debug)]
pub struct Written<'a, T>(pub &'a T);

impl<T: Field> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

struct NullableVisitor<T>(PhantomData<T>);

impl<'de, T: Field> Visitor<'de> for NullableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<T, D::Error> {
        T::read(value)
    }
}

impl Field for String {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::deserialize(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    const WIRE_TYPE: WireType = WireType::Bytes;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        value.text()?.clone_into(self);
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        write_bytes(self.as_bytes(), out);
        Ok(())
    }
}

impl Field for bool {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::deserialize(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn is_absent(&self) -> bool {
        !self
    }

    const WIRE_TYPE: WireType = WireType::Varint;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        *self = value.varint()? != 0;
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.push((*self).into());
        Ok(())
    }
}

/// A field with presence: an absent field differs from one with the default value.
impl<T: Field> Field for Option<T> {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        T::read(value).map(Some)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    const WIRE_TYPE: WireType = T::WIRE_TYPE;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        self.get_or_insert_default().read_wire(value)
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.as_ref().map_or(Ok(()), |value| value.write_value(out))
    }
}

impl<T: Field> Field for Box<T> {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        T::read(value).map(Self::new)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write(serializer)
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }

    const WIRE_TYPE: WireType = T::WIRE_TYPE;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        (**self).read_wire(value)
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        (**self).write_value(out)
    }
}

/// A repeated field.
impl<T: Field> Field for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_seq(ItemsVisitor(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    const WIRE_TYPE: WireType = WireType::Bytes;

    /// Numbers may be packed or not.
    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        let mut values = value.unpacked(T::WIRE_TYPE);
        while let Some(value) = values.next()? {
            let mut item = T::default();
            item.read_wire(value)?;
            self.push(item);
        }
        Ok(())
    }

    /// Writes the items packed.
    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut packed = Vec::new();
        self.iter().try_for_each(|item| item.write_value(&mut packed))?;
        write_bytes(&packed, out);
        Ok(())
    }

    fn write_wire(&self, number: u32, out: &mut Vec<u8>) -> Result<(), WireError> {
        match T::WIRE_TYPE {
            WireType::Bytes => self.iter().try_for_each(|item| write_present(item, number, out)),
            _ if self.is_empty() => Ok(()),
            _ => write_present(self, number, out),
        }
    }
}

/// A map field.
impl<T: Field> Field for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_map(EntriesVisitor(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Written(value))))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    const WIRE_TYPE: WireType = WireType::Bytes;

    fn read_wire(&mut self, entry: Wire<'_>) -> Result<(), WireError> {
        let (mut key, mut value) = (String::new(), T::default());
        let mut fields = Fields::new(entry.bytes()?);
        while let Some((number, field)) = fields.next().map_err(WireError::new)? {
            match number {
                KEY => key.read_wire(entry.inner(field))?,
                VALUE => value.read_wire(entry.inner(field))?,
                _ => {}
            }
        }
        self.insert(key, value);
        Ok(())
    }

    /// Writes the entries one after another, which only [`write_wire`](Field::write_wire) separates.
    fn write_value(&self, _: &mut Vec<u8>) -> Result<(), WireError> {
        Err(WireError::new("a map is no part of another repeated field"))
    }

    fn write_wire(&self, number: u32, out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut entry = Vec::new();
        self.iter().try_for_each(|(key, value)| {
            entry.clear();
            write_present(key, KEY, &mut entry)?;
            write_present(value, VALUE, &mut entry)?;
            write_key(number, WireType::Bytes, out);
            write_bytes(&entry, out);
            Ok(())
        })
    }
}

/// The fields of an entry of a map.
const KEY: u32 = 1;
const VALUE: u32 = 2;

struct ItemsVisitor<T>(PhantomData<T>);

impl<'de, T: Field> Visitor<'de> for ItemsVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Item(PhantomData))? {
            items.push(item);
        }
        Ok(items)
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Field> Visitor<'de> for EntriesVisitor<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BTreeMap<String, T>, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key()? {
            entries.insert(key, map.next_value_seed(Item(PhantomData))?);
        }
        Ok(entries)
    }
}

struct Item<T>(PhantomData<T>);

impl<'de, T: Field> DeserializeSeed<'de> for Item<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<T, D::Error> {
        T::read(value)
    }
}
