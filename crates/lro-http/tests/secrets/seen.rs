//! The output of a program that makes calls, and the secrets that must not be in it.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::{Debug, Write},
    time::Duration,
};

use lro::{
    Capabilities, Handle, ListOperationsRequest, LroTransport, Operation, Outcome, Status, Tolerance,
    pacing::Pacing, poll_until_done, wkt,
};
use lro_http::{Call, HttpClientBuilder, HttpTransport};
use serde_json::json;

use crate::common::{binding, in_time, name, trace::Traces};

/// As long as a real token, so longer than any content encoding that is shown.
pub(crate) const TOKEN: &str = "canary.token-0123456789_abcdefghijklmnopqrstuvwxyz";
pub(crate) const REFRESH: &str = "canary-refresh";
pub(crate) const PAYLOAD: &str = "canary-payload";
pub(crate) const QUERY: &str = "canary-query";
pub(crate) const REPLY: &str = "canary-reply";
pub(crate) const PROXY: &str = "canary-proxy";

/// A canary as text, in base64 with a user before it, in hexadecimal, and as a list of bytes.
const FORMS: [&str; 4] = ["canary", "dXNlcjpjYW5hcnkt", "63616e617279", "99, 97, 110, 97, 114, 121"];

pub(crate) const ATTEMPT: Duration = Duration::from_millis(50);
const DEADLINE: Duration = Duration::from_millis(3);

/// All output, by its origin.
pub(crate) struct Seen {
    shown: BTreeMap<String, String>,
    traces: Traces,
}

impl Seen {
    /// Starts recording, traces included.
    pub(crate) fn begin() -> Self {
        Self { shown: BTreeMap::new(), traces: Traces::record() }
    }

    /// The output of every call and of waits.
    pub(crate) async fn of_all_calls(client: HttpClientBuilder) -> Self {
        let mut seen = Self::begin();
        let jobs = seen.transport(client);
        seen.calls_of_its_own(&jobs).await;
        seen.operation("get", in_time(jobs.get_operation(&name())).await);
        seen.outcome("cancel", in_time(jobs.cancel_operation(&name())).await);
        seen.outcome("delete", in_time(jobs.delete_operation(&name())).await);
        seen.operation("wait", in_time(jobs.wait_operation(&name(), None)).await);
        let request = ListOperationsRequest::default().filter(QUERY).page_token(QUERY);
        seen.outcome("list", in_time(jobs.list_operations(&request)).await);
        seen.waits(&jobs).await;
        seen
    }

    /// The output of a poll and of waits.
    pub(crate) async fn of_a_poll(client: HttpClientBuilder) -> Self {
        let mut seen = Self::begin();
        let jobs = seen.transport(client);
        seen.operation("get", in_time(jobs.get_operation(&name())).await);
        seen.waits(&jobs).await;
        seen
    }

    /// The output of the calls that have a timeout.
    pub(crate) async fn of_timed_calls(client: HttpClientBuilder) -> Self {
        let mut seen = Self::begin();
        let jobs = seen.transport(client);
        seen.calls_of_its_own(&jobs).await;
        seen.waits(&jobs).await;
        seen
    }

    /// Builds a transport, and records the `Debug` of all that is involved.
    fn transport(&mut self, client: HttpClientBuilder) -> HttpTransport {
        self.keep("the builder", &client);
        let all = Capabilities::ALL;
        let mapped = client.map(move |client| HttpTransport::new(client, binding(all)));
        self.keep("the builder of a transport", &mapped);
        let jobs = mapped.build().unwrap();
        self.keep("the client", jobs.client());
        self.keep("the endpoint", jobs.client().endpoint());
        jobs
    }

