//! A fleet over HTTP, against a server whose replies break.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use futures::{StreamExt, future::join_all};
use lro::{Any, Capabilities, Code, OperationName, Service, Status};
use lro_emulator::{Break, Emulator, Point, Reply, Script};
use lro_fleet::{Fleet, Metrics, Rate};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
use serde_json::Value;

#[tokio::test]
async fn every_outcome_comes_through_failing_replies() {
    let emulator = Emulator::start().await.unwrap();
    let names: Vec<OperationName> = (0..120).map(|number| start(&emulator, number)).collect();
    let fleet = Fleet::builder(transport(&emulator, Capabilities::default())).max_in_flight(16).start();
    let outcomes = join_all(names.iter().map(|name| fleet.watch::<Value>(name.clone()))).await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match kind(number) {
            9 => assert_eq!(outcome.unwrap_err().code(), Code::Aborted),
            _ => assert_eq!(outcome.unwrap()["number"], number),
        }
    }
    let metrics = fleet.metrics();
    assert!(metrics.failures.iter().sum::<u64>() >= 60, "{metrics}");
    assert_calls(&emulator, &metrics);
}

#[tokio::test]
async fn one_list_tells_of_many_and_the_outcomes_are_theirs() {
    let emulator = Emulator::start().await.unwrap();
    let names: Vec<OperationName> = (0..200)
        .map(|number| {
            let script = Script::new().runs_for(Duration::from_millis(800)).responds(answer(number));
            put(&emulator, number, script)
        })
        .collect();
    let all = Capabilities::default().list(true);
    let fleet = Fleet::builder(transport(&emulator, all)).rate(Rate::per_second(100)).start();
    for name in names {
        fleet.register(name).unwrap();
    }
    let mut completions = fleet.completions().take(200);
    while let Some(completion) = completions.next().await {
        let answer: Value = completion.decode().unwrap();
        assert_eq!(completion.name().as_str(), format!("operations/{}", answer["number"]));
    }
    let metrics = fleet.metrics();
    assert!(metrics.sweeps > 0 && metrics.polls < 100, "{metrics}");
    assert_calls(&emulator, &metrics);
}

/// Asserts that each poll was one call. One that was given up after a second may not have arrived.
#[track_caller]
fn assert_calls(emulator: &Emulator, metrics: &Metrics) {
    let answered = metrics.polls - metrics.unanswered;
    assert!((answered..=metrics.polls).contains(&emulator.call_count()), "{metrics}");
}

/// An operation whose first replies fail in one of several ways.
fn start(emulator: &Emulator, number: usize) -> OperationName {
    let script = Script::new().runs_for(Duration::from_millis(10 * number as u64)).responds(answer(number));
    let script = match kind(number) {
        _ if number == 51 => script.call(1, Reply::status(429).header("retry-after", "1")),
        0 => script.call(1, Reply::status(503)),
        1 => script.call(1, Reply::status(504)),
        // Before the head, the transport would send the get again.
        2 => script.call(1, Reply::usual().breaks(Point::InHead, Break::Reset)),
        3 => script.call(1, Reply::usual().breaks(Point::InBody(7), Break::Close)),
        4 => script.call(1, Reply::status(200).body("<html>")),
        9 => script.fails(Status::new(Code::Aborted, "it went wrong")),
        _ => script,
    };
    put(emulator, number, script)
}

/// Not all that fail come together, which would be an outage.
fn kind(number: usize) -> usize {
    number * 7 % 10
}

fn put(emulator: &Emulator, number: usize, script: Script) -> OperationName {
    let name = format!("operations/{number}");
    emulator.operation(name.clone(), script);
    name.parse().unwrap()
}

fn answer(number: usize) -> Any {
    Any::from_json(serde_json::json!({"number": number}).to_string()).unwrap()
}

fn transport(emulator: &Emulator, capabilities: Capabilities) -> HttpTransport {
    let service = Service::new("jobs.example.com", "v1");
    let binding = Binding::new(service, NameTemplate::from_static("operations/*")).capabilities(capabilities);
    HttpTransport::new(HttpClient::builder(emulator.endpoint()).build().unwrap(), binding)
}
