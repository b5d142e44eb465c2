/// What a connection speaks, known by the first byte that it writes.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// With how many bytes of the empty line that ends a head were the last.
    Http1(usize),
    Http2(Frame),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Head,
    Body,
    /// What belongs to the connection.
    Other,
}

impl Format {
    pub(super) fn of(bytes: &[u8]) -> Self {
        // As the length of a frame it would be that of one far too long.
        if bytes.first() == Some(&b'H') { Self::Http1(0) } else { Self::Http2(Frame::default()) }
    }

    /// What the next bytes are, and how many are.
    pub(super) fn span(&self, bytes: &[u8], head_is_over: bool) -> (Kind, usize) {
        match self {
            Self::Http1(_) if head_is_over => (Kind::Body, bytes.len()),
            Self::Http1(_) => (Kind::Head, 1),
            Self::Http2(frame) => frame.span(bytes),
        }
    }

    /// Takes note of bytes of one kind; says whether a head is over with them.
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

/// A frame of HTTP/2 (RFC 9113, section 4.1) as far as it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    header: [u8; 9],
    /// How much of the header is written.
    written: usize,
    /// How much of the payload is not.
    left: usize,
}

impl Frame {
    /// What the next bytes are, and how many are.
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

    /// Takes note of bytes of one span; says whether the head of a reply is over with them.
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

/// What the header of a frame is.
fn kind(frame_type: u8) -> Kind {
    if matches!(frame_type, HEADERS | CONTINUATION) { Kind::Head } else { Kind::Other }
}

const TYPE: usize = 3;
const FLAGS: usize = 4;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
