//! Operations of a test's own run by their scripts and have every call that google.longrunning knows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use lro::{Any, Code, Status};
use lro_emulator::{Emulator, Reply, Script};
use serde_json::json;
use tokio::time::Instant;

use super::client::Client;

#[tokio::test(start_paused = true)]
async fn metadata_goes_with_the_time_and_stands_still_at_the_end() {
    let (emulator, client) = start().await;
    let metadata =
        |elapsed: Duration| Any::from_json(json!({"seconds": elapsed.as_secs()}).to_string()).unwrap();
    emulator.operation("operations/1", Script::new().runs_for(Duration::from_secs(90)).metadata(metadata));
    tokio::time::advance(Duration::from_secs(30)).await;
    let state = client.get("/v1/operations/1").await.ok();
    assert_eq!(state, json!({"name": "operations/1", "metadata": {"seconds": 30}}));
    tokio::time::advance(Duration::from_secs(3_600)).await;
    let state = client.get("/v1/operations/1").await.ok();
    assert_eq!((&state["done"], &state["metadata"]["seconds"]), (&json!(true), &json!(90)));
}

#[tokio::test]
async fn metadata_can_use_the_emulator() {
    let (emulator, client) = start().await;
    let emulator = Arc::new(emulator);
    let weak = Arc::downgrade(&emulator);
    let metadata = move |_| {
        let calls = weak.upgrade().map(|emulator| emulator.call_count());
        Any::from_json(json!({ "calls": calls }).to_string()).unwrap()
    };
    emulator.operation("operations/1", Script::new().runs_for(Duration::MAX).metadata(metadata));
    assert_eq!(client.get("/v1/operations/1").await.ok()["metadata"], json!({"calls": 1}));
    assert_eq!(client.get("/v1/operations").await.ok()["operations"][0]["metadata"], json!({"calls": 2}));
    let waited = client.post("/v1/operations/1:wait", &json!({"timeout": "0.001s"})).await.ok();
    assert_eq!(waited["metadata"], json!({"calls": 3}));
}

struct Asks(Weak<Emulator>);

impl Drop for Asks {
    fn drop(&mut self) {
        if let Some(emulator) = self.0.upgrade() {
            emulator.call_count();
        }
    }
}

// SPEC 61
#[tokio::test]
async fn the_destructor_of_a_script_can_use_the_emulator() {
    let (emulator, client) = start().await;
    let emulator = Arc::new(emulator);
    let script = || {
        let asks = Asks(Arc::downgrade(&emulator));
        Script::new().metadata(move |_| {
            let _ = &asks;
            Any::from_json("{}").unwrap()
        })
    };
    let (replaced, deleted, forgotten) = (script(), script(), script());
    let (used, done) = std::sync::mpsc::channel();
    let of_thread = Arc::clone(&emulator);
    std::thread::spawn(move || {
        of_thread.operation("operations/1", replaced);
        of_thread.operation("operations/1", deleted);
        of_thread.operation("operations/2", forgotten);
        assert!(of_thread.forget("operations/2"));
        used.send(()).unwrap();
    });
    done.recv_timeout(Duration::from_secs(30)).unwrap();
    client.delete("/v1/operations/1").await.ok();
}

#[tokio::test(start_paused = true)]
async fn drawn_times_are_within_bounds_and_repeat_with_the_seed() {
    let mut ends = Vec::new();
    for _ in 0..2 {
        let bounds = (Duration::from_secs(10), Duration::from_secs(20));
        let emulator =
            Emulator::builder().runs_for_between(bounds.0, bounds.1).seed(42).start().await.unwrap();
        for id in 0..20 {
            emulator.operation(format!("operations/{id}"), Script::new());
        }
        let client = Client::http1(emulator.endpoint());
        tokio::time::advance(Duration::from_secs(15)).await;
        emulator.pages([20]);
        let done = client.get("/v1/operations?filter=done=true").await.ok();
        ends.push(done["operations"].as_array().unwrap().len());
        tokio::time::advance(Duration::from_secs(5)).await;
        let running = client.get("/v1/operations?filter=done=false").await.ok();
        assert_eq!(running, json!({}));
    }
    assert!(ends[0] == ends[1] && (1..20).contains(&ends[0]), "{ends:?}");
}

