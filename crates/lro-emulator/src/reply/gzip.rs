use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, Crc, write::DeflateEncoder};

use super::body::{Body, Part};

/// Compresses a body by gzip (RFC 1952) into one member. A repeated part is compressed once and repeated.
pub(super) fn compress(body: Body) -> Body {
    let (mut check, mut size) = (Crc::new(), 0_u32);
    let mut parts = vec![once(HEAD)];
    for part in body.into_parts() {
        let mut part_check = Crc::new();
        part_check.update(&part.bytes);
        for _ in 0..part.times {
            check.combine(&part_check);
            // The format defines the size modulo 2^32.
            size = size.wrapping_add(part.bytes.len() as u32);
        }
        parts.push(Part { bytes: deflate(&part.bytes), ..part });
    }
    parts.push(once(LAST_BLOCK));
    parts.push(once(&[check.sum().to_le_bytes(), size.to_le_bytes()].concat()));
    Body::of(parts)
}

/// Compresses to blocks that end at a byte boundary and do not refer to earlier ones, so that they can be repeated.
fn deflate(bytes: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector does not fail.
    let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
    Bytes::copy_from_slice(encoder.get_ref())
}

fn once(bytes: &[u8]) -> Part {
    Part { bytes: Bytes::copy_from_slice(bytes), times: 1 }
}

/// The header of the format: deflated, without file name, date or system.
const HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// An empty block that is the last.
const LAST_BLOCK: &[u8] = &[3, 0];
