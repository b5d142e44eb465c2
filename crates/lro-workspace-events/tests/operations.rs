//! Operations on subscriptions from the call that starts them to their typed outcome.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use futures::future::join;
use lro::{Code, Empty, Handle, Origin, Pacing, Status, Tolerance, wkt::FieldMask};
use lro_emulator::{Call, Emulator, Reply, Script};
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursRequest, OptimizeToursResponse},
};
use lro_testkit::service::{self, Tokens};
use lro_workspace_events::{
    Token, Version, WorkspaceEvents,
    messages::{
        CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionRequest,
        ListSubscriptionsRequest, NotificationEndpoint, Subscription, SubscriptionDriveOptions,
        SubscriptionErrorType, SubscriptionState, UpdateSubscriptionRequest,
    },
    token_fn,
};
use serde_json::{Value, json};

#[tokio::test]
async fn creates_a_subscription() {
    let (emulator, events) = start().await;
    let created = events.create_subscription(&wanted("AAA")).await.unwrap().await.unwrap();
    assert!(created.name.starts_with("subscriptions/chat-spaces-"), "{}", created.name);
    assert_eq!(created.target_resource, "//chat.googleapis.com/spaces/AAA");
    assert_eq!(created.state, SubscriptionState::Active);
    assert!(created.expire_time > created.create_time);

    let calls = emulator.calls();
    let [start, polls @ ..] = &calls[..] else { panic!("no calls") };
    assert_eq!(start.line(), "POST /v1/subscriptions");
    assert_eq!(start.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&start.body).unwrap();
    assert_eq!(body, serde_json::to_value(wanted("AAA")).unwrap(), "the body is the subscription itself");
    assert!(!polls.is_empty());
    for poll in polls {
        let name = poll.path.strip_prefix("/v1/").unwrap();
        assert!(poll.method == "GET" && name.starts_with("operations/"), "{}", poll.line());
        // SPEC 44
        let params = format!("name={}", name.replace('/', "%2F"));
        assert_eq!(poll.header("x-goog-request-params"), Some(&*params));
        assert_eq!((poll.body_len, poll.header("content-type")), (0, None));
        assert!(poll.header("user-agent").unwrap().starts_with("lro/"));
    }
}

#[tokio::test]
async fn tells_the_metadata_by_its_type_while_it_waits() {
    let (emulator, events) = start().await;
    emulator.next_operation(Script::new().runs_for_calls(1));
    let mut wait = events.create_subscription(&wanted("AAA")).await.unwrap();
    let running = wait.next().await.unwrap().unwrap();
    assert_eq!((running.is_done(), running.metadata()), (false, Some(CreateSubscriptionMetadata {})));
    let done = wait.next().await.unwrap().unwrap();
    assert_eq!((done.is_done(), done.polls()), (true, 2));
    assert!(wait.next().await.is_none());
    // SPEC 9
    let calls = emulator.call_count();
    assert_eq!(wait.await.unwrap().target_resource, "//chat.googleapis.com/spaces/AAA");
    assert_eq!(emulator.call_count(), calls);
}

#[tokio::test]
async fn updates_what_the_mask_names() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let request = UpdateSubscriptionRequest {
        subscription: Subscription {
            name: created.name.clone(),
            event_types: vec![OTHER.into()],
            ttl: Some(Duration::from_secs(7_200).into()),
            ..Subscription::default()
        },
        update_mask: Some(FieldMask::new(["expire_time", "ttl"])),
        ..UpdateSubscriptionRequest::default()
    };
    let begun = emulator.calls().len();
    let updated = events.update_subscription(request).await.unwrap().await.unwrap();
    assert_eq!((&updated.name, &updated.event_types), (&created.name, &created.event_types));
    assert!(updated.expire_time > created.expire_time);
    assert_ne!(updated.etag, created.etag);

    let call = &emulator.calls()[begun];
    let expected = format!("PATCH {}?updateMask=expireTime%2Cttl", path(&created));
    assert_eq!(call.line(), expected);
    assert_eq!(call.header("x-goog-request-params"), Some(&*params("subscription.name", &created)));
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body, json!({"name": created.name, "eventTypes": [OTHER], "ttl": "7200s"}));
}

