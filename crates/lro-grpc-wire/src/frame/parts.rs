use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

use crate::messages::Bounded;

/// Counts the parts of an encoded message. It takes no memory, whereas the decoder takes up to 70 times the length of a short part.
///
/// # Errors
///
/// Those of the decoder, for bytes that are no message.
pub(crate) fn count<M: Bounded>(mut rest: &[u8]) -> Result<usize, DecodeError> {
    let mut parts = 0;
    while !rest.is_empty() {
        let (tag, wire_type) = decode_key(&mut rest)?;
        let field = rest;
        skip_field(wire_type, tag, &mut rest, DecodeContext::default())?;
        if wire_type == WireType::LengthDelimited {
            let mut value = &field[..field.len() - rest.len()];
            decode_varint(&mut value)?;
            parts += M::parts(tag, value)?;
        }
    }
    Ok(parts)
}
