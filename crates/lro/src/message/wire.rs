//! The binary form of messages: the wire format of protobuf.

use std::fmt;

use super::Message;
use crate::{Code, Status};

/// The value of a field as it is on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a> {
    pub(crate) value: Value<'a>,
    /// In how many messages the field is.
    depth: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
    /// The fields between the begin and the end of a group. proto3 does not have groups, so no field accepts one.
    Group,
}

/// The wire type of the values of a type. Its number is that of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    /// A number of variable length.
    Varint = 0,
    /// Eight bytes.
    Fixed64 = 1,
    /// A length, and so many bytes.
    Bytes = 2,
    /// Four bytes.
    Fixed32 = 5,
}

/// Why bytes are no message, or a message has no binary form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    path: String,
    why: &'static str,
}

impl WireError {
    pub(crate) fn new(why: &'static str) -> Self {
        Self { path: String::new(), why }
    }

    fn within(mut self, field: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{field}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why } = self;
        if path.is_empty() { f.write_str(why) } else { write!(f, "{why} at {path}") }
    }
}

impl std::error::Error for WireError {}

/// Encodes a message in its binary form.
///
/// # Errors
///
/// `INVALID_ARGUMENT` if a field has no number, if an unknown value of an enumeration has only a name, and if an `Any` is in
/// JSON.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, Status> {
    let mut out = Vec::new();
    write_message(message, &mut out).map_err(|error| {
        Status::new(Code::InvalidArgument, format!("cannot encode a {}: {error}", M::TYPE_NAME))
    })?;
    Ok(out)
}

/// Writes the fields of a message.
pub(crate) fn write_message<M: Message>(message: &M, out: &mut Vec<u8>) -> Result<(), WireError> {
    if M::NUMBERS.contains(&0) {
        return Err(WireError::new("its declaration has no field numbers"));
    }
    message.write_wire_fields(out)
}

/// Reads fields into a message. Unknown fields are skipped.
pub(crate) fn merge<M: Message>(message: &mut M, bytes: &[u8], depth: u32) -> Result<(), WireError> {
    if M::NUMBERS.contains(&0) {
        return Err(WireError::new("its declaration has no field numbers"));
    }
    if depth > DEEPEST {
        return Err(WireError::new("it has too many messages in each other"));
    }
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next().map_err(WireError::new)? {
        if let Some(index) = M::NUMBERS.iter().position(|known| *known == number) {
            message
                .read_wire_field(index, Wire { value, depth })
                .map_err(|error| error.within(M::FIELDS.get(index).map_or("", |(name, _)| *name)))?;
        }
    }
    Ok(())
}

impl<'a> Wire<'a> {
    pub(crate) fn varint(self) -> Result<u64, WireError> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(WireError::new(OTHER_TYPE)),
        }
    }

    pub(crate) fn bytes(self) -> Result<&'a [u8], WireError> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(WireError::new(OTHER_TYPE)),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| WireError::new("a string is not UTF-8"))
    }

    /// Reads a message into a field.
    ///
    /// # Errors
    ///
    /// If the value is no such message.
    pub fn message<M: Message>(self, message: &mut M) -> Result<(), WireError> {
        merge(message, self.bytes()?, self.depth + 1)
    }

    /// Returns the elements of a packed field, and the value itself if it is not packed.
    pub(crate) fn unpacked(self, wire_type: WireType) -> Unpacked<'a> {
        match self.value {
            Value::Bytes(bytes) if wire_type != WireType::Bytes => {
                Unpacked { rest: bytes, wire_type, depth: self.depth, whole: None }
            }
            _ => Unpacked { rest: &[], wire_type, depth: self.depth, whole: Some(self) },
        }
    }

    /// Returns the value of a field in a message that this value is.
    pub(crate) fn inner(self, value: Value<'a>) -> Self {
        Self { value, depth: self.depth + 1 }
    }
}

/// The elements of a repeated field.
pub(crate) struct Unpacked<'a> {
    rest: &'a [u8],
    wire_type: WireType,
    depth: u32,
    whole: Option<Wire<'a>>,
}

impl<'a> Unpacked<'a> {
    pub(crate) fn next(&mut self) -> Result<Option<Wire<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(self.whole.take());
        }
        let value = read_value(&mut self.rest, self.wire_type as u64).map_err(WireError::new)?;
        Ok(value.map(|value| Wire { value, depth: self.depth }))
    }
}

/// The fields of an encoded message. The content of a group is skipped.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, &'static str> {
        let mut open_groups = Vec::new();
        while !self.0.is_empty() {
            let key = u32::try_from(read_varint(&mut self.0)?).map_err(|_| OUT_OF_RANGE)?;
            let number = key >> 3;
            if number == 0 {
                return Err(OUT_OF_RANGE);
            }
            match key & 7 {
                GROUP => open_groups.push(number),
                END_OF_GROUP if open_groups.pop() != Some(number) => {
                    return Err("a group ends that did not begin");
                }
                END_OF_GROUP if open_groups.is_empty() => return Ok(Some((number, Value::Group))),
                END_OF_GROUP => {}
                wire_type => {
                    let value = read_value(&mut self.0, wire_type.into())?;
                    let value = value.ok_or("a field has an unknown wire type")?;
                    // The fields of a group have numbers of their own.
                    if open_groups.is_empty() {
                        return Ok(Some((number, value)));
                    }
                }
            }
        }
        if open_groups.is_empty() { Ok(None) } else { Err("a group does not end") }
    }
}

/// Reads a value. Returns `None` for an unknown wire type.
fn read_value<'a>(rest: &mut &'a [u8], wire_type: u64) -> Result<Option<Value<'a>>, &'static str> {
    Ok(Some(match wire_type {
        0 => Value::Varint(read_varint(rest)?),
        1 => Value::Fixed64(take_array(rest)?),
        2 => {
            let length = read_varint(rest)?;
            Value::Bytes(take(rest, length)?)
        }
        5 => Value::Fixed32(take_array(rest)?),
        _ => return Ok(None),
    }))
}

fn read_varint(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(TRUNCATED)?;
        *rest = after;
        let bits = u64::from(byte & 0x7F);
        if bits << shift >> shift != bits {
            break;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number has more than 64 bits")
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], &'static str> {
    let (taken, after) =
        usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or(TRUNCATED)?;
    *rest = after;
    Ok(taken)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (taken, after) = rest.split_first_chunk().ok_or(TRUNCATED)?;
    *rest = after;
    Ok(*taken)
}

/// Writes the key of a field.
pub(crate) fn write_key(number: u32, wire_type: WireType, out: &mut Vec<u8>) {
    write_varint(u64::from(number) << 3 | wire_type as u64, out);
}

pub(crate) fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a length, and so many bytes.
pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// The wire types of the begin and of the end of a group.
const GROUP: u32 = 3;
const END_OF_GROUP: u32 = 4;
/// The limit of the parsers of Google. Deeper messages could exhaust the stack.
const DEEPEST: u32 = 100;

const TRUNCATED: &str = "it is truncated";
const OUT_OF_RANGE: &str = "the number of a field is out of range";
pub(crate) const OTHER_TYPE: &str = "a field has another wire type";
