use std::time::Duration;

use lro::{
    Any, Code, Origin, Outcome, Status,
    details::{ErrorInfo, PreconditionFailure, PreconditionViolation},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Verdict,
    subject::{Subject, refused, types},
};
use crate::{reply::Reply, script::Script};

lro::message! {
    struct Tour("example.v1.Tour") {
        stops: Vec<String>,
        kilometers: f64,
    }

    struct Progress("example.v1.Progress") {
        stops: i32,
    }

    struct Count("example.v1.Count") {
        count: i64,
        later: Vec<String>,
    }
}

pub(super) async fn pending_then_done(subject: &Subject<'_>) -> Verdict {
    let tour = Tour { stops: vec!["Zürich".to_owned(), "東京".to_owned()], kilometers: 9_582.5 };
    let metadata = packed(&Progress { stops: 1 })?;
    let script = Script::new().runs_for_calls(2).metadata(move |_| metadata.clone()).responds(packed(&tour)?);
    let name = subject.start("contract-pending-then-done", script)?;
    for _ in 0..2 {
        let pending = subject.get(&name).await?;
        // SPEC 1
        ensure_eq!(pending.outcome, None, "the outcome of an operation that is running");
        ensure_eq!(pending.name, name.as_str(), "the name");
        ensure_eq!(pending.retry_after, None, "the pause of a reply that asks for none");
        // SPEC 10
        let metadata: Progress = decoded(subject, "the metadata", pending.metadata.as_ref())?;
        ensure_eq!(metadata, Progress { stops: 1 }, "the metadata");
    }
    let done = subject.get(&name).await?;
    let Some(Outcome::Response(response)) = &done.outcome else {
        return Err(format!("{name} is done with a response, not {:?}", done.outcome));
    };
    ensure_eq!(decoded::<Tour>(subject, "the response", Some(response))?, tour, "the response");
    let metadata: Progress = decoded(subject, "the metadata at the end", done.metadata.as_ref())?;
    ensure_eq!(metadata, Progress { stops: 1 }, "the metadata at the end");
    // SPEC 9
    ensure_eq!(subject.get(&name).await?, done, "an operation that is done stays as it is");
    Ok(())
}

