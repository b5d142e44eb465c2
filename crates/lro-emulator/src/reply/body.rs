use bytes::Bytes;

/// The bytes of a reply after its headers, as parts that are repeated, so that a large body is not held in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body(Vec<Part>);

/// Bytes that are repeated.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    pub(crate) times: u64,
}

impl Body {
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(Part::len).sum()
    }

    /// Returns the first bytes of the body, or all if it is shorter.
    pub(crate) fn first(&self, bytes: u64) -> Self {
        let mut left = bytes;
        let mut first = Vec::new();
        for part in &self.0 {
            let size = part.bytes.len() as u64;
            let times = part.times.min(left / size);
            left -= times * size;
            first.push(Part { times, ..part.clone() });
            if times < part.times {
                // It fits a `usize`, because it is less than the size of the part.
                first.push(Part { bytes: part.bytes.slice(..left as usize), times: 1 });
                break;
            }
        }
        Self::of(first)
    }

    pub(crate) fn into_parts(self) -> impl Iterator<Item = Part> {
        self.0.into_iter()
    }

    pub(crate) fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        Self(parts.into_iter().filter(|part| part.len() > 0).collect())
    }

    /// Bytes before and after a byte that is repeated.
    pub(super) fn filled(before: &[u8], byte: u8, times: u64, after: &[u8]) -> Self {
        let chunk = Bytes::from(vec![byte; CHUNK]);
        let once = |bytes: Bytes| Part { bytes, times: 1 };
        let (whole, rest) = (times / CHUNK as u64, (times % CHUNK as u64) as usize);
        Self::of([
            once(Bytes::copy_from_slice(before)),
            Part { bytes: chunk.clone(), times: whole },
            once(chunk.slice(..rest)),
            once(Bytes::copy_from_slice(after)),
        ])
    }
}

impl Part {
    fn len(&self) -> u64 {
        self.bytes.len() as u64 * self.times
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of([Part { bytes, times: 1 }])
    }
}

/// The size of a frame of the body: large enough that a body of megabytes is few frames, and small beside a test's memory.
const CHUNK: usize = 256 * 1024;
