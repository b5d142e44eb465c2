//! Messages of prost as responses, metadata and details.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{fmt::Debug, time::Duration};

use futures::StreamExt;
use lro::{
    Any, Code, Empty, Handle, Operation, OperationName, Origin, Outcome, Pacing, Service, Status, Wait,
    poll_until_done,
};
use lro_fleet::{Fleet, Registration};
use lro_grpc::{AnyProto, Proto};
use prost::{Message, Name};
use serde::{Deserialize, de::DeserializeOwned};

use super::common::{Job, Reply, Server, get, in_time, name, running, succeeded};

/// A message with the fields of [`Job`] and another name.
#[derive(Clone, PartialEq, Message)]
struct Other {
    #[prost(string, tag = "1")]
    title: String,
}

impl Name for Other {
    const PACKAGE: &'static str = "printer.v1";
    const NAME: &'static str = "PrintJob";
}

/// A message that prost generated without its name.
#[derive(Clone, PartialEq, Message)]
struct Nameless {
    #[prost(string, tag = "1")]
    title: String,
}

/// A message in no package, and one in another message.
#[derive(Clone, PartialEq, Message)]
struct Bare {}

impl Name for Bare {
    const PACKAGE: &'static str = "";
    const NAME: &'static str = "Bare";
}

#[derive(Clone, PartialEq, Message)]
struct Nested {}

impl Name for Nested {
    const PACKAGE: &'static str = "printer.v1";
    const NAME: &'static str = "Page";