pub(super) async fn responses_are_exact(subject: &Subject<'_>) -> Verdict {
    if subject.is_grpc {
        return encoded_responses_are_exact(subject).await;
    }
    // SPEC 16: a float has no such number.
    let response = json(r#"{"@type": "t/example.v1.Count", "count": 9007199254740993, "later": ["a"]}"#)?;
    let script = Script::new().runs_for_calls(0).responds(response);
    let name = subject.start("contract-exact", script)?;
    let Some(Outcome::Response(response)) = subject.get(&name).await?.outcome else {
        return Err(format!("{name} is not done with a response"));
    };
    let count: Count = decoded(subject, "the response", Some(&response))?;
    let exact = Count { count: 9_007_199_254_740_993, later: vec!["a".to_owned()] };
    ensure_eq!(count, exact, "the response");
    Ok(())
}

async fn encoded_responses_are_exact(subject: &Subject<'_>) -> Verdict {
    let encoded = Any::pack_protobuf("example.v1.Count", COUNT);
    let script = Script::new().runs_for_calls(0).responds(encoded.clone());
    let name = subject.start("contract-exact", script)?;
    let outcome = subject.get(&name).await?.outcome;
    ensure_eq!(outcome, Some(Outcome::Response(encoded)), "the response");
    Ok(())
}

pub(super) async fn errors_of_operations_are_no_failed_calls(subject: &Subject<'_>) -> Verdict {
    let violation = PreconditionViolation { subject: "subscriptions/x".to_owned(), ..Default::default() };
    let details = vec![
        packed(&ErrorInfo { reason: "NOT_SUSPENDED".to_owned(), ..ErrorInfo::default() })?,
        if subject.is_grpc {
            Any::pack_protobuf("example.v1.Later", COUNT)
        } else {
            json(r#"{"@type": "type.googleapis.com/example.v1.Later", "why": ["a", null, 1.5]}"#)?
        },
        packed(&PreconditionFailure { violations: vec![violation.clone()] })?,
    ];
    let error = Status::new(Code::FailedPrecondition, "it is not \"suspended\"").with_details(details);
    let name = subject.start("contract-failed", Script::new().runs_for_calls(0).fails(error.clone()))?;
    let outcome = subject.get(&name).await?.outcome;
    let Some(Outcome::Error(got)) = outcome else {
        return Err(format!("{name} is done with an error, not {outcome:?}"));
    };
    // SPEC 20
    ensure_eq!(got.origin(), Origin::OperationFailed, "the origin of the error of an operation");
    // SPEC 22
    ensure_eq!((got.code(), got.message()), (error.code(), error.message()), "the error of an operation");
    // SPEC 24
    ensure_eq!(types(&got), types(&error), "the details of the error, all and in their order");
    let reason = got.details().error_info().map(|info| info.reason);
    ensure_eq!(reason.as_deref(), Some("NOT_SUSPENDED"), "the reason in the details");
    let precondition = got.details().precondition_failure().map(|failure| failure.violations);
    ensure_eq!(precondition, Some(vec![violation]), "the violations in the details");
    Ok(())
}

pub(super) async fn neither_is_an_outcome(subject: &Subject<'_>) -> Verdict {
    let name = subject.start("contract-neither", Script::new().runs_for_calls(0).ends_with_neither())?;
    // SPEC 5
    ensure_eq!(subject.get(&name).await?.outcome, Some(Outcome::Neither), "an end without a result");
    Ok(())
}

pub(super) async fn both_are_malformed(subject: &Subject<'_>) -> Verdict {
    let name = subject.name("contract-both")?;
    let both = format!(r#"{{"name": "{name}", "done": true, {ERROR}, {RESPONSE}}}"#);
    let script = Script::new().runs_for(Duration::MAX).call(1, Reply::status(200).body(both));
    subject.emulator.operation(name.as_str(), script);
    let got = subject.transport.get_operation(&name).await;
    // SPEC 6
    let status = refused("to get what is done with both an error and a response", got)?;
    ensure_eq!(status.origin(), Origin::MalformedReply, "the origin of the error of a contradiction");
    Ok(())
}

pub(super) async fn nothing_counts_before_the_end(subject: &Subject<'_>) -> Verdict {
    let name = subject.name("contract-before-the-end")?;
    let reply =
        |member: &str| Reply::status(200).body(format!(r#"{{"name": "{name}", "done": false, {member}}}"#));
    let script = Script::new().runs_for(Duration::MAX).call(1, reply(ERROR)).call(2, reply(RESPONSE));
    subject.emulator.operation(name.as_str(), script);
    for what in ["an error", "a response"] {
        // SPEC 2
        let outcome = subject.get(&name).await?.outcome;
        ensure_eq!(outcome, None, "the outcome of an operation that is not done and has {what}");
    }
    Ok(())
}

pub(super) async fn retry_after_of_a_pending_operation_is_kept(subject: &Subject<'_>) -> Verdict {
    let script = Script::new()
        .runs_for(Duration::MAX)
        .call(1, Reply::usual().header("retry-after", "7"))
        .call(2, Reply::usual().header("retry-after", "soon"))
        .call(4, Reply::usual().header("retry-after", "1.5"));
    let name = subject.start("contract-pending-retry-after", script)?;
    // SPEC 32
    ensure_eq!(subject.get(&name).await?.retry_after, Some(Duration::from_secs(7)), "a pause of 7 seconds");
    ensure_eq!(subject.get(&name).await?.retry_after, None, "a pause of \"soon\"");
    ensure_eq!(subject.get(&name).await?.retry_after, None, "a pause that an earlier reply asked for");
    ensure_eq!(subject.get(&name).await?.retry_after, Some(Duration::from_secs(2)), "a pause of 1.5 seconds");
    Ok(())
}

fn packed<M: lro::message::Message + Serialize>(message: &M) -> Result<Any, String> {
    Any::pack(message).map_err(|error| format!("the contract's own message: {error}"))
}

fn json(text: &str) -> Result<Any, String> {
    Any::from_json(text).map_err(|error| format!("the contract's own message: {error}"))
}

fn decoded<M: DeserializeOwned>(subject: &Subject<'_>, what: &str, any: Option<&Any>) -> Result<M, String> {
    let any = subject.as_scripted(any.ok_or_else(|| format!("{what} is missing"))?);
    any.decode().map_err(|error| {
        let shown = any.as_json().map_or_else(|| format!("{any:?}"), str::to_owned);
        format!("{what} does not decode: {error}: {shown}")
    })
}

const ERROR: &str = r#""error": {"code": 7, "message": "no"}"#;
const RESPONSE: &str = r#""response": {"@type": "type.googleapis.com/google.protobuf.Empty"}"#;
/// An encoded message with the field 1, 9007199254740993.
const COUNT: &[u8] = b"\x08\x81\x80\x80\x80\x80\x80\x80\x10";
