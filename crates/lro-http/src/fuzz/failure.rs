use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use lro::{Code, Origin, Status, Tolerance, details::ErrorInfo};
use serde_json::Value;

use crate::{Token, reply::without_echo};

/// Checks the status of a failed call, for the status lines 100 to 999: SPEC 20, 22 to 24, 26, 28, 46, 50, 51, 56, 57.
pub fn http_error(http: u16, body: &[u8]) {
    let Ok(line) = StatusCode::from_u16(http) else {
        return assert!(!(100..=999).contains(&http));
    };
    let token = Token::bearer(TOKEN).expect("a token");
    let body = &*without_echo(Bytes::copy_from_slice(body), Some(&token));
    let status = Status::from_http(line, &HeaderMap::new(), body);
    holds(&status);
    let is_redirect = line.is_redirection();
    if is_redirect {
        assert!(status.message().contains("was not followed"), "{status}");
        assert!(!Tolerance::default().is_survivable(&status), "{status}");
    }

    // `Value` also keeps the last of two members of one name.
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let reply = json.as_array().filter(|array| array.len() == 1).map_or(&json, |array| &array[0]);
    // An empty name and a false `done` say nothing.
    let says =
        |name, nothing: Value| reply.get(name).is_some_and(|value| !value.is_null() && *value != nothing);
    let is_operation = says("name", "".into()) || says("done", false.into());
    let has_error = reply.get("error").is_some_and(|error| error.is_object() || error.is_string());
    assert_eq!(Status::in_reply(body).is_some(), has_error && !is_operation, "{json}");
    match reply.get("error") {
        Some(Value::Object(_)) => is_of_google(http, &reply["error"], &status),
        Some(Value::String(name)) => {
            is_by_line(http, &status);
            assert!(status.message().contains(without_stop(&name.replace(TOKEN, "…"))), "{status}");
        }
        _ if !said(reply).is_empty() => {
            is_by_line(http, &status);
            assert!(is_redirect || status.message() == said(reply), "{status}");
        }
        _ => {
            is_by_line(http, &status);
            // The message shows nothing of the body.
            let rest = status.message().strip_prefix(&format!("HTTP {line}")).expect("the status line");
            assert!(rest.len() < 80, "{status}");
        }
    }
}

/// Returns the text of an error in the form of RFC 9457.
fn said(reply: &Value) -> String {
    let texts = ["title", "message", "detail"].map(|name| reply[name].as_str().unwrap_or_default());
    let texts = texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned);
    texts.reduce(|first, second| format!("{}: {second}", without_stop(&first))).unwrap_or_default()
}

fn without_stop(text: &str) -> &str {
    text.trim_end().trim_end_matches(['.', ':', ';', ','])
}

/// Checks the properties of every failed call.
fn holds(status: &Status) {
    assert_eq!(status.origin(), Origin::CallFailed);
    assert_ne!(status.code(), Code::Ok);
    assert!((1..=16).contains(&status.raw_code()), "{status:?}");
    assert!(status.may_be_running() && !status.message().is_empty(), "{status:?}");
    let shown = status.to_string();
    assert!(!shown.contains(TOKEN) && !format!("{status:?}").contains(TOKEN), "{status}");
    assert!(!shown.chars().any(char::is_control) && shown.chars().count() < 2_100, "{shown}");
}

