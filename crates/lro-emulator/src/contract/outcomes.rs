use std::time::Duration;

use lro::{
    Any, Code, Origin, Outcome, Status,
    details::{ErrorInfo, PreconditionFailure, PreconditionViolation},
};

use super::subject::Subject;
use crate::{reply::Reply, script::Script};

lro::message! {
    struct Tour("example.v1.Tour") {
        stops: Vec<String>,
        kilometers: f64,
    }

    struct Progress("example.v1.Progress") {
        stops: i32,
    }
}

/// An operation that runs has a name and metadata and no outcome. Once done it has its response.
pub async fn pending_then_done(subject: &Subject<'_>) {
    let tour = Tour { stops: vec!["Zürich".to_owned(), "東京".to_owned()], kilometers: 9_582.5 };
    let script =
        Script::new().runs_for_calls(2).metadata(|_| packed(&Progress { stops: 1 })).responds(packed(&tour));
    let name = subject.start("contract-pending-then-done", script);
    for _ in 0..2 {
        let pending = subject.get(&name).await;
        // SPEC 1
        assert_eq!(pending.outcome, None, "{name} is running");
        assert_eq!(pending.name, name.as_str());
        assert_eq!(pending.retry_after, None, "the server asked for no pause");
        // SPEC 10
        assert_eq!(decoded::<Progress>(pending.metadata.as_ref()), Progress { stops: 1 });
    }
    let done = subject.get(&name).await;
    let Some(Outcome::Response(response)) = &done.outcome else {
        panic!("{name} is done with a response, not {:?}", done.outcome);
    };
    assert_eq!(decoded::<Tour>(Some(response)), tour);
    assert_eq!(decoded::<Progress>(done.metadata.as_ref()), Progress { stops: 1 });
    // SPEC 9
    assert_eq!(subject.get(&name).await, done, "an operation that is done stays as it is");
}

/// A get of an operation that finished with an error works. The error keeps its code, message and all details.
pub async fn errors_of_operations_are_no_failed_calls(subject: &Subject<'_>) {
    let violation = PreconditionViolation { subject: "subscriptions/x".to_owned(), ..Default::default() };
    let unknown = json(r#"{"@type": "type.googleapis.com/example.v1.Later", "why": ["a", null, 1.5]}"#);
    let details = vec![
        packed(&ErrorInfo { reason: "NOT_SUSPENDED".to_owned(), ..ErrorInfo::default() }),
        unknown.clone(),
        packed(&PreconditionFailure { violations: vec![violation.clone()] }),
    ];
    let error = Status::new(Code::FailedPrecondition, "it is not \"suspended\"").with_details(details);
    let name = subject.start("contract-failed", Script::new().runs_for_calls(0).fails(error));
    let outcome = subject.get(&name).await.outcome;
    let Some(Outcome::Error(error)) = outcome else {
        panic!("{name} is done with an error, not {outcome:?}");
    };
    // SPEC 20
    assert_eq!(error.origin(), Origin::OperationFailed);
    // SPEC 22
    assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, "it is not \"suspended\""));
    // SPEC 24
    assert_eq!(error.details().as_slice().len(), 3, "every detail is kept: {:?}", error.details());
    assert_eq!(error.details().as_slice()[1].type_name(), unknown.type_name(), "the order is kept");
    assert_eq!(error.details().error_info().map(|info| info.reason).as_deref(), Some("NOT_SUSPENDED"));
    let precondition = error.details().precondition_failure();
    assert_eq!(precondition.map(|failure| failure.violations), Some(vec![violation]));
}

/// An operation may finish without a response and without an error.
pub async fn neither_is_an_outcome(subject: &Subject<'_>) {
    let name = subject.start("contract-neither", Script::new().runs_for_calls(0).ends_with_neither());
    // SPEC 5
    assert_eq!(subject.get(&name).await.outcome, Some(Outcome::Neither));
}

/// A name is opaque: every character of it arrives unchanged. The request has no body.
pub async fn names_arrive_verbatim(subject: &Subject<'_>) {
    for id in [
        "Zm9v+bar/_-==",
        "a b",
        "100%",
        "a%2Fb",
        "a?x=1&y#z",
        "é東",
        "a:cancel",
        "~._-",
        "@!$'()*,;|<>\"\\^`{}",
    ] {
        // Only some collections have names with a slash.
        let id = if subject.collection == "operations" { id.to_owned() } else { id.replace('/', "") };
        let name = subject.start(&id, Script::new());
        // SPEC 7, 14
        assert_eq!(subject.get(&name).await.name, name.as_str());
        let last = subject.emulator.calls().pop();
        // SPEC 44
        assert!(last.is_some_and(|call| call.method == "GET" && call.body_len == 0), "a get has no body");
        subject.emulator.forget(name.as_str());
    }
}

/// The pause that a successful reply asks for is kept, in whole seconds. A malformed one is ignored.
pub async fn retry_after_of_a_pending_operation_is_kept(subject: &Subject<'_>) {
    let script = Script::new()
        .runs_for(Duration::MAX)
        .call(1, Reply::usual().header("retry-after", "7"))
        .call(2, Reply::usual().header("retry-after", "soon"));
    let name = subject.start("contract-pending-retry-after", script);
    // SPEC 32
    assert_eq!(subject.get(&name).await.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(subject.get(&name).await.retry_after, None, "garbage is no pause");
    assert_eq!(subject.get(&name).await.retry_after, None, "a pause is for once");
}

fn packed<M: lro::message::Message + serde::Serialize>(message: &M) -> Any {
    Any::pack(message).unwrap_or_else(|error| panic!("the contract's own message: {error}"))
}

fn json(text: &str) -> Any {
    Any::from_json(text).unwrap_or_else(|error| panic!("the contract's own message: {error}"))
}

fn decoded<M: serde::de::DeserializeOwned>(any: Option<&Any>) -> M {
    let any = any.unwrap_or_else(|| panic!("a message is missing"));
    any.decode().unwrap_or_else(|error| panic!("{error}: {}", any.as_json()))
}
