//! A second implementation of the rules.

use std::{fmt, time::Duration};

use lro::{Code, Operation, Origin, Status};
use lro_testkit::codes::BY_HTTP_STATUS;

use crate::fault_matrix::hint::Hint;

/// The result of a call.
pub(crate) type Reply = Result<Operation, Status>;

/// The kind of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Succeeded,
    OperationFailed(Code),
    Failed(Code, Survival),
    Malformed,
}

/// What a wait does after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survival {
    Survived,
    /// SPEC 30: once, without a delay.
    Once,
    /// SPEC 31.
    BeforeTheFirstReply,
    /// SPEC 31: if the caller gives it a window.
    WithinAWindow,
    Never,
}

/// The expectation for one reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) fate: Fate,
    /// The delay that the server requests.
    pub(crate) wish: Range,
}

/// The parts of a body that the rules read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Says {
    pub(crate) name: Option<&'static str>,
    /// Of ErrorInfo.
    pub(crate) reason: Option<&'static str>,
    /// Of RetryInfo.
    pub(crate) retry_info: Option<&'static str>,
}

pub(crate) fn failed_call(http: u16, says: Says, hint: Hint) -> Expected {
    // SPEC 50
    let is_rate_limit = matches!(says.reason, Some("RATE_LIMIT_EXCEEDED" | "rateLimitExceeded"));
    let code = if is_rate_limit { Code::ResourceExhausted } else { code(http, says.name) };
    let survival = match code {
        // SPEC 51
        _ if (300..400).contains(&http) => Survival::Never,
        // SPEC 29
        Code::ResourceExhausted => match (says.reason, says.retry_info) {
            (Some(_), None) if !is_rate_limit => Survival::Never,
            _ => Survival::Survived,
        },
        // SPEC 26
        Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::Aborted => {
            Survival::Survived
        }
        Code::Unauthenticated => Survival::Once,
        Code::NotFound => Survival::BeforeTheFirstReply,
        Code::PermissionDenied => Survival::WithinAWindow,
        // SPEC 26, unless a status name takes precedence (SPEC 23). Of the 5xx only 501 is not survived (SPEC 28).
        Code::FailedPrecondition if says.name.is_none() && matches!(http, 408 | 425) => Survival::Survived,
        // SPEC 28
        _ => Survival::Never,
    };
    Expected { fate: Fate::Failed(code, survival), wish: hint.wish().or_longer(retry_info(says)) }
}

/// SPEC 23: the status name, or else the status line.
fn code(http: u16, name: Option<&str>) -> Code {
    let named = NAMES.into_iter().find(|(known, _)| name == Some(known));
    let lined = || BY_HTTP_STATUS.into_iter().find(|(line, _)| *line == http);
    match (named, http) {
        (Some((_, code)), _) => code,
        (None, 400..600) if lined().is_some() => lined().map_or(Code::Unknown, |(_, code)| code),
        (None, 400..500) => Code::FailedPrecondition,
        (None, 500..600) => Code::Internal,
        (None, _) => Code::Unknown,
    }
}

fn retry_info(says: Says) -> Range {
    let seconds: f64 = says.retry_info.map_or(0.0, |delay| delay.strip_suffix('s').unwrap().parse().unwrap());
    Range::exactly(Duration::from_secs_f64(seconds.max(0.0)))
}

/// The expected course of a wait.
#[derive(Debug)]
pub(crate) struct Course {
    /// The delays between the calls.
    pub(crate) pauses: Vec<Range>,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Response,
    Failure(Origin, Option<Code>),
}

/// SPEC 31: until when failures before the first good reply are survived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) not_found: Duration,
    pub(crate) permission_denied: Duration,
}

impl Windows {
    pub(crate) const OF_A_WAIT_BY_NAME: Self =
        Self { not_found: Duration::from_secs(5), permission_denied: Duration::ZERO };

    /// The window of a failure. `None` if it has none.
    fn of(self, survival: Survival) -> Option<Duration> {
        match survival {
            Survival::BeforeTheFirstReply => Some(self.not_found),
            Survival::WithinAWindow => Some(self.permission_denied),
            _ => None,
        }
    }
}