#[tokio::test]
async fn updates_what_is_set_where_there_is_no_mask() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let patch = Subscription {
        name: created.name.clone(),
        event_types: vec![OTHER.into()],
        ..Subscription::default()
    };
    let begun = emulator.calls().len();
    let request = UpdateSubscriptionRequest { subscription: patch, ..Default::default() };
    let updated = events.update_subscription(request).await.unwrap().await.unwrap();
    assert_eq!(updated.event_types, [OTHER]);
    assert_eq!(updated.expire_time, created.expire_time);
    assert_eq!(emulator.calls()[begun].line(), format!("PATCH {}", path(&created)));
}

#[tokio::test]
async fn an_update_by_a_stale_etag_is_aborted_and_not_repeated() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let begun = emulator.call_count();
    let subscription = Subscription { etag: "stale".into(), event_types: vec![OTHER.into()], ..created };
    let request = UpdateSubscriptionRequest { subscription, ..Default::default() };
    let error = events.update_subscription(request).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Aborted), "{error}");
    // SPEC 42
    assert_eq!(emulator.call_count(), begun + 1);
}

#[tokio::test]
async fn deletes_a_subscription() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let begun = emulator.calls().len();
    let deleted = events.delete_subscription(&*created.name).await.unwrap().await.unwrap();
    assert_eq!(deleted, Empty {});
    let call = &emulator.calls()[begun];
    assert_eq!((call.line(), call.body_len), (format!("DELETE {}", path(&created)), 0));
    assert_eq!(call.header("x-goog-request-params"), Some(&*params("name", &created)));
    assert_eq!(events.get_subscription(&*created.name).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn deletes_what_may_be_missing() {
    let (emulator, events) = start().await;
    let missing = DeleteSubscriptionRequest::from("subscriptions/none");
    let error = events.delete_subscription(missing.clone()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound), "{error}");
    assert_eq!(emulator.call_count(), 1, "a starting call is not repeated");

    let allowed = DeleteSubscriptionRequest { allow_missing: true, ..missing };
    events.delete_subscription(allowed).await.unwrap().await.unwrap();
    assert_eq!(emulator.calls()[1].line(), "DELETE /v1/subscriptions/none?allowMissing=true");
}

#[tokio::test]
async fn deletes_only_the_subscription_of_the_etag() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let stale = DeleteSubscriptionRequest { etag: "st/le=".into(), ..(&*created.name).into() };
    let error = events.delete_subscription(stale).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Aborted), "{error}");
    let expected = format!("DELETE {}?etag=st%2Fle%3D", path(&created));
    assert_eq!(emulator.calls().last().unwrap().line(), expected);

    let current = DeleteSubscriptionRequest { etag: created.etag, ..(&*created.name).into() };
    events.delete_subscription(current).await.unwrap().await.unwrap();
    assert_eq!(events.get_subscription(&*created.name).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn reactivates_a_suspended_subscription() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    assert!(emulator.suspend(&created.name, "ENDPOINT_PERMISSION_DENIED"));
    let suspended = events.get_subscription(&*created.name).await.unwrap();
    assert_eq!(suspended.state, SubscriptionState::Suspended);
    assert_eq!(suspended.suspension_reason, SubscriptionErrorType::EndpointPermissionDenied);

    let begun = emulator.calls().len();
    let active = events.reactivate_subscription(&*created.name).await.unwrap().await.unwrap();
    assert_eq!((active.name.as_str(), active.state), (&*created.name, SubscriptionState::Active));
    let call = &emulator.calls()[begun];
    assert_eq!(call.line(), format!("POST {}:reactivate", path(&created)));
    assert_eq!(call.header("x-goog-request-params"), Some(&*params("name", &created)));
    assert_eq!(&*call.body, b"{}", "the name is in the path");
}

