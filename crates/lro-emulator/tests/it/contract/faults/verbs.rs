use http::Method;
use lro::{Capabilities, OperationPage, Status};

use super::Fault;
use crate::contract::transport::Request;

pub(crate) const FAULTS: &[Fault] = &[
    ("missing_verbs_are_refused_without_a_call", "makes a call that the service does not have", |f| {
        f.has = Capabilities::default();
        f.lacking = |_| Ok(());
        f.acked = |_, _| Err(Status::unimplemented("no such call"));
    }),
    ("missing_verbs_are_refused_without_a_call", "ignores a call that the service does not have", |f| {
        f.has = Capabilities::ALL.cancel(false);
        f.lacking = |_| Ok(());
    }),
    ("missing_verbs_are_refused_without_a_call", "refuses a call with another code", |f| {
        f.has = Capabilities::ALL.wait(false);
        f.lacking = |_| Err(Status::invalid_argument("no such call"));
    }),
    ("cancel", "declares a call to cancel and has none", |f| {
        f.acked = |method, acked| match *method {
            Method::POST => Err(Status::unimplemented("no such call")),
            _ => acked,
        };
    }),
    ("cancel", "gets where it should cancel", |f| {
        f.send = |request| instead(request, ":cancel", Method::GET);
    }),
    ("cancel", "deletes where it should cancel", |f| {
        f.send = |request| instead(request, ":cancel", Method::DELETE);
    }),
    ("cancel", "ignores the failure of a cancellation", |f| {
        f.acked = |method, acked| if method == Method::POST { Ok(()) } else { acked };
    }),
    ("cancel", "succeeds on an error body", |f| {
        f.trusts = |request| request.path.ends_with(":cancel");
    }),
    ("delete", "ignores the failure of a deletion", |f| {
        f.acked = |method, acked| if method == Method::DELETE { Ok(()) } else { acked };
    }),
    ("delete", "succeeds on an error body", |f| f.trusts = |request| request.method == Method::DELETE),
    ("delete", "cancels where it should delete", |f| {
        f.send = |request| match request.method {
            Method::DELETE => {
                Request { method: Method::POST, path: request.path + ":cancel", body: "{}".into() }
            }
            _ => request,
        };
    }),
    ("wait", "gets where it should wait", |f| f.send = |request| instead(request, ":wait", Method::GET)),
    ("wait", "does not pass the timeout on", |f| {
        f.send = |request| match request.path.ends_with(":wait") {
            true => Request { body: "{}".into(), ..request },
            false => request,
        };
    }),
    ("list", "does not pass the filter on", |f| f.send = |request| without(request, "done%3Dfalse")),
    ("list", "does not pass the size of a page on", |f| f.send = |request| without(request, "pageSize=2")),
    ("list", "does not pass the token of a page on", |f| {
        f.send = |request| match request.path.split_once("&pageToken=") {
            Some((path, _)) => Request { path: path.to_owned(), ..request },
            None => request,
        };
    }),
    ("list", "takes an empty page for the last", |f| {
        f.listed = |page| match page.operations.is_empty() {
            true => Ok(page.next_page_token("")),
            false => Ok(page),
        };
    }),
    ("list", "drops the last operation of a page", |f| {
        f.listed = |mut page| {
            page.operations.pop();
            Ok(page)
        };
    }),
    ("list", "returns an operation twice", |f| {
        f.listed = |mut page| {
            let first = page.operations.first().cloned();
            page.operations.extend(first.filter(|_| page.operations.len() == 1));
            Ok(page)
        };
    }),
    ("pages_are_read", "refuses an empty object", |f| {
        f.listed = |page| match page == OperationPage::default() {
            true => Err(Status::malformed("not a page")),
            false => Ok(page),
        };
    }),
    ("pages_are_read", "drops the names of what cannot be reached", |f| {
        f.listed = |page| Ok(page.unreachable(Vec::new()));
    }),
    ("pages_are_read", "takes an error for an empty page", |f| {
        f.trusts = |request| request.path.contains("operations?");
    }),
    ("calls_within_an_attempt_are_the_same", "has no calls within an attempt", |f| {
        f.got_within = |_| Err(Status::unimplemented("no such call"));
    }),
    ("calls_within_an_attempt_are_the_same", "drops the name within an attempt", |f| {
        f.got_within = |mut got| {
            got.name.clear();
            Ok(got)
        };
    }),
];

/// The request, or one by another method where the path has this verb.
fn instead(request: Request, verb: &str, method: Method) -> Request {
    match request.path.strip_suffix(verb) {
        Some(path) => Request { path: path.to_owned(), method, body: "".into() },
        None => request,
    }
}

/// The request without a part of its path.
fn without(request: Request, part: &str) -> Request {
    Request { path: request.path.replace(part, ""), ..request }
}
