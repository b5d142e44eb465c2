/// `/v1/projects/p:optimizeTours`: a version, the segments of a name, and a verb.
#[derive(Debug)]
pub(crate) struct Path {
    /// The whole path, still encoded.
    pub(crate) text: String,
    pub(crate) version: String,
    pub(crate) segments: Vec<String>,
    /// Only a POST has a verb, so that other methods reach names with a colon.
    pub(crate) verb: Option<String>,
}

impl Path {
    pub(super) fn parse(path: &str, may_have_verb: bool) -> Option<Self> {
        let mut segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let mut verb = None;
        if let Some(last) = segments.last_mut().filter(|_| may_have_verb)
            && let Some((before, after)) = last.rsplit_once(':')
        {
            verb = Some(decode(after)?);
            *last = before;
        }
        let version = decode(segments.remove(0))?;
        let segments = segments.into_iter().map(decode).collect::<Option<_>>()?;
        Some(Self { text: path.to_owned(), version, segments, verb })
    }
}

/// Removes percent-encoding. Returns `None` if it is malformed or the result is not UTF-8.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hex(*high)? << 4 | hex(*low)?, after),
            (b'%', _) => return None,
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_colon_is_a_verb_only_in_a_post() {
        let post = Path::parse("/v1/subscriptions/a:b:reactivate", true).unwrap();
        assert_eq!((&*post.segments[1], post.verb.as_deref()), ("a:b", Some("reactivate")));
        let get = Path::parse("/v1/subscriptions/a:b", false).unwrap();
        assert_eq!((&*get.segments[1], get.verb), ("a:b", None));
        let encoded = Path::parse("/v1/subscriptions/a%3Ab:reactivate", true).unwrap();
        assert_eq!((&*encoded.segments[1], encoded.verb.as_deref()), ("a:b", Some("reactivate")));
    }

    #[test]
    fn segments_are_decoded_once() {
        let path = Path::parse("/v1/operations/a%252Fb%20%C3%A9", false).unwrap();
        assert_eq!(path.segments, ["operations", "a%2Fb é"]);
        assert!(Path::parse("/v1/operations/%zz", false).is_none());
        assert!(Path::parse("/v1/operations/%FF", false).is_none());
    }
}