#[tokio::test]
async fn what_is_not_suspended_fails_in_the_operation() {
    let (_emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let error = events.reactivate_subscription(&*created.name).await.unwrap().await.unwrap_err();
    // SPEC 20
    assert_eq!((error.origin(), error.code()), (Origin::OperationFailed, Code::FailedPrecondition));
    let violations = error.details().precondition_failure().unwrap().violations;
    assert_eq!(violations[0].subject, created.name);
    assert!(!error.may_be_running());
}

#[tokio::test]
async fn what_is_only_validated_is_done_without_a_poll() {
    let (emulator, events) = start().await;
    let request = CreateSubscriptionRequest { validate_only: true, ..wanted("AAA").into() };
    let wait = events.create_subscription(request).await.unwrap();
    // SPEC 8
    assert_eq!((wait.name(), wait.handle()), (None, None));
    assert_eq!(wait.await.unwrap().target_resource, "//chat.googleapis.com/spaces/AAA");
    assert_eq!(lines(&emulator), ["POST /v1/subscriptions?validateOnly=true"]);

    let created = create(&events, "AAA").await;
    let begun = emulator.calls().len();
    let subscription = Subscription { event_types: vec![OTHER.into()], ..created.clone() };
    let update = UpdateSubscriptionRequest { subscription, validate_only: true, ..Default::default() };
    let preview = events.update_subscription(update).await.unwrap().await.unwrap();
    assert_eq!(preview.event_types, [OTHER]);
    let delete = DeleteSubscriptionRequest { validate_only: true, ..(&*created.name).into() };
    events.delete_subscription(delete).await.unwrap().await.unwrap();
    let (path, last) = (path(&created), lines(&emulator).split_off(begun));
    assert_eq!(last, [format!("PATCH {path}?validateOnly=true"), format!("DELETE {path}?validateOnly=true")]);
    assert_eq!(events.get_subscription(&*created.name).await.unwrap(), created, "nothing was changed");
}

#[tokio::test]
async fn what_is_only_validated_may_fail() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    let begun = emulator.call_count();
    let request = CreateSubscriptionRequest { validate_only: true, ..wanted("AAA").into() };
    let error = events.create_subscription(request).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::AlreadyExists));
    assert_eq!(current_subscription(&error), created.name);
    assert_eq!(emulator.call_count(), begun + 1);
}

#[tokio::test]
async fn gets_a_subscription() {
    let (emulator, events) = start().await;
    let created = create(&events, "AAA").await;
    assert_eq!(events.get_subscription(&*created.name).await.unwrap(), created);
    let call = emulator.calls().pop().unwrap();
    assert_eq!((call.line(), call.body_len), (format!("GET {}", path(&created)), 0));
    assert_eq!(call.header("x-goog-request-params"), Some(&*params("name", &created)));
}

#[tokio::test]
async fn lists_subscriptions_in_pages() {
    let (emulator, events) = start().await;
    for space in ["AAA", "BBB", "CCC"] {
        create(&events, space).await;
    }
    let request = ListSubscriptionsRequest {
        filter: format!("event_types:{:?}", EVENT_TYPE),
        page_size: 2,
        ..ListSubscriptionsRequest::default()
    };
    let first = events.list_subscriptions(&request).await.unwrap();
    let call = emulator.calls().pop().unwrap();
    let query = "filter=event_types%3A%22google.workspace.chat.message.v1.created%22&pageSize=2";
    assert_eq!(call.line(), format!("GET /v1/subscriptions?{query}"));

    let rest = ListSubscriptionsRequest { page_token: first.next_page_token.clone(), ..request.clone() };
    let rest = events.list_subscriptions(&rest).await.unwrap();
    assert_eq!((first.subscriptions.len(), rest.subscriptions.len()), (2, 1));
    assert_eq!(rest.next_page_token, "");
    let listed = first.subscriptions.iter().chain(&rest.subscriptions);
    let mut targets: Vec<_> = listed.map(|subscription| &*subscription.target_resource).collect();
    targets.sort_unstable();
    let spaces = ["AAA", "BBB", "CCC"].map(|space| format!("//chat.googleapis.com/spaces/{space}"));
    assert_eq!(targets, spaces);

    let none = ListSubscriptionsRequest { filter: "event_types:\"other\"".into(), ..Default::default() };
    assert_eq!(events.list_subscriptions(&none).await.unwrap(), Default::default());
}

