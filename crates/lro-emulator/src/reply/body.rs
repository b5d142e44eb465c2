use bytes::Bytes;

/// What the body of a reply is made of: parts, each repeated, so that a large one is not held in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body(Vec<Part>);

/// Some bytes, so many times.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    pub(crate) times: u64,
}

impl Body {
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(Part::len).sum()
    }

    /// Its first bytes, or all if there are no more.
    pub(crate) fn first(&self, bytes: u64) -> Self {
        let mut left = bytes;
        let mut first = Vec::new();
        for part in &self.0 {
            let size = part.bytes.len() as u64;
            let times = part.times.min(left / size);
            left -= times * size;
            first.push(Part { times, ..part.clone() });
            if times < part.times {
                // Less than a `usize`, as what is left is less than the part.
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

    /// `{}` with as many spaces between the braces as make this many bytes.
    pub(super) fn spaces(bytes: u64) -> Self {
        let chunk = Bytes::from(vec![b' '; CHUNK]);
        let spaces = bytes.saturating_sub(2);
        let once = |bytes: Bytes| Part { bytes, times: 1 };
        let (whole, rest) = (spaces / CHUNK as u64, (spaces % CHUNK as u64) as usize);
        Self::of([
            once(Bytes::from_static(b"{")),
            Part { bytes: chunk.clone(), times: whole },
            once(chunk.slice(..rest)),
            once(Bytes::from_static(b"}")),
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

const CHUNK: usize = 256 * 1024;
