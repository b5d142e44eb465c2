use http::StatusCode;
use lro::{Code, Operation, Origin, Status};
use serde_json::{Value, json};

use super::{Fault, edited, remove, with_details};
use crate::{client::Reply, contract::transport::LOST};

pub(crate) const FAULTS: &[Fault] = &[
    ("unknown_names_are_failed_calls", "takes NOT_FOUND for a running operation", |f| {
        f.got = |_, name, got| match got {
            Err(status) if status.code() == Code::NotFound => Ok(Operation::running(name)),
            got => got,
        };
    }),
    ("unknown_names_are_failed_calls", "takes a failed call for a failed operation", |f| {
        f.got = |_, name, got| match got {
            Err(status) if status.code() == Code::NotFound => Ok(Operation::failed(name, status)),
            got => got,
        };
    }),
    ("unknown_names_are_failed_calls", "gives a failed call the origin of an operation's error", |f| {
        f.got = |_, _, got| match got {
            Err(status) if status.code() == Code::NotFound => {
                Err(status.with_origin(Origin::OperationFailed))
            }
            got => got,
        };
    }),
    ("errors_keep_code_message_and_details", "goes by the HTTP status alone", |f| {
        f.read = |reply| edited(reply, |json| remove(json, "/error/status"));
    }),
    ("errors_keep_code_message_and_details", "loses the message of a failed call", |f| {
        f.got = |_, _, got| {
            got.map_err(|status| {
                let details = status.details().as_slice().to_vec();
                Status::new(status.code(), "").with_details(details).with_origin(status.origin())
            })
        };
    }),
    ("errors_keep_code_message_and_details", "loses the details of a failed call", |f| {
        f.got = |_, _, got| got.map_err(|status| with_details(status, Vec::clear));
    }),
    ("errors_keep_code_message_and_details", "reorders the details of a failed call", |f| {
        f.got = |_, _, got| got.map_err(|status| with_details(status, |details| details.reverse()));
    }),
    (
        "errors_with_http_status_200_are_failed_calls",
        "takes an error with HTTP status 200 for a running operation",
        |f| {
            f.read = |reply| match reply.status {
                StatusCode::OK => edited(reply, |json| {
                    let is_done = json.get("done").is_some_and(|done| done == true);
                    if json.get("error").is_some() && !is_done {
                        *json = json!({"done": false});
                    }
                }),
                _ => reply,
            };
        },
    ),
    ("foreign_objects_are_malformed", "takes an empty object for a running operation", |f| {
        f.read = |reply| match &*reply.body {
            b"{}" => Reply { body: r#"{"done": false}"#.into(), ..reply },
            _ => reply,
        };
    }),
    ("foreign_objects_are_malformed", "takes the last of two members", |f| {
        f.read = |reply| match serde_json::from_slice::<Value>(&reply.body) {
            Ok(json) => Reply { body: json.to_string().into(), ..reply },
            Err(_) => reply,
        };
    }),
    ("byte_order_marks_are_skipped", "does not skip a byte order mark", |f| {
        f.read = |reply| match reply.body.starts_with("\u{feff}".as_bytes()) {
            true => Reply { body: "<".into(), ..reply },
            false => reply,
        };
    }),
    ("limits_pass_and_quotas_do_not", "takes a limit under 403 for a missing permission", |f| {
        f.read = |reply| edited(reply, |json| remove(json, "/error/errors"));
    }),
    ("limits_pass_and_quotas_do_not", "takes a quota that is spent for a limit", |f| {
        f.got = |_, _, got| got.map_err(|status| status.with_transient(true));
    }),
    ("errors_that_are_no_json_go_by_the_http_status", "takes 429 for 503 where there is no name", |f| {
        f.read = |reply| match serde_json::from_slice(&reply.body) {
            Ok(Value::Object(_)) => reply,
            _ => with_status(reply, 429, 503),
        };
    }),
    ("errors_that_are_no_json_go_by_the_http_status", "takes a proxy's 502 for 404", |f| {
        f.read = |reply| with_status(reply, 502, 404);
    }),
    ("errors_that_are_no_json_go_by_the_http_status", "takes an empty error for a success", |f| {
        f.read = |reply| match reply.body.is_empty() {
            true => Reply { status: StatusCode::OK, body: "{}".into(), ..reply },
            false => reply,
        };
    }),
    ("retry_after_of_an_error_is_kept", "drops the pause in the header of an error", |f| {
        f.read = |mut reply| {
            if !reply.status.is_success() {
                reply.headers.remove("retry-after");
            }
            reply
        };
    }),
    ("retry_after_of_an_error_is_kept", "drops the pause in the details of an error", |f| {
        f.read = |reply| {
            edited(reply, |json| {
                let is_pause =
                    |detail: &Value| detail["@type"].as_str().is_some_and(|name| name.ends_with("RetryInfo"));
                if let Some(Value::Array(details)) = json.pointer_mut("/error/details") {
                    details.retain(|detail| !is_pause(detail));
                }
            })
        };
    }),
    ("broken_bodies_are_failed_calls", "takes an empty body for an operation", |f| {
        f.read = |reply| match reply.body.is_empty() && reply.status == 200 {
            true => Reply { body: "{}".into(), ..reply },
            false => reply,
        };
    }),
    ("broken_bodies_are_failed_calls", "takes a page for an operation", |f| {
        f.read = |reply| match reply.body.starts_with(b"<") && reply.status == 200 {
            true => Reply { body: "{}".into(), ..reply },
            false => reply,
        };
    }),
    ("broken_bodies_are_failed_calls", "replaces what is not UTF-8", |f| {
        f.read = |reply| Reply { body: String::from_utf8_lossy(&reply.body).into_owned().into(), ..reply };
    }),
    ("broken_bodies_are_failed_calls", "takes what breaks off for a running operation", |f| {
        f.got = |_, name, got| match got {
            Err(status) if status.message() == "the reply broke off" => Ok(Operation::running(name)),
            got => got,
        };
    }),
    ("broken_bodies_are_failed_calls", "gives up for good where a body breaks off", |f| {
        f.got = |_, _, got| {
            got.map_err(|status| match status.message() {
                "the reply broke off" => Status::new(Code::DataLoss, "it broke off"),
                _ => status,
            })
        };
    }),
    ("redirects_are_not_followed", "follows a redirect", |f| {
        f.again = |reply| {
            let location = reply.headers.get("location")?.to_str().ok()?;
            Some(location.split_at(location.find("/v1").unwrap()).1.to_owned())
        };
    }),
    ("redirects_are_not_followed", "sends a call again to the same place on a redirect", |f| {
        f.again = |reply| reply.headers.contains_key("location").then(String::new);
    }),
    ("a_call_is_one_request", "repeats a call that was unavailable", |f| {
        f.again =
            |reply| (reply.status == 503 && reply.headers.get("retry-after").is_none()).then(String::new);
    }),
    ("lost_connections_are_failed_calls", "takes a lost connection for a cancelled call", |f| {
        f.got = |_, _, got| {
            got.map_err(|status| match status.message() {
                LOST => Status::new(Code::Cancelled, LOST),
                _ => status,
            })
        };
    }),
    ("lost_connections_are_failed_calls", "takes a lost connection for a running operation", |f| {
        f.got = |_, name, got| match got {
            Err(status) if status.message() == LOST => Ok(Operation::running(name)),
            got => got,
        };
    }),
    ("lost_connections_are_failed_calls", "fails for good after a lost connection", |f| {
        f.got = |memory, _, got| {
            memory.has_failed |= got.as_ref().is_err_and(|status| status.message() == LOST);
            if memory.has_failed { Err(Status::unavailable(LOST)) } else { got }
        };
    }),
    ("dropped_calls_lose_nothing", "waits for a call that was dropped", |f| {
        f.ask = |memory, name| match memory.under_way.insert(name.to_owned()) {
            true => Ok(name.to_owned()),
            false => Err(Status::unavailable("the operation is being asked for")),
        };
        f.got = |memory, name, got| {
            memory.under_way.remove(name);
            got
        };
    }),
];

/// The reply with another HTTP status in the place of this one.
fn with_status(reply: Reply, from: u16, to: u16) -> Reply {
    match reply.status == from {
        true => Reply { status: StatusCode::from_u16(to).unwrap(), ..reply },
        false => reply,
    }
}
