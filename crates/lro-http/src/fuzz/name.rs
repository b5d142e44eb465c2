use bytes::Bytes;
use http::HeaderValue;
use lro::{Code, OperationName};

use crate::{Call, Endpoint, NameTemplate, resource_name};

/// Checks a name in a path and in a header: SPEC 13, 14, 15, 44.
pub fn name_path(name: &str) {
    let parsed = OperationName::parse(name);
    assert_eq!(parsed.is_ok(), is_a_name(name), "{name:?}");
    let segments: Vec<&str> = name.split('/').collect();
    for (template, takes) in TEMPLATES {
        let takes = takes(&segments);
        let template = NameTemplate::from_static(template);
        match template.check(name) {
            Ok(()) => assert!(takes, "{template:?} takes {name:?}"),
            Err(status) => assert!(!takes && status.code() == Code::InvalidArgument, "{template:?} {status}"),
        }
        let resource = resource_name(std::slice::from_ref(&template), name);
        assert_eq!(resource.ok(), (takes && is_a_name(name)).then_some(name), "{template:?}");
    }
    let Ok(parsed) = parsed else {
        return;
    };
    assert_eq!((parsed.as_str(), parsed.to_string()), (name, name.to_owned()));
    assert_eq!(parsed.segments().collect::<Vec<_>>().join("/"), name);

    let call = Call::get("v1", name, ":verb").param("name", name).param("other", name).query("of", name);
    let endpoint = Endpoint::parse("https://jobs.example.com").expect("an endpoint");
    let uri = endpoint.uri(call.path.clone()).expect("a URL");
    assert_eq!(uri.to_string().as_bytes(), [b"https://jobs.example.com", &*call.path].concat());
    assert_eq!(uri.host(), Some("jobs.example.com"));
    let in_path =
        uri.path().strip_prefix("/v1/").and_then(|path| path.strip_suffix(":verb")).expect("a path");
    is_encoded(in_path, true, name);
    let query = uri.query().and_then(|query| query.strip_prefix("of=")).expect("a query");
    is_encoded(query, false, name);

    let header = HeaderValue::from_maybe_shared(Bytes::from(call.params)).expect("a header");
    let params = header.to_str().expect("ASCII");
    let (first, second) = params.split_once('&').expect("two parameters");
    is_encoded(first.strip_prefix("name=").expect("the name"), false, name);
    is_encoded(second.strip_prefix("other=").expect("the other"), false, name);
}

fn is_a_name(name: &str) -> bool {
    let has_control = name.chars().any(|letter| matches!(u32::from(letter), 0..0x20 | 0x7F..0xA0));
    let slashed = format!("/{name}/");
    let has_dots = slashed.contains("/./") || slashed.contains("/../");
    name.len() <= 2_048 && !has_control && !has_dots && !slashed.contains("//")
}

/// Checks that a text consists of unreserved characters, `%XX` and, if allowed, slashes, and decodes to the name.
fn is_encoded(text: &str, with_slashes: bool, name: &str) {
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match first {
            b'%' => {
                let code = text[text.len() - after.len()..].get(..2).expect("two digits");
                assert_eq!(code, code.to_ascii_uppercase());
                let byte = u8::from_str_radix(code, 16).expect("hexadecimal digits");
                let special = !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte);
                assert!(special && !(with_slashes && byte == b'/'), "{code} needs no encoding: {text}");
                decoded.push(byte);
                &after[2..]
            }
            byte => {
                let stands = byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
                assert!(stands || with_slashes && *byte == b'/', "{byte} in {text}");
                decoded.push(*byte);
                after
            }
        };
    }
    assert_eq!(String::from_utf8(decoded).as_deref(), Ok(name));
}

type Takes = fn(&[&str]) -> bool;

const TEMPLATES: [(&str, Takes); 4] = [
    ("operations/**", |name| name[0] == "operations" && !name[1..].join("/").is_empty()),
    (
        "projects/*/locations/*/operations/*",
        |name| matches!(name, ["projects", p, "locations", l, "operations", o] if ![p, l, o].contains(&&"")),
    ),
    ("subscriptions/*", |name| matches!(name, ["subscriptions", id] if !id.is_empty())),
    ("**", |name| name != [""]),
];

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::name_path;

    proptest! {
        #[test]
        fn any_text(name: String) {
            name_path(&name);
        }

        #[test]
        fn near_names(name in name()) {
            name_path(&name);
        }

        #[test]
        fn long_names(start in name(), len in 2_000_usize..2_100, letter in select(vec!['a', '%', 'é', '/'])) {
            let rest = len.saturating_sub(start.len()) / letter.len_utf8();
            name_path(&format!("{start}{}", letter.to_string().repeat(rest)));
        }
    }

    fn name() -> impl Strategy<Value = String> {
        let segment = || {
            prop_oneof![
                4 => "[a-zA-Z0-9_~+=%:?#@&;, é-]{1,8}",
                2 => "operations|projects|locations|subscriptions",
                1 => "[.]{0,3}",
                1 => "(%2[eEfF]|\\\\|\u{7f}|\u{85}|\u{a0}|\n|[.]){1,3}",
                1 => ".{0,4}",
            ]
        };
        prop_oneof![
            4 => vec(segment(), 0..6).prop_map(|segments| segments.join("/")),
            2 => vec(segment(), 1..4).prop_map(|segments| format!("operations/{}", segments.join("/"))),
            2 => (segment(), segment(), segment())
                .prop_map(|(a, b, c)| format!("projects/{a}/locations/{b}/operations/{c}")),
        ]
    }
}
