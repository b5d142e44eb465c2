//! Completions with their types, and what is shown of a fleet.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use lro::{Any, Code, Operation, Origin, Outcome, Status};
use lro_fleet::{Fleet, Registration};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, done, name, secs};

#[derive(Debug, Deserialize, PartialEq)]
struct Job {
    name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Another {
    missing: u32,
}

fn jobs() -> Jobs {
    Jobs::new(|name, now| match name {
        "operations/2" => Ok(Operation::failed(name, Status::new(Code::Aborted, "broken"))),
        _ if now < secs(3) => Ok(Operation::running(name)),
        _ => Ok(done(name)),
    })
}

/// Where the texts are in memory.
fn places_of(outcome: Option<&Outcome>, metadata: Option<&Any>) -> Vec<usize> {
    let Some(Outcome::Response(response)) = outcome else { panic!("{outcome:?}") };
    let place = |any: &Any| any.as_json().unwrap().as_ptr() as usize;
    vec![place(response), place(metadata.unwrap())]
}

/// A response may be large.
#[tokio::test(start_paused = true)]
async fn a_response_and_its_metadata_are_moved_to_the_only_one_who_takes_them() {
    let places = Arc::new(Mutex::new(Vec::new()));
    let sent = places.clone();
    let jobs = Jobs::new(move |name, _| {
        let large = Any::from_value(&Value::from("x".repeat(10_000))).unwrap();
        let operation = Operation::succeeded(name, large.clone()).unwrap().with_metadata(large);
        *sent.lock().unwrap() = places_of(operation.outcome.as_ref(), operation.metadata.as_ref());
        Ok(operation)
    });
    let fleet = Fleet::builder(jobs).start();
    fleet.register(name(1)).unwrap();
    let completion = fleet.completions().next().await.unwrap();
    let taken = places_of(completion.outcome().ok(), completion.report().last_metadata.as_ref());
    assert_eq!(taken, *places.lock().unwrap());
    // One who waits for it too has a copy.
    let watch = fleet.watch::<Value>(name(2));
    fleet.register(name(2)).unwrap();
    let completion = fleet.completions().next().await.unwrap();
    assert!(completion.report().last_metadata.is_some());
    assert_eq!(watch.await, completion.decode());
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_decoded_once_for_all_or_each_by_its_kind() {
    let fleet = Fleet::builder(jobs()).start();
    fleet.register_with(Registration::new(name(1)).kind("job").tag("one")).unwrap();
    fleet.register_with(Registration::new(name(2)).kind("job")).unwrap();
    fleet.register_with(Registration::new(name(3)).kind("another").tag("")).unwrap();
    fleet.drain();
    let completions: Vec<_> = timeout(secs(30), fleet.completions().collect()).await.unwrap();
    for completion in &completions {
        let number = completion.name().as_str();
        match (completion.kind(), number) {
            ("job", "operations/1") => {
                assert_eq!(completion.tag(), Some("one"));
                assert_eq!(completion.decode::<Job>().unwrap(), Job { name: number.to_owned() });
                assert_eq!(completion.decode::<Job>().unwrap(), Job { name: number.to_owned() });
            }
            ("job", "operations/2") => {
                assert_eq!(completion.tag(), None);
                let status = completion.decode::<Job>().unwrap_err();
                assert_eq!((status.code(), status.origin()), (Code::Aborted, Origin::OperationFailed));
            }
            ("another", "operations/3") => {
                assert_eq!(completion.tag(), Some(""));
                let status = completion.decode::<Another>().unwrap_err();
                assert_eq!(status.origin(), Origin::MalformedReply);
                assert!(status.report().unwrap().name.is_some());
                assert!(status.response().is_some(), "the raw response is kept");
                assert!(completion.outcome().is_ok());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(completions.len(), 3);
    let decoded: Vec<_> = completions.into_iter().map(|completion| completion.decoded::<Job>()).collect();
    assert_eq!(decoded.iter().filter(|completion| completion.outcome().is_ok()).count(), 2);
    let third = decoded.into_iter().find(|completion| completion.name() == &name(3)).unwrap();
    assert_eq!((third.kind(), third.tag(), third.report().done), ("another", Some(""), true));
    assert_eq!(third.into_outcome().unwrap(), Job { name: "operations/3".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_decoded_and_ends() {
    let fleet = Fleet::builder(jobs()).start();
    (1..4).for_each(|number| fleet.register(name(number)).unwrap());
    fleet.drain();
    let outcomes: Vec<Result<Job, Status>> =
        timeout(secs(30), fleet.completions().decode().map(|job| job.into_outcome()).collect())
            .await
            .unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    assert_eq!(outcomes.len(), 3);
}

fn assert_one_line(what: &str, shown: &dyn Debug) {
    let text = format!("{shown:?}");
    assert!(text.len() < 400 && text.lines().count() == 1, "{what}: {} bytes: {text:.300}", text.len());
    let pretty = format!("{shown:#?}");
    assert!(pretty.len() < 800, "{what}: {} bytes: {pretty:.300}", pretty.len());
}

#[tokio::test(start_paused = true)]
async fn all_that_holds_a_fleet_is_shown_in_one_line() {
    let fleet = Fleet::builder(jobs()).start();
    (10..1_000).for_each(|number| fleet.register(name(number)).unwrap());
    sleep(secs(1)).await;
    assert_one_line("a fleet", &fleet);
    assert_one_line("a watch", &fleet.watch::<Value>(name(10)));
    assert_one_line("the completions", &fleet.completions());
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_is_listed_also_if_it_is_much() {
    let fleet = Fleet::builder(Jobs::done_at(secs(2_000))).start();
    let many = 30_000;
    (0..many).for_each(|number| fleet.register(name(number)).unwrap());
    for number in (0..many).step_by(3) {
        fleet.forget(&name(number)).unwrap();
    }
    let mut names: Vec<_> = fleet.pending().into_iter().map(|pending| pending.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), many - many.div_ceil(3));
    sleep(secs(1)).await;
    let pending = fleet.pending();
    assert_eq!(pending.len(), names.len());
    assert_eq!(fleet.metrics().pending, names.len());
    assert!(pending.iter().all(|pending| pending.age == secs(1)));
    assert!(pending.iter().any(|pending| pending.polls > 0));
    assert_eq!(fleet.shutdown().await.len(), names.len());
    assert!(fleet.pending().is_empty());
}
