//! Each code of a failed call, with each kind of details and in each form, is survived as over HTTP.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    fmt::Debug,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use lro::{
    Any, Code, Origin, Pacing, Status, Tolerance,
    details::{ErrorInfo, RetryInfo},
    poll_until_done, transport_fn, wkt,
};
use lro_grpc::{Proto, Token};
use serde_json::{Value, json};
use tokio::{runtime::Builder, time::Instant};

use super::common::{Job, Reply, Server, get, in_time, is_survived, name, running, trailers_of};

#[test]
fn a_failed_call_is_read_and_survived_as_over_http() {
    // SPEC 24 to 32, 50
    for (case, status) in on_the_network(all_statuses()) {
        let over_http = case.over_http();
        assert_eq!(status.origin(), Origin::CallFailed, "{case:?}");
        assert_eq!((status.code(), status.message()), (over_http.code(), "m"), "{case:?}");
        assert_eq!(status.details().as_slice(), case.details.sent(), "{case:?}");
        assert_eq!(status.retry_after(), over_http.retry_after(), "{case:?}");
        assert_eq!(is_survived(&status), is_survived(&over_http), "{case:?}");
        let (played, expected) = (played(&status), played(&over_http));
        assert_eq!(played, expected, "{case:?}");
        assert_eq!(played.len() + 1, case.calls(), "{case:?}: {played:?}");
        // SPEC 32
        let is_delayed = matches!(case.details, Details::Retry | Details::QuotaAndRetry);
        let floor = Duration::from_secs(if is_delayed && case.code != 16 && case.code != 5 { 7 } else { 0 });
        assert!(played.iter().all(|pause| *pause >= floor), "{case:?}: {played:?}");
    }
}

#[test]
fn retry_after_of_a_proxy_counts_beside_retry_info() {
    // SPEC 32
    on_the_network(async {
        for (details, header, expected) in
            [(Details::Absent, "20", 20), (Details::Retry, "20", 20), (Details::Retry, "2", 7)]
        {
            let case = Case { code: 14, details, form: Form::HeadersAlone };
            let server = Server::always(case.reply().header("retry-after", header)).await;
            let status = get(&server.jobs()).await.unwrap_err();
            assert_eq!(status.retry_after(), Some(Duration::from_secs(expected)), "{case:?}");
        }
    });
}

#[test]
fn an_unknown_number_is_kept_and_survived() {
    // SPEC 25
    on_the_network(async {
        for number in [17, 99, 503, i32::MAX] {
            for form in Form::ALL {
                let server =
                    Server::always(form.reply(trailers_of(&Status::from_number(number, "odd")))).await;
                let status = get(&server.jobs()).await.unwrap_err();
                assert_eq!((status.code(), status.raw_code()), (Code::Unknown, number), "{form:?}");
                assert!(is_survived(&status), "{form:?}");
            }
        }
    });
}

#[test]
fn a_status_of_zero_is_a_success_only_with_a_message() {
    on_the_network(async {
        for form in Form::ALL {
            let ok = HeaderMap::from_iter([(lro_grpc_wire::status::GRPC_STATUS, "0".parse().unwrap())]);
            let outcome = get(&Server::always(form.reply(ok)).await.jobs()).await;
            match form {
                Form::AfterData | Form::HeadersAndData => assert_eq!(outcome.unwrap(), running(), "{form:?}"),
                Form::HeadersAlone | Form::Trailers => {
                    let status = outcome.unwrap_err();
                    assert_eq!(status.code(), Code::Internal, "{form:?}: {status}");
                    assert!(is_survived(&status), "{form:?}: {status}");
                }
            }
        }
    });
}

#[test]
fn a_wait_survives_a_failed_call_of_each_form() {
    // SPEC 26
    on_the_network(async {
        for form in Form::ALL {
            let busy = form.reply(trailers_of(&Status::unavailable("busy")));
            let server = Server::in_turn([busy.clone(), Reply::running(), busy, Reply::succeeded()]).await;
            let hasty = Tolerance::default().delay(Duration::from_millis(1), Duration::from_millis(2));
            let wait = poll_until_done::<Proto<Job>>(server.jobs(), name()).tolerance(hasty);
            let wait = wait.pacing(Pacing::fixed(Duration::from_millis(1)));
            assert_eq!(in_time(wait.into_future()).await.unwrap(), Proto(Job::poster()), "{form:?}");
            assert_eq!((server.requests().len(), server.connections()), (4, 1), "{form:?}");
        }
    });
}

/// A failed call.
#[derive(Clone, Copy, Debug)]
struct Case {
    code: i32,
    details: Details,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Details {
    Absent,
    Retry,
    RateLimit,
    Quota,
    QuotaAndRetry,
    Unknown,
    Unreadable,
}

/// Where the status is, and whether there is data.
#[derive(Clone, Copy, Debug)]
enum Form {
    HeadersAlone,
    Trailers,
    AfterData,
    HeadersAndData,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        let forms = |code, details| Form::ALL.into_iter().map(move |form| Self { code, details, form });
        (1..=16).flat_map(move |code| Details::ALL.into_iter().flat_map(move |details| forms(code, details)))
    }

