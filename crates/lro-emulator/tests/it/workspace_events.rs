//! Subscriptions are created, changed, listed and deleted by operations, as the service does it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use lro_emulator::{Emulator, Script};
use serde_json::{Value, json};

use super::client::Client;

/// Another type of event that a space of Chat has.
const OTHER: &str = "google.workspace.chat.message.v1.deleted";

const QUERY: &str = "filter=event_types:%22google.workspace.chat.message.v1.created%22";

#[tokio::test]
async fn creates_a_subscription_by_an_operation() {
    let (emulator, client) = start().await;
    emulator.next_operation(Script::new().runs_for_calls(1));
    let pending = client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let metadata = "type.googleapis.com/google.apps.events.subscriptions.v1.CreateSubscriptionMetadata";
    assert_eq!(pending["metadata"], json!({ "@type": metadata }));
    assert_eq!((pending.get("done"), pending.get("response")), (None, None));
    let id = pending["name"].as_str().unwrap().strip_prefix("operations/").unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");

    let done = client.done("v1", &pending).await;
    let created = &done["response"];
    assert_eq!(created["@type"], "type.googleapis.com/google.apps.events.subscriptions.v1.Subscription");
    assert_eq!(created["state"], "ACTIVE");
    assert_eq!(created.get("ttl"), None, "it is input only");
    for field in ["uid", "authority", "createTime", "updateTime", "expireTime", "etag"] {
        assert!(created[field].is_string(), "{field}: {created}");
    }
    let got = client.get(&format!("/v1/{}", name(created))).await.ok();
    assert_eq!(got["targetResource"], "//chat.googleapis.com/spaces/AAA");
    assert_eq!(got["uid"], created["uid"]);
}

#[tokio::test]
async fn a_subscription_is_there_once_its_operation_is_done() {
    let emulator = Emulator::builder().runs_for(Duration::MAX).start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let listed = client.get(&format!("/v1/subscriptions?{QUERY}")).await.ok();
    assert_eq!(listed, json!({}));
}

#[tokio::test]
async fn the_beta_has_types_and_operations_of_its_own() {
    let (_emulator, client) = start().await;
    let mut wanted = wanted("AAA");
    wanted["driveOptions"] = json!({"includeDescendants": true});
    let pending = client.post("/v1beta/subscriptions", &wanted).await.ok();
    let done = client.done("v1beta", &pending).await;
    assert_eq!(
        done["response"]["@type"],
        "type.googleapis.com/google.apps.events.subscriptions.v1beta.Subscription"
    );
    assert_eq!(done["response"]["driveOptions"], json!({"includeDescendants": true}));
    // SPEC 12
    client.get(&format!("/v1/{}", name(&pending))).await.error(404);
}

#[tokio::test]
async fn a_second_subscription_for_the_same_target_and_topic_is_refused_and_names_the_first() {
    let (_emulator, client) = start().await;
    let first = create(&client, "AAA").await;
    for path in ["/v1/subscriptions", "/v1beta/subscriptions", "/v1/subscriptions?validateOnly=true"] {
        let error = client.post(path, &wanted("AAA")).await.error(409);
        // SPEC 42
        assert_eq!(error["status"], "ALREADY_EXISTS");
        is_current(&error["details"][0], &first);
    }
    let mut elsewhere = wanted("AAA");
    elsewhere["notificationEndpoint"]["pubsubTopic"] = json!("projects/p/topics/other");
    let pending = client.post("/v1/subscriptions", &elsewhere).await.ok();
    assert!(client.done("v1", &pending).await["response"].is_object(), "another topic, another subscription");

    remove(&client, &first).await;
    create(&client, "AAA").await;
}

#[tokio::test]
async fn of_two_subscriptions_that_are_started_together_the_second_fails_in_its_operation() {
    let (emulator, client) = start().await;
    for _ in 0..2 {
        emulator.next_operation(Script::new().runs_for_calls(1));
    }
    let first = client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let second = client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let created = client.done("v1", &first).await["response"].take();
    let error = client.done("v1", &second).await["error"].take();
    assert_eq!(error["code"], 6);
    is_current(&error["details"][0], &created);
}

