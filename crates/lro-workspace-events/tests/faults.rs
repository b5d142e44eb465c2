//! Whole waits over loopback, each through one kind of trouble that the emulator gives: the outcome is the operation's.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::time::Duration;

use futures::future::join_all;
use lro::{Any, Code, OperationName, Origin, Pacing, Tolerance, Wait, poll_until_done};
use lro_emulator::{Break, Emulator, Point, Reply, Script};
use lro_workspace_events::{Token, WorkspaceEvents, token_fn};
use serde_json::{Value, json};

/// SPEC 19, 26, 32, 43, 45
#[tokio::test]
async fn outlives_every_fault_of_a_call() {
    let points = [
        ("before the head", Point::BeforeHead),
        ("in the head", Point::InHead),
        ("after the head", Point::AfterHead),
        ("in the body", Point::InBody(7)),
    ];
    let breaks = [
        ("reset", Break::Reset),
        ("closed", Break::Close),
        ("stalled", Break::Stall),
        ("a byte a second", Break::Trickle(Duration::from_secs(1))),
    ];
    let broken = points.iter().flat_map(|(where_, point)| {
        breaks
            .iter()
            .map(move |(how, break_)| (format!("{how} {where_}"), Reply::usual().breaks(*point, *break_)))
    });
    let late = Reply::usual().after(Duration::from_secs(3_600));
    let others = [
        ("no reply", Reply::close()),
        ("no reply in time", late),
        ("an empty body", Reply::status(200)),
        ("HTML", Reply::status(200).body("<html>Sign in</html>")),
        ("half of a body", Reply::usual().cut_after(9)),
        ("no UTF-8", Reply::status(200).body(&b"{\"name\": \"\xff\"}"[..])),
        ("too deep a body", Reply::nested(200_000)),
        ("an expired token", Reply::expired_token()),
        ("too many requests", Reply::status(429).header("retry-after", "0")),
        (
            "unavailable until a date",
            Reply::status(503).header("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ),
        ("a hint that is none", Reply::status(500).header("retry-after", b"\xff")),
        ("a server that goes away", Reply::usual().goaway()),
        ("a server that refuses connections", Reply::refuse_for(Duration::from_millis(50))),
    ];
    let faults = broken.chain(others.map(|(what, fault)| (what.to_owned(), fault)));
    join_all(faults.map(|(what, fault)| outlives(what, fault))).await;
}

/// Each has a server of its own, for some faults take all connections with them.
async fn outlives(what: String, fault: Reply) {
    let (emulator, events) = start().await;
    // With a good reply between two of them.
    let script = Script::new().runs_for_calls(4).responds(answer()).call(1, fault.clone()).call(3, fault);
    emulator.operation("operations/faulty", script);
    let outcome = wait(&events, name("operations/faulty")).await;
    assert_eq!(outcome.unwrap_or_else(|status| panic!("{what}: {status:?}"))["answer"], 42, "{what}");
    let calls = emulator.call_count();
    assert!((5..=9).contains(&calls), "{what}: {calls} calls");
}

/// SPEC 2, 7, 10
#[tokio::test]
async fn believes_no_reply_that_contradicts_itself() {
    let (emulator, events) = start().await;
    let run = |script: Script| {
        emulator.operation("operations/lies", script.runs_for_calls(2).responds(answer()));
        wait(&events, name("operations/lies")).attempt_timeout(Duration::from_secs(30))
    };
    let outcome = run(Script::new().call(1, Reply::usual().named("operations/of-another"))).await;
    let status = outcome.unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply, "{status:?}");
    assert!(status.may_be_running(), "{status}");
    assert!(emulator.calls().iter().all(|call| !call.path.contains("of-another")), "it was followed");

    let other = Any::from_json(r#"{"@type": "t/example.v1.Other", "n": 1}"#).unwrap();
    let script = Script::new()
        .call(1, Reply::usual().named(""))
        .call(2, Reply::usual().metadata(other))
        .call(3, Reply::usual().not_done());
    assert_eq!(run(script).await.unwrap()["answer"], 42);
}

/// SPEC 31
#[tokio::test]
async fn waits_for_an_operation_that_is_found_a_little_later() {
    let (emulator, events) = start().await;
    let script = Script::new().runs_for(Duration::from_millis(120)).responds(answer());
    emulator.operation("operations/late", script.appears_after(Duration::from_millis(60)));
    assert_eq!(wait(&events, name("operations/late")).await.unwrap()["answer"], 42);

    emulator.operation("operations/gone", Script::new().runs_for(Duration::MAX));
    let mut gone = wait(&events, name("operations/gone"));
    gone.next().await.unwrap().unwrap();
    emulator.forget("operations/gone");
    let status = gone.await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::NotFound));
    assert!(status.message().contains("expired or was deleted"), "{status}");
}

/// SPEC 49: a later reply is as large.
#[tokio::test]
async fn ends_at_once_with_a_reply_that_is_too_large() {
    for (what, fault) in [
        ("too large a body", Reply::status(200).large_body(300 << 20)),
        ("too large a body of no declared length", Reply::status(200).large_body(300 << 20).without_length()),
        ("a gzip bomb", Reply::gzip_bomb(300 << 20)),
    ] {
        let (emulator, events) = start().await;
        emulator.operation("operations/faulty", Script::new().call(1, fault));
        let wait = wait(&events, name("operations/faulty")).attempt_timeout(Duration::from_secs(30));
        let status = wait.await.unwrap_err();
        assert!(status.message().contains("larger than the limit"), "{what}: {status}");
        assert_eq!((status.origin(), emulator.call_count()), (Origin::CallFailed, 1), "{what}");
    }
}

/// SPEC 43, 51
#[tokio::test]
async fn follows_no_redirect_to_another_port() {
    let (emulator, events) = start().await;
    let elsewhere = Emulator::start().await.unwrap();
    let target = format!("{}/v1/operations/moved", elsewhere.endpoint());
    emulator.operation("operations/moved", Script::new().call(1, Reply::redirect(&target)));
    let outcome = wait(&events, name("operations/moved")).attempt_timeout(Duration::from_secs(30)).await;
    assert_eq!(elsewhere.call_count(), 0, "the token has travelled");
    // SPEC 51
    let status = outcome.unwrap_err();
    assert!(status.message().ends_with(&format!("to {} was not followed", elsewhere.endpoint())), "{status}");
    assert_eq!(status.report().unwrap().polls, 1);
}

async fn start() -> (Emulator, WorkspaceEvents) {
    let emulator = Emulator::builder().runs_for(Duration::ZERO).start().await.unwrap();
    let credentials = token_fn(|| async { Token::bearer("token") });
    let events =
        WorkspaceEvents::builder().endpoint(emulator.endpoint()).credentials(credentials).build().unwrap();
    (emulator, events)
}

/// In haste, for each of the many faults costs an attempt or two.
fn wait(events: &WorkspaceEvents, name: OperationName) -> Wait<'_, Value> {
    let hasty = Tolerance::default().delay(Duration::from_millis(20), Duration::from_millis(40));
    poll_until_done(events, name)
        .tolerance(hasty)
        .pacing(Pacing::fixed(Duration::from_millis(5)))
        .attempt_timeout(Duration::from_millis(700))
}

fn name(name: &str) -> OperationName {
    OperationName::parse(name).unwrap()
}

fn answer() -> Any {
    Any::from_json(json!({"@type": "t/example.v1.Answer", "answer": 42}).to_string()).unwrap()
}
