use serde_json::Value;

use crate::{Any, Code, Empty};

/// Checks the parser of an encoded `google.protobuf.Any`, and the one of a stored `Any`: SPEC 17, 19.
pub fn any(bytes: &[u8]) {
    let read = Any::from_protobuf(bytes);
    match (&read, Parts::of(bytes)) {
        (Ok(any), Some(parts)) => {
            assert_eq!(any.as_protobuf(), Some(bytes));
            is_made_of(any, &parts);
        }
        (Err(status), None) => assert_eq!(status.code(), Code::InvalidArgument, "{status}"),
        (read, parts) => panic!("expected {parts:?}, got {read:?}"),
    }
    if let Ok(any) = crate::from_json::<Any>(bytes) {
        assert_eq!(any.as_protobuf(), None, "a reply has no protobuf");
        is_restored(&any);
    }
    if let Ok(stored) = serde_json::from_slice::<Any>(bytes) {
        is_restored(&stored);
    }
}

fn is_made_of(any: &Any, parts: &Parts) {
    let url = Some(&*parts.type_url).filter(|url| !url.is_empty());
    assert_eq!(any.type_url().as_deref(), url);
    assert_eq!(any.protobuf_value(), Some(&*parts.value));
    let name = any.type_name().unwrap_or_default();
    assert!(!name.contains('/') && parts.type_url.ends_with(&*name));
    is_restored(any);

    assert_eq!(any.decode::<Any>().as_ref(), Ok(any));
    assert_eq!(any.decode::<()>().is_ok(), any.is::<Empty>());
    let fault = any.decode::<Value>().expect_err("JSON is awaited");
    assert!(fault.message().len() < 2_000 && format!("{any:?}{fault:?}").len() < 10_000);

    let packed = Any::pack_protobuf(&name, &parts.value);
    assert_eq!(
        (packed.type_name().unwrap_or_default(), packed.protobuf_value()),
        (name, any.protobuf_value())
    );
    let again = Any::from_protobuf(packed.as_protobuf().expect("protobuf"));
    assert_eq!(again.as_ref(), Ok(&packed));
}

fn is_restored(any: &Any) {
    let text = serde_json::to_vec(any).expect("an Any serializes");
    assert_eq!(serde_json::from_slice::<Any>(&text).ok().as_ref(), Some(any));
    assert_eq!(Any::from_value(any).as_ref(), Ok(any));
}

/// The fields of a `google.protobuf.Any`, by a parser that takes a message apart from its front.
#[derive(Debug, Default)]
struct Parts {
    type_url: String,
    value: Vec<u8>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut parts = Self::default();
        let mut bytes = bytes.iter().copied();
        while bytes.len() > 0 {
            match field(&mut bytes)? {
                (1, Content::Bytes(url)) => parts.type_url = String::from_utf8(url).ok()?,
                (2, Content::Bytes(value)) => parts.value = value,
                (1 | 2, _) | (_, Content::End) => return None,
                _ => {}
            }
        }
        Some(parts)
    }
}

enum Content {
    Bytes(Vec<u8>),
    Skipped,
    End,
}

fn field(bytes: &mut impl ExactSizeIterator<Item = u8>) -> Option<(u128, Content)> {
    let key = varint(bytes).filter(|key| (8..1 << 32).contains(key))?;
    let content = match key % 8 {
        0 => varint(bytes).map(|_| Content::Skipped)?,
        1 => taken(bytes, 8).map(|_| Content::Skipped)?,
        2 => {
            let length = varint(bytes)?;
            Content::Bytes(taken(bytes, length)?)
        }
        3 => loop {
            if let (number, Content::End) = field(bytes)? {
                break (number == key / 8).then_some(Content::Skipped)?;
            }
        },
        4 => Content::End,
        5 => taken(bytes, 4).map(|_| Content::Skipped)?,
        _ => return None,
    };
    Some((key / 8, content))
}

fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u128> {
    let mut value = 0;
    for place in 0..10 {
        let byte = bytes.next()?;
        value += u128::from(byte % 128) << (7 * place);
        if byte < 128 {
            return (value < 1 << 64).then_some(value);
        }
    }
    None
}

fn taken(bytes: &mut impl ExactSizeIterator<Item = u8>, length: u128) -> Option<Vec<u8>> {
    (length <= bytes.len() as u128).then(|| bytes.take(length as usize).collect())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::any;
    use crate::fuzz::strategy;

    /// Fields of every kind, most of them whole.
    fn fields() -> impl Strategy<Value = Vec<u8>> {
        let number =
            prop_oneof![4 => 1..3_u64, 2 => 3..20_u64, 1 => (1 << 29) - 3..(1 << 29) + 1_u64, 1 => Just(0)];
        let bytes = prop_oneof![3 => ".{0,9}".prop_map(String::into_bytes), 1 => vec(0_u8.., 0..9)];
        let content = prop_oneof![
            6 => bytes.prop_map(|bytes| (2, [varint(bytes.len() as u64), bytes].concat())),
            1 => (0_u64..).prop_map(|number| (0, varint(number))),
            1 => vec(0_u8.., 8).prop_map(|bytes| (1, bytes)),
            1 => vec(0_u8.., 4).prop_map(|bytes| (5, bytes)),
            1 => (3..8_u64).prop_map(|wire| (wire, Vec::new())),
        ];
        let field = (number, content).prop_map(|(number, (wire, content))| {
            // A group is mostly closed at once.
            let end = if wire == 3 && number % 4 > 0 { varint(number << 3 | 4) } else { Vec::new() };
            [varint(number << 3 | wire), content, end].concat()
        });
        vec(field, 0..5).prop_map(|fields| fields.concat())
    }

    fn varint(number: u64) -> Vec<u8> {
        let more = |number: u64| (number >= 0x80).then_some(number >> 7);
        let groups = std::iter::successors(Some(number), |number| more(*number));
        groups.map(|group| group as u8 & 0x7F | if group >= 0x80 { 0x80 } else { 0 }).collect()
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            any(&bytes);
        }

        #[test]
        fn near_encodings(bytes in fields()) {
            any(&bytes);
        }

        #[test]
        fn near_encodings_that_broke(bytes in strategy::broken(fields())) {
            any(&bytes);
        }

        #[test]
        fn near_stored_ones(
            mark in "(@type|\\$lro\\.(protobuf|json))",
            other in "(@type|\\$lro\\.(protobuf|json)|n)",
            content in "([A-Za-z0-9+/]{0,8}={0,2}|\\{\\}|\\{\"[@$a-z.]{0,9}\":0\\})",
        ) {
            let stored = serde_json::json!({mark: content, other: content});
            any(stored.to_string().as_bytes());
        }
    }
}