fn is_current(info: &Value, subscription: &Value) {
    assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    assert_eq!(info["reason"], "SUBSCRIPTION_ALREADY_EXISTS");
    assert_eq!(info["metadata"]["current_subscription"], subscription["name"]);
}

#[tokio::test]
async fn what_the_service_does_not_document_is_refused() {
    let (_emulator, client) = start().await;
    let created = create(&client, "AAA").await;
    let path = format!("/v1/{}", name(&created));
    for (member, value, field) in [
        ("eventTypes", json!(["google.workspace.chat.message.v1.received"]), "event_types"),
        ("eventTypes", json!(["google.workspace.meet.conference.v2.started"]), "event_types"),
        ("eventTypes", json!(["google.workspace.chat.message.v1.created", "other"]), "event_types"),
        ("targetResource", json!("chat.googleapis.com/spaces/BBB"), "target_resource"),
        ("targetResource", json!("//example.com/spaces/BBB"), "target_resource"),
        ("notificationEndpoint", json!({"pubsubTopic": "t"}), "notification_endpoint.pubsub_topic"),
        ("ttl", json!("604801s"), "ttl"),
        ("ttl", json!("-1s"), "ttl"),
        ("expireTime", json!("2020-01-01T00:00:00Z"), "expire_time"),
        ("expireTime", json!("9000-01-01T00:00:00Z"), "expire_time"),
    ] {
        let mut subscription = wanted("BBB");
        subscription.as_object_mut().unwrap().remove("ttl");
        subscription[member] = value.clone();
        let mut errors = vec![client.post("/v1/subscriptions", &subscription).await];
        if ["eventTypes", "ttl", "expireTime"].contains(&member) {
            errors.push(client.patch(&path, &json!({ member: value })).await);
        }
        for error in errors {
            let error = error.error(400);
            assert_eq!(error["status"], "INVALID_ARGUMENT");
            let violations = error["details"][0]["fieldViolations"].as_array().unwrap();
            assert_eq!(violations.len(), 1, "{error}");
            assert_eq!(violations[0]["field"], format!("subscription.{field}"));
        }
    }
    let mut resources = wanted("BBB");
    resources["payloadOptions"] = json!({"includeResource": true});
    for (ttl, status) in [("14400s", 200), ("14401s", 400)] {
        resources["ttl"] = json!(ttl);
        let reply = client.post("/v1/subscriptions?validateOnly=true", &resources).await;
        assert_eq!(reply.status, status, "a life of {ttl} with resources");
    }
    let both = json!({"ttl": "60s", "expireTime": created["expireTime"]});
    client.patch(&path, &both).await.error(400);
}

#[tokio::test]
async fn every_application_has_events() {
    let (_emulator, client) = start().await;
    for (target, event_type) in [
        ("//meet.googleapis.com/spaces/1", "meet.smartNote.v2.fileGenerated"),
        ("//cloudidentity.googleapis.com/users/1", "meet.participant.v2.joined"),
        ("//cloudidentity.googleapis.com/users/2", "chat.membership.v1.created"),
        ("//drive.googleapis.com/files/1", "drive.approval.v3.created"),
        ("//drive.googleapis.com/drives/1", "drive.file.v3.contentChanged"),
        ("//chat.googleapis.com/spaces/1", "chat.space.v1.updated"),
        ("//admin.googleapis.com/customers/my_customer", "chat.message.v1.created"),
    ] {
        let mut wanted = wanted("");
        wanted["targetResource"] = json!(target);
        wanted["eventTypes"] = json!([format!("google.workspace.{event_type}")]);
        let pending = client.post("/v1/subscriptions", &wanted).await.ok();
        let done = client.done("v1", &pending).await;
        assert_eq!(done["response"]["targetResource"], target, "{done}");
    }
}

#[tokio::test]
async fn an_incomplete_subscription_is_refused_with_every_fault() {
    let (_emulator, client) = start().await;
    let error = client.post("/v1/subscriptions", &json!({"name": "x"})).await.error(400);
    assert_eq!(error["status"], "INVALID_ARGUMENT");
    let violations = error["details"][0]["fieldViolations"].as_array().unwrap();
    let fields: Vec<_> = violations.iter().map(|violation| violation["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "subscription.target_resource",
            "subscription.event_types",
            "subscription.notification_endpoint.pubsub_topic"
        ]
    );
    client.post("/v1/subscriptions", &json!({"targetResource": 7})).await.error(400);
}

