//! Bindings whose paths are not the standard ones: what each call sends, and what is refused.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::Duration;

use lro::{Capabilities, Code, ListOperationsRequest, LroTransport, OperationName, Service};
use lro_http::{Binding, HttpTransport, Paths};
use serde_json::{Value, json};

use super::common::{Server, assert_clear};

const RUNNING: &str = "{\"done\": false}";

#[tokio::test]
async fn sends_the_first_path_that_matches_the_name() {
    // SPEC 15
    for (paths, name, target, params) in [
        // The version of the path is not that of the API.
        (
            json!({"get": ["v1/{name=operations/**}"]}),
            "operations/a/b",
            "/v1/operations/a/b",
            "name=operations%2Fa%2Fb",
        ),
        // Literals before the name, and a bare id.
        (json!({"get": ["v1/operations/{name=**}"]}), "17", "/v1/operations/17", "name=17"),
        (
            json!({"get": ["v1/photoSequence/{sequenceId}"]}),
            "a b",
            "/v1/photoSequence/a%20b",
            "sequenceId=a%20b",
        ),
        // Several templates.
        (
            json!({"get": ["v1/{name=operations/*}", "v1/{name=*/*/operations/*/**}", "v2/{name=**}"]}),
            "projects/p/operations/1",
            "/v1/projects/p/operations/1",
            "name=projects%2Fp%2Foperations%2F1",
        ),
        (
            json!({"get": ["v1/{name=operations/*}", "/v2/{name=jobs/**}/state"]}),
            "jobs/1/2",
            "/v2/jobs/1/2/state",
            "name=jobs%2F1%2F2",
        ),
        // A name that is cut into variables.
        (
            json!({
                "names": ["projects/_/buckets/{bucket}/operations/{id}"],
                "get": ["storage/v1/b/{bucket}/operations/{id}"]
            }),
            "projects/_/buckets/a b/operations/x+y",
            "/storage/v1/b/a%20b/operations/x%2By",
            "bucket=a%20b&id=x%2By",
        ),
        (
            json!({
                "names": ["{folder=folders/*}/zones/{zone}/operations/{id}"],
                "get": ["compute/alpha/{folder=folders/*}/zones/{zone}/operations/{id}"]
            }),
            "folders/f/zones/z/operations/1",
            "/compute/alpha/folders/f/zones/z/operations/1",
            "folder=folders%2Ff&zone=z&id=1",
        ),
    ] {
        let server = Server::always(200, RUNNING).await;
        transport(&server, paths).get_operation(&name.parse().unwrap()).await.unwrap();
        let request = server.request();
        assert_eq!(request.target, target);
        assert_eq!(request.headers["x-goog-request-params"], params);
    }
}

#[tokio::test]
async fn a_get_by_post_has_the_name_in_its_body() {
    // SPEC 15
    let paths = json!({
        "names": ["{endpoint=projects/*/models/*}/operations/{id}"],
        "get": ["v1/{name=operations/*}", "POST v1/{endpoint=projects/*/models/*}:fetch"],
    });
    let server = Server::always(200, RUNNING).await;
    let jobs = transport(&server, paths);
    jobs.get_operation(&name("projects/p/models/m/operations/1")).await.unwrap();
    let body = r#"{"operationName":"projects/p/models/m/operations/1"}"#;
    assert_eq!(sent(&server), [format!("POST /v1/projects/p/models/m:fetch {body}")]);
    assert_eq!(server.request().headers["x-goog-request-params"], "endpoint=projects%2Fp%2Fmodels%2Fm");
}

#[tokio::test]
async fn cancels_by_get_and_deletes_by_post_where_the_binding_says_so() {
    // SPEC 38
    let paths = json!({
        "names": ["projects/_/buckets/{bucket}/operations/{id}"],
        "get": ["v1/{name=operations/*}", "v1/b/{bucket}/operations/{id}"],
        "cancel": ["GET v1/{name=operations/*}:stop", "v1/b/{bucket}/operations/{id}/cancel"],
        "delete": ["POST v1/{name=operations/*}:delete"],
    });
    let server = Server::always(200, "{}").await;
    let jobs = transport(&server, paths);
    let (one, cut) = (name("operations/1"), name("projects/_/buckets/b/operations/2"));
    jobs.cancel_operation(&one).await.unwrap();
    jobs.cancel_operation(&cut).await.unwrap();
    jobs.delete_operation(&one).await.unwrap();
    assert_clear(&jobs.delete_operation(&cut).await.unwrap_err(), Code::Unimplemented, "delete");
    assert_eq!(
        sent(&server),
        [
            "GET /v1/operations/1:stop ",
            "POST /v1/b/b/operations/2/cancel {}",
            "POST /v1/operations/1:delete "
        ]
    );
}