#[tokio::test]
async fn an_operation_ends_as_its_script_says() {
    let (emulator, client) = start().await;
    let now = || Script::new().runs_for(Duration::ZERO);
    emulator.operation("operations/response", now().responds(Any::from_json(r#"{"pages": 7}"#).unwrap()));
    emulator.operation("operations/error", now().fails(Status::new(Code::Aborted, "lost")));
    emulator.operation("operations/neither", now().ends_with_neither());
    emulator.operation("operations/open", now());
    let get = async |id: &str| client.get(&format!("/v1/operations/{id}")).await.ok();
    assert_eq!(
        get("response").await,
        json!({"name": "operations/response", "done": true, "response": {"pages": 7}})
    );
    assert_eq!(get("error").await["error"], json!({"code": 10, "message": "lost"}));
    assert_eq!(get("neither").await, json!({"name": "operations/neither", "done": true}));
    assert_eq!(get("open").await["response"], json!({"@type": "type.googleapis.com/google.protobuf.Empty"}));
}

#[tokio::test]
async fn an_operation_can_run_for_a_number_of_calls() {
    let (emulator, client) = start().await;
    emulator.operation("a/b/operations/1", Script::new().runs_for_calls(2));
    let mut done = Vec::new();
    for _ in 0..3 {
        done.push(client.get("/v7alpha/a/b/operations/1").await.ok()["done"] == true);
    }
    assert_eq!(done, [false, false, true]);
}

#[tokio::test]
async fn a_wait_for_an_operation_that_runs_for_a_number_of_calls_is_one_of_them() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", Script::new().runs_for_calls(1));
    let wait = async || {
        let body = json!({"timeout": "120s"});
        let wait = client.post("/v1/operations/1:wait", &body);
        tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap().ok()["done"] == true
    };
    assert_eq!([wait().await, wait().await], [false, true]);
}

#[tokio::test]
async fn a_wait_ends_with_the_operation_however_it_ends() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", Script::new().runs_for(Duration::MAX));
    let wait = {
        let client = client.clone();
        tokio::spawn(
            async move { client.post("/v1/operations/1:wait", &json!({"timeout": "60s"})).await.ok() },
        )
    };
    while emulator.call_count() == 0 {
        tokio::task::yield_now().await;
    }
    client.post("/v1/operations/1:cancel", &json!({})).await.ok();
    assert_eq!(wait.await.unwrap()["error"]["code"], 1);

    emulator.operation("operations/2", Script::new().runs_for(Duration::from_millis(20)));
    assert_eq!(client.post("/v1/operations/2:wait", &json!({})).await.ok()["done"], true);
    assert_eq!(client.post("/v1/operations/2:wait", &json!({"timeout": 1})).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_timeout() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", Script::new().runs_for(Duration::MAX));
    let start = Instant::now();
    let state = client.post("/v1/operations/1:wait", &json!({"timeout": "7s"})).await.ok();
    assert_eq!(state, json!({"name": "operations/1"}));
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn a_collection_is_listed_without_those_of_others() {
    let (emulator, client) = start().await;
    for name in ["operations/1", "operations/1/deeper", "projects/p/operations/2"] {
        emulator.operation(name, Script::new());
    }
    let names = async |path: &str| -> Vec<String> {
        let page = client.get(path).await.ok();
        let operations = page["operations"].as_array().cloned().unwrap_or_default();
        operations.iter().map(|operation| operation["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/v1/operations").await, ["operations/1"]);
    assert_eq!(names("/v1/projects/p/operations").await, ["projects/p/operations/2"]);
    client.delete("/v1/operations/1").await.ok();
    assert_eq!(names("/v1/operations").await, [""; 0]);
    client.get("/v1/projects/q/operations").await.error(404);
    client.get("/v1/operations?filter=done").await.error(400);
    client.get("/v1/operations?pageSize=many").await.error(400);
}

#[tokio::test]
async fn calls_get_the_replies_of_the_script_and_count_from_one() {
    let (emulator, client) = start().await;
    let script = Script::new()
        .call(1, Reply::status(404))
        .call(3, Reply::usual().header("retry-after", "9"))
        .call(4, Reply::status(200).body(r#"{"name": "operations/another"}"#));
    emulator.operation("operations/1", script);
    client.get("/v1/operations/1").await.error(404);
    assert_eq!(client.get("/v1/operations/1").await.headers.get("retry-after"), None);
    assert_eq!(client.get("/v1/operations/1").await.headers["retry-after"], "9");
    assert_eq!(client.get("/v1/operations/1").await.body, r#"{"name": "operations/another"}"#);
    assert!(emulator.forget("operations/1"));
    client.get("/v1/operations/1").await.error(404);
}

async fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    (emulator, client)
}