#[tokio::test]
async fn a_subscription_that_exists_is_named_by_the_error_of_the_call() {
    let (emulator, events) = start().await;
    let first = create(&events, "AAA").await;
    let begun = emulator.calls().len();
    let error = events.create_subscription(&wanted("AAA")).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::AlreadyExists));
    // SPEC 42
    assert_eq!(lines(&emulator)[begun..], ["POST /v1/subscriptions"]);
    let current = events.get_subscription(&*current_subscription(&error)).await.unwrap();
    assert_eq!(current, first);
}

#[tokio::test]
async fn a_subscription_that_came_first_is_named_by_the_error_of_the_operation() {
    let (emulator, events) = start().await;
    for _ in 0..2 {
        emulator.next_operation(Script::new().runs_for_calls(1));
    }
    let first = events.create_subscription(&wanted("AAA")).await.unwrap();
    let second = events.create_subscription(&wanted("AAA")).await.unwrap();
    let created = first.await.unwrap();
    let begun = emulator.calls().len();
    let error = second.await.unwrap_err();
    let polls = emulator.calls().len() - begun;
    // SPEC 20
    assert_eq!((error.origin(), error.code()), (Origin::OperationFailed, Code::AlreadyExists));
    assert!(!error.may_be_running() && !error.to_string().contains("still be running"), "{error}");
    assert_eq!(current_subscription(&error), created.name);
    // SPEC 42
    let calls = lines(&emulator);
    assert_eq!(calls.iter().filter(|call| call.starts_with("POST")).count(), 2, "{calls:?}");
    assert_eq!(polls, error.report().unwrap().polls as usize, "{calls:?}");
}

#[tokio::test]
async fn a_starting_call_that_fails_is_not_repeated() {
    let (emulator, events) = start().await;
    let answered_or_lost =
        [Reply::status(503), Reply::status(409), Reply::close(), Reply::usual().cut_after(9)];
    for (count, reply) in answered_or_lost.into_iter().enumerate() {
        emulator.reply_next(1, reply);
        let error = events.create_subscription(&wanted("AAA")).await.unwrap_err();
        assert_eq!(error.origin(), Origin::CallFailed, "{error}");
        // SPEC 42
        assert_eq!(emulator.call_count(), 1 + count as u64, "{error}");
    }
}

#[tokio::test]
async fn the_version_that_started_an_operation_polls_it() {
    let emulator = emulator().await;
    let events = client(&emulator, Version::V1Beta);
    let wanted = Subscription {
        drive_options: Some(SubscriptionDriveOptions { include_descendants: true }),
        ..wanted("AAA")
    };
    let created = events.create_subscription(&wanted).await.unwrap().await.unwrap();
    assert_eq!(created.drive_options, wanted.drive_options);
    let calls = lines(&emulator);
    assert_eq!(calls[0], "POST /v1beta/subscriptions");
    assert!(calls.len() > 1);
    // SPEC 12
    assert!(calls[1..].iter().all(|call| call.starts_with("GET /v1beta/operations/")), "{calls:?}");

    let begun = calls.len();
    events.delete_subscription(&*created.name).await.unwrap().await.unwrap();
    assert!(lines(&emulator)[begun..].iter().all(|call| call.contains(" /v1beta/")));
}

