//! Tours from the call that plans them to their typed outcome.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{collections::BTreeSet, future::IntoFuture, time::Duration};

use futures::future::join;
use lro::{Any, Code, Handle, Origin, Pacing, Status, Tolerance};
use lro_emulator::{Call, Emulator, Reply, Script};
use lro_route_optimization::{
    RouteOptimization, Token,
    messages::{
        BatchOptimizeToursMetadata, BatchOptimizeToursRequest, BatchOptimizeToursResponse,
        OptimizeToursLongRunningMetadata, OptimizeToursRequest, OptimizeToursRequestSolvingMode,
        OptimizeToursResponse, OptimizeToursUriMetadata, OptimizeToursUriRequest, Shipment,
        SkippedShipmentReasonCode, Uri,
    },
    token_fn,
};
use lro_testkit::service::{self, Tokens};
use serde_json::{Value, json};

#[tokio::test]
async fn plans_tours_in_one_call() {
    for parent in PARENTS {
        let (emulator, routes) = start().await;
        let request = OptimizeToursRequest { parent: parent.into(), ..request() };
        let tours = routes.optimize_tours(&request).await.unwrap();
        assert_eq!(tours.request_label, "a day");
        serves_every_shipment(&request, &tours);
        assert_eq!(emulator.call_count(), 1, "no operation, no poll");
        was_sent(&emulator.calls()[0], &format!("/v1/{parent}:optimizeTours"), parent, &request);
    }
}

#[tokio::test]
async fn plans_tours_in_an_operation() {
    for (parent, location) in PARENTS.into_iter().zip(["us-central1", "l"]) {
        let (emulator, routes) = start().await;
        let request = OptimizeToursRequest { parent: parent.into(), ..request() };
        emulator.next_operation(Script::new().runs_for_calls(1));
        let mut wait = routes.optimize_tours_long_running(&request).await.unwrap();
        let name = wait.name().unwrap().to_string();
        assert!(name.starts_with(&format!("projects/p/locations/{location}/operations/")), "{name}");
        let running = wait.next().await.unwrap().unwrap();
        assert_eq!(
            (running.is_done(), running.metadata()),
            (false, Some(OptimizeToursLongRunningMetadata {}))
        );
        let tours = wait.await.unwrap();
        serves_every_shipment(&request, &tours);
        assert_eq!(tours, routes.optimize_tours(&request).await.unwrap(), "either way the same tours");

        let calls = emulator.calls();
        was_sent(&calls[0], &format!("/v1/{parent}:optimizeToursLongRunning"), parent, &request);
        for poll in &calls[1..3] {
            assert_eq!((poll.line(), poll.body_len), (format!("GET /v1/{name}"), 0));
            // SPEC 44
            let params = format!("name={}", name.replace('/', "%2F"));
            assert_eq!(poll.header("x-goog-request-params"), Some(&*params));
        }
    }
}

#[tokio::test]
async fn plans_tours_from_a_file_to_a_file() {
    for parent in PARENTS {
        let (emulator, routes) = start().await;
        let file = |name: &str| Some(Uri { uri: format!("gs://bucket/{name}.json") });
        let request =
            OptimizeToursUriRequest { parent: parent.into(), input: file("in"), output: file("out") };
        let mut wait = routes.optimize_tours_uri(&request).await.unwrap();
        let first = wait.next().await.unwrap().unwrap();
        assert_eq!(first.metadata(), Some(OptimizeToursUriMetadata {}));
        assert_eq!(wait.await.unwrap().output, request.output);
        // The service's own spelling.
        was_sent(&emulator.calls()[0], &format!("/v1/{parent}:OptimizeToursUri"), parent, &request);
    }
}

#[tokio::test]
async fn plans_many_tours_in_one_operation() {
    for parent in PARENTS {
        let (emulator, routes) = start().await;
        let config = |number: u32| {
            json!({
                "displayName": format!("model {number}"),
                "inputConfig": {"gcsSource": {"uri": format!("gs://bucket/in/{number}")}, "dataFormat": "JSON"},
                "outputConfig": {"gcsDestination": {"uri": format!("gs://bucket/out/{number}")}, "dataFormat": "JSON"},
            })
        };
        let request = json!({"parent": parent, "modelConfigs": [config(1), config(2)]});
        let request: BatchOptimizeToursRequest = serde_json::from_value(request).unwrap();
        let mut wait = routes.batch_optimize_tours(&request).await.unwrap();
        let first = wait.next().await.unwrap().unwrap();
        assert_eq!(first.metadata(), Some(BatchOptimizeToursMetadata {}));
        assert_eq!(wait.await.unwrap(), BatchOptimizeToursResponse {});
        was_sent(&emulator.calls()[0], &format!("/v1/{parent}:batchOptimizeTours"), parent, &request);
    }
}

