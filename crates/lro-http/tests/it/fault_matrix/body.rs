//! The bodies, and what the rules read from them.

use lro::Code;
use serde_json::{Value, json};

use crate::fault_matrix::model::{Fate, NAMES, Says, Survival};

/// The body of a failed call.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) form: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) says: Says,
}

impl Body {
    fn new(form: impl Into<String>, bytes: impl Into<Vec<u8>>, says: Says) -> Self {
        Self { form: form.into(), bytes: bytes.into(), says }
    }

    /// A body without meaning to the rules.
    fn mute(form: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(form, bytes, Says::default())
    }

    fn google(http: u16, says: Says) -> Self {
        Self::new(format!("Google's {says:?}"), google(http, &says).to_string(), says)
    }

    fn wrapped(http: u16, says: Says) -> Self {
        Self::new(format!("array of {says:?}"), json!([google(http, &says)]).to_string(), says)
    }

    /// Whether it does not determine the code.
    pub(crate) fn leaves_the_line(&self) -> bool {
        self.says.name.is_none() && self.says.reason.is_none()
    }
}

/// SPEC 22, 23: every status name with any status line.
pub(crate) fn with_a_name(http: u16) -> Vec<Body> {
    let name = |name| Says { name, ..Says::default() };
    let mut bodies: Vec<_> =
        NAMES.into_iter().map(|(named, _)| Body::google(http, name(Some(named)))).collect();
    bodies.extend(
        ["NOT_FOUND", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"]
            .map(|named| Body::wrapped(http, name(Some(named)))),
    );
    bodies
}

/// SPEC 24, 29, 32: details.
pub(crate) fn with_details(http: u16) -> Vec<Body> {
    let mut bodies = Vec::new();
    for name in [None, Some("RESOURCE_EXHAUSTED"), Some("UNAVAILABLE")] {
        for (reason, retry_info) in [
            (None, Some("2s")),
            (None, Some("20s")),
            (Some("RATE_LIMIT_EXCEEDED"), None),
            (Some("RATE_LIMIT_EXCEEDED"), Some("20s")),
            (Some("QUOTA_EXCEEDED"), None),
            (Some("QUOTA_EXCEEDED"), Some("2s")),
        ] {
            bodies.push(Body::google(http, Says { name, reason, retry_info }));
        }
    }
    for retry_info in ["0s", "0.750s", "-3s", "3600s"] {
        bodies.push(Body::google(http, Says { retry_info: Some(retry_info), ..Says::default() }));
    }
    let quota = Says { name: Some("RESOURCE_EXHAUSTED"), reason: Some("QUOTA_EXCEEDED"), retry_info: None };
    bodies.push(Body::wrapped(http, quota));
    bodies.push(Body::wrapped(http, Says { retry_info: Some("20s"), ..Says::default() }));
    bodies
}

/// SPEC 23: the forms without a status name.
pub(crate) fn without_a_name(http: u16) -> Vec<Body> {
    let legacy = json!({"error": {
        "errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded", "message": "m"}, {"reason": "second"}],
        "code": http,
        "message": "m",
    }});
    let oauth = json!({"error": "invalid_grant", "error_description": "DATA_LOSS"});
    let truncated =
        r#"{"error": {"code": 500, "status": "DATA_LOSS", "details": [{"@type": "t/google.rpc.RetryIn"#;
    let not_utf8 = b"{\"error\": {\"status\": \"DATA_LOSS\", \"message\": \"\xff\xfe\"}}";
    vec![
        Body::google(http, Says::default()),
        Body::wrapped(http, Says::default()),
        Body::mute("a name that is none", json!({"error": {"code": http, "status": "NO_SUCH"}}).to_string()),
        Body::mute("a name that is null", json!({"error": {"code": http, "status": null}}).to_string()),
        Body::mute("another code", json!({"error": {"code": 5, "message": "m"}}).to_string()),
        Body::mute("OAuth", oauth.to_string()),
        Body::mute("OAuth, alone", json!({"error": "DATA_LOSS"}).to_string()),
        Body::new(
            "legacy",
            legacy.to_string(),
            Says { reason: Some("rateLimitExceeded"), ..Says::default() },
        ),
        Body::mute("empty", ""),
        Body::mute("HTML", "<!DOCTYPE html><html><title>DATA_LOSS</title></html>"),
        Body::mute("truncated", truncated),
        Body::mute("not UTF-8", *not_utf8),
        Body::mute("text", "DATA_LOSS"),
        // By the rules of a good reply this would be an operation that succeeded.
        Body::mute("an operation", r#"{"done": true, "response": {"@type": "t/a.B"}}"#),
    ]
}