#[tokio::test]
async fn the_timeout_of_wait_is_in_the_body_in_the_query_or_nowhere() {
    // SPEC 38
    let get = "v1/{name=operations/*}";
    let post = "v1/{name=operations/*}:wait";
    for (paths, expected) in [
        (json!({"get": [get], "wait": [post]}), r#"POST /v1/operations/1:wait {"timeout":"3.500s"}"#),
        (
            json!({"get": [get], "wait": [post], "wait_timeout": "query"}),
            "POST /v1/operations/1:wait?timeout=3.500s ",
        ),
        (json!({"get": [get], "wait": [post], "wait_timeout": "absent"}), "POST /v1/operations/1:wait "),
        (json!({"get": [get], "wait": [format!("GET {post}")]}), "GET /v1/operations/1:wait?timeout=3.500s "),
    ] {
        let server = Server::always(200, RUNNING).await;
        let timeout = Some(Duration::from_millis(3_500));
        transport(&server, paths).wait_operation(&name("operations/1"), timeout).await.unwrap();
        assert_eq!(sent(&server), [expected]);
    }
}

#[tokio::test]
async fn lists_by_the_parent_wherever_the_collection_is() {
    // SPEC 38, 41
    let forms = ["projects/_/buckets/{bucket}/operations/{id}", "locations/global/operations/{id}"];
    let list = [
        "v1/operations",
        "v1/{name=customers/*/operations}",
        "v1/{name=projects/*}/operations",
        "v1/{name=operations/shards/**}/operations",
        "v1/b/{bucket}/operations",
        "v1/x/locations/global/operations",
    ];
    for (parent, target) in [
        ("", "/v1/operations"),
        ("customers/c", "/v1/customers/c/operations"),
        ("customers/c/operations", "/v1/customers/c/operations"),
        ("projects/p", "/v1/projects/p/operations"),
        ("operations/shards/a/b", "/v1/operations/shards/a/b/operations"),
        ("projects/_/buckets/b", "/v1/b/b/operations"),
        ("locations/global", "/v1/x/locations/global/operations"),
    ] {
        let server = Server::always(200, "{}").await;
        let jobs = transport(&server, json!({"names": forms, "get": ["v1/{name=**}"], "list": list}));
        jobs.list_operations(&ListOperationsRequest::new(parent)).await.unwrap();
        assert_eq!(server.request().target, target);
    }
    // Of several collections, that of operations is the one without a parent.
    for (list, target) in [
        (&["v1/{name=batches}", "v1/{name=operations}"][..], "/v1/operations"),
        (&["v1/{name=batches}"], "/v1/batches"),
    ] {
        let server = Server::always(200, "{}").await;
        let jobs = transport(&server, json!({"get": ["v1/{name=**}"], "list": list}));
        jobs.list_operations(&ListOperationsRequest::default()).await.unwrap();
        assert_eq!(server.request().target, target);
    }
    let server = Server::always(200, "{}").await;
    let only = transport(&server, json!({"get": ["v1/{name=**}"], "list": ["v1/{name=operations}"]}));
    only.list_operations(&ListOperationsRequest::default().page_size(5)).await.unwrap();
    assert_eq!(server.request().target, "/v1/operations?pageSize=5");
    let status = only.list_operations(&ListOperationsRequest::new("projects/p")).await.unwrap_err();
    assert_clear(&status, Code::InvalidArgument, "projects/p");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_call_that_cannot_reach_the_names_is_not_declared() {
    // SPEC 38
    let paths = json!({
        "get": ["v1/{name=customers/*/operations/*}", "v1/{name=operations/projects/**}"],
        "cancel": ["v1/{name=operations/**}:cancel"],
        "delete": ["v1/{name=operations/*}", "v1/{name=customers/*/jobs/**}"],
        "wait": ["v1/{name=*/c/**/1}:wait"],
    });
    let server = Server::always(200, RUNNING).await;
    let jobs = transport(&server, paths);
    assert_eq!(jobs.binding().capabilities, Capabilities::default().cancel(true).wait(true));
    assert_eq!(jobs.capabilities(), jobs.binding().capabilities);
    let reached = name("operations/projects/p");
    jobs.cancel_operation(&reached).await.unwrap();
    for status in [
        jobs.cancel_operation(&name("customers/c/operations/1")).await.unwrap_err(),
        jobs.wait_operation(&reached, None).await.unwrap_err(),
        jobs.delete_operation(&reached).await.unwrap_err(),
        jobs.list_operations(&ListOperationsRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unimplemented, "{status}");
    }
    // A name that get does not take is none of the service, whatever other calls take.
    let status = jobs.cancel_operation(&name("operations/1")).await.unwrap_err();
    assert_clear(&status, Code::InvalidArgument, "operations/1");
    assert_eq!(sent(&server), ["POST /v1/operations/projects/p:cancel {}"]);
}

#[tokio::test]
async fn what_is_declared_beyond_the_paths_makes_no_request() {
    // SPEC 38
    let server = Server::always(200, RUNNING).await;
    let paths: Paths = serde_json::from_value(json!({"get": ["v1/{name=operations/*}"]})).unwrap();
    let binding = Binding::with_paths(Service::new("jobs.example.com", "v1"), &paths).unwrap();
    let binding = binding.capabilities(Capabilities::ALL);
    let jobs = HttpTransport::new(server.client().build().unwrap(), binding);
    assert_eq!(jobs.capabilities(), Capabilities::default());
    let status = jobs.cancel_operation(&name("operations/1")).await.unwrap_err();
    assert_clear(&status, Code::Unimplemented, "cancel");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_list_that_contains_none_of_the_names_is_not_declared() {
    // SPEC 38
    let both = json!(["v1/{name=customers/*/operations/*}", "v1/{name=jobs/**}"]);
    for (list, is_declared) in [
        (&["v1/{name=operations}"][..], false),
        (&["v1/{name=projects/*}/operations"], false),
        (&["v1/{name=customers/*}/jobs"], false),
        (&["v1/{name=customers/*}/operations"], true),
        (&["v1/{name=customers/*/operations}"], true),
        (&["v1/{name=operations}", "v1/{name=jobs}"], true),
        (&["v1/{name=jobs/**}/operations"], true),
        (&["v1/{name=**}/operations"], true),
        // What a path without the parent lists is not known.
        (&["v1/operations"], true),
    ] {
        let server = Server::always(200, "{}").await;
        let jobs = transport(&server, json!({"get": both, "list": list}));
        assert_eq!(jobs.capabilities().list, is_declared, "{list:?}");
        let listed = jobs.list_operations(&ListOperationsRequest::new("operations")).await;
        if !is_declared {
            assert_clear(&listed.unwrap_err(), Code::Unimplemented, "list");
            assert_eq!(server.connections(), 0);
        }
    }
}

#[tokio::test]
async fn a_name_without_the_call_that_waits_does_not_end_it_for_the_others() {
    // SPEC 40
    let both = ["v1/{name=jobs/*}", "v1/{name=operations/*}"];
    for (wait, remains) in [(&["v1/{name=jobs/*}:wait"][..], true), (&both, false)] {
        let server = Server::always(200, RUNNING).await;
        let jobs = transport(&server, json!({"get": both, "wait": wait}));
        jobs.disable_wait();
        assert_eq!(jobs.capabilities().wait, remains);
    }
}

#[test]
fn refuses_a_binding_that_is_none_and_says_why() {
    for (paths, why) in [
        (json!({"get": []}), "jobs.example.com v1 has no path to get"),
        (json!({"get": ["v1/operations"]}), "\"v1/operations\": it has no variable for the name"),
        (json!({"get": ["v1/{name=a/*}", "v1/b"]}), "\"v1/b\": it has no variable for the name"),
        (json!({"get": ["{name=a/*}"], "form": {"state": "status"}}), "no value of it in `done`"),
        (
            json!({"get": ["{name=a/*}"], "form": {"state": "s", "done": ["x"], "failed": ["X"]}}),
            "\"X\" is listed twice",
        ),
        (json!({"get": ["v1/{name=operations/*"]}), "a brace without the other"),
        (json!({"get": ["v1/{name=**/a/**}"]}), "`**` may occur once"),
        (json!({"get": ["v1/x{name}"]}), "whole segments"),
        (json!({"get": ["v1/{name}x"]}), "whole segments"),
        (json!({"get": ["v1/{=a/*}"]}), "whole segments"),
        (json!({"get": ["v1//{name}"]}), "an empty segment"),
        (json!({"get": ["v1/../{name}"]}), "segment of dots"),
        (json!({"get": ["v1/a#b/{name}"]}), "a character that is not one of a path"),
        (json!({"get": ["v1/{name}/a?key=canary"]}), "\"v1/{name}/a\": it has a query"),
        (json!({"get": ["v1/{name}?key=canary"]}), "whole segments"),
        (json!({"get": ["v1/{name} "]}), "its method is not GET"),
        (json!({"get": ["PUT v1/{name}"]}), "its method is not GET"),
        (json!({"get": ["v1/{a}/{b}"]}), "several variables"),
        (json!({"get": ["v1/{a}/{a}"]}), "a variable twice"),
        (json!({"get": ["v1/{a}"], "cancel": ["v1/{a}/{b}"], "names": ["x/{a}/{c}"]}), "several variables"),
        (json!({"get": ["v1/{a}"], "post": []}), "unknown field"),
        (json!({"get": ["v1/{a=x/**}/{b}"], "names": ["{a=x/**}/y/{b}"]}), "where the next variable begins"),
    ] {
        let mut whole = json!({"service": "jobs.example.com", "version": "v1"});
        whole.as_object_mut().unwrap().append(paths.clone().as_object_mut().unwrap());
        let error = serde_json::from_value::<Binding>(whole).unwrap_err().to_string();
        assert!(error.contains(why), "{paths}: {error}");
        // SPEC 43
        assert!(!error.contains("canary"), "{paths}: {error}");
    }
}

fn transport(server: &Server, mut paths: Value) -> HttpTransport {
    paths["service"] = "jobs.example.com".into();
    paths["version"] = "v1".into();
    let binding: Binding = serde_json::from_value(paths).unwrap();
    HttpTransport::new(server.client().build().unwrap(), binding)
}

fn name(name: &str) -> OperationName {
    name.parse().unwrap()
}

fn sent(server: &Server) -> Vec<String> {
    let line = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    server.requests().iter().map(|it| format!("{} {} {}", it.method, it.target, line(&it.body))).collect()
}
