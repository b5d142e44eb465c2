//! The services whose operations have forms of their own, and Vertex AI's operations of publisher models.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{
    Code, ListOperationsRequest, LroTransport, Operation, OperationName, Origin, Outcome, Status,
    details::ErrorInfo, poll_until_done,
};
use lro_emulator::{Emulator, Reply};
use lro_http::{Call, HttpTransport};
use lro_services::{Entry, find};
use serde_json::{Value, json};

const COMPUTE: &str = "projects/p/zones/z/operations/operation-1";
const SQL: &str = "projects/p/operations/5f1c";
const GKE: &str = "projects/p/locations/l/operations/operation-1";
const DNS: &str = "projects/p/managedZones/z/operations/7";
const MANAGER: &str = "projects/p/global/operations/operation-1";
const NAMES: [(&str, &str); 5] = [
    ("compute", COMPUTE),
    ("sqladmin", SQL),
    ("container", GKE),
    ("dns", DNS),
    ("deploymentmanager", MANAGER),
];

#[tokio::test]
async fn each_reply_of_the_table_reads_as_one_of_google_longrunning() {
    for line in include_str!("../data/forms.tsv").lines().skip(1) {
        let [service, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a row: {line:?}");
        };
        let name = NAMES.iter().find(|(of, _)| *of == service).unwrap().1;
        let (operation, entry) = got(service, name, Reply::status(200).body(text.to_owned())).await;
        let operation = operation.unwrap();
        // The bare id of the reply is not the name.
        assert_eq!(operation.name, name);
        let reply: Value = serde_json::from_str(text).unwrap();
        let state = match &operation.outcome {
            None => String::new(),
            Some(Outcome::Error(error)) => {
                assert_eq!(error.origin(), Origin::OperationFailed);
                format!("{}: {}", error.code(), error.message())
            }
            Some(outcome) => {
                assert_eq!(outcome.decode::<Value>().unwrap(), reply);
                "succeeded".to_owned()
            }
        };
        assert_eq!(state, expected, "{line}");
        let metadata = operation.metadata.unwrap();
        assert_eq!(metadata.decode::<Value>().unwrap(), reply);
        let share = reply["progress"].as_f64().map(|percent| percent / 100.0);
        assert_eq!(entry.progress(&metadata), share, "{line}");
    }
}

#[tokio::test]
async fn the_code_of_an_error_stays_as_its_reason() {
    let reply = json!({"status": "DONE", "error": {"errors": [{"code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": "m"}]}});
    let (operation, _) = got("compute", COMPUTE, Reply::status(200).body(reply.to_string())).await;
    let Some(Outcome::Error(error)) = operation.unwrap().outcome else {
        panic!("it has not failed");
    };
    assert_eq!(
        error.details().error_info().map(|info: ErrorInfo| info.reason).as_deref(),
        Some("ZONE_RESOURCE_POOL_EXHAUSTED")
    );
}

#[tokio::test]
async fn a_failed_call_is_not_a_failed_operation() {
    // SPEC 22
    let body = json!({"error": {
        "code": 404, "message": "The resource was not found",
        "errors": [{"message": "The resource was not found", "domain": "global", "reason": "notFound"}]
    }});
    for (service, name) in NAMES {
        for http in [404, 200] {
            let (operation, _) = got(service, name, Reply::status(http).body(body.to_string())).await;
            let status = operation.unwrap_err();
            assert_eq!(
                (status.origin(), status.code()),
                (Origin::CallFailed, Code::NotFound),
                "{service}: {status}"
            );
        }
        let (operation, _) = got(service, name, Reply::status(503).body("<html>")).await;
        assert_eq!(operation.unwrap_err().code(), Code::Unavailable, "{service}");
    }
}

#[tokio::test]
async fn a_started_operation_is_awaited_by_the_end_of_its_link() {
    for (service, link, name) in [
        (
            "compute",
            "https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/operation-1",
            COMPUTE,
        ),
        (
            "compute",
            "https://compute.googleapis.com/compute/v1/projects/p/regions/r/operations/o",
            "projects/p/regions/r/operations/o",
        ),
        ("sqladmin", "https://sqladmin.googleapis.com/sql/v1beta4/projects/p/operations/5f1c", SQL),
        (
            "container",
            "https://container.googleapis.com/v1/projects/1/zones/z/operations/o",
            "projects/1/zones/z/operations/o",
        ),
        (
            "deploymentmanager",
            "https://www.googleapis.com/deploymentmanager/v2/projects/p/global/operations/operation-1",
            MANAGER,
        ),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let jobs = connected(entry(service), &emulator);
        let running = json!({"name": "o", "status": "RUNNING", "selfLink": link}).to_string();
        emulator.reply_next(1, Reply::status(200).body(running));
        let started = jobs.start(Call::post("v1", "instances", "")).await.unwrap();
        assert_eq!(started.name, name);
        let done = json!({"name": "o", "status": "DONE", "targetLink": "https://h/t"}).to_string();
        emulator.reply_next(1, Reply::status(200).body(done));
        let done: Value = poll_until_done(&jobs, OperationName::parse(name).unwrap()).await.unwrap();
        assert_eq!(done["targetLink"], "https://h/t");
    }
}

