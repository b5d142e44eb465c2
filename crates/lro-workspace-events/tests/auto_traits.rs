//! What may cross threads: everything.

use lro::{Empty, Handle, Status, Wait};
use lro_testkit::{
    are_shared,
    threads::{is_sent, sent, spawned, stepped},
};
use lro_workspace_events::{
    HttpClientBuilder, Version, WorkspaceEvents,
    messages::{
        CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata,
        DeleteSubscriptionRequest, GetSubscriptionRequest, ListSubscriptionsRequest,
        ListSubscriptionsResponse, NotificationEndpoint, PayloadOptions, ReactivateSubscriptionMetadata,
        ReactivateSubscriptionRequest, Subscription, SubscriptionDriveOptions, SubscriptionErrorType,
        SubscriptionState, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
    },
};

are_shared! {
    WorkspaceEvents, Version,
    CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata, DeleteSubscriptionRequest,
    GetSubscriptionRequest, ListSubscriptionsRequest, ListSubscriptionsResponse, NotificationEndpoint, PayloadOptions,
    ReactivateSubscriptionMetadata, ReactivateSubscriptionRequest, Subscription, SubscriptionDriveOptions,
    SubscriptionErrorType, SubscriptionState, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
    Wait<'static, Subscription, CreateSubscriptionMetadata>, Wait<'static, Empty, DeleteSubscriptionMetadata>,
}

const _: fn() = is_sent::<HttpClientBuilder<WorkspaceEvents>>;

#[test]
fn the_futures_of_calls_may_be_sent() {
    let events = WorkspaceEvents::builder().build().unwrap();
    sent(events.create_subscription(Subscription::default()));
    sent(events.update_subscription(UpdateSubscriptionRequest::default()));
    sent(events.delete_subscription("subscriptions/1"));
    sent(events.reactivate_subscription("subscriptions/1"));
    sent(events.get_subscription("subscriptions/1"));
    sent(events.list_subscriptions(&ListSubscriptionsRequest::default()));
}

#[test]
fn a_whole_wait_may_be_spawned() {
    async fn create(events: WorkspaceEvents) -> Result<Subscription, Status> {
        events.create_subscription(Subscription::default()).await?.await
    }
    async fn go_on(events: WorkspaceEvents, handle: Handle) -> Result<Subscription, Status> {
        stepped(events.resume(&handle)?).await
    }
    let events = WorkspaceEvents::builder().build().unwrap();
    spawned(create(events.clone()));
    let saved = r#"{"service": "workspaceevents.googleapis.com", "version": "v1", "name": "operations/1"}"#;
    spawned(go_on(events, serde_json::from_str(saved).unwrap()));
}
