//! Replies that contain parts of the request.

use serde_json::json;

use crate::common::Recorded;

/// The forms of such replies.
type Echo = fn(&Recorded) -> String;

/// The bodies of failed calls. Google's form may describe the request to the caller, so it contains only the token.
pub(crate) const ECHOES: [(&str, Echo); 14] = [
    ("an empty body", |_| String::new()),
    ("HTML", |request| format!("<html><pre>{}</pre></html>", all(request))),
    ("text", all),
    ("a string", |request| json!(all(request)).to_string()),
    ("JSON without an error", |request| json!({"request": all(request)}).to_string()),
    ("truncated JSON", |request| format!(r#"{{"error": {{"message": "{}"#, all(request))),
    ("Google's error", |request| json!({"error": {"message": header(request)}}).to_string()),
    ("Google's error in an array", |request| json!([{"error": {"message": header(request)}}]).to_string()),
    ("an escaped error", |request| {
        let escaped = header(request).replace('c', r"\u0063");
        format!(r#"{{"error": {{"message": "{escaped}"}}}}"#)
    }),
    ("a name", |request| json!({"error": {"status": header(request), "message": "no"}}).to_string()),
    ("details", |request| {
        let detail = json!({"@type": "t/google.rpc.ErrorInfo", "reason": all(request)});
        json!({"error": {"message": "no", "details": [detail, {"retryDelay": all(request)}]}}).to_string()
    }),
    ("OAuth's error", |request| json!({"error": header(request)}).to_string()),
    ("OAuth's description", |request| {
        json!({"error": "invalid_token", "error_description": header(request)}).to_string()
    }),
    ("the legacy error", |request| {
        json!({"error": {"errors": [{"message": header(request), "reason": header(request)}]}}).to_string()
    }),
];

/// Bodies of failed calls, and the expected messages.
pub(crate) const SAID_BACK: [(&str, &str); 5] = [
    (r#"{"error": {"message": "not a token: TOKEN"}}"#, "not a token: …"),
    (r#"[{"error": {"message": "authorization: Bearer TOKEN, TOKEN"}}]"#, "authorization: Bearer …, …"),
    (r#"{"error": "invalid_token", "error_description": "TOKEN is old"}"#, "invalid_token: … is old"),
    (r#"{"error": {"errors": [{"message": "no", "reason": "TOKEN"}]}}"#, "no: …"),
    (r#"{"error": {"message": "no token"}}"#, "no token"),
];

/// Successful replies that are not operations.
pub(crate) const MALFORMED: [&str; 23] = [
    "REPLY",
    r#""REPLY""#,
    r#"["REPLY"]"#,
    "<html>REPLY</html>",
    r#"{"name": "operations/1", "metadata": {"a": "REPLY"#,
    r#"{"name": "operations/1", "metadata": {"a": "REPLY"}} REPLY"#,
    r#"{"name": "operations/1", "metadata": REPLY}"#,
    r#"{"name": ["REPLY"]}"#,
    r#"{"name": {"REPLY": 1}}"#,
    r#"{"REPLY": 1, "REPLY": 2, "name": 1}"#,
    r#"{"done": "REPLY"}"#,
    r#"{"done": true, "error": "REPLY"}"#,
    r#"{"done": true, "error": ["REPLY"]}"#,
    r#"{"done": true, "error": {"code": "REPLY"}}"#,
    r#"{"done": true, "error": {"code": 5, "message": ["REPLY"]}}"#,
    r#"{"done": true, "error": {"code": 5, "details": "REPLY"}}"#,
    r#"{"done": true, "error": {"code": 5, "details": ["REPLY"]}}"#,
    r#"{"done": true, "error": {"code": 5}, "response": {"a": "REPLY"}}"#,
    r#"{"done": true, "response": "REPLY"}"#,
    r#"{"operations": "REPLY"}"#,
    r#"{"operations": [{"done": "REPLY"}]}"#,
    r#"{"nextPageToken": ["REPLY"]}"#,
    r#"{"metadata": "REPLY"}"#,
];

fn all(request: &Recorded) -> String {
    let body = String::from_utf8_lossy(&request.body).replace('"', "'");
    format!("{} {} {} {body}", request.method, request.target, header(request))
}

fn header(request: &Recorded) -> String {
    format!("authorization: {}", request.headers["authorization"].to_str().unwrap())
}