fn google(http: u16, says: &Says) -> Value {
    let mut error = json!({"code": http, "message": "m"});
    if let Some(name) = says.name {
        error["status"] = json!(name);
    }
    let info = says.reason.map(|reason| json!({"@type": INFO, "reason": reason, "domain": "d"}));
    let retry = says.retry_info.map(|delay| json!({"@type": RETRY, "retryDelay": delay}));
    let details: Vec<_> = info.into_iter().chain(retry).collect();
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    json!({"error": error})
}

/// SPEC 1 to 7, 19, 22: the body of a 2xx reply, and its result.
pub(crate) fn good_calls() -> Vec<(Vec<u8>, Fate)> {
    let broken = Fate::Failed(Code::Internal, Survival::Survived);
    let deep = format!(r#"{{"done": false, "metadata": {}{{}}{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    let unavailable = br#"{"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}"#;
    let table: [(&[u8], Fate); 37] = [
        (br#"{"name": "operations/1"}"#, Fate::Running),
        (br#"{"done": false, "metadata": []}"#, Fate::Running),
        (br#"{"name": "", "done": null, "response": null, "error": null}"#, Fate::Running),
        // SPEC 49: nobody decodes it.
        (deep.as_bytes(), Fate::Running),
        (
            br#"{"done": false, "metadata": {"@type": "t/a.B", "verb": "solve"}, "unknown": [1]}"#,
            Fate::Running,
        ),
        (
            br#"{"done": false, "error": {"code": 5, "message": "m"}, "response": {"@type": "t/a.B"}}"#,
            Fate::Running,
        ),
        // SPEC 46
        (unavailable, Fate::Failed(Code::Unavailable, Survival::Survived)),
        (br#"{"error": {"code": 403}}"#, Fate::Failed(Code::PermissionDenied, Survival::WithinAWindow)),
        (br#"{"error": "busy"}"#, Fate::Failed(Code::Unknown, Survival::Survived)),
        (b"{}", Fate::Malformed),
        (br#"{"state": "ACTIVE", "uid": "7"}"#, Fate::Malformed),
        // SPEC 47
        (br#"{"done": false, "done": true}"#, Fate::Malformed),
        (br#"{"done": true, "response": {"@type": "t/a.B"}}"#, Fate::Succeeded),
        (br#"{"done": true, "response": {"@type": "t/a.B"}, "error": null}"#, Fate::Succeeded),
        (
            br#"{"done": true, "error": {"code": 14, "message": "m"}}"#,
            Fate::OperationFailed(Code::Unavailable),
        ),
        (br#"{"done": true, "error": {"code": "5"}}"#, Fate::OperationFailed(Code::NotFound)),
        (br#"{"done": true, "error": {"code": 1}}"#, Fate::OperationFailed(Code::Cancelled)),
        (br#"{"done": true, "error": {"code": 503}}"#, Fate::OperationFailed(Code::Unknown)),
        (br#"{"done": true, "error": {"code": 0}}"#, Fate::OperationFailed(Code::Unknown)),
        (br#"{"done": true, "error": {}}"#, Fate::OperationFailed(Code::Unknown)),
        (b"", broken),
        (b" \n", broken),
        (b"<!DOCTYPE html><html>Sign in</html>", broken),
        (br#"{"name": "operations/1", "done": tr"#, broken),
        (br#"{"done": true, "error": {"code": 5, "mess"#, broken),
        (b"{\"metadata\": {\"@type\": \"t/a.B\", \"text\": \"\xff\"}}", broken),
        (b"OK", broken),
        (b"{} {}", broken),
        (b"5", Fate::Malformed),
        (b"null", Fate::Malformed),
        (b"[{}]", Fate::Malformed),
        (br#"{"done": "yes"}"#, Fate::Malformed),
        (br#"{"name": 5}"#, Fate::Malformed),
        (br#"{"done": true, "response": 5}"#, Fate::Malformed),
        (br#"{"done": true, "error": "NOT_FOUND"}"#, Fate::Malformed),
        (br#"{"done": true, "error": {"code": "NOT_FOUND"}}"#, Fate::Malformed),
        (br#"{"done": true, "error": {"code": 5}, "response": {"@type": "t/a.B"}}"#, Fate::Malformed),
    ];
    table.into_iter().map(|(bytes, fate)| (bytes.to_vec(), fate)).collect()
}

const INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const RETRY: &str = "type.googleapis.com/google.rpc.RetryInfo";
