//! How a call can end, as data: the library receives it as a [`Reply`], the model reads the data.

use std::time::Duration;

use lro::{
    Any, Code, Operation, Origin, Outcome, Status,
    details::{ErrorInfo, RetryInfo},
    rules::{Limit, Reply},
    wkt,
};

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) answer: Answer,
    pub(crate) held: bool,
    pub(crate) counts: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    State(State),
    Failed(Failure),
    Cut(Limit),
}

/// A state of an operation, and what the pace of the caller does then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) name: &'static str,
    pub(crate) metadata: Option<&'static str>,
    pub(crate) wish: Option<Duration>,
    pub(crate) done: Option<End>,
    pub(crate) pace: Pace,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Response,
    Error,
    Neither,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    After(Duration),
    GivesUp,
    Fails,
    Panics,
}

/// A failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    pub(crate) origin: Origin,
    /// The reason of an `ErrorInfo`.
    pub(crate) reason: Option<&'static str>,
    /// The delay of a `RetryInfo`, in seconds.
    pub(crate) retry_info: Option<i64>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) transient: Option<bool>,
}

impl Event {
    pub(crate) fn reply(&self) -> Reply {
        match self.answer {
            Answer::State(state) => Reply::Returned(Ok(state.operation())),
            Answer::Failed(failure) => Reply::Returned(Err(failure.status())),
            Answer::Cut(limit) => Reply::Cut(limit),
        }
    }
}

impl State {
    fn operation(&self) -> Operation {
        Operation {
            name: self.name.to_owned(),
            metadata: self.metadata.map(progress),
            outcome: self.done.map(End::outcome),
            retry_after: self.wish,
            ..Operation::default()
        }
    }
}

impl End {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Response => Outcome::Response(progress("all")),
            // UNAVAILABLE would be survived if it were a call's.
            Self::Error => {
                Outcome::Error(Status::unavailable("the work failed").with_origin(Origin::OperationFailed))
            }
            Self::Neither => Outcome::Neither,
        }
    }
}

impl Failure {
    /// The status as the transport returns it.
    pub(crate) fn status(&self) -> Status {
        let info = self.reason.map(|reason| {
            Any::pack(&ErrorInfo { reason: reason.to_owned(), ..ErrorInfo::default() }).unwrap()
        });
        let retry = self.retry_info.map(|delay| {
            let retry_delay = Some(wkt::Duration::from_seconds(delay).unwrap());
            Any::pack(&RetryInfo { retry_delay }).unwrap()
        });
        let status = Status::from_number(self.code, "no")
            .with_origin(self.origin)
            .with_details(info.into_iter().chain(retry).collect());
        let status = self.retry_after.into_iter().fold(status, Status::with_retry_after);
        self.transient.into_iter().fold(status, Status::with_transient)
    }
}

/// Everything that can happen in one call.
pub(crate) fn every_event() -> Vec<Event> {
    let states = running_states().into_iter().chain(other_states()).map(Answer::State);
    let failures = codes().chain(special_failures()).map(Answer::Failed);
    let cuts = [Limit::Attempt, Limit::Deadline, Limit::Grace].map(Answer::Cut);
    let mut events: Vec<Event> = states.chain(failures).chain(cuts).map(counting).collect();
    let unavailable = Answer::Failed(failure(Code::Unavailable));
    let asks = State { wish: Some(secs(7)), ..running() };
    let hurries = State { pace: Pace::After(Duration::ZERO), ..running() };
    events.extend([running(), asks, hurries, done(End::Response)].map(|state| held(Answer::State(state))));
    events.extend([unavailable, Answer::Cut(Limit::Attempt)].map(held));
    let refused = Answer::Failed(failure(Code::Unauthenticated));
    let missing = Answer::Failed(failure(Code::NotFound));
    events.extend([unavailable, refused, missing, Answer::Cut(Limit::Attempt)].map(uncounted));
    events
}

/// The calls about which the calls before decide.
pub(crate) fn few_events() -> Vec<Event> {
    let survived = Failure { transient: Some(true), ..failure(Code::DataLoss) };
    let unavailable = Answer::Failed(failure(Code::Unavailable));
    vec![
        counting(Answer::State(running())),
        counting(Answer::State(State { metadata: Some("half"), ..running() })),
        counting(unavailable),
        uncounted(unavailable),
        counting(Answer::Failed(survived)),
        counting(Answer::Failed(failure(Code::NotFound))),
        counting(Answer::Failed(failure(Code::Unauthenticated))),
        uncounted(Answer::Failed(failure(Code::Unauthenticated))),
        counting(Answer::Cut(Limit::Attempt)),
    ]
}