#[tokio::test]
async fn a_request_that_is_only_validated_is_done_at_once_and_changes_nothing() {
    let (_emulator, client) = start().await;
    let done = client.post("/v1/subscriptions?validateOnly=true", &wanted("AAA")).await.ok();
    // SPEC 8
    assert_eq!((&done["done"], done.get("name")), (&json!(true), None));
    assert_eq!(done["response"]["targetResource"], "//chat.googleapis.com/spaces/AAA");
    assert_eq!(client.get(&format!("/v1/subscriptions?{QUERY}")).await.ok(), json!({}));

    let created = create(&client, "AAA").await;
    let path = format!("/v1/{}", name(&created));
    client.delete(&format!("{path}?validate_only=true")).await.ok();
    client.patch(&format!("{path}?validateOnly=true"), &json!({"eventTypes": [OTHER]})).await.ok();
    assert_eq!(client.get(&path).await.ok()["etag"], created["etag"]);
    client.post("/v1/subscriptions?validateOnly=perhaps", &wanted("BBB")).await.error(400);
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names() {
    let (_emulator, client) = start().await;
    let created = create(&client, "AAA").await;
    let path = format!("/v1/{}", name(&created));
    let patch = json!({"eventTypes": [OTHER], "ttl": "60s"});
    let pending = client.patch(&format!("{path}?updateMask=ttl"), &patch).await.ok();
    let updated = client.done("v1", &pending).await["response"].take();
    assert_eq!(updated["eventTypes"], created["eventTypes"]);
    assert_ne!(updated["expireTime"], created["expireTime"]);
    assert_ne!(updated["etag"], created["etag"]);

    let pending = client.patch(&path, &json!({"eventTypes": [OTHER]})).await.ok();
    let updated = client.done("v1", &pending).await["response"].take();
    assert_eq!(updated["eventTypes"], json!([OTHER]));

    client.patch(&format!("{path}?updateMask=uid"), &patch).await.error(400);
    client.patch(&format!("{path}?updateMask=event_types"), &json!({})).await.error(400);
    client.patch("/v1/subscriptions/none", &patch).await.error(404);
}

#[tokio::test]
async fn a_stale_etag_is_aborted() {
    let (_emulator, client) = start().await;
    let created = create(&client, "AAA").await;
    let path = format!("/v1/{}", name(&created));
    let stale = json!({"etag": "stale", "eventTypes": [OTHER]});
    assert_eq!(client.patch(&path, &stale).await.error(409)["status"], "ABORTED");
    assert_eq!(client.delete(&format!("{path}?etag=stale")).await.error(409)["status"], "ABORTED");
    let etag = created["etag"].as_str().unwrap();
    let pending = client.delete(&format!("{path}?etag={etag}")).await.ok();
    client.done("v1", &pending).await;
    client.get(&path).await.error(404);
}

#[tokio::test]
async fn a_missing_subscription_is_deleted_only_if_it_may_be_missing() {
    let (_emulator, client) = start().await;
    assert_eq!(client.delete("/v1/subscriptions/none").await.error(404)["status"], "NOT_FOUND");
    let pending = client.delete("/v1/subscriptions/none?allowMissing=true").await.ok();
    let done = client.done("v1", &pending).await;
    assert_eq!(done["response"], json!({"@type": "type.googleapis.com/google.protobuf.Empty"}));
}

#[tokio::test]
async fn only_a_suspended_subscription_is_reactivated() {
    let (emulator, client) = start().await;
    let created = create(&client, "AAA").await;
    let path = format!("/v1/{}:reactivate", name(&created));
    let pending = client.post(&path, &json!({})).await.ok();
    let error = client.done("v1", &pending).await["error"].take();
    assert_eq!((&error["code"], &error["details"][0]["violations"][0]["type"]), (&json!(9), &json!("STATE")));

    assert!(emulator.suspend(name(&created), "ENDPOINT_PERMISSION_DENIED"));
    let suspended = client.get(&format!("/v1/{}", name(&created))).await.ok();
    assert_eq!(
        (&suspended["state"], &suspended["suspensionReason"]),
        (&json!("SUSPENDED"), &json!("ENDPOINT_PERMISSION_DENIED"))
    );
    let pending =
        client.post(&path.replace(':', "%3A").replace("%3Areactivate", ":reactivate"), &json!({})).await;
    let done = client.done("v1", &pending.ok()).await;
    assert_eq!(
        (&done["response"]["state"], done["response"].get("suspensionReason")),
        (&json!("ACTIVE"), None)
    );
}

#[tokio::test]
async fn a_list_is_filtered_and_comes_in_pages() {
    let (_emulator, client) = start().await;
    for space in ["AAA", "BBB", "CCC"] {
        create(&client, space).await;
    }
    let first = client.get(&format!("/v1/subscriptions?{QUERY}&pageSize=2")).await.ok();
    let token = first["nextPageToken"].as_str().unwrap();
    let rest = client.get(&format!("/v1/subscriptions?{QUERY}&pageSize=2&pageToken={token}")).await.ok();
    let count = |page: &Value| page["subscriptions"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest), rest.get("nextPageToken")), (2, 1, None));

    let target = "target_resource%3D%22//chat.googleapis.com/spaces/BBB%22";
    let one = client.get(&format!("/v1/subscriptions?{QUERY}+AND+{target}")).await.ok();
    assert_eq!(one["subscriptions"][0]["targetResource"], "//chat.googleapis.com/spaces/BBB");
    assert_eq!(count(&one), 1);

    client.get("/v1/subscriptions").await.error(400);
    client.get(&format!("/v1/subscriptions?{QUERY}+AND+state%3DACTIVE")).await.error(400);
    client.get(&format!("/v1/subscriptions?{target}")).await.error(400);
    client.get(&format!("/v1/subscriptions?{QUERY}&pageToken=mine")).await.error(400);
}

