//! Hides the token of a call in what a server sent, so that no status shows it.

use lro::{Any, Operation, Outcome, Status};
use lro_http::Token;

/// Hides the token in the message and the details of a status.
pub(crate) fn hidden_in_status(status: Status, token: &Token) -> Status {
    let status = match token.is_in(status.message()) {
        true => {
            let message = token.hidden_in(status.message().to_owned());
            status.with_message(message)
        }
        false => status,
    };
    if !status.details().as_slice().iter().any(|detail| is_in(detail, token)) {
        return status;
    }
    let details = status.details().as_slice().iter().map(|detail| hidden(detail.clone(), token)).collect();
    status.with_details(details)
}

/// Hides the token in all members of an operation.
pub(crate) fn hidden_in_operation(operation: Operation, token: &Token) -> Operation {
    let Operation { name, metadata, outcome, running_error, .. } = operation;
    let hide = |any: Any| hidden(any, token);
    Operation {
        name: token.hidden_in(name),
        metadata: metadata.map(hide),
        outcome: outcome.map(|outcome| match outcome {
            Outcome::Response(response) => Outcome::Response(hide(response)),
            Outcome::Error(status) => Outcome::Error(hidden_in_status(status, token)),
            Outcome::Neither => Outcome::Neither,
        }),
        running_error: running_error.map(|error| hidden_in_status(error, token)),
        ..operation
    }
}

/// Hides the token in a message. A protobuf message that contains it becomes an empty one of its type.
fn hidden(any: Any, token: &Token) -> Any {
    if !is_in(&any, token) {
        return any;
    }
    if let Some(json) = any.as_json() {
        return Any::from_json(token.hidden_in(json.to_owned())).unwrap_or_default();
    }
    let type_name = any.type_name().unwrap_or_default();
    Any::pack_protobuf(&token.hidden_in(type_name.into_owned()), &[])
}

fn is_in(any: &Any, token: &Token) -> bool {
    any.as_json().map(str::as_bytes).or_else(|| any.as_protobuf()).is_some_and(|bytes| token.is_in(bytes))
}
