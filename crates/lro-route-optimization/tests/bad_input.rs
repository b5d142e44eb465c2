//! What goes wrong says so in one sentence: what it is about, and what to do. Nothing panics and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{Code, Handle, OperationName, Origin, Status, Tolerance, poll_until_done};
use lro_emulator::{Emulator, Reply, Script};
use lro_http::Token;
use lro_route_optimization::{
    RouteOptimization,
    messages::{BatchOptimizeToursRequest, OptimizeToursRequest, OptimizeToursUriRequest},
};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

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
        ("", "not a resource name: \"\": it is empty"),
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
    for (url, why) in [
        ("routeoptimization.googleapis.com", "it needs both a scheme and a host, such as https://"),
        ("", "expected a URL such as https://"),
        ("not a url", "expected a URL such as https://"),
        ("http://routeoptimization.googleapis.com", "use https"),
        ("ftp://routeoptimization.googleapis.com", "its scheme is not https"),
        (
            "https://routeoptimization.googleapis.com/v1",
            "it ends after the host: the paths are the service's",
        ),
        ("https://routeoptimization.googleapis.com:", "its port is "),
    ] {
        let error = RouteOptimization::builder().endpoint(url).build().unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        // SPEC 43
        says(&error, &[&format!("not an endpoint: {url:?}"), why]);
    }
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
            assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
            says(&error, &["UNAUTHENTICATED", "authentication credentials", "Expected OAuth 2 access token"]);
            // SPEC 43
            assert!(!format!("{error:?}").contains("sesame"));
        }
        assert_eq!(emulator.call_count(), 2 + 2 * count as u64, "a billed call is not repeated");
    }
}

#[tokio::test]
async fn a_missing_credential_ends_a_wait() {
    let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
    emulator.operation(NAME, Script::new());
    let wait = client(&emulator.endpoint()).resume::<Value>(&handle()).unwrap().tolerance(soon());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
    // SPEC 21
    says(&error, &["authentication credentials", NAME, "it may still be running"]);
    // SPEC 30
    assert!(emulator.call_count() <= 2);
}

#[tokio::test]
async fn a_refused_connection_names_the_endpoint() {
    // Bound but not listening: nobody else can take the port meanwhile.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    let routes = client(&endpoint);
    let cannot = format!("cannot connect to {endpoint}: ");

    let request = request();
    for error in [
        promptly(routes.optimize_tours(&request)).await.unwrap_err(),
        promptly(routes.optimize_tours_long_running(&request)).await.unwrap_err(),
    ] {
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
        says(&error, &["UNAVAILABLE", &cannot, "refused"]);
    }

    let wait = routes.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
    // SPEC 21
    says(&error, &[&cannot, "refused", NAME, "1 poll", "it may still be running"]);

    // SPEC 27
    let wait = routes.resume::<Value>(&handle()).unwrap().tolerance(soon().failures(2));
    let error = promptly(wait.into_future()).await.unwrap_err();
    says(&error, &["gave up after 3 failed calls in a row", &cannot, "it may still be running"]);
}

#[tokio::test]
async fn an_html_page_is_told_as_such_and_not_shown() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    let page = "<!DOCTYPE html>\n<html><title>Oops</title></html>";
    let error_page = Reply::status(502).header("content-type", "text/html").body(page);
    let sign_in = Reply::status(200).header("content-type", "text/html").body(page);
    for (reply, essential) in [
        // SPEC 23
        (error_page, &["HTTP 502", "a page of HTML: a proxy or another server may have answered"][..]),
        // SPEC 19
        (sign_in, &["the reply is HTML or XML, expected JSON"][..]),
    ] {
        emulator.reply_next(2, reply.clone());
        let mut errors = vec![
            promptly(routes.optimize_tours(&request())).await.unwrap_err(),
            promptly(routes.optimize_tours_long_running(&request())).await.unwrap_err(),
        ];
        emulator.operation(NAME, Script::new().call(1, reply));
        let wait = routes.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
        errors.push(promptly(wait.into_future()).await.unwrap_err());
        for error in &errors {
            assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Internal));
            says(error, essential);
            assert!(!format!("{error:?}").contains("Oops"));
        }
        says(&errors[2], &[NAME, "it may still be running"]);
    }
    assert_eq!(emulator.call_count(), 6);
}

#[tokio::test]
async fn a_path_that_the_server_does_not_know_is_not_found() {
    let emulator = Emulator::start().await.unwrap();
    let routes = client(&emulator.endpoint());
    let page = "<html><p>The requested URL was not found on this server.</html>";
    emulator.reply_next(2, Reply::status(404).header("content-type", "text/html").body(page));
    let essential = ["NOT_FOUND", "HTTP 404", "another server may have answered"];

    let error = promptly(routes.optimize_tours(&request())).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &essential);

    let wait = routes.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &essential);
    says(&error, &[NAME]);
}

#[tokio::test]
async fn an_operation_that_is_forgotten_has_expired() {
    let emulator = Emulator::start().await.unwrap();
    emulator.operation(NAME, Script::new().runs_for(Duration::MAX));
    let mut wait = client(&emulator.endpoint()).resume::<Value>(&handle()).unwrap();
    assert!(!promptly(wait.next()).await.unwrap().unwrap().is_done());
    emulator.forget(NAME);
    let error = promptly(wait.into_future()).await.unwrap_err();
    // SPEC 31
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &["the operation has expired or was deleted", NAME, "2 polls"]);
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
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::InvalidArgument));
        let violations = error.details().bad_request().unwrap().field_violations;
        let fields: Vec<_> = violations.iter().map(|violation| &*violation.field).collect();
        // SPEC 24
        assert_eq!(fields, expected, "{error}");
    }
    assert_eq!(emulator.call_count(), 4);
}

/// One line has all of these words.
fn says(error: &Status, words: &[&str]) {
    let text = error.to_string();
    assert!(!text.contains('\n'), "more than a line: {text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

async fn promptly<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it hangs")
}

/// As usual but for shorter delays.
fn soon() -> Tolerance {
    Tolerance::default().delay(Duration::from_millis(5), Duration::from_millis(5))
}

fn client(endpoint: &str) -> RouteOptimization {
    RouteOptimization::builder().endpoint(endpoint).build().unwrap()
}

fn handle() -> Handle {
    let service = "routeoptimization.googleapis.com";
    serde_json::from_value(json!({"service": service, "version": "v1", "name": NAME})).unwrap()
}

/// A request without a model, which no call needs that fails before.
fn request() -> OptimizeToursRequest {
    OptimizeToursRequest { parent: "projects/p".into(), ..OptimizeToursRequest::default() }
}

const NAME: &str = "projects/p/locations/l/operations/1";