    fn reply(self) -> Reply {
        let status = Status::from_number(self.code, "m").with_details(self.details.sent());
        let mut headers = trailers_of(&status);
        if matches!(self.details, Details::Unreadable) {
            headers.insert("grpc-status-details-bin", "!!not base64!!".parse().unwrap());
        }
        self.form.reply(headers)
    }

    /// The same failure over HTTP.
    fn over_http(self) -> Status {
        let (name, http) = BY_CODE[self.code as usize - 1];
        let details: Vec<Value> = match self.details {
            Details::Unknown => vec![json!({"@type": "t/a.B"})],
            details => details
                .sent()
                .iter()
                .map(|detail| serde_json::from_str(detail.as_json().unwrap()).unwrap())
                .collect(),
        };
        let body = json!({"error": {"code": http, "message": "m", "status": name, "details": details}});
        Status::from_http(StatusCode::from_u16(http).unwrap(), &HeaderMap::new(), body.to_string().as_bytes())
    }

    /// The calls of a wait by name whose calls fail so.
    fn calls(self) -> usize {
        match (Code::from_number(self.code), self.details) {
            // SPEC 50: a rate limit under any code.
            (_, Details::RateLimit) => SURVIVED,
            (Code::ResourceExhausted, Details::Quota) => 1,
            (
                Code::Unavailable
                | Code::DeadlineExceeded
                | Code::Internal
                | Code::Unknown
                | Code::Aborted
                | Code::ResourceExhausted,
                _,
            ) => SURVIVED,
            // SPEC 30
            (Code::Unauthenticated, _) => 2,
            // SPEC 31: at 0 s, after 1 s, after 2 s and at 5 s, or at once at 5 s.
            (Code::NotFound, Details::Retry | Details::QuotaAndRetry) => 2,
            (Code::NotFound, _) => 4,
            _ => 1,
        }
    }
}

impl Details {
    const ALL: [Self; 7] = [
        Self::Absent,
        Self::Retry,
        Self::RateLimit,
        Self::Quota,
        Self::QuotaAndRetry,
        Self::Unknown,
        Self::Unreadable,
    ];

    fn sent(self) -> Vec<Any> {
        let info = |reason: &str| {
            Any::pack(&ErrorInfo { reason: reason.to_owned(), ..ErrorInfo::default() }).unwrap()
        };
        let retry =
            || Any::pack(&RetryInfo { retry_delay: Some(wkt::Duration::new(7, 0).unwrap()) }).unwrap();
        match self {
            Self::Absent | Self::Unreadable => Vec::new(),
            Self::Retry => vec![retry()],
            Self::RateLimit => vec![info("RATE_LIMIT_EXCEEDED")],
            Self::Quota => vec![info("QUOTA_EXCEEDED")],
            Self::QuotaAndRetry => vec![info("QUOTA_EXCEEDED"), retry()],
            Self::Unknown => vec![Any::pack_protobuf("a.B", b"\x08\x01")],
        }
    }
}

impl Form {
    const ALL: [Self; 4] = [Self::HeadersAlone, Self::Trailers, Self::AfterData, Self::HeadersAndData];

    fn reply(self, status: HeaderMap) -> Reply {
        match self {
            Self::HeadersAlone => Reply::head().with_headers(status),
            Self::Trailers => Reply::head().with_trailers(status),
            Self::AfterData => Reply::running().with_trailers(status),
            Self::HeadersAndData => Reply::running().without_trailers().with_headers(status),
        }
    }
}

/// The status that a get returns for each case.
async fn all_statuses() -> Vec<(Case, Status)> {
    let next = Arc::new(Mutex::new(Reply::running()));
    let reply = Arc::clone(&next);
    let server = Server::start(move |_| reply.lock().unwrap().clone()).await;
    let jobs = server.client().credentials(Token::bearer("t0ken-t0ken").unwrap()).build().unwrap();
    let mut statuses = Vec::new();
    for case in Case::all() {
        *next.lock().unwrap() = case.reply();
        statuses.push((case, get(&jobs).await.unwrap_err()));
    }
    assert_eq!(server.connections(), 1);
    statuses
}

/// The delays of a wait whose calls all fail so.
fn played(status: &Status) -> Vec<Duration> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let calls: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let (seen, status) = (Arc::clone(&calls), status.clone());
        let script = transport_fn(move |_| {
            seen.lock().unwrap().push(Instant::now());
            let status = status.clone();
            async { Err(status) }
        });
        let ended = poll_until_done::<Value>(script, name()).seed(7).await;
        assert_eq!(ended.unwrap_err().origin(), Origin::CallFailed);
        let calls = calls.lock().unwrap();
        calls.windows(2).map(|pair| pair[1] - pair[0]).collect()
    })
}

fn on_the_network<T: Debug>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// SPEC 27: the first call, and five that follow a failure.
const SURVIVED: usize = 6;

/// SPEC 25, left table.
const BY_CODE: [(&str, u16); 16] = [
    ("CANCELLED", 499),
    ("UNKNOWN", 500),
    ("INVALID_ARGUMENT", 400),
    ("DEADLINE_EXCEEDED", 504),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("PERMISSION_DENIED", 403),
    ("RESOURCE_EXHAUSTED", 429),
    ("FAILED_PRECONDITION", 400),
    ("ABORTED", 409),
    ("OUT_OF_RANGE", 400),
    ("UNIMPLEMENTED", 501),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("DATA_LOSS", 500),
    ("UNAUTHENTICATED", 401),
];