#[tokio::test]
async fn a_subscription_expires() {
    let (_emulator, client) = start().await;
    let mut wanted = wanted("AAA");
    wanted["ttl"] = json!("60s");
    let created = client.done("v1", &client.post("/v1/subscriptions", &wanted).await.ok()).await;
    let path = format!("/v1/{}", name(&created["response"]));
    client.get(&path).await.ok();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    client.get(&path).await.error(404);
    create(&client, "AAA").await;
}

#[tokio::test]
async fn its_operations_can_only_be_got() {
    let (_emulator, client) = start().await;
    let pending = client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let name = name(&pending);
    // SPEC 38
    for verb in ["cancel", "wait"] {
        client.post(&format!("/v1/{name}:{verb}"), &json!({})).await.error(404);
    }
    client.delete(&format!("/v1/{name}")).await.error(404);
    client.get("/v1/operations").await.error(404);
    client.done("v1", &pending).await;
}

#[tokio::test]
async fn a_script_decides_how_the_next_operation_runs() {
    let (emulator, client) = start().await;
    emulator.next_operation(Script::new().fails(lro::Status::new(lro::Code::PermissionDenied, "not yours")));
    let pending = client.post("/v1/subscriptions", &wanted("AAA")).await.ok();
    let error = client.done("v1", &pending).await["error"].take();
    assert_eq!((&error["code"], &error["message"]), (&json!(7), &json!("not yours")));
    assert_eq!(
        client.get(&format!("/v1/subscriptions?{QUERY}")).await.ok(),
        json!({}),
        "nothing was created"
    );
    create(&client, "AAA").await;
}

async fn start() -> (Emulator, Client) {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(5)).start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    (emulator, client)
}

async fn create(client: &Client, space: &str) -> Value {
    let pending = client.post("/v1/subscriptions", &wanted(space)).await.ok();
    let done = client.done("v1", &pending).await;
    assert!(done["response"].is_object(), "{done}");
    done["response"].clone()
}

async fn remove(client: &Client, subscription: &Value) {
    let pending = client.delete(&format!("/v1/{}", name(subscription))).await.ok();
    client.done("v1", &pending).await;
}

fn wanted(space: &str) -> Value {
    json!({
        "targetResource": format!("//chat.googleapis.com/spaces/{space}"),
        "eventTypes": ["google.workspace.chat.message.v1.created"],
        "notificationEndpoint": {"pubsubTopic": "projects/p/topics/t"},
        "ttl": "3600s",
    })
}

fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap()
}