#[tokio::test]
async fn a_parent_is_encoded() {
    let (emulator, routes) = start().await;
    let request = OptimizeToursRequest { parent: "projects/example.com:p".into(), ..request() };
    routes.optimize_tours(&request).await.unwrap();
    let call = &emulator.calls()[0];
    // SPEC 14
    assert_eq!(call.line(), "POST /v1/projects/example.com%3Ap:optimizeTours");
    assert_eq!(call.header("x-goog-request-params"), Some("parent=projects%2Fexample.com%3Ap"));
}

#[tokio::test]
async fn what_is_only_validated_tells_what_is_wrong() {
    let (_emulator, routes) = start().await;
    let mut request = request();
    request.solving_mode = OptimizeToursRequestSolvingMode::ValidateOnly;
    request.model.as_mut().unwrap().shipments[1] = Shipment::default();
    let tours = routes.optimize_tours_long_running(&request).await.unwrap().await.unwrap();
    assert!(tours.routes.is_empty() && !tours.validation_errors.is_empty());
    let error = &tours.validation_errors[0];
    assert_eq!((error.code, &*error.display_name), (4005, "SHIPMENT_NO_PICKUP_NO_DELIVERY"));
    assert_eq!((&*error.fields[0].name, error.fields[0].index), ("shipments", Some(1)));
}

