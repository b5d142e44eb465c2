//! The replies of a simulated server.

use std::time::Duration;

use lro::{
    Any, Code, Operation, Origin, Status,
    details::{ErrorInfo, RetryInfo},
};
use serde_json::{Value, json};

/// How a simulated operation really ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// With the response [`ANSWER`].
    Response,
    /// With an error of this number.
    Error(i32),
    /// With neither a response nor an error.
    Neither,
}

impl Truth {
    /// Returns the operation of this name after its end.
    ///
    /// # Errors
    ///
    /// The library may refuse an operation that ends with neither.
    pub fn done(self, name: &str) -> Result<Operation, Status> {
        match self {
            Self::Response => Ok(succeeded(name, ANSWER)),
            Self::Error(code) => {
                Ok(Operation::failed(name, Status::from_number(code, "the work went wrong")))
            }
            Self::Neither => Operation::from_json(json!({"name": name, "done": true}).to_string().as_bytes()),
        }
    }
}

/// Asserts that the outcome of a wait is how the operation really ended, and no other.
pub fn assert_true(truth: Truth, outcome: &Result<Value, Status>) {
    match (truth, outcome) {
        (Truth::Response, Ok(response)) => assert_eq!(response["answer"], ANSWER),
        (Truth::Error(code), Err(status)) => {
            assert_eq!((status.origin(), status.raw_code()), (Origin::OperationFailed, code), "{status:?}");
        }
        (Truth::Neither, Err(status)) => {
            assert_eq!(status.origin(), Origin::MalformedReply, "{status:?}");
            assert!(!status.may_be_running(), "{status}");
        }
        _ => panic!("{outcome:?} of an operation that ended with {truth:?}"),
    }
}

/// Returns an operation that has ended with this answer.
pub fn succeeded(name: &str, answer: &str) -> Operation {
    Operation::succeeded(name, json!({"@type": "t/example.v1.Answer", "answer": answer})).unwrap()
}

/// Returns a failed call with the pause that the server asks for: an odd number of milliseconds in the details, an even one
/// in the header.
pub fn failed(code: Code, pause: Option<Duration>) -> Status {
    let status = Status::new(code, "trouble");
    match pause {
        Some(pause) if pause.as_millis() % 2 == 1 => {
            let info = RetryInfo { retry_delay: Some(pause.into()) };
            status.with_details(Any::pack(&info).into_iter().collect())
        }
        Some(pause) => status.with_retry_after(pause),
        None => status,
    }
}

/// Returns a failed call of an exhausted resource that no wait brings back.
pub fn out_of_quota() -> Status {
    let info = ErrorInfo { reason: "CONSUMER_SUSPENDED".to_owned(), ..ErrorInfo::default() };
    let details = Any::pack(&info).into_iter().collect();
    Status::new(Code::ResourceExhausted, "pay first").with_details(details)
}

/// The answer of an operation that ends with [`Truth::Response`].
pub const ANSWER: &str = "of this operation";
