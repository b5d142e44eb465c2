//! Waits of the service crates, each from the handle of an operation, against the emulator.

use std::{
    future::IntoFuture,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lro::{Code, Handle, LroTransport, Origin, Status, Tolerance, Wait};
use lro_emulator::{
    Emulator, Reply, Script,
    contract::{self, Subject},
};
use serde_json::{Value, json};

use crate::ReservedPort;

/// How a service crate resumes the operation of a saved handle.
#[derive(Clone, Copy, Debug)]
pub struct Resumed {
    /// The name of the operation.
    pub name: &'static str,
    /// Resumes it with a client of the service at this endpoint.
    pub at: fn(&str) -> Wait<'static, Value>,
}

impl Resumed {
    /// Asserts that a wait without a credential ends after one call or two, with an error that names the operation.
    pub async fn ends_without_a_credential(&self) {
        let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
        emulator.operation(self.name, Script::new());
        let wait = (self.at)(&emulator.endpoint()).tolerance(soon());
        let error = promptly(wait.into_future()).await.unwrap_err();
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
        // SPEC 21
        let named = format!("({}, ", self.name);
        says(&error, &["authentication credential", &named, "it may still be running"]);
        // SPEC 30
        assert!(emulator.call_count() <= 2);
    }

    /// Asserts that a wait ends when connections are refused, with an error that names the endpoint and the operation.
    pub async fn ends_when_connections_are_refused(&self) {
        let closed = Closed::bind();
        let wait = (self.at)(&closed.endpoint).tolerance(Tolerance::none());
        let error = promptly(wait.into_future()).await.unwrap_err();
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
        // SPEC 21
        says(&error, &[&closed.cannot(), "refused", &self.polled(1), "it may still be running"]);

        // SPEC 27
        let wait = (self.at)(&closed.endpoint).tolerance(soon().failures(2));
        let error = promptly(wait.into_future()).await.unwrap_err();
        says(&error, &["gave up after 3 failed calls in a row", &closed.cannot(), "it may still be running"]);
    }

    /// Asserts that a wait ends with this error when the server does not know its path.
    pub async fn ends_at_an_unknown_path(&self) {
        let emulator = Emulator::start().await.unwrap();
        emulator.reply_next(1, unknown_path());
        let wait = (self.at)(&emulator.endpoint()).tolerance(Tolerance::none());
        let error = promptly(wait.into_future()).await.unwrap_err();
        is_unknown_path(&error);
        says(&error, &[self.name]);
    }

    /// Asserts that a wait ends when the operation has expired, and says so.
    pub async fn ends_with_an_operation_that_expired(&self) {
        let emulator = Emulator::start().await.unwrap();
        emulator.operation(self.name, Script::new().runs_for(Duration::MAX));
        let mut wait = (self.at)(&emulator.endpoint());
        assert!(!promptly(wait.next()).await.unwrap().unwrap().is_done());
        emulator.forget(self.name);
        let error = promptly(wait.into_future()).await.unwrap_err();
        // SPEC 31
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
        says(&error, &["the operation has expired or was deleted", &self.polled(2)]);
    }

    /// The name and the number of polls, as an error has them.
    pub fn polled(&self, polls: u32) -> String {
        format!("({}, {polls} poll{}", self.name, if polls == 1 { "" } else { "s" })
    }
}

/// The tokens `first` and `second`, and how many were fetched.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Arc<AtomicUsize>);

impl Tokens {
    /// Fetches the next token.
    pub fn fetch(&self) -> &'static str {
        ["first", "second"][self.0.fetch_add(1, Ordering::SeqCst)]
    }

    /// Returns how many tokens were fetched.
    pub fn fetched(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Saves the handle of an operation and reads it again. Asserts that its JSON has the service, version 1, the name and the
/// kind, which is the service and the method.
pub fn saved_and_read(handle: &Handle, service: &str, method: &str, name: &str) -> Handle {
    let saved = serde_json::to_string(handle).unwrap();
    // SPEC 12
    let json: Value = serde_json::from_str(&saved).unwrap();
    let kind = format!("{service}/{method}");
    assert_eq!(json, json!({"format": 1, "service": service, "version": "v1", "name": name, "kind": kind}));
    serde_json::from_str(&saved).unwrap()
}

/// Asserts that a client is not built for an endpoint that is none. `refusal` is the error of building one for a URL.
pub fn refuses_wrong_endpoints(host: &str, refusal: impl Fn(&str) -> Status) {
    for (url, why) in [
        (host, "it needs both a scheme and a host, such as https://"),
        ("", "expected a URL such as https://"),
        ("not a url", "expected a URL such as https://"),
        (&format!("http://{host}"), "use https"),
        (&format!("ftp://{host}"), "its scheme is not https"),
        (&format!("https://{host}/v1//"), "its path has an empty segment"),
        (&format!("https://{host}:"), "its port is "),
    ] {
        let error = refusal(url);
        assert_eq!(error.code(), Code::InvalidArgument);
        // SPEC 43
        says(&error, &[&format!("not an endpoint: {url:?}"), why]);
    }
    let error = refusal("https://me:sesame@example.com");
    says(&error, &["it contains a user or a password", "give credentials to the builder"]);
    assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
}

/// An endpoint at which no server listens, on a port that no other program gets.
#[derive(Debug)]
pub struct Closed {
    /// The URL.
    pub endpoint: String,
    _port: ReservedPort,
}

impl Closed {
    /// Reserves a port and does not listen.
    pub fn bind() -> Self {
        let port = ReservedPort::any();
        Self { endpoint: port.url(), _port: port }
    }

    /// What an error says about a call to it.
    pub fn cannot(&self) -> String {
        format!("cannot connect to {}: ", self.endpoint)
    }
}

/// A page of HTML in the place of a reply: that of a proxy with an error status, or that of a sign-in with 200.
pub fn html(status: u16) -> Reply {
    let page = "<!DOCTYPE html>\n<html><title>Oops</title></html>";
    Reply::status(status).header("content-type", "text/html").body(page)
}

/// Asserts that an error is that of [`html`] with this status, without the page.
pub fn is_html(error: &Status, status: u16) {
    // SPEC 19, 23
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Internal));
    match status {
        200 => says(error, &["the reply is HTML or XML, expected JSON"]),
        _ => {
            let line = format!("HTTP {status}");
            says(error, &[&line, "an HTML page: a proxy or another server may have answered"]);
        }
    }
    assert!(!format!("{error:?}").contains("Oops"));
}

