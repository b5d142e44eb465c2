use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use lro::{OperationName, Service};
use lro_registry::{
    MemoryStore, Registry, Store,
    store::{ClaimId, ClaimRequest, Claimed, Complete, Entry},
};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) fn service() -> Service {
    Service::new("jobs.example.com", "v1")
}

pub(crate) fn other_service() -> Service {
    Service::new("other.example.com", "")
}

/// A record that is due now.
pub(crate) fn entry(key: &str) -> Entry {
    Entry {
        key: key.to_owned(),
        service: service(),
        name: OperationName::parse(&format!("operations/{}", key.len())).ok(),
        kind: "report".to_owned(),
        fingerprint: String::new(),
        tag: b"a secret tag".to_vec(),
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: br#"{"format":1,"tally":{"polls":7,"replies":4},"trouble":{"failures":2,"setbacks":2,"failed":3,"last":null}}"#.to_vec(),
        intent: None,
    }
}

pub(crate) async fn registry(entries: &[Entry]) -> (MemoryStore, Registry) {
    let store = MemoryStore::new();
    store.register(entries).await.unwrap();
    (store.clone(), Registry::new(store))
}

pub(crate) async fn claim(store: &MemoryStore, most: usize, most_claims: u32) -> Claimed {
    let request = ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most,
        lease: Duration::from_secs(60),
        most_claims,
        is_random: false,
        bucket: None,
    };
    store.claim(&request).await.unwrap()
}

/// Completes what is due first.
pub(crate) async fn finish(store: &MemoryStore, most: usize, outcome: &[u8]) {
    let write =
        |fence| Complete { fence, name: None, outcome: outcome.to_vec(), state: Vec::new(), finished: None };
    let claimed = claim(store, most, 5).await.records;
    let writes: Vec<_> = claimed.into_iter().map(|record| write(record.fence)).collect();
    store.complete(&writes).await.unwrap();
}

pub(crate) async fn response(router: &Router, path: &str, accept: &str) -> Response {
    let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn body(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) async fn html(router: &Router, path: &str) -> String {
    let response = response(router, path, "text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    body(response).await
}

pub(crate) async fn json(router: &Router, path: &str) -> Value {
    let response = response(router, path, "*/*").await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    serde_json::from_str(&body(response).await).unwrap()
}

/// Returns the text between two others.
pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    Some(rest.split_once(to)?.0)
}
