//! JSON that is nearly valid, so that it passes the first checks of a parser and reaches the later ones.

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
};
use serde_json::{Value, json};

/// JSON text that is close to an operation.
pub(super) fn operation() -> impl Strategy<Value = String> {
    let done = prop_oneof![6 => Just(json!(true)), 1 => Just(json!(false)), 1 => scalar()];
    let part = || prop_oneof![4 => detail(), 1 => Just(Value::Null), 1 => Just(json!([])), 1 => json_value()];
    let error = prop_oneof![4 => status(), 1 => Just(Value::Null), 1 => json_value()];
    let members = (
        maybe("name", prop_oneof![name().prop_map(Value::from), scalar()]),
        maybe("metadata", part()),
        mostly("done", done),
        maybe("error", error),
        maybe("response", part()),
    );
    let members = members.prop_map(|(a, b, c, d, e)| [a, b, c, d, e].concat());
    (members, extra()).prop_map(|(members, extra)| written(&[members, extra].concat()))
}

/// JSON that is close to a `google.rpc.Status`.
pub(super) fn status() -> BoxedStrategy<Value> {
    let code = prop_oneof![
        3 => (-2..20_i64).prop_map(Value::from),
        2 => (-2..20_i64).prop_map(|code| json!(code.to_string())),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(|code| json!(code.to_string())),
        1 => select(vec![2_147_483_647.0, 2_147_483_648.0, -2_147_483_648.0, 1e300, 5.0, 5.5, -0.0])
            .prop_map(Value::from),
        1 => scalar(),
    ];
    let message = prop_oneof![4 => ".{0,12}".prop_map(Value::from), 1 => scalar()];
    let details = prop_oneof![6 => vec(detail(), 0..4).prop_map(Value::from), 1 => json_value()];
    (maybe("code", code), maybe("message", message), maybe("details", details))
        .prop_map(|(code, message, details)| [code, message, details].concat().into_iter().collect())
        .boxed()
}

/// JSON text that is close to a handle.
pub(super) fn handle() -> impl Strategy<Value = String> {
    let key =
        select(vec!["routeoptimization.googleapis.com", "workspaceevents.googleapis.com", "", "https://x"]);
    let version = select(vec!["v1", "v1beta", ""]);
    let members = (
        mostly("service", prop_oneof![6 => key.prop_map(Value::from), 1 => scalar()]),
        mostly("version", prop_oneof![6 => version.prop_map(Value::from), 1 => scalar()]),
        mostly("name", prop_oneof![6 => name().prop_map(Value::from), 1 => scalar()]),
        maybe("format", prop_oneof![6 => Just(json!(1)), 1 => Just(json!(2)), 1 => scalar()]),
    );
    let members = members.prop_map(|(key, version, name, format)| [key, version, name, format].concat());
    (members, extra()).prop_map(|(members, extra)| written(&[members, extra].concat()))
}

/// A text or bytes with one byte replaced, or truncated.
pub(super) fn broken<T>(text: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<u8>>
where
    T: Into<Vec<u8>> + std::fmt::Debug,
{
    (text, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(|(text, at, byte, cut)| {
        let mut bytes: Vec<u8> = text.into();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
        }
        bytes
    })
}

/// JSON that is close to one of the ten standard details, or another message.
fn detail() -> BoxedStrategy<Value> {
    let names = select(vec![
        "ErrorInfo",
        "RetryInfo",
        "DebugInfo",
        "QuotaFailure",
        "PreconditionFailure",
        "BadRequest",
        "RequestInfo",
        "ResourceInfo",
        "Help",
        "LocalizedMessage",
        "Other",
    ]);
    let url = prop_oneof![
        6 => names.prop_map(|name| json!(format!("type.googleapis.com/google.rpc.{name}"))),
        1 => Just(json!("google.rpc.ErrorInfo")),
        1 => Just(json!("a/b/google.rpc.RetryInfo")),
        1 => Just(json!("t/google.protobuf.Duration")),
        1 => scalar(),
    ];
    let field = select(vec![
        "reason",
        "domain",
        "metadata",
        "retryDelay",
        "retry_delay",
        "stackEntries",
        "detail",
        "violations",
        "fieldViolations",
        "requestId",
        "resourceName",
        "links",
        "locale",
        "message",
        "value",
    ]);
    let value = prop_oneof![
        3 => "[a-z]{0,4}".prop_map(Value::from),
        2 => "-?[0-9]{1,4}(\\.[0-9]{1,9})?s".prop_map(Value::from),
        2 => btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3).prop_map(|map| json!(map)),
        1 => Just(json!([{"subject": "s", "quotaValue": "9007199254740993", "futureQuotaValue": 1}])),
        1 => Just(json!([{"field": "f", "localizedMessage": {"locale": "de"}}])),
        1 => json_value(),
    ];
    (maybe("@type", url), btree_map(field, value, 0..3))
        .prop_map(|(url, fields)| {
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(url).collect()
        })
        .boxed()
}

fn name() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => "[a-z0-9+=%:~]{1,6}", 1 => "\\.{0,3}", 1 => ".{0,3}"];
    vec(segment, 0..5).prop_map(|segments| segments.join("/"))
}

/// Unknown or duplicate members.
fn extra() -> impl Strategy<Value = Members> {
    prop_oneof![
        4 => Just(Members::new()),
        1 => maybe("token", json_value()),
        1 => maybe("name", scalar()),
        1 => maybe("done", scalar()),
    ]
}

type Members = Vec<(String, Value)>;

fn maybe(name: &'static str, value: impl Strategy<Value = Value>) -> impl Strategy<Value = Members> {
    prop_oneof![1 => Just(None), 2 => value.prop_map(Some)].prop_map(|value| entry(name, value))
}

fn mostly(name: &'static str, value: impl Strategy<Value = Value>) -> impl Strategy<Value = Members> {
    prop_oneof![1 => Just(None), 9 => value.prop_map(Some)].prop_map(|value| entry(name, value))
}

fn entry(name: &str, value: Option<Value>) -> Members {
    value.map(|value| (name.to_owned(), value)).into_iter().collect()
}

/// Writes an object by hand, because a map cannot hold duplicate keys.
fn written(members: &[(String, Value)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{} : {value}", json!(name))).collect();
    format!("{{{}}}", members.join(" , "))
}

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
    .boxed()
}

fn json_value() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map("[a-z@]{0,5}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
        .boxed()
}
