use http::StatusCode;
use lro::{Code, Origin, Status, Tolerance};
use serde_json::Value;

use crate::{Endpoint, Token, reply::failure::failed_call};

/// Checks the status of a failed call, for the status lines 100 to 999: SPEC 20, 22, 23, 24, 26, 28.
pub fn http_error(http: u16, body: &[u8]) {
    let Ok(line) = StatusCode::from_u16(http) else {
        return assert!(!(100..=999).contains(&http));
    };
    let endpoint = Endpoint::parse(ENDPOINT).expect("an endpoint");
    let token = Token::bearer(TOKEN).expect("a token");
    let status = failed_call(line, &endpoint, Some(&token), body);
    // SPEC 43
    assert!(!status.message().contains(TOKEN), "{status}");
    assert_eq!(status.origin(), Origin::CallFailed);
    assert_ne!(status.code(), Code::Ok);
    assert!((1..=16).contains(&status.raw_code()), "{status:?}");
    assert!(status.may_be_running() && !status.message().is_empty(), "{status:?}");
    assert!(!format!("{status} {status:?}").is_empty());

    // `Value` also keeps the last of two members of one name.
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let reply = json.as_array().filter(|array| array.len() == 1).map_or(&json, |array| &array[0]);
    match reply.get("error") {
        Some(Value::Object(_)) => is_of_google(http, &reply["error"], &status),
        Some(Value::String(name)) => {
            is_by_line(http, &status);
            assert!(status.message().starts_with(&*name.replace(TOKEN, "…")), "{status}");
        }
        _ => {
            is_by_line(http, &status);
            // The message shows nothing of the body.
            let rest = status.message().strip_prefix(&format!("HTTP {line}")).expect("the status line");
            assert!(rest.replace(ENDPOINT, "").len() < 80, "{status}");
        }
    }
}

/// `{"code", "message", "status", "details"}`.
fn is_of_google(http: u16, error: &Value, status: &Status) {
    let named = error["status"].as_str().and_then(|name| NAMES.iter().position(|known| *known == name));
    match named {
        Some(index) => assert_eq!(status.raw_code(), index as i32 + 1, "{error}"),
        None => is_by_line(http, status),
    }
    if let Some(message) = error["message"].as_str().map(|message| message.replace(TOKEN, "…")) {
        assert!(status.message().starts_with(&*message), "{status}");
    }
    let details = error["details"].as_array().into_iter().flatten().filter(|detail| detail.is_object());
    let kept = status.details().as_slice().iter();
    let kept = kept.map(|detail| serde_json::from_str::<Value>(detail.as_json()).expect("JSON"));
    assert!(kept.eq(details.cloned()), "{status:?}");
}

fn is_by_line(http: u16, status: &Status) {
    let known = BY_LINE.iter().find(|(line, _)| *line == http).map(|(_, code)| *code);
    let code = known.unwrap_or(match http / 100 {
        4 => "FAILED_PRECONDITION",
        5 => "INTERNAL",
        _ => "UNKNOWN",
    });
    assert_eq!(status.code().name(), code, "HTTP {http}");
    let survived = matches!(http, 408 | 409 | 425 | 429 | 500 | 502.. | ..400);
    if status.details().as_slice().is_empty() && http < 600 {
        assert_eq!(Tolerance::default().is_survivable(status), survived, "HTTP {http}");
    }
}

/// A token that a hostile server returns.
const TOKEN: &str = "ya29.canary";

const ENDPOINT: &str = "https://jobs.example.com";

/// The codes of the rules' table, from number 1.
const NAMES: [&str; 16] = [
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

const BY_LINE: [(u16, &str); 11] = [
    (400, "INVALID_ARGUMENT"),
    (401, "UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (409, "ABORTED"),
    (416, "OUT_OF_RANGE"),
    (429, "RESOURCE_EXHAUSTED"),
    (499, "CANCELLED"),
    (501, "UNIMPLEMENTED"),
    (503, "UNAVAILABLE"),
    (504, "DEADLINE_EXCEEDED"),
];

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde_json::json;

    use super::{NAMES, TOKEN, Value, http_error};

    proptest! {
        #[test]
        fn any_bytes(http in line(), body: Vec<u8>) {
            http_error(http, &body);
        }

        #[test]
        fn near_errors(http in line(), body in body()) {
            http_error(http, body.to_string().as_bytes());
        }

        #[test]
        fn near_errors_that_broke(http in line(), body in body(), at: prop::sample::Index) {
            let body = body.to_string();
            http_error(http, &body.as_bytes()[..at.index(body.len())]);
        }

        #[test]
        fn pages(http in line(), body in "[ \n\t]{0,3}[<{\\[a-z\"]{0,3}.{0,40}") {
            http_error(http, body.as_bytes());
        }
    }

    fn line() -> impl Strategy<Value = u16> {
        prop_oneof![4 => 300_u16..600, 1 => select(vec![408, 425, 429, 499, 501, 503, 504]), 1 => any::<u16>()]
    }

    fn body() -> BoxedStrategy<Value> {
        let reply = prop_oneof![
            6 => error().prop_map(|error| json!({"error": error})),
            2 => (".{0,8}", value())
                .prop_map(|(error, description)| json!({"error": error, "error_description": description})),
            1 => value().prop_map(|error| json!({"error": error})),
            1 => value(),
        ];
        prop_oneof![
            4 => reply.clone(),
            1 => reply.clone().prop_map(|reply| json!([reply])),
            1 => vec(reply, 0..3).prop_map(Value::from),
        ]
        .boxed()
    }

    fn error() -> BoxedStrategy<Value> {
        let name = prop_oneof![
            6 => select(NAMES.to_vec()).prop_map(Value::from),
            1 => select(vec!["OK", "", "not_found", "NOT_FOUND "]).prop_map(Value::from),
            1 => value(),
        ];
        let echo = Just(Value::from(format!("no such token: {TOKEN}.")));
        let message = prop_oneof![4 => ".{0,12}".prop_map(Value::from), 1 => echo, 1 => value()];
        let detail = prop_oneof![
            2 => Just(json!({"@type": "t/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"})),
            1 => Just(json!({"@type": 1})),
            1 => value(),
        ];
        let details = prop_oneof![3 => vec(detail, 0..3).prop_map(Value::from), 1 => value()];
        let legacy =
            (value(), value()).prop_map(|(reason, message)| json!([{"reason": reason, "message": message}]));
        let members = (
            prop::option::of(("status", name)),
            prop::option::of(("message", message)),
            prop::option::of(("details", details)),
            prop::option::weighted(0.2, ("errors", prop_oneof![legacy, value()])),
            prop::option::of(("code", value())),
        );
        let object = members.prop_map(|(a, b, c, d, e)| [a, b, c, d, e].into_iter().flatten().collect());
        object.boxed()
    }

    fn value() -> BoxedStrategy<Value> {
        prop_oneof![
            Just(Value::Null),
            Just(json!([])),
            Just(json!({})),
            Just(json!({"error": "x"})),
            any::<i32>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ]
        .boxed()
    }
}