#[tokio::test]
async fn another_client_goes_on_from_a_saved_handle() {
    let (emulator, events) = start().await;
    let wait = events.create_subscription(&wanted("AAA")).await.unwrap();
    let name = wait.name().unwrap().to_string();
    let handle = wait.handle().unwrap();
    drop((wait, events));
    let [service, method] = ["workspaceevents.googleapis.com", "CreateSubscription"];
    let handle = service::saved_and_read(&handle, service, method, &name);
    let wait = client(&emulator, Version::V1).resume::<Subscription>(&handle).unwrap();
    assert_eq!(wait.handle(), Some(handle));
    // SPEC 37
    assert_eq!(wait.await.unwrap().target_resource, "//chat.googleapis.com/spaces/AAA");
    assert_eq!(lines(&emulator).iter().filter(|call| call.starts_with("POST")).count(), 1);
}

#[tokio::test]
async fn a_handle_of_another_version_or_service_is_refused_with_both_named() {
    let emulator = emulator().await;
    let (v1, v1beta) = (client(&emulator, Version::V1), client(&emulator, Version::V1Beta));
    let of_v1 = handle("workspaceevents.googleapis.com", "v1");
    let of_v1beta = handle("workspaceevents.googleapis.com", "v1beta");
    let of_another = handle("routeoptimization.googleapis.com", "v1");
    for (events, handle, belongs) in [
        (&v1beta, &of_v1, "workspaceevents.googleapis.com v1, not to workspaceevents.googleapis.com v1beta:"),
        (&v1, &of_v1beta, "workspaceevents.googleapis.com v1beta, not to workspaceevents.googleapis.com v1:"),
        (&v1, &of_another, "routeoptimization.googleapis.com v1, not to workspaceevents.googleapis.com v1:"),
    ] {
        let error = events.resume::<Subscription>(handle).unwrap_err();
        // SPEC 12
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains(&format!("operations/1 belongs to {belongs}")), "{error}");
        assert!(error.message().contains("resume it with"), "{error}");
    }
    assert_eq!(emulator.call_count(), 0);
}

#[tokio::test]
async fn both_services_are_awaited_at_the_same_time() {
    let (emulator, events) = start().await;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build().unwrap();
    let pace = Pacing::fixed(Duration::from_millis(10));
    for _ in 0..2 {
        emulator.next_operation(Script::new().runs_for_calls(5));
    }
    let wanted = wanted("AAA");
    let request = one_shipment();
    let (subscription, tours) =
        join(events.create_subscription(&wanted), routes.optimize_tours_long_running(&request)).await;
    let (subscription, tours) = join(
        subscription.unwrap().pacing(pace.clone()).into_future(),
        tours.unwrap().pacing(pace).into_future(),
    )
    .await;
    assert_eq!(subscription.unwrap().state, SubscriptionState::Active);
    let OptimizeToursResponse { routes, skipped_shipments, .. } = tours.unwrap();
    assert_eq!((routes[0].visits.len(), skipped_shipments.len()), (1, 0));

    let polls: Vec<_> = lines(&emulator).into_iter().filter(|call| call.starts_with("GET")).collect();
    let [of_events, of_routes] = ["GET /v1/operations/", "GET /v1/projects/"].map(|service| {
        let is_of = |call: &String| call.starts_with(service);
        (polls.iter().position(is_of).unwrap(), polls.iter().rposition(is_of).unwrap())
    });
    assert!(of_events.0 < of_routes.1 && of_routes.0 < of_events.1, "one after the other: {polls:?}");
}

#[tokio::test]
async fn a_wait_outlives_its_token() {
    let emulator = Emulator::builder().require_token("first").start().await.unwrap();
    emulator.next_operation(Script::new().runs_for_calls(2));
    let tokens = Tokens::default();
    let fetches = tokens.clone();
    let credentials = token_fn(move || {
        let token = fetches.fetch();
        async move { Token::bearer(token) }
    });
    let events =
        WorkspaceEvents::builder().endpoint(emulator.endpoint()).credentials(credentials).build().unwrap();
    let soon = Duration::from_millis(10);
    let mut wait = events.create_subscription(&wanted("AAA")).await.unwrap();
    wait = wait.pacing(Pacing::fixed(soon)).tolerance(Tolerance::default().delay(soon, soon));
    assert!(!wait.next().await.unwrap().unwrap().is_done());

    emulator.require_token("second");
    // SPEC 30
    wait.await.unwrap();
    assert_eq!(tokens.fetched(), 2);
    let bearers: Vec<_> = emulator.calls().iter().map(bearer).collect();
    assert_eq!(bearers, ["first", "first", "first", "second"].map(|token| format!("Bearer {token}")));
}