    async fn calls_of_its_own(&mut self, jobs: &HttpTransport) {
        let call = Call::post("v1", "jobs", ":start").param("name", "jobs").query("key", QUERY);
        let call = call.body(&json!({"secret": PAYLOAD})).unwrap();
        self.keep("the call", &call);
        self.operation("start", in_time(jobs.start(call.clone())).await);
        let sent = in_time(jobs.client().send::<wkt::Empty>(call.clone())).await;
        self.outcome("send", sent);
        // No reply decodes as this type.
        let sent = in_time(jobs.client().send::<Vec<u8>>(call)).await;
        self.outcome("send for a list", sent);
        // The transport has state after its first use.
        self.keep("the transport", jobs);
    }

    async fn waits(&mut self, jobs: &HttpTransport) {
        let wait = || {
            poll_until_done::<Vec<u8>>(jobs, name())
                .tolerance(Tolerance::none())
                .attempt_timeout(ATTEMPT)
                .pacing(Pacing::fixed(Duration::from_millis(1)))
        };
        self.keep("a wait", &wait());
        self.keep("a handle", &Handle::new(&jobs.service(), name()));
        self.outcome("a wait", in_time(wait().deadline(DEADLINE).into_future()).await);
        let survives = Tolerance::none().failures(1).delay(Duration::ZERO, Duration::ZERO);
        let patient = wait().deadline(DEADLINE).tolerance(survives);
        self.outcome("a wait that survives a failure", in_time(patient.into_future()).await);
    }

    /// Records the `Debug` of a value.
    pub(crate) fn keep(&mut self, what: &str, shown: &dyn Debug) {
        self.shown.entry(what.to_owned()).or_default().push_str(&format!("{shown:?}\n{shown:#?}\n"));
    }

    /// Records the result of a call.
    pub(crate) fn outcome<T: Debug>(&mut self, what: &str, outcome: Result<T, Status>) {
        match outcome {
            Ok(good) => self.keep(what, &good),
            Err(status) => self.status(what, &status),
        }
    }

    fn operation(&mut self, what: &str, outcome: Result<Operation, Status>) {
        let Ok(Operation { outcome: Some(Outcome::Response(response)), .. }) = &outcome else {
            return self.outcome(what, outcome);
        };
        // A response of another type makes a status with the raw response.
        self.outcome("a response of another type", response.decode::<Vec<u8>>());
        self.outcome(what, outcome);
    }

    /// Records a failure: its `Debug`, its `Display` and its sources.
    fn status(&mut self, what: &str, status: &Status) {
        self.keep(what, status);
        let text = self.shown.entry(what.to_owned()).or_default();
        let mut cause: Option<&dyn Error> = Some(status);
        while let Some(error) = cause {
            writeln!(text, "{error}\n{error:?}\n{error:#?}").unwrap();
            cause = error.source();
        }
        let report = status.report();
        if let Some(failure) = report.and_then(|report| report.last_failure.as_ref()) {
            self.status(&format!("the last failure of {what}"), failure);
        }
    }

    /// Asserts that the output contains no canary in any form.
    #[track_caller]
    pub(crate) fn assert_nothing(self, scenario: &str) {
        let traced = self.traced();
        self.assert_nothing_and_not_in(scenario, traced);
    }

    /// The crate `h2` traces the text of a GOAWAY frame, which this crate cannot prevent.
    #[track_caller]
    pub(crate) fn assert_nothing_but_by_h2(self, scenario: &str) {
        let traced = self.traced();
        let others = traced.lines().filter(|line| !line.trim_start_matches('(').starts_with("\"h2::"));
        self.assert_nothing_and_not_in(scenario, others.collect::<Vec<_>>().join("\n"));
    }

    #[track_caller]
    fn assert_nothing_and_not_in(mut self, scenario: &str, traced: String) {
        self.shown.insert("the traces".to_owned(), traced);
        for (what, text) in &self.shown {
            for form in FORMS {
                assert!(!text.contains(form), "{scenario}: {what} shows {form:?}:\n{text}");
            }
        }
    }

    pub(crate) fn traced(&self) -> String {
        self.traces.text()
    }
}