#[tokio::test]
async fn a_call_may_take_as_long_as_the_solving() {
    let emulator = emulator().await;
    let short = Duration::from_millis(50);
    let routes =
        RouteOptimization::builder().endpoint(emulator.endpoint()).call_timeout(short).build().unwrap();
    emulator.reply_next(2, Reply::usual().after(Duration::from_millis(300)));

    let error = routes.optimize_tours(&request()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert!(error.message().contains("within 50ms"), "{error}");

    let patient = OptimizeToursRequest { timeout: Some(Duration::from_secs(10).into()), ..request() };
    serves_every_shipment(&patient, &routes.optimize_tours(&patient).await.unwrap());
}

#[tokio::test]
async fn a_billed_call_that_fails_is_not_repeated() {
    let (emulator, routes) = start().await;
    let mut count = 0;
    for reply in [Reply::status(503), Reply::status(429), Reply::close(), Reply::usual().cut_after(9)] {
        emulator.reply_next(2, reply);
        for error in [
            routes.optimize_tours(&request()).await.unwrap_err(),
            routes.optimize_tours_long_running(&request()).await.unwrap_err(),
        ] {
            count += 1;
            assert_eq!(error.origin(), Origin::CallFailed, "{error}");
        }
        // SPEC 42
        assert_eq!(emulator.call_count(), count);
    }
}

#[tokio::test]
async fn an_operation_that_fails_keeps_its_code_and_details() {
    let (emulator, routes) = start().await;
    let unknown = r#"{"@type": "type.googleapis.com/google.maps.routeoptimization.v1.Later", "why": [1]}"#;
    let details = vec![Any::from_json(unknown).unwrap()];
    let failure = Status::new(Code::ResourceExhausted, "too many vehicles").with_details(details.clone());
    emulator.next_operation(Script::new().runs_for(Duration::ZERO).fails(failure));
    let error = routes.optimize_tours_long_running(&request()).await.unwrap().await.unwrap_err();
    // SPEC 20
    assert_eq!(error.origin(), Origin::OperationFailed);
    assert_eq!((error.code(), error.message()), (Code::ResourceExhausted, "too many vehicles"));
    assert_eq!(error.details().as_slice(), details);
    // SPEC 8
    assert_eq!(emulator.call_count(), 1, "it was done when it was started");
}

#[tokio::test]
async fn failed_polls_are_survived() {
    let (emulator, routes) = start().await;
    let script = Script::new()
        .runs_for_calls(4)
        .call(1, Reply::status(503))
        .call(2, Reply::close())
        .call(3, Reply::usual().cut_after(20));
    emulator.next_operation(script);
    let soon = Duration::from_millis(5);
    let wait = routes.optimize_tours_long_running(&request()).await.unwrap();
    let wait = wait.pacing(Pacing::fixed(soon)).tolerance(Tolerance::default().delay(soon, soon));
    // SPEC 26
    serves_every_shipment(&request(), &wait.await.unwrap());
    assert_eq!(emulator.call_count(), 6);
}

#[tokio::test]
async fn another_client_goes_on_from_a_saved_handle() {
    let (emulator, routes) = start().await;
    let wait = routes.optimize_tours_long_running(&request()).await.unwrap();
    let name = wait.name().unwrap().to_string();
    let handle = wait.handle().unwrap();
    drop((wait, routes));
    let [service, method] = ["routeoptimization.googleapis.com", "OptimizeToursLongRunning"];
    let handle = service::saved_and_read(&handle, service, method, &name);
    let wait = client(&emulator).resume::<OptimizeToursResponse>(&handle).unwrap();
    assert_eq!(wait.handle(), Some(handle));
    // SPEC 37
    serves_every_shipment(&request(), &wait.await.unwrap());
    let calls = emulator.calls();
    assert_eq!(calls.iter().filter(|call| call.method == "POST").count(), 1);
}

#[tokio::test]
async fn a_handle_that_is_awaited_as_another_type_names_both() {
    let (_emulator, routes) = start().await;
    let handle = routes.optimize_tours_long_running(&request()).await.unwrap().handle().unwrap();
    let error = routes.resume::<BatchOptimizeToursResponse>(&handle).unwrap().await.unwrap_err();
    // SPEC 18
    assert_eq!(error.origin(), Origin::MalformedReply);
    for name in ["v1.BatchOptimizeToursResponse", "v1.OptimizeToursResponse"] {
        assert!(error.message().contains(&format!("google.maps.routeoptimization.{name}")), "{error}");
    }
    let tours: OptimizeToursResponse = error.response().unwrap().decode().unwrap();
    serves_every_shipment(&request(), &tours);
}

#[tokio::test]
async fn a_handle_of_another_version_or_service_is_refused_with_both_named() {
    let (emulator, routes) = start().await;
    for (service, version) in
        [("routeoptimization.googleapis.com", "v2"), ("workspaceevents.googleapis.com", "v1")]
    {
        let saved = json!({"service": service, "version": version, "name": "operations/1"});
        let handle: Handle = serde_json::from_value(saved).unwrap();
        let error = routes.resume::<OptimizeToursResponse>(&handle).unwrap_err();
        // SPEC 12
        assert_eq!(error.code(), Code::InvalidArgument);
        let both = format!("belongs to {service} {version}, not to routeoptimization.googleapis.com v1:");
        assert!(error.message().contains(&both), "{error}");
        assert!(error.message().contains("resume it with"), "{error}");
    }
    assert_eq!(emulator.call_count(), 0);
}

#[tokio::test]
async fn operations_are_awaited_at_the_same_time() {
    let (emulator, routes) = start().await;
    for _ in 0..2 {
        emulator.next_operation(Script::new().runs_for_calls(5));
    }
    let here = request();
    let there = OptimizeToursRequest { parent: PARENTS[1].into(), ..request() };
    let (first, second) =
        join(routes.optimize_tours_long_running(&here), routes.optimize_tours_long_running(&there)).await;
    let [first, second] =
        [first, second].map(|wait| wait.unwrap().pacing(Pacing::fixed(Duration::from_millis(10))));
    let names = [&first, &second].map(|wait| format!("GET /v1/{}", wait.name().unwrap()));
    let (first, second) = join(first.into_future(), second.into_future()).await;
    serves_every_shipment(&here, &first.unwrap());
    serves_every_shipment(&there, &second.unwrap());

    let calls: Vec<_> = emulator.calls().iter().map(Call::line).collect();
    let [first, second] = names.map(|name| {
        let is_of = |call: &String| *call == name;
        (calls.iter().position(is_of).unwrap(), calls.iter().rposition(is_of).unwrap())
    });
    assert!(first.0 < second.1 && second.0 < first.1, "one after the other: {calls:?}");
}

#[tokio::test]
async fn a_wait_outlives_its_token() {
    let emulator = Emulator::builder().require_token("first").start().await.unwrap();
    emulator.next_operation(Script::new().runs_for_calls(2));
    let tokens = Tokens::default();
    let fetches = tokens.clone();
    let credentials = token_fn(move || {
        let token = fetches.fetch();
        async move { Token::bearer(token)?.quota_project("payer") }
    });
    let routes =
        RouteOptimization::builder().endpoint(emulator.endpoint()).credentials(credentials).build().unwrap();
    let soon = Duration::from_millis(10);
    let mut wait = routes.optimize_tours_long_running(&request()).await.unwrap();
    wait = wait.pacing(Pacing::fixed(soon)).tolerance(Tolerance::default().delay(soon, soon));
    assert!(!wait.next().await.unwrap().unwrap().is_done());

    emulator.require_token("second");
    // SPEC 30
    serves_every_shipment(&request(), &wait.await.unwrap());
    assert_eq!(tokens.fetched(), 2);
    let calls = emulator.calls();
    let bearers: Vec<_> = calls.iter().map(|call| call.header("authorization").unwrap()).collect();
    assert_eq!(bearers, ["Bearer first", "Bearer first", "Bearer first", "Bearer second"]);
    // SPEC 44
    assert!(calls.iter().all(|call| call.header("x-goog-user-project") == Some("payer")));
}

/// Each shipment is delivered once, or it is said why not.
fn serves_every_shipment(request: &OptimizeToursRequest, tours: &OptimizeToursResponse) {
    let visits = tours.routes.iter().flat_map(|route| &route.visits);
    let delivered: Vec<_> =
        visits.filter(|visit| !visit.is_pickup).map(|visit| visit.shipment_index).collect();
    let skipped: Vec<_> = tours.skipped_shipments.iter().map(|skipped| skipped.index).collect();
    assert!(!delivered.is_empty());
    assert_eq!(skipped, [TOO_HEAVY as i32]);
    let reason = &tours.skipped_shipments[0].reasons[0];
    assert_eq!(reason.code, SkippedShipmentReasonCode::DemandExceedsVehicleCapacity);

    let shipments = request.model.as_ref().unwrap().shipments.len();
    assert_eq!(delivered.len() + skipped.len(), shipments, "none twice");
    let served: BTreeSet<_> = delivered.into_iter().chain(skipped).collect();
    assert!(served.into_iter().eq(0..shipments as i32), "none left out");
}

/// A POST of the request without its parent, which is in the path and in the header.
fn was_sent(call: &Call, path: &str, parent: &str, request: &impl serde::Serialize) {
    assert_eq!(call.line(), format!("POST {path}"));
    assert_eq!(call.header("content-type"), Some("application/json"));
    let params = format!("parent={}", parent.replace('/', "%2F"));
    assert_eq!(call.header("x-goog-request-params"), Some(&*params));
    let mut expected = serde_json::to_value(request).unwrap();
    assert_eq!(expected.as_object_mut().unwrap().remove("parent"), Some(json!(parent)));
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), expected);
}

