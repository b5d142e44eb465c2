//! The faults of transports, each with the rule that it breaks.

mod failures;
mod names;
mod outcomes;
mod verbs;

use std::sync::LazyLock;

use lro::{Any, Operation, Outcome, Status};
use serde_json::Value;

use crate::{client::Reply, contract::transport::Faults};

/// The rule that a transport breaks, what it does, and how its faults are set.
pub(crate) type Fault = (&'static str, &'static str, fn(&mut Faults));

pub(crate) static FAULTS: LazyLock<Vec<Fault>> =
    LazyLock::new(|| [outcomes::FAULTS, names::FAULTS, failures::FAULTS, verbs::FAULTS].concat());

/// The operation with another outcome.
fn with_outcome(operation: Operation, change: impl FnOnce(Option<Outcome>) -> Option<Outcome>) -> Operation {
    Operation { outcome: change(operation.outcome), ..operation }
}

/// The operation with another error, if it has one.
fn with_error(operation: Operation, change: impl FnOnce(Status) -> Status) -> Operation {
    with_outcome(operation, |outcome| match outcome {
        Some(Outcome::Error(error)) => Some(Outcome::Error(change(error))),
        other => other,
    })
}

/// The status with other details.
fn with_details(status: Status, change: impl FnOnce(&mut Vec<Any>)) -> Status {
    let mut details = status.details().as_slice().to_vec();
    change(&mut details);
    status.with_details(details)
}

/// The reply with a body that is changed as JSON, if it is JSON and the change is one.
fn edited(reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    let Ok(json) = serde_json::from_slice::<Value>(&reply.body) else { return reply };
    let mut other = json.clone();
    change(&mut other);
    if other == json { reply } else { Reply { body: other.to_string().into(), ..reply } }
}

/// Removes the member at a JSON pointer, if it is there.
fn remove(json: &mut Value, pointer: &str) {
    let Some((parent, member)) = pointer.rsplit_once('/') else { return };
    json.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|members| members.remove(member));
}