fn running_states() -> Vec<State> {
    let paces = [Pace::After(Duration::ZERO), Pace::After(Duration::MAX)];
    let paces = paces.into_iter().chain([Pace::GivesUp, Pace::Fails, Pace::Panics]);
    let paced = paces.map(|pace| State { pace, ..running() });
    let wishes = [Duration::ZERO, secs(1), secs(7), secs(3_600), Duration::MAX];
    let asking = wishes.map(|wish| State { wish: Some(wish), ..running() });
    let reports = ["half", "most"].map(|metadata| State { metadata: Some(metadata), ..running() });
    let nameless = State { name: "", ..running() };
    [running(), nameless].into_iter().chain(paced).chain(asking).chain(reports).collect()
}

fn other_states() -> Vec<State> {
    let other = State { name: OTHER, metadata: Some("of another"), ..running() };
    vec![
        other,
        State { done: Some(End::Response), ..other },
        done(End::Response),
        done(End::Error),
        done(End::Neither),
        State { name: "", ..done(End::Response) },
        State { metadata: Some("all"), wish: Some(secs(7)), ..done(End::Error) },
    ]
}

/// A failed call of every code, and of numbers that are none.
fn codes() -> impl Iterator<Item = Failure> {
    let numbers = Code::ALL.map(Code::number).into_iter().chain([-1, 17, i32::MAX]);
    numbers.map(|code| Failure { code, ..failure(Code::Unknown) })
}

fn special_failures() -> Vec<Failure> {
    let unavailable = failure(Code::Unavailable);
    let exhausted = failure(Code::ResourceExhausted);
    let malformed = |code| Failure { origin: Origin::MalformedReply, ..failure(code) };
    let claims = |origin, code| Failure { origin, ..failure(code) };
    let said = |transient, code| Failure { transient: Some(transient), ..failure(code) };
    let quota = Failure { reason: Some("QUOTA_EXCEEDED"), ..exhausted };
    vec![
        Failure { reason: Some("RATE_LIMIT_EXCEEDED"), ..exhausted },
        Failure { reason: Some("RATE_LIMIT_EXCEEDED"), retry_info: Some(7), ..exhausted },
        quota,
        Failure { retry_info: Some(7), ..quota },
        Failure { retry_after: Some(secs(7)), ..quota },
        Failure { reason: Some("RATE_LIMIT_EXCEEDED"), ..failure(Code::PermissionDenied) },
        Failure { retry_after: Some(Duration::ZERO), ..unavailable },
        Failure { retry_after: Some(secs(7)), ..unavailable },
        Failure { retry_after: Some(Duration::MAX), ..unavailable },
        Failure { retry_info: Some(9), ..unavailable },
        Failure { retry_info: Some(-9), ..unavailable },
        Failure { retry_info: Some(3_600), ..unavailable },
        Failure { retry_info: Some(9), retry_after: Some(secs(7)), ..unavailable },
        Failure { retry_info: Some(7), retry_after: Some(secs(9)), ..unavailable },
        Failure { retry_after: Some(secs(7)), ..failure(Code::Unauthenticated) },
        Failure { retry_after: Some(secs(7)), ..failure(Code::NotFound) },
        malformed(Code::Internal),
        malformed(Code::NotFound),
        malformed(Code::Unauthenticated),
        Failure { transient: Some(true), ..malformed(Code::Internal) },
        claims(Origin::OperationFailed, Code::Unavailable),
        claims(Origin::OperationFailed, Code::NotFound),
        claims(Origin::OperationFailed, Code::Unauthenticated),
        claims(Origin::StoppedAsking, Code::DeadlineExceeded),
        claims(Origin::StoppedAsking, Code::Cancelled),
        said(false, Code::Unavailable),
        said(false, Code::NotFound),
        said(false, Code::Unauthenticated),
        said(true, Code::DataLoss),
        said(true, Code::NotFound),
        said(true, Code::Unauthenticated),
        Failure { transient: Some(true), ..quota },
    ]
}

pub(crate) fn running() -> State {
    State { name: NAME, metadata: None, wish: None, done: None, pace: Pace::After(secs(3)) }
}

fn done(end: End) -> State {
    // The pace is not asked any more.
    State { done: Some(end), pace: Pace::Panics, ..running() }
}

pub(crate) fn failure(code: Code) -> Failure {
    Failure {
        code: code.number(),
        origin: Origin::CallFailed,
        reason: None,
        retry_info: None,
        retry_after: None,
        transient: None,
    }
}

pub(crate) fn counting(answer: Answer) -> Event {
    Event { answer, held: false, counts: true }
}

fn held(answer: Answer) -> Event {
    Event { held: true, ..counting(answer) }
}

fn uncounted(answer: Answer) -> Event {
    Event { counts: false, ..counting(answer) }
}

pub(crate) fn progress(share: &str) -> Any {
    Any::from_json(format!(r#"{{"@type": "t/example.v1.Progress", "share": "{share}"}}"#)).unwrap()
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const NAME: &str = "operations/1";

const OTHER: &str = "operations/2";

/// What metadata says in these tests.
pub(crate) const SHARES: [&str; 4] = ["half", "most", "all", "of another"];
