use std::time::Duration;

use lro::{Any, Code, Operation, Origin, Outcome, Status};
use serde_json::Value;

use super::{Fault, edited, remove, with_details, with_error, with_outcome};

pub(crate) const FAULTS: &[Fault] = &[
    ("pending_then_done", "never sees the end", |f| {
        f.got = |_, _, got| got.map(|got| with_outcome(got, |_| None));
    }),
    ("pending_then_done", "takes every reply for the end", |f| {
        f.got = |_, _, got| got.map(|got| with_outcome(got, |outcome| outcome.or(Some(Outcome::Neither))));
    }),
    ("pending_then_done", "returns the first state again", |f| {
        f.got = |memory, name, got| Ok(memory.seen.entry(name.to_owned()).or_insert(got?).clone());
    }),
    ("pending_then_done", "drops the metadata", |f| {
        f.got = |_, _, got| got.map(|got| Operation { metadata: None, ..got });
    }),
    ("pending_then_done", "drops the metadata at the end", |f| {
        f.got = |_, _, got| match got? {
            done if done.is_done() => Ok(Operation { metadata: None, ..done }),
            running => Ok(running),
        };
    }),
    ("pending_then_done", "makes up a pause", |f| {
        f.got = |_, _, got| got.map(|got| got.with_retry_after(Duration::from_secs(1)));
    }),
    ("responses_are_exact", "reads numbers as floats", |f| {
        f.read = |reply| {
            edited(reply, |json| {
                if let Some(count) = json.pointer_mut("/response/count") {
                    *count = Value::from(count.as_f64().unwrap() as i64);
                }
            })
        };
    }),
    ("responses_are_exact", "drops a member of the response", |f| {
        f.read = |reply| edited(reply, |json| remove(json, "/response/later"));
    }),
    (
        "errors_of_operations_are_no_failed_calls",
        "returns the error of an operation as that of the call",
        |f| {
            f.got = |_, _, got| match got? {
                Operation { outcome: Some(Outcome::Error(error)), .. } => Err(error),
                other => Ok(other),
            };
        },
    ),
    (
        "errors_of_operations_are_no_failed_calls",
        "takes the error of an operation for a failed call's",
        |f| {
            f.got = |_, _, got| got.map(|got| with_error(got, |error| error.with_origin(Origin::CallFailed)));
        },
    ),
    ("errors_of_operations_are_no_failed_calls", "reorders the details", |f| {
        f.got = |_, _, got| got.map(|got| with_error(got, |error| with_details(error, |all| all.reverse())));
    }),
    ("errors_of_operations_are_no_failed_calls", "keeps the first detail", |f| {
        f.got =
            |_, _, got| got.map(|got| with_error(got, |error| with_details(error, |all| all.truncate(1))));
    }),
    ("errors_of_operations_are_no_failed_calls", "keeps the details of known types", |f| {
        f.got = |_, _, got| {
            got.map(|got| with_error(got, |error| with_details(error, |all| all.retain(is_of_google))))
        };
    }),
    ("errors_of_operations_are_no_failed_calls", "loses the code of an operation's error", |f| {
        f.got = |_, _, got| {
            got.map(|got| with_error(got, |error| renewed(&error, Code::Unknown, error.message())))
        };
    }),
    ("errors_of_operations_are_no_failed_calls", "loses the message of an operation's error", |f| {
        f.got = |_, _, got| got.map(|got| with_error(got, |error| renewed(&error, error.code(), "")));
    }),
    ("neither_is_an_outcome", "takes an end without a result for an empty response", |f| {
        f.got = |_, _, got| match got? {
            Operation { outcome: Some(Outcome::Neither), name, .. } => Operation::succeeded(name, ()),
            other => Ok(other),
        };
    }),
    ("neither_is_an_outcome", "takes an end without a result for a running operation", |f| {
        f.got = |_, _, got| {
            got.map(|got| with_outcome(got, |outcome| outcome.filter(|outcome| *outcome != Outcome::Neither)))
        };
    }),
    ("both_are_malformed", "prefers the response to an error beside it", |f| {
        f.read = |reply| {
            edited(reply, |json| {
                if json.get("response").is_some() {
                    remove(json, "/error");
                }
            })
        };
    }),
    ("nothing_counts_before_the_end", "believes an error before the end", |f| {
        f.read = |reply| edited(reply, |json| end_with(json, "error"));
    }),
    ("nothing_counts_before_the_end", "believes a response before the end", |f| {
        f.read = |reply| edited(reply, |json| end_with(json, "response"));
    }),
    ("retry_after_of_a_pending_operation_is_kept", "drops the pause", |f| {
        f.got = |_, _, got| got.map(|got| Operation { retry_after: None, ..got });
    }),
    ("retry_after_of_a_pending_operation_is_kept", "keeps the pause for the replies after it", |f| {
        f.got = |memory, _, got| {
            let got = got?;
            memory.pause = got.retry_after.or(memory.pause);
            Ok(Operation { retry_after: memory.pause, ..got })
        };
    }),
    ("retry_after_of_a_pending_operation_is_kept", "takes a pause that is no number for a minute", |f| {
        f.read = |mut reply| {
            if let Some(pause) = reply.headers.get_mut("retry-after").filter(|pause| *pause == "soon") {
                *pause = 60.into();
            }
            reply
        };
    }),
];

/// The error of an operation with another code and message.
fn renewed(error: &Status, code: Code, message: &str) -> Status {
    let details = error.details().as_slice().to_vec();
    Status::new(code, message).with_details(details).with_origin(Origin::OperationFailed)
}

/// Ends an operation that has a name and this member.
fn end_with(json: &mut Value, member: &str) {
    if json.get("name").is_some() && json.get(member).is_some() {
        json["done"] = true.into();
    }
}

fn is_of_google(detail: &Any) -> bool {
    detail.type_name().is_some_and(|name| name.starts_with("google.rpc."))
}