/// The expected course of a wait with these replies, of which the last repeats.
pub(crate) fn course(replies: &[Expected], deadline: Option<Duration>, windows: Windows) -> Course {
    let mut pauses = Vec::new();
    let (mut failures, mut had_reply, mut refused) = (0, false, false);
    let mut now = Range::ZERO;
    let last = replies.last().into_iter().cycle();
    for Expected { fate, wish } in replies.iter().chain(last) {
        let wish = wish.at_most(CEILING);
        let pause = match *fate {
            Fate::Succeeded => return Course { pauses, end: End::Response },
            Fate::OperationFailed(code) => return ended(pauses, Origin::OperationFailed, Some(code)),
            Fate::Malformed => return ended(pauses, Origin::MalformedReply, None),
            Fate::Running => {
                (failures, had_reply, refused) = (0, true, false);
                Range::exactly(PACE).or_longer(wish)
            }
            Fate::Failed(code, survival) => {
                let window = windows.of(survival);
                let survived = match survival {
                    Survival::Survived => failures < BUDGET,
                    Survival::Once => !refused,
                    Survival::BeforeTheFirstReply | Survival::WithinAWindow | Survival::Never => {
                        !had_reply && window.is_some_and(|window| now.is_before(window))
                    }
                };
                if !survived {
                    return ended(pauses, Origin::CallFailed, Some(code));
                }
                refused |= survival == Survival::Once;
                failures += 1;
                // SPEC 30: a new credential needs no delay.
                let delay = if survival == Survival::Once { Range::ZERO } else { delay(failures) };
                let pause = delay.or_longer(wish);
                // SPEC 31: the last call is made when the window ends.
                window.map_or(pause, |window| pause.until(window, now))
            }
        };
        // SPEC 35: the last call is made at the deadline.
        if deadline.is_some_and(|deadline| !now.is_before(deadline)) {
            return ended(pauses, Origin::StoppedAsking, None);
        }
        let deadline = deadline.unwrap_or(Duration::MAX);
        pauses.push(pause.until(deadline, now));
        now = now.later(pause).at_most(deadline);
    }
    unreachable!("the last reply is for ever")
}

fn ended(pauses: Vec<Range>, origin: Origin, code: Option<Code>) -> Course {
    Course { pauses, end: End::Failure(origin, code) }
}

/// SPEC 33: exponential, half of it jitter.
fn delay(failures: u32) -> Range {
    let whole = Duration::from_secs(1 << (failures - 1));
    Range::new(whole / 2, whole)
}

/// A closed range of delays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range(Duration, Duration);

impl Range {
    pub(crate) const ZERO: Self = Self(Duration::ZERO, Duration::ZERO);

    pub(crate) fn new(least: Duration, most: Duration) -> Self {
        Self(least, most)
    }

    pub(crate) fn exactly(time: Duration) -> Self {
        Self(time, time)
    }

    /// Whether the time is in the range, or up to a millisecond later: the timer rounds up.
    pub(crate) fn contains(self, time: Duration) -> bool {
        (self.0..=self.1.saturating_add(Duration::from_millis(1))).contains(&time)
    }

    pub(crate) fn or_longer(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }

    fn at_most(self, most: Duration) -> Self {
        Self(self.0.min(most), self.1.min(most))
    }

    fn until(self, deadline: Duration, now: Self) -> Self {
        Self(self.0.min(deadline - now.1), self.1.min(deadline - now.0))
    }

    fn later(self, pause: Self) -> Self {
        Self(self.0 + pause.0, self.1 + pause.1)
    }

    /// Whether all of the range is before this time. Panics if only a part is.
    fn is_before(self, time: Duration) -> bool {
        assert_eq!(self.0 < time, self.1 < time, "in doubt: {self:?} and {time:?}");
        self.1 < time
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { self.0.fmt(f) } else { write!(f, "{:?}..={:?}", self.0, self.1) }
    }
}

/// The status lines of failed calls, with and without a row in the table.
pub(crate) const LINES: [u16; 30] = [
    300, 302, 304, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 416, 418, 425, 429, 451, 499, 500,
    501, 502, 503, 504, 505, 511, 599, 600, 999,
];

/// SPEC 25, left table.
pub(crate) const NAMES: [(&str, Code); 16] = [
    ("CANCELLED", Code::Cancelled),
    ("UNKNOWN", Code::Unknown),
    ("INVALID_ARGUMENT", Code::InvalidArgument),
    ("DEADLINE_EXCEEDED", Code::DeadlineExceeded),
    ("NOT_FOUND", Code::NotFound),
    ("ALREADY_EXISTS", Code::AlreadyExists),
    ("PERMISSION_DENIED", Code::PermissionDenied),
    ("RESOURCE_EXHAUSTED", Code::ResourceExhausted),
    ("FAILED_PRECONDITION", Code::FailedPrecondition),
    ("ABORTED", Code::Aborted),
    ("OUT_OF_RANGE", Code::OutOfRange),
    ("UNIMPLEMENTED", Code::Unimplemented),
    ("INTERNAL", Code::Internal),
    ("UNAVAILABLE", Code::Unavailable),
    ("DATA_LOSS", Code::DataLoss),
    ("UNAUTHENTICATED", Code::Unauthenticated),
];

/// The pacing of the waits.
pub(crate) const PACE: Duration = Duration::from_secs(3);
/// SPEC 27
const BUDGET: u32 = 5;
/// SPEC 32
pub(crate) const CEILING: Duration = Duration::from_secs(600);
