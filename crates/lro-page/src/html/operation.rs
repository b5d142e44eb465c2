use super::{
    layout::{Site, service},
    text::{Html, Number, Time, put},
};
use crate::view::{
    operation::{End, Failure, Operation, Payloads, Wait},
    state::words,
};

pub(crate) fn operation(site: &Site<'_>, of: &Operation) -> String {
    site.page("operation", &of.key, |html| {
        put!(html; "<h1 class=\"long\"><bdi>" (of.key) "</bdi></h1><dl class=\"facts\">");
        if let Some(name) = &of.name {
            fact(html, "Operation", name);
        }
        put!(html; "<dt>Service</dt><dd>");
        service(html, &of.service, &of.version);
        put!(html; "</dd>");
        fact(html, "Kind", &of.kind);
        put!(html; "<dt>State</dt><dd><span class=\"state " (of.state) "\">" (words(of.state)) "</span>"
            (if of.is_claimed { ", claimed" } else { "" }) "</dd>");
        put!(html; "<dt>Created</dt><dd><time datetime=\"" (of.created) "\">" (of.created) "</time>, " (Time(of.age_seconds)) " ago</dd>");
        if let Some(deadline) = of.deadline_seconds {
            put!(html; "<dt>Deadline</dt><dd>" (Time(deadline)) " after that</dd>");
        }
        if let (Some(due), Some(left)) = (&of.due, of.due_in_seconds) {
            put!(html; "<dt>Due</dt><dd><time datetime=\"" (due) "\">" (due) "</time>, ");
            if left > 0.0 {
                put!(html; "in " (Time(left)));
            } else {
                put!(html; "for " (Time(-left)));
            }
            put!(html; "</dd>");
        }
        counts(html, of);
        if let Some(wait) = &of.payloads.wait {
            waited(html, wait);
        }
        if let Some(error) = &of.last_error {
            fact(html, "Last error", error);
        }
        if let Some(ending) = &of.payloads.ending {
            ended(html, ending);
        }
        sizes(html, &of.payloads);
        put!(html; "</dl>");
    })
}

fn counts(html: &mut Html, of: &Operation) {
    fact(html, "Claims and deliveries so far", &of.epoch);
    fact(html, "Claims without a result in a row", &of.claims_without_result);
    if of.deliveries > 0 {
        fact(html, "Deliveries of the outcome", &of.deliveries);
    }
    if let Some(cancel) = of.cancel {
        fact(html, "Cancellation", &cancel);
    }
}

fn waited(html: &mut Html, wait: &Wait) {
    put!(html; "<dt>Polls</dt><dd>" (wait.polls) ", " (wait.replies) " of them with a reply, " (wait.failed) " failed</dd>");
    let class = if wait.failures_in_a_row > 0 { "late" } else { "" };
    put!(html; "<dt>Failures in a row</dt><dd class=\"" (class) "\">" (wait.failures_in_a_row) "</dd>");
    if wait.running_at_seconds > 0.0 {
        fact(html, "Last seen running at the age of", &Time(wait.running_at_seconds));
    }
    if let Some(last) = &wait.last_failure {
        failure(html, "Last failure", last);
    }
}

fn ended(html: &mut Html, ending: &End) {
    let how = match ending.how {
        "response" => "with a response",
        "error" => "with an error of the service",
        "given_up" => "the wait was given up",
        _ => "the stored outcome cannot be read",
    };
    fact(html, "Ended", &how);
    if let Some(error) = &ending.error {
        failure(html, "Error", error);
    }
}

fn sizes(html: &mut Html, of: &Payloads) {
    let bytes = |size: usize| format!("{} bytes", Number(size as u64));
    fact(html, "Tag", &bytes(of.tag_bytes));
    fact(html, "State of the wait", &bytes(of.state_bytes));
    if let Some(size) = of.outcome_bytes {
        fact(html, "Outcome", &bytes(size));
    }
}

fn failure(html: &mut Html, name: &'static str, failure: &Failure) {
    put!(html; "<dt>" (name) "</dt><dd><code>" (failure.code) "</code> <bdi>" (failure.message) "</bdi></dd>");
}

/// Writes a name and a value.
pub(super) fn fact(html: &mut Html, name: &'static str, value: &dyn std::fmt::Display) {
    put!(html; "<dt>" (name) "</dt><dd><bdi>" (value) "</bdi></dd>");
}