    fn full_name() -> String {
        "printer.v1.Job.Page".to_owned()
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Newtype(Proto<Job>);

#[derive(Debug, PartialEq, Deserialize)]
struct Json {
    title: String,
}

#[test]
fn a_message_decodes_from_its_encoding() {
    // SPEC 18
    let (job, packed) = (Job::poster(), Job::poster().packed());
    assert_eq!(packed.decode::<Proto<Job>>().unwrap(), Proto(job.clone()));
    assert_eq!(packed.decode::<AnyProto<Job>>().unwrap(), AnyProto(job.clone()));
    assert_eq!(packed.decode::<AnyProto<Nameless>>().unwrap().0.title, "poster");
    assert_eq!(packed.decode::<Option<Proto<Job>>>().unwrap(), Some(Proto(job.clone())));
    assert_eq!(packed.decode::<Box<Proto<Job>>>().unwrap(), Box::new(Proto(job.clone())));
    assert_eq!(packed.decode::<Newtype>().unwrap(), Newtype(Proto(job)));
    assert_eq!(packed.decode::<Any>().unwrap(), packed);
    assert_eq!(Any::pack_protobuf("Bare", b"").decode::<Proto<Bare>>().unwrap(), Proto(Bare {}));
    assert_eq!(
        Any::pack_protobuf("printer.v1.Job.Page", b"").decode::<Proto<Nested>>().unwrap(),
        Proto(Nested {})
    );
    // Unknown fields are skipped, and a default is nothing.
    assert_eq!(
        Any::pack_protobuf("printer.v1.Job", b"\x98\x06\x01").decode::<Proto<Job>>().unwrap().0,
        Job::default()
    );
    assert_eq!(Any::pack_protobuf("google.protobuf.Empty", b"").decode::<()>().unwrap(), ());
    assert_eq!(Any::pack_protobuf("google.protobuf.Empty", b"").decode::<Proto<()>>().unwrap(), Proto(()));
}

#[test]
fn another_type_is_named_together_with_the_awaited_one() {
    // SPEC 18
    let packed = Job::poster().packed();
    let json = Any::from_json(r#"{"@type": "t/printer.v1.Job", "title": "poster"}"#).unwrap();
    let broken = Any::pack_protobuf("printer.v1.Job", b"\x0a\xff");
    let bare = Any::pack_protobuf("printer.v1.Bare", b"");
    let wants_json =
        "it came as protobuf, and Json is awaited, which reads JSON: await Proto<T> of its prost message";
    let wants_proto =
        "it came as JSON, and a protobuf message is awaited: await a type of serde's, or ask over gRPC";
    for (message, read, why) in [
        (
            refused::<Proto<Other>>(&packed),
            "printer.v1.Job",
            "expected printer.v1.PrintJob, found printer.v1.Job",
        ),
        (
            refused::<Option<Proto<Other>>>(&packed),
            "printer.v1.Job",
            "expected printer.v1.PrintJob, found printer.v1.Job",
        ),
        (refused::<Proto<Bare>>(&bare), "printer.v1.Bare", "expected Bare, found printer.v1.Bare"),
        (
            refused::<Proto<Nested>>(&Any::pack_protobuf("printer.v1.Page", b"")),
            "printer.v1.Page",
            "expected printer.v1.Job.Page, found printer.v1.Page",
        ),
        (
            refused::<Proto<Job>>(&Any::pack_protobuf("printer.v1xJob", b"")),
            "printer.v1xJob",
            "expected printer.v1.Job, found printer.v1xJob",
        ),
        (
            refused::<Proto<Job>>(&Any::from_protobuf(*b"\x12\x00").unwrap()),
            "message",
            "expected printer.v1.Job, found no type",
        ),
        (refused::<()>(&packed), "printer.v1.Job", "expected google.protobuf.Empty, found printer.v1.Job"),
        (refused::<Json>(&packed), "printer.v1.Job", wants_json),
        (refused::<Proto<Job>>(&json), "printer.v1.Job", wants_proto),
        (refused::<AnyProto<Nameless>>(&json), "printer.v1.Job", wants_proto),
    ] {
        assert_eq!(message, format!("cannot read the {read}: {why}"));
    }
    // SPEC 60
    let long = refused::<Proto<Job>>(&Any::pack_protobuf(&"ö".repeat(1 << 20), b""));
    assert!(long.len() < 2_000 && long.contains("expected printer.v1.Job, found öö"), "{}", long.len());
    for message in [refused::<Proto<Job>>(&broken), refused::<AnyProto<Job>>(&broken)] {
        assert!(
            message.starts_with("cannot read the printer.v1.Job: ") && message.contains("Job.title"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_message_is_awaited_with_its_metadata() {
    // SPEC 10
    let progress = Job { title: "progress".to_owned(), pages: 3 };
    let server = Server::in_turn([
        Reply::operation(&running()),
        Reply::operation(&running().with_metadata(progress.packed())),
        Reply::operation(&succeeded().with_metadata(progress.packed())),
    ])
    .await;
    let wait = poll_until_done::<Proto<Job>>(server.jobs(), name()).with_metadata::<Proto<Job>>();
    let mut wait = wait.pacing(Pacing::fixed(Duration::from_millis(1)));
    let mut pages = Vec::new();
    while let Some(snapshot) = in_time(wait.next()).await {
        pages.push(snapshot.unwrap().metadata().map(|Proto(progress)| progress.pages));
    }
    assert_eq!(pages, [None, Some(3), Some(3)]);
    assert_eq!(in_time(wait.into_future()).await.unwrap(), Proto(Job::poster()));
}

#[tokio::test]
async fn metadata_of_another_type_fails_no_poll() {
    // SPEC 11
    let server =
        Server::always(Reply::operation(&succeeded().with_metadata(Any::pack_protobuf("a.B", b"\xff"))))
            .await;
    let mut wait = poll_until_done::<Proto<Job>>(server.jobs(), name()).with_metadata::<Proto<Job>>();
    let snapshot = in_time(wait.next()).await.unwrap().unwrap();
    assert_eq!(snapshot.metadata(), None);
    assert!(snapshot.try_metadata().unwrap_err().message().contains("expected printer.v1.Job, found a.B"));
    assert_eq!(in_time(wait.into_future()).await.unwrap(), Proto(Job::poster()));
}

#[tokio::test]
async fn outcomes_are_told_apart() {
    // SPEC 1 to 6, 9, 20
    let done = |outcome| Operation { outcome: Some(outcome), ..running() };
    let error = Status::from_number(7, "no paper").with_details(vec![Any::pack_protobuf("a.B", b"\x08\x01")]);
    let failed = outcome::<Proto<Job>>(&done(Outcome::Error(error.clone()))).await.unwrap_err();
    assert_eq!(
        (failed.origin(), failed.message(), failed.details().as_slice()),
        (Origin::OperationFailed, "no paper", error.details().as_slice())
    );
    for number in [0, 99] {
        let failed = outcome::<Proto<Job>>(&done(Outcome::Error(Status::from_number(number, "odd"))))
            .await
            .unwrap_err();
        assert_eq!(
            (failed.origin(), failed.code(), failed.raw_code()),
            (Origin::OperationFailed, Code::Unknown, number)
        );
    }
    assert_eq!(outcome::<Empty>(&done(Outcome::Neither)).await.unwrap(), Empty {});
    outcome::<Proto<()>>(&done(Outcome::Neither)).await.unwrap();
    let missing = outcome::<Proto<Job>>(&done(Outcome::Neither)).await.unwrap_err();
    assert_eq!(missing.origin(), Origin::MalformedReply);
    let other = outcome::<Proto<Other>>(&succeeded()).await.unwrap_err();
    assert_eq!((other.origin(), other.response()), (Origin::MalformedReply, Some(&Job::poster().packed())));
    let elsewhere =
        outcome::<Proto<Job>>(&Operation { name: "operations/2".to_owned(), ..succeeded() }).await;
    assert_eq!(elsewhere.unwrap_err().origin(), Origin::MalformedReply);
    // SPEC 60
    let long =
        outcome::<Proto<Job>>(&Operation { name: "n".repeat(1 << 20), ..succeeded() }).await.unwrap_err();
    assert!(
        long.message().len() < 2_000 && format!("{long:?}{long}").len() < 8_000,
        "{}",
        long.message().len()
    );
    let nameless = outcome::<Proto<Job>>(&Operation { name: String::new(), ..succeeded() }).await;
    assert_eq!(nameless.unwrap(), Proto(Job::poster()));
}

#[tokio::test]
async fn a_reply_with_both_an_error_and_a_response_is_malformed() {
    // SPEC 6
    let both = lro_grpc_wire::messages::Operation {
        name: "operations/1".to_owned(),
        done: true,
        error: Some(lro_grpc_wire::messages::Status::default()),
        response: Some(Vec::new()),
        ..Default::default()
    };
    let server = Server::always(Reply::ok(&both)).await;
    let status = get(&server.jobs()).await.unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply, "{status}");
}

#[tokio::test]
async fn a_saved_handle_resumes_over_grpc() {
    // SPEC 12
    let server = Server::in_turn([Reply::running(), Reply::succeeded()]).await;
    let jobs = server.jobs();
    let saved = {
        let mut wait = poll_until_done::<Proto<Job>>(&jobs, name());
        in_time(wait.next()).await.unwrap().unwrap();
        serde_json::to_string(&wait.handle().unwrap()).unwrap()
    };
    let handle: Handle = serde_json::from_str(&saved).unwrap();
    let resumed = Wait::<Proto<Job>>::resumed(&jobs, &handle).unwrap();
    assert_eq!(in_time(resumed.into_future()).await.unwrap(), Proto(Job::poster()));
    let other = Handle::new(&Service::new("other.example.com", "v1"), name());
    assert!(Wait::<Proto<Job>>::resumed(&jobs, &other).is_err());
}

#[tokio::test]
async fn a_started_operation_is_awaited() {
    // SPEC 8
    let server = Server::in_turn([Reply::running(), Reply::succeeded()]).await;
    let jobs = server.jobs();
    let print = lro_grpc::GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec());
    let operation = in_time(jobs.start(print)).await.unwrap();
    let wait = Wait::<Proto<Job>>::started(&jobs, operation).pacing(Pacing::fixed(Duration::from_millis(1)));
    assert_eq!(in_time(wait.into_future()).await.unwrap(), Proto(Job::poster()));
    // An operation that is done already costs no call, and needs no name.
    let done = Operation { name: String::new(), ..succeeded() };
    assert_eq!(
        in_time(Wait::<Proto<Job>>::started(&jobs, done).into_future()).await.unwrap(),
        Proto(Job::poster())
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_fleet_polls_and_decodes() {
    // SPEC 10, 36
    let server = Server::start(|request| {
        if request.method_name() == "ListOperations" {
            return Reply::failed(&Status::unimplemented("no list"));
        }
        let name = request.message::<lro_grpc_wire::messages::GetOperationRequest>().name;
        let number: u32 = name.rsplit('/').next().unwrap().parse().unwrap();
        let job = Job { title: name.clone(), pages: number };
        match number % 3 {
            0 => {
                Reply::operation(&Operation::running(name).with_outcome(Err(Status::from_number(5, "lost"))))
            }
            1 => Reply::failed(&Status::new(Code::PermissionDenied, "no")),
            _ => Reply::operation(&Operation::running(name).with_outcome(Ok(job.packed()))),
        }
    })
    .await;
    let fleet = Fleet::builder(server.jobs()).max_in_flight(16).start();
    let mut completions = fleet.completions().decode::<Proto<Job>>();
    for number in 0..60 {
        let name: OperationName = format!("operations/{number}").parse().unwrap();
        fleet.register_with(Registration::new(name).tag(number.to_string())).unwrap();
    }
    let watched = fleet.watch::<Proto<Job>>("operations/92".parse().unwrap());
    fleet.drain();
    let mut done = [0; 3];
    while let Some(completion) = in_time(completions.next()).await {
        let number: u32 = completion.tag().unwrap().parse().unwrap();
        match completion.into_outcome() {
            Ok(Proto(job)) => {
                assert_eq!((job.pages, number % 3), (number, 2));
                done[0] += 1;
            }
            Err(status) if status.origin() == Origin::OperationFailed => done[1] += 1,
            Err(status) => {
                assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::PermissionDenied));
                done[2] += 1;
            }
        }
    }
    assert_eq!(done, [20, 20, 20]);
    assert_eq!(in_time(watched).await.unwrap().0.pages, 92);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_started_operation_whose_name_begins_with_a_slash_is_named() {
    // SPEC 7, 13
    let server = Server::always(Reply::operation(&Operation::running("/7cc6c9a8"))).await;
    let jobs = server.jobs();
    let print = lro_grpc::GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec());
    let operation = in_time(jobs.start(print)).await.unwrap();
    let status = in_time(Wait::<Proto<Job>>::started(&jobs, operation).into_future()).await.unwrap_err();
    let expected = r#"not an operation name: "/7cc6c9a8": it has a leading, trailing or double slash"#;
    assert!(status.message().ends_with(expected) && status.may_be_running(), "{status}");
}

async fn outcome<R: DeserializeOwned + Send>(operation: &Operation) -> Result<R, Status> {
    let server = Server::always(Reply::operation(operation)).await;
    in_time(poll_until_done::<R>(server.jobs(), name()).into_future()).await
}

#[track_caller]
fn refused<R: DeserializeOwned + Debug>(any: &Any) -> String {
    let status = any.decode::<R>().unwrap_err();
    assert_eq!((status.origin(), status.response()), (Origin::MalformedReply, Some(any)));
    status.message().to_owned()
}
