use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    json::{member, plain, text},
    status::{Expected as ExpectedStatus, is_as_expected},
};
use crate::{Any, Code, Operation, Origin, Outcome, Status};

/// Checks the parser of reply bodies: SPEC 1 to 6, 11, 16, 19, 46.
pub fn operation(body: &[u8]) {
    let read = Operation::from_json(body);
    match &read {
        Ok(operation) => writes_back(operation),
        Err(fault) if Status::in_reply(body).as_ref() == Some(fault) => {}
        Err(fault) => is_a_fault_of_the_reply(fault),
    }
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        assert!(read.is_err(), "accepted invalid JSON: {read:?}");
    }
    if let Some(json) = plain(body) {
        compare(&json, read);
    }
}

fn compare(json: &Value, read: Result<Operation, Status>) {
    let Some(expected) = Expected::of(json) else {
        let fault = read.expect_err("this JSON is not an operation");
        let origin = if is_error(json) { Origin::CallFailed } else { Origin::MalformedReply };
        return assert_eq!(fault.origin(), origin, "{fault}");
    };
    let read = read.expect("this JSON is an operation");
    assert_eq!(read.name, expected.name);
    assert_eq!(read.metadata.as_ref().map(parsed), expected.metadata);
    assert_eq!(read.is_done(), !matches!(expected.state, State::Running(_)));
    assert_eq!(read.retry_after, None);
    match (&read.outcome, &expected.state) {
        (None, State::Running(error)) => is_beside(read.running_error, error.as_ref()),
        (Some(Outcome::Neither), State::Neither) => {}
        (Some(Outcome::Response(response)), State::Response(value)) => assert_eq!(parsed(response), *value),
        (Some(Outcome::Error(error)), State::Error(status)) => is_as_expected(error, status),
        (outcome, state) => panic!("expected {state:?}, got {outcome:?}"),
    }
}

/// Checks the error of an operation that is running. An empty one is left out.
fn is_beside(read: Option<Status>, expected: Option<&ExpectedStatus>) {
    match (read, expected) {
        (Some(read), Some(expected)) => {
            assert_eq!(read.origin(), Origin::CallFailed);
            is_as_expected(&read.with_origin(Origin::OperationFailed), expected);
        }
        (None, expected) => assert!(expected.is_none_or(ExpectedStatus::is_empty), "{expected:?}"),
        (Some(read), None) => panic!("expected no error, got {read}"),
    }
}

/// Returns whether a reply is an error in place of an operation.
fn is_error(json: &Value) -> bool {
    let reply = json.as_array().filter(|array| array.len() == 1).map_or(json, |array| &array[0]);
    let has = |name| member(reply, name).is_some();
    let error = member(reply, "error").is_some_and(|error| error.is_object() || error.is_string());
    error && !has("name") && !has("done")
}

struct Expected {
    name: String,
    metadata: Option<Value>,
    state: State,
}

#[derive(Debug)]
enum State {
    Running(Option<ExpectedStatus>),
    Neither,
    Response(Value),
    Error(ExpectedStatus),
}

impl Expected {
    fn of(json: &Value) -> Option<Self> {
        json.as_object().filter(|_| ["name", "done"].iter().any(|name| member(json, name).is_some()))?;
        let done = member(json, "done").map_or(Some(false), Value::as_bool)?;
        let state = match (done, member(json, "error"), member(json, "response")) {
            (false, error, _) => State::Running(error.and_then(ExpectedStatus::of)),
            (true, None, None) => State::Neither,
            (true, None, Some(response)) if response.is_object() => State::Response(response.clone()),
            (true, Some(error), None) => State::Error(ExpectedStatus::of(error)?),
            _ => return None,
        };
        let metadata = member(json, "metadata").filter(|metadata| metadata.is_object()).cloned();
        Some(Self { name: text(json, "name")?, metadata, state })
    }
}

fn writes_back(operation: &Operation) {
    let text = serde_json::to_vec(operation).expect("an operation serializes");
    // Not as a reply: an `Any` whose JSON has the form of a stored one is written in another.
    let again: Operation = serde_json::from_slice(&text).expect("a serialized operation parses");
    assert_eq!(&again, operation);
}

pub(super) fn is_a_fault_of_the_reply(fault: &Status) {
    assert_eq!(fault.code(), Code::Internal, "{fault}");
    assert!(matches!(fault.origin(), Origin::CallFailed | Origin::MalformedReply), "{fault:?}");
    assert!(fault.may_be_running() && !fault.message().is_empty(), "{fault:?}");
}

pub(super) fn parsed(any: &Any) -> Value {
    any.as_json()
        .and_then(|json| plain(json.as_bytes()))
        .expect("a part of JSON without duplicate keys has none either")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::operation;
    use crate::fuzz::strategy;

    proptest! {
        #[test]
        fn any_bytes(body: Vec<u8>) {
            operation(&body);
        }

        #[test]
        fn near_operations(body in strategy::operation()) {
            operation(body.as_bytes());
        }

        #[test]
        fn near_operations_that_broke(body in strategy::broken(strategy::operation())) {
            operation(&body);
        }

        #[test]
        fn deep_nesting(depth in 100_usize..200, open in "[\\[{]", at in "error|metadata|response|other") {
            let close = if open == "[" { "]" } else { "}" };
            let open = if open == "[" { "[" } else { "{\"a\":" };
            let body = format!("{{\"done\":true,\"{at}\":{}0{}}}", open.repeat(depth), close.repeat(depth));
            operation(body.as_bytes());
        }
    }
}