#[tokio::test]
async fn the_target_is_read_as_the_response_by_a_transport_that_reads_targets() {
    for (service, name, link, path) in [
        (
            "compute",
            COMPUTE,
            "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i",
            "/compute/v1/projects/p/zones/z/instances/i",
        ),
        (
            "sqladmin",
            SQL,
            "https://sqladmin.googleapis.com/sql/v1beta4/projects/p/instances/i",
            "/sql/v1beta4/projects/p/instances/i",
        ),
        (
            "container",
            GKE,
            "https://container.googleapis.com/v1/projects/1/locations/l/clusters/c",
            "/v1/projects/1/locations/l/clusters/c",
        ),
        (
            "deploymentmanager",
            MANAGER,
            "https://www.googleapis.com/deploymentmanager/v2/projects/p/global/deployments/d",
            "/deploymentmanager/v2/projects/p/global/deployments/d",
        ),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let jobs = connected(entry(service), &emulator).reading_targets();
        let done = json!({"name": "o", "status": "DONE", "targetLink": link});
        // The target is gone, as after a delete.
        let gone =
            json!({"error": {"code": 404, "message": "not found", "errors": [{"reason": "notFound"}]}});
        for (http, target) in [(200, json!({"name": "the resource", "status": "RUNNING"})), (404, gone)] {
            emulator.reply_next(1, Reply::status(200).body(done.to_string()));
            emulator.reply_next(1, Reply::status(http).body(target.to_string()));
            let mut wait = poll_until_done::<Value>(&jobs, OperationName::parse(name).unwrap());
            let response = wait.outcome().await.unwrap();
            assert_eq!(response, if http == 200 { target } else { json!({}) }, "{service}");
            assert_eq!(emulator.calls().pop().unwrap().path, path);
            let snapshot = wait.next().await.unwrap().unwrap();
            assert_eq!(snapshot.raw_metadata().unwrap().decode::<Value>().unwrap(), done);
        }
        // DNS has no link to the resource that changed.
        assert!(
            !jobs.capabilities().list
                && connected(entry("dns"), &emulator).reading_targets().capabilities().list
        );
    }
}

#[tokio::test]
async fn compute_is_waited_for_by_its_own_call_and_lists_items() {
    let emulator = Emulator::start().await.unwrap();
    let jobs = connected(entry("compute"), &emulator);
    emulator.reply_next(1, Reply::status(200).body(json!({"status": "RUNNING"}).to_string()));
    let name = OperationName::parse(COMPUTE).unwrap();
    assert!(!jobs.wait_operation(&name, None).await.unwrap().is_done());
    let page = json!({"items": [{"name": "operation-1", "status": "DONE"}], "nextPageToken": "n"});
    emulator.reply_next(1, Reply::status(200).body(page.to_string()));
    let request = ListOperationsRequest::new("projects/p/zones/z").page_size(3);
    let listed = jobs.list_operations(&request).await.unwrap();
    assert_eq!((listed.operations[0].name.as_str(), listed.operations[0].is_done()), (COMPUTE, true));
    let paths: Vec<_> = emulator.calls().into_iter().map(|call| call.path).collect();
    let zone = "/compute/v1/projects/p/zones/z/operations";
    assert_eq!(paths, [format!("{zone}/operation-1/wait"), format!("{zone}?maxResults=3")]);
}

#[tokio::test]
async fn an_operation_of_a_publisher_model_is_fetched_by_its_model() {
    let emulator = Emulator::start().await.unwrap();
    for version in ["v1", "v1beta1"] {
        let jobs = connected(find("vertex", version).unwrap(), &emulator);
        let model = "projects/p/locations/l/publishers/google/models/veo";
        let name = format!("{model}/operations/1");
        emulator.reply_next(1, Reply::status(200).body(json!({"name": name, "done": false}).to_string()));
        let parsed = OperationName::parse(&name).unwrap();
        assert!(!jobs.get_operation(&parsed).await.unwrap().is_done());
        let call = emulator.calls().pop().unwrap();
        assert_eq!(
            format!("{} {}", call.method, call.path),
            format!("POST /{version}/{model}:fetchPredictOperation")
        );
        assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), json!({"operationName": name}));
        assert_eq!(jobs.cancel_operation(&parsed).await.unwrap_err().code(), Code::Unimplemented);
    }
}

/// Returns the entry of a service, with its own form.
fn entry(service: &str) -> Entry {
    let entry = find(service, None).unwrap();
    if service == "dns" { entry.other_form().unwrap() } else { entry }
}

fn connected(entry: Entry, emulator: &Emulator) -> HttpTransport {
    entry.connect().unwrap().endpoint(emulator.endpoint()).build().unwrap()
}

async fn got(service: &str, name: &str, reply: Reply) -> (Result<Operation, Status>, Entry) {
    let (emulator, entry) = (Emulator::start().await.unwrap(), entry(service));
    emulator.reply_next(1, reply);
    let name = OperationName::parse(name).unwrap();
    (connected(entry, &emulator).get_operation(&name).await, entry)
}