/// The fields of a request that an error names as invalid.
pub fn invalid_fields(error: &Status) -> Vec<String> {
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::InvalidArgument));
    // SPEC 24
    let violations = error.details().bad_request().unwrap().field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}

/// Asserts that an error is that of a call without the right credential, which was `sesame` if any.
pub fn is_unauthenticated(error: &Status) {
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
    says(error, &["UNAUTHENTICATED", "authentication credential", "Expected OAuth 2 access token"]);
    // SPEC 43
    assert!(!format!("{error:?}").contains("sesame"));
}

/// The reply of a server that does not know a path.
pub fn unknown_path() -> Reply {
    let page = "<html><p>The requested URL was not found on this server.</html>";
    Reply::status(404).header("content-type", "text/html").body(page)
}

/// Asserts that an error is that of [`unknown_path`].
pub fn is_unknown_path(error: &Status) {
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(error, &["NOT_FOUND", "HTTP 404", "another server may have answered"]);
}

/// Asserts that the text of an error is one line with all of these words.
pub fn says(error: &Status, words: &[&str]) {
    let text = error.to_string();
    assert!(!text.contains('\n'), "more than a line: {text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

/// Asserts that a future ends within a minute.
pub async fn promptly<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs")
}

/// The usual tolerance with shorter delays.
pub fn soon() -> Tolerance {
    Tolerance::default().delay(Duration::from_millis(5), Duration::from_millis(5))
}

/// Asserts that a wait polls when its pacing plans it, before the classic backoff would. On a busy machine nine waits of ten may be
/// late, and so may what is planned next. `wait` returns how long the wait of this number took.
pub async fn asks_as_planned(plan: impl Fn() -> Duration, wait: impl AsyncFn(u32) -> Duration) {
    for number in 1..=10 {
        let planned = plan();
        let took = wait(number).await;
        assert!(took >= planned, "{took:?}, planned at {planned:?}");
        if took < CLASSIC {
            return;
        }
    }
    panic!("no wait asks before {CLASSIC:?}");
}

/// Asserts that a transport for a service that has get alone passes the contract, by GET at this path.
pub async fn passes_the_contract(
    emulator: &Emulator,
    transport: &dyn LroTransport,
    collection: &str,
    path: &str,
) {
    contract::all(&Subject::new(emulator, transport, collection)).await;
    let calls = emulator.calls();
    // SPEC 38
    assert!(calls.iter().all(|call| call.method == "GET"), "the service binds get alone");
    assert!(calls.iter().all(|call| call.path.starts_with(path)), "not all paths begin with {path}");
}

/// Asserts that a transport passes the contract by HTTP/2 alone.
pub async fn passes_the_contract_over_http_2(
    emulator: &Emulator,
    transport: &dyn LroTransport,
    collection: &str,
) {
    contract::all(&Subject::new(emulator, transport, collection)).await;
    assert!(emulator.calls().iter().all(|call| format!("{:?}", call.version) == "HTTP/2.0"));
}

/// When the classic backoff first asks.
pub const CLASSIC: Duration = Duration::from_secs(1);
