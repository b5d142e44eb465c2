//! A message `google.protobuf.Any` in its binary encoding.

use super::any::PREFIX;

/// An encoded `google.protobuf.Any` whose structure was checked.
#[derive(Clone, PartialEq)]
pub(super) struct Encoded(Box<[u8]>);

/// The fields of a `google.protobuf.Any`. An absent field is empty.
#[derive(Default)]
struct Fields<'a> {
    type_url: &'a str,
    value: &'a [u8],
}

impl Encoded {
    /// Checks the structure. The value itself is not parsed.
    pub(super) fn parse(bytes: Box<[u8]>) -> Result<Self, &'static str> {
        fields(&bytes)?;
        Ok(Self(bytes))
    }

    /// Encodes a message of this type. An empty value is omitted, as proto3 does.
    pub(super) fn pack(type_name: &str, value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(PREFIX.len() + type_name.len() + value.len() + 2 * LONGEST_HEAD);
        write_head(&mut bytes, TYPE_URL, PREFIX.len() + type_name.len());
        bytes.extend_from_slice(PREFIX.as_bytes());
        bytes.extend_from_slice(type_name.as_bytes());
        if !value.is_empty() {
            write_head(&mut bytes, VALUE, value.len());
            bytes.extend_from_slice(value);
        }
        Self(bytes.into_boxed_slice())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn type_url(&self) -> &str {
        self.fields().type_url
    }

    pub(super) fn value(&self) -> &[u8] {
        self.fields().value
    }

    fn fields(&self) -> Fields<'_> {
        fields(&self.0).unwrap_or_default()
    }
}

/// Reads the fields of a `google.protobuf.Any`.
///
/// The last of duplicate fields counts, and unknown fields are skipped, as in every parser of protobuf.
fn fields(mut rest: &[u8]) -> Result<Fields<'_>, &'static str> {
    let mut fields = Fields::default();
    let mut open_groups = Vec::new();
    while !rest.is_empty() {
        let key = read_varint(&mut rest)?;
        let number = key >> 3;
        if number == 0 || key > u64::from(u32::MAX) {
            return Err("the number of a field is out of range");
        }
        // The fields of an unknown group have numbers of their own.
        let is_ours = open_groups.is_empty();
        let bytes = match key & 7 {
            0 => read_varint(&mut rest).map(|_| None),
            1 => take(&mut rest, 8).map(|_| None),
            2 => read_varint(&mut rest).and_then(|length| take(&mut rest, length)).map(Some),
            3 => {
                open_groups.push(number);
                Ok(None)
            }
            4 if open_groups.pop() == Some(number) => Ok(None),
            4 => Err("a group ends that did not begin"),
            5 => take(&mut rest, 4).map(|_| None),
            _ => Err("a field has an unknown wire type"),
        }?;
        match number {
            TYPE_URL if is_ours => {
                let url = bytes.ok_or("the type is not a string")?;
                fields.type_url = std::str::from_utf8(url).map_err(|_| "the type is not UTF-8")?;
            }
            VALUE if is_ours => fields.value = bytes.ok_or("the value is not bytes")?,
            _ => {}
        }
    }
    if open_groups.is_empty() { Ok(fields) } else { Err("a group does not end") }
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

/// Writes the key and the length of a length-delimited field.
fn write_head(bytes: &mut Vec<u8>, number: u64, length: usize) {
    for mut rest in [number << 3 | 2, length as u64] {
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
}

/// The fields of `google.protobuf.Any`, from `google/protobuf/any.proto`.
const TYPE_URL: u64 = 1;
const VALUE: u64 = 2;

/// A key of one byte and a varint of 64 bits.
const LONGEST_HEAD: usize = 11;

const TRUNCATED: &str = "it is truncated";
