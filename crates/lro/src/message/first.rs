use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::{Field, Wire, WireError, WireType};

/// The first items of an array. The rest is read and counted, so that it takes no memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct First<T, const MOST: usize> {
    pub(crate) items: Vec<T>,
    pub(crate) left_out: usize,
}

impl<T, const MOST: usize> Default for First<T, MOST> {
    fn default() -> Self {
        Self { items: Vec::new(), left_out: 0 }
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for First<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_seq(FirstVisitor(PhantomData))
    }
}

struct FirstVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for FirstVisitor<T, MOST> {
    type Value = First<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut first = First::default();
        while first.items.len() < MOST {
            let Some(item) = seq.next_element()? else {
                return Ok(first);
            };
            first.items.push(item);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            first.left_out += 1;
        }
        Ok(first)
    }
}

impl<T: Field + for<'de> Deserialize<'de>, const MOST: usize> Field for First<T, MOST> {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::deserialize(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.write(serializer)
    }

    fn is_absent(&self) -> bool {
        self.items.is_empty()
    }

    const WIRE_TYPE: WireType = Vec::<T>::WIRE_TYPE;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        if self.items.len() < MOST {
            return self.items.read_wire(value);
        }
        self.left_out += 1;
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.items.write_value(out)
    }
}