/// Ten shipments across a town, of which one is too heavy for either vehicle.
fn request() -> OptimizeToursRequest {
    let at = |index: usize| {
        json!([{"arrivalLocation": {
            "latitude": 48.8 + (index * 7 % 13) as f64 / 100.0,
            "longitude": 2.3 + (index * 5 % 11) as f64 / 100.0,
        }}])
    };
    let shipment = |index: usize| {
        let load = if index == TOO_HEAVY { "11" } else { "1" };
        json!({"pickups": at(index), "deliveries": at(index + 3), "loadDemands": {"kg": {"amount": load}}})
    };
    let vehicle = json!({
        "startLocation": {"latitude": 48.86, "longitude": 2.35},
        "loadLimits": {"kg": {"maxLoad": "10"}},
        "costPerKilometer": 2.0,
    });
    let model = json!({
        "shipments": (0..10).map(shipment).collect::<Vec<_>>(),
        "vehicles": [vehicle, vehicle],
        "globalStartTime": "2026-11-23T08:00:00Z",
        "globalEndTime": "2026-11-23T20:00:00Z",
    });
    serde_json::from_value(json!({"parent": "projects/p", "model": model, "label": "a day"})).unwrap()
}

async fn start() -> (Emulator, RouteOptimization) {
    let emulator = emulator().await;
    let routes = client(&emulator);
    (emulator, routes)
}

async fn emulator() -> Emulator {
    Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap()
}

fn client(emulator: &Emulator) -> RouteOptimization {
    RouteOptimization::builder().endpoint(emulator.endpoint()).build().unwrap()
}

/// With a location and without.
const PARENTS: [&str; 2] = ["projects/p", "projects/p/locations/l"];

/// The shipment that no vehicle can carry.
const TOO_HEAVY: usize = 4;
