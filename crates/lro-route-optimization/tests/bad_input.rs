//! What goes wrong says so in one sentence: what it is about, and what to do. Nothing panics and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::future::IntoFuture;

use lro::{Code, OperationName, Origin, Tolerance, Wait, poll_until_done};
use lro_emulator::{Emulator, Script};
use lro_route_optimization::{
    RouteOptimization, Token,
    messages::{BatchOptimizeToursRequest, OptimizeToursRequest, OptimizeToursUriRequest},
};
use lro_testkit::service::{self, Closed, Resumed, promptly, says};
use serde_json::{Value, json};

#[tokio::test]
async fn an_operation_of_another_service_is_refused_without_a_call() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    for name in [
        "operations/1",
        "projects/p/operations/1",
        "projects/p/locations/l/operations",
        "projects/p/locations/l/operations/1/2",
        "projects/p/places/l/operations/1",
    ] {
        let wait = poll_until_done::<Value>(&routes, OperationName::parse(name).unwrap());
        let error = promptly(wait.into_future()).await.unwrap_err();
        // SPEC 15
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::InvalidArgument));
        let form = "expected a name of the form projects/*/locations/*/operations/*";
        says(&error, &[form, &format!("got {name:?}")]);
    }
    assert_eq!(emulator.call_count(), 0);
}

#[tokio::test]
async fn a_parent_that_is_no_project_and_no_location_is_refused_without_a_call() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    let forms = "expected a name of the form projects/* or projects/*/locations/*";
    for (parent, why) in [
        ("", "parent: not a resource name: \"\": it is empty"),
        ("p", forms),
        ("projects", forms),
        ("projects/p/locations", forms),
        ("projects/p/zones/z", forms),
        ("projects/p/locations/l/operations/1", forms),
        ("projects/p/", "it has a leading, trailing or double slash"),
        ("projects/..", "a segment is `.` or `..`"),
        ("projects/p\r\nx: y", "it has a control character"),
    ] {
        let tours = OptimizeToursRequest { parent: parent.into(), ..Default::default() };
        let uri = OptimizeToursUriRequest { parent: parent.into(), ..Default::default() };
        let batch = BatchOptimizeToursRequest { parent: parent.into(), ..Default::default() };
        for error in [
            routes.optimize_tours(&tours).await.unwrap_err(),
            routes.optimize_tours_long_running(&tours).await.unwrap_err(),
            routes.optimize_tours_uri(&uri).await.unwrap_err(),
            routes.batch_optimize_tours(&batch).await.unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::InvalidArgument);
            says(&error, &[why, &format!("{parent:?}")]);
        }
    }
    assert_eq!(emulator.call_count(), 0);
}

#[test]
fn a_wrong_endpoint_is_refused_when_the_client_is_built() {
    service::refuses_wrong_endpoints("routeoptimization.googleapis.com", |url| {
        RouteOptimization::builder().endpoint(url).build().unwrap_err()
    });
}

#[tokio::test]
async fn a_missing_or_wrong_credential_is_told_from_the_start() {
    let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
    let none = client(&emulator.endpoint());
    let wrong = RouteOptimization::builder()
        .endpoint(emulator.endpoint())
        .credentials(Token::bearer("sesame").unwrap())
        .build()
        .unwrap();
    for (count, routes) in [none, wrong].into_iter().enumerate() {
        let request = request();
        for error in [
            promptly(routes.optimize_tours(&request)).await.unwrap_err(),
            promptly(routes.optimize_tours_long_running(&request)).await.unwrap_err(),
        ] {
            service::is_unauthenticated(&error);
        }
        assert_eq!(emulator.call_count(), 2 + 2 * count as u64, "a billed call is not repeated");
    }
}

#[tokio::test]
async fn a_missing_credential_ends_a_wait() {
    RESUMED.ends_without_a_credential().await;
}

#[tokio::test]
async fn a_refused_connection_names_the_endpoint() {
    let closed = Closed::bind();
    let routes = client(&closed.endpoint);
    let request = request();
    for error in [
        promptly(routes.optimize_tours(&request)).await.unwrap_err(),
        promptly(routes.optimize_tours_long_running(&request)).await.unwrap_err(),
    ] {
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
        says(&error, &["UNAVAILABLE", &closed.cannot(), "refused"]);
    }

    RESUMED.ends_when_connections_are_refused().await;
}

#[tokio::test]
async fn an_html_page_is_told_as_such_and_not_shown() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    for status in [502, 200] {
        emulator.reply_next(2, service::html(status));
        let mut errors = vec![
            promptly(routes.optimize_tours(&request())).await.unwrap_err(),
            promptly(routes.optimize_tours_long_running(&request())).await.unwrap_err(),
        ];
        emulator.operation(RESUMED.name, Script::new().call(1, service::html(status)));
        let wait = resume(&emulator.endpoint()).tolerance(Tolerance::none());
        errors.push(promptly(wait.into_future()).await.unwrap_err());
        errors.iter().for_each(|error| service::is_html(error, status));
        says(&errors[2], &[RESUMED.name, "it may still be running"]);
    }
    assert_eq!(emulator.call_count(), 6);
}

#[tokio::test]
async fn a_path_that_the_server_does_not_know_is_not_found() {
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, service::unknown_path());
    let routes = client(&emulator.endpoint());
    let error = promptly(routes.optimize_tours(&request())).await.unwrap_err();
    service::is_unknown_path(&error);

    RESUMED.ends_at_an_unknown_path().await;
}

#[tokio::test]
async fn an_operation_that_is_forgotten_has_expired() {
    RESUMED.ends_with_an_operation_that_expired().await;
}

#[tokio::test]
async fn an_incomplete_request_is_refused_by_every_field() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    let no_uri = OptimizeToursUriRequest { parent: "projects/p".into(), ..Default::default() };
    let no_models = BatchOptimizeToursRequest { parent: "projects/p".into(), ..Default::default() };
    for (error, expected) in [
        (routes.optimize_tours(&request()).await.unwrap_err(), &["model"][..]),
        (routes.optimize_tours_long_running(&request()).await.unwrap_err(), &["model"][..]),
        (routes.optimize_tours_uri(&no_uri).await.unwrap_err(), &["input.uri", "output.uri"][..]),
        (routes.batch_optimize_tours(&no_models).await.unwrap_err(), &["model_configs"][..]),
    ] {
        assert_eq!(service::invalid_fields(&error), expected, "{error}");
    }
    assert_eq!(emulator.call_count(), 4);
}

fn client(endpoint: &str) -> RouteOptimization {
    RouteOptimization::builder().endpoint(endpoint).build().unwrap()
}

fn resume(endpoint: &str) -> Wait<'static, Value> {
    let service = "routeoptimization.googleapis.com";
    let saved = json!({"service": service, "version": "v1", "name": RESUMED.name});
    client(endpoint).resume(&serde_json::from_value(saved).unwrap()).unwrap()
}

/// A request without a model, which no call needs that fails before.
fn request() -> OptimizeToursRequest {
    OptimizeToursRequest { parent: "projects/p".into(), ..OptimizeToursRequest::default() }
}

const RESUMED: Resumed = Resumed { name: "projects/p/locations/l/operations/1", at: resume };
