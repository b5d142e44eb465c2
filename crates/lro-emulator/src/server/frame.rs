use super::cursor::Kind;

/// A frame of HTTP/2 (RFC 9113, section 4.1) as far as it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    header: [u8; 9],
    /// How much of the header is written.
    written: usize,
    /// How much of the payload is not.
    left: usize,
}

impl Frame {
    /// What the next bytes are, and how many are.
    pub(crate) fn span(&self, bytes: &[u8]) -> (Kind, usize) {
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
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> bool {
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