/// `{"code", "message", "status", "details"}`.
fn is_of_google(http: u16, error: &Value, status: &Status) {
    let details = error["details"].as_array().into_iter().flatten().filter(|detail| detail.is_object());
    let kept = status.details().as_slice().iter();
    let kept =
        kept.map(|detail| serde_json::from_str::<Value>(detail.as_json().expect("JSON")).expect("JSON"));
    assert!(kept.eq(details.cloned()), "{status:?}");
    if let Some(message) = error["message"].as_str().map(|message| message.replace(TOKEN, "…")) {
        // Before another text it has no full stop.
        assert!(status.message().contains(without_stop(&message)), "{status}");
    }

    let legacy = error["errors"].as_array().into_iter().flatten().filter_map(|item| item["reason"].as_str());
    let mut reasons: Vec<String> = legacy.map(str::to_owned).collect();
    reasons.extend(status.details().as_slice().iter().filter(|any| any.is::<ErrorInfo>()).filter_map(
        |any| {
            let info: ErrorInfo = any.decode().ok()?;
            Some(info.reason)
        },
    ));
    let has = |known: &[&str]| reasons.iter().any(|reason| known.contains(&&**reason));
    let is_spent = has(&["dailyLimitExceeded", "quotaExceeded"]);
    if !is_spent && has(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]) {
        return assert_eq!(status.code(), Code::ResourceExhausted, "{error}");
    }
    let named = error["status"].as_str().and_then(|name| NAMES.iter().position(|known| *known == name));
    let code = error["code"].as_u64().or_else(|| error["code"].as_str()?.parse().ok());
    let coded = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
    match named {
        Some(index) => assert_eq!(status.raw_code(), index as i32 + 1, "{error}"),
        None if is_spent => {}
        None if http / 100 == 2 => is_by_line(coded.unwrap_or(http), status),
        None => is_by_line(http, status),
    }
    if is_spent && status.details().retry_info().is_none() {
        let is_quota = matches!(status.code(), Code::PermissionDenied | Code::ResourceExhausted);
        assert!(!(is_quota && Tolerance::default().is_survivable(status)), "{error}");
    }
}

fn is_by_line(http: u16, status: &Status) {
    let known = BY_LINE.iter().find(|(line, _)| *line == http).map(|(_, code)| *code);
    let code = known.unwrap_or(match http / 100 {
        4 => "FAILED_PRECONDITION",
        5 => "INTERNAL",
        _ => "UNKNOWN",
    });
    assert_eq!(status.code().name(), code, "HTTP {http}");
    let survived = matches!(http, 408 | 409 | 425 | 429 | 500 | 502.. | ..300);
    if status.details().as_slice().is_empty() && http < 600 {
        assert_eq!(Tolerance::default().is_survivable(status), survived, "HTTP {http}");
    }
}

/// A token that a hostile server returns.
const TOKEN: &str = "ya29.canary";

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
        prop_oneof![1 => Just(200), 4 => 300_u16..600, 1 => select(vec![408, 425, 429, 499, 501, 503, 504]), 1 => any::<u16>()]
    }

    fn body() -> BoxedStrategy<Value> {
        let reply = prop_oneof![
            6 => error().prop_map(|error| json!({"error": error})),
            2 => (".{0,8}", value())
                .prop_map(|(error, description)| json!({"error": error, "error_description": description})),
            1 => value().prop_map(|error| json!({"error": error})),
            2 => (value(), value(), value()).prop_map(
                |(title, message, detail)| json!({"title": title, "message": message, "detail": detail})
            ),
            1 => (error(), value(), value()).prop_map(|(error, name, done)| json!({"error": error, "name": name, "done": done})),
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
            1 => Just(json!({"@type": "t/google.rpc.RetryInfo", "retryDelay": "1s"})),
            1 => Just(json!({"@type": 1})),
            1 => value(),
        ];
        let details = prop_oneof![3 => vec(detail, 0..3).prop_map(Value::from), 1 => value()];
        let reason =
            select(vec!["rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"]);
        let reason = prop_oneof![reason.prop_map(Value::from), value()];
        let legacy =
            (reason, value()).prop_map(|(reason, message)| json!({"reason": reason, "message": message}));
        let legacy = vec(legacy, 1..3).prop_map(Value::from);
        let members = (
            prop::option::of(("status", name)),
            prop::option::of(("message", message)),
            prop::option::of(("details", details)),
            prop::option::weighted(0.2, ("errors", prop_oneof![legacy, value()])),
            prop::option::of(("code", prop_oneof![value(), line().prop_map(Value::from)])),
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
