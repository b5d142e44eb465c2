//! The rules for every transport of any service, as checks of a transport that calls an [`Emulator`].
//!
//! ```no_run
//! # async fn example(transport: &dyn lro::LroTransport, emulator: &lro_emulator::Emulator) {
//! use lro_emulator::contract::{self, Subject};
//!
//! contract::all(&Subject::new(emulator, transport, "operations")).await;
//! # }
//! ```
//!
//! `Subject::over_grpc`, with the feature `grpc`, is for a transport over gRPC. Rules about JSON are then skipped.
//!
//! [`check`] returns the first rule that the transport breaks. [`all`], and the function of each rule, panic with its name.
//!
//! Each rule starts its own operations. Other operations of the emulator do not disturb a rule. Other [calls] and page sizes at the
//! same time do. The calls among the [capabilities](lro::LroTransport::capabilities) of the transport must work. It must refuse the
//! others without a request.
//!
//! [`Emulator`]: crate::Emulator
//! [calls]: crate::Emulator::call_count

/// Returns from a rule that is broken, with the reason.
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+));
        }
    };
}

/// Returns from a rule that is broken, with the reason and both values, unless they are equal.
macro_rules! ensure_eq {
    ($is:expr, $expected:expr, $($why:tt)+) => {
        match (&$is, &$expected) {
            (is, expected) => ensure!(is == expected, "{}: {is:?}, not {expected:?}", format_args!($($why)+)),
        }
    };
}

mod failures;
mod names;
mod outcomes;
mod pages;
mod subject;
mod verbs;

use std::{error, fmt};

pub use self::subject::Subject;

/// Defines the function of each rule, and [`check`] in the order of the rules.
macro_rules! rules {
    ($($(#[$doc:meta])* $room:ident::$rule:ident;)*) => {
        /// Checks all rules and returns the first that is broken.
        ///
        /// # Errors
        ///
        /// The name of the rule and the reason.
        pub async fn check(subject: &Subject<'_>) -> Result<(), Broken> {
            $(named(stringify!($rule), $room::$rule(subject).await)?;)*
            Ok(())
        }

        $(
            $(#[$doc])*
            ///
            /// # Panics
            ///
            /// If the transport breaks this rule.
            pub async fn $rule(subject: &Subject<'_>) {
                assert_holds(named(stringify!($rule), $room::$rule(subject).await));
            }
        )*
    };
}

rules! {
    /// An operation that runs has a name and metadata and no outcome. Once done it has its response.
    outcomes::pending_then_done;
    /// A response keeps every member, and its numbers are exact.
    outcomes::responses_are_exact;
    /// A get of an operation that finished with an error works. The error keeps its code, message and all details.
    outcomes::errors_of_operations_are_no_failed_calls;
    /// An operation may finish without a response and without an error.
    outcomes::neither_is_an_outcome;
    /// An operation that is done with both an error and a response is malformed.
    outcomes::both_are_malformed;
    /// An operation that is not done has no outcome, even if the reply has an error or a response.
    outcomes::nothing_counts_before_the_end;
    /// The pause that a successful reply asks for is kept, in whole seconds, rounded up. A malformed one is ignored.
    outcomes::retry_after_of_a_pending_operation_is_kept;

    /// A name is opaque: every character of it arrives unchanged. The request has no body.
    names::names_arrive_verbatim;
    /// The name in a reply is kept, even if it is another one or is absent.
    names::names_of_replies_are_kept;
    /// Each of several calls at the same time has the reply to its own name.
    names::simultaneous_calls_keep_apart;

    /// A get of an operation that does not exist is a failed call.
    failures::unknown_names_are_failed_calls;
    /// A call is one request. A driver repeats a call that failed, not the transport.
    failures::a_call_is_one_request;
    /// The error of a call keeps its code, message and details. The name of the code decides, not the HTTP status.
    failures::errors_keep_code_message_and_details;
    /// An error with HTTP status 200 in the place of an operation is a failed call with that error.
    failures::errors_with_http_status_200_are_failed_calls;
    /// An object without `name` and `done`, or with one of them twice, is malformed.
    failures::foreign_objects_are_malformed;
    /// A byte order mark before the JSON of an operation or of an error is skipped.
    failures::byte_order_marks_are_skipped;
    /// A rate limit is RESOURCE_EXHAUSTED under any HTTP status, and may pass. A quota that is spent is final.
    failures::limits_pass_and_quotas_do_not;
    /// The HTTP status decides the code of an error without a body in Google's form, such as that of a proxy.
    failures::errors_that_are_no_json_go_by_the_http_status;
    /// The pause that an error asks for is kept, from the header or from the details.
    failures::retry_after_of_an_error_is_kept;
    /// A reply with a body that breaks off, is empty or is not JSON is a failed call.
    failures::broken_bodies_are_failed_calls;
    /// A redirect is a failed call and is not followed: a token must not travel.
    failures::redirects_are_not_followed;
    /// A connection that closes before the reply is a failed call. The next call has a new connection.
    failures::lost_connections_are_failed_calls;
    /// A call may be dropped while it waits. The next call works.
    failures::dropped_calls_lose_nothing;

    /// A call that the service does not have is UNIMPLEMENTED, without a request.
    verbs::missing_verbs_are_refused_without_a_call;
    /// A cancelled operation ends with CANCELLED if the service grants the cancellation. A cancellation that the service
    /// refuses is a failed call, even if its error comes with HTTP status 200.
    verbs::cancel;
    /// A deleted operation does not exist. A deletion that the service refuses is a failed call, as for [`cancel`].
    verbs::delete;
    /// A wait returns when the operation is done, or when the timeout has passed.
    verbs::wait;
    /// A list has pages, and passes on filter, size and token. An empty page need not be the last.
    pages::list;
    /// A page keeps its members. An empty object is an empty page, and an error with HTTP status 200 is a failed call.
    pages::pages_are_read;
    /// A call with an [`Attempt`](lro::Attempt) returns what the plain call returns.
    verbs::calls_within_an_attempt_are_the_same;
}

/// Checks all rules, and panics if one is broken.
///
/// # Panics
///
/// If the transport breaks a rule, with the name of the rule.
pub async fn all(subject: &Subject<'_>) {
    assert_holds(check(subject).await);
}

/// A rule that a transport breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    rule: &'static str,
    why: String,
}

impl Broken {
    /// Returns the name of the rule, which is the name of its function.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transport breaks the rule `{}`: {}", self.rule, self.why)
    }
}

impl error::Error for Broken {}

/// The result of a rule: the reason if it is broken.
type Verdict = Result<(), String>;

fn named(rule: &'static str, verdict: Verdict) -> Result<(), Broken> {
    verdict.map_err(|why| Broken { rule, why })
}

fn assert_holds(verdict: Result<(), Broken>) {
    if let Err(broken) = verdict {
        panic!("{broken}");
    }
}
