/// The version of HTTP of a connection, known by the first byte that it writes.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// The number of bytes of the empty line, which ends a head, that the last bytes match.
    Http1(usize),
    Http2(Frame),
}

/// The part of a reply that bytes of a connection belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Head,
    Body,
    /// The connection itself.
    Other,
}

impl Format {
    pub(super) fn of(bytes: &[u8]) -> Self {
        // As the length of a frame this byte would exceed the limit.
        if bytes.first() == Some(&b'H') { Self::Http1(0) } else { Self::Http2(Frame::default()) }
    }

    /// Returns the kind of the next bytes, and how many are of it.
    pub(super) fn span(&self, bytes: &[u8], head_is_over: bool) -> (Kind, usize) {
        match self {
            Self::Http1(_) if head_is_over => (Kind::Body, bytes.len()),
            Self::Http1(_) => (Kind::Head, 1),
            Self::Http2(frame) => frame.span(bytes),
        }
    }

    /// Advances over bytes of one kind. Returns whether a head ends with them.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Http1(matched) => {
                for byte in bytes {
                    *matched = match (*byte, *matched) {
                        (b'\r', 0 | 2) | (b'\n', 1 | 3) => *matched + 1,
                        (b'\r', _) => 1,
                        _ => 0,
                    };
                }
                *matched == 4
            }
            Self::Http2(frame) => frame.advance(bytes),
        }
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1), partly written.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    header: [u8; 9],
    /// The bytes of the header that are written.
    written: usize,
    /// The bytes of the payload that are not.
    left: usize,
}

impl Frame {
    /// Returns the kind of the next bytes, and how many are of it.
    fn span(&self, bytes: &[u8]) -> (Kind, usize) {
        if self.written == self.header.len() {
            let kind = if self.header[TYPE] == DATA { Kind::Body } else { kind(self.header[TYPE]) };
            return (kind, self.left.min(bytes.len()));
        }
        let seen = match TYPE.checked_sub(self.written) {
            Some(ahead) => bytes.get(ahead).copied(),
            None => Some(self.header[TYPE]),
        };
        (seen.map_or(Kind::Other, kind), (self.header.len() - self.written).min(bytes.len()))
    }

    /// Advances over bytes of one span. Returns whether the head of a reply ends with them.
    fn advance(&mut self, bytes: &[u8]) -> bool {
        if self.written == self.header.len() {
            self.left -= bytes.len();
        } else {
            self.header[self.written..][..bytes.len()].copy_from_slice(bytes);
            self.written += bytes.len();
            let [high, middle, low, ..] = self.header.map(usize::from);
            self.left = high << 16 | middle << 8 | low;
        }
        if self.written < self.header.len() || self.left > 0 {
            return false;
        }
        let done = std::mem::take(self);
        kind(done.header[TYPE]) == Kind::Head && done.header[FLAGS] & END_HEADERS != 0
    }
}

/// Returns the kind of the header of a frame.
fn kind(frame_type: u8) -> Kind {
    if matches!(frame_type, HEADERS | CONTINUATION) { Kind::Head } else { Kind::Other }
}

const TYPE: usize = 3;
const FLAGS: usize = 4;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