#[tokio::test]
async fn a_token_that_is_refused_twice_ends_the_wait_and_not_the_operation() {
    let emulator = emulator().await;
    let credentials = token_fn(|| async { Token::bearer("sesame") });
    let events =
        WorkspaceEvents::builder().endpoint(emulator.endpoint()).credentials(credentials).build().unwrap();
    let soon = Duration::from_millis(10);
    let wait = events.create_subscription(&wanted("AAA")).await.unwrap();
    let handle = wait.handle().unwrap();
    emulator.require_token("another");
    let error = wait.tolerance(Tolerance::default().delay(soon, soon)).await.unwrap_err();
    // SPEC 30
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
    assert_eq!(error.report().unwrap().polls, 2);
    // SPEC 43
    assert!(!format!("{error} {error:?} {events:?}").contains("sesame"));

    emulator.require_token(None);
    let created = events.resume::<Subscription>(&handle).unwrap().await.unwrap();
    assert_eq!(created.state, SubscriptionState::Active);
}

async fn start() -> (Emulator, WorkspaceEvents) {
    let emulator = emulator().await;
    let events = client(&emulator, Version::V1);
    (emulator, events)
}

async fn emulator() -> Emulator {
    Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap()
}

fn client(emulator: &Emulator, version: Version) -> WorkspaceEvents {
    WorkspaceEvents::builder_of(version).endpoint(emulator.endpoint()).build().unwrap()
}

async fn create(events: &WorkspaceEvents, space: &str) -> Subscription {
    let wait = events.create_subscription(&wanted(space)).await.unwrap();
    wait.pacing(Pacing::fixed(Duration::from_millis(10))).await.unwrap()
}

fn wanted(space: &str) -> Subscription {
    Subscription {
        target_resource: format!("//chat.googleapis.com/spaces/{space}"),
        event_types: vec![EVENT_TYPE.into()],
        notification_endpoint: Some(NotificationEndpoint {
            pubsub_topic: Some("projects/p/topics/t".into()),
        }),
        ttl: Some(Duration::from_secs(3_600).into()),
        ..Subscription::default()
    }
}

fn one_shipment() -> OptimizeToursRequest {
    let here = json!({"latitude": 48.86, "longitude": 2.35});
    let model = json!({
        "shipments": [{"deliveries": [{"arrivalLocation": here}]}],
        "vehicles": [{"startLocation": here}],
    });
    serde_json::from_value(json!({"parent": "projects/p", "model": model})).unwrap()
}

fn handle(service: &str, version: &str) -> Handle {
    serde_json::from_value(json!({"service": service, "version": version, "name": "operations/1"})).unwrap()
}

fn current_subscription(error: &Status) -> String {
    error.details().error_info().unwrap().metadata["current_subscription"].clone()
}

/// The path of a subscription in v1; of what is in these names only the colon is encoded.
fn path(subscription: &Subscription) -> String {
    assert!(subscription.name.contains(':'), "{}", subscription.name);
    format!("/v1/{}", subscription.name.replace(':', "%3A"))
}

fn params(key: &str, subscription: &Subscription) -> String {
    format!("{key}={}", subscription.name.replace(':', "%3A").replace('/', "%2F"))
}

fn lines(emulator: &Emulator) -> Vec<String> {
    emulator.calls().iter().map(Call::line).collect()
}

fn bearer(call: &Call) -> String {
    call.header("authorization").unwrap().to_owned()
}

const EVENT_TYPE: &str = "google.workspace.chat.message.v1.created";
const OTHER: &str = "google.workspace.chat.message.v1.deleted";
