//! The same messages over gRPC.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{
    Any, Operation,
    message::{Message, encode},
};
use lro_testkit::grpc::serve;
use lro_workspace_events::{
    Version, WorkspaceEvents,
    messages::{CreateSubscriptionRequest, DeleteSubscriptionRequest, Subscription},
};

#[tokio::test]
async fn starts_and_awaits_with_the_messages_of_json() {
    for (version, package) in [(Version::V1, "v1"), (Version::V1Beta, "v1beta")] {
        let endpoint = serve(
            move |path, headers, message| {
                let (service, method) = path.rsplit_once('/').unwrap();
                assert_eq!(
                    service,
                    format!("/google.apps.events.subscriptions.{package}.SubscriptionsService")
                );
                if method == "CreateSubscription" {
                    let sent: CreateSubscriptionRequest = received(message);
                    assert_eq!(sent.subscription, wanted());
                    let created = Subscription { name: "subscriptions/1".into(), ..sent.subscription };
                    Operation::succeeded("operations/create", packed(&created)).unwrap()
                } else {
                    assert_eq!(headers["x-goog-request-params"], "name=subscriptions%2F1");
                    assert!(received::<DeleteSubscriptionRequest>(message).allow_missing);
                    Operation::running("operations/delete")
                }
            },
            |name| Operation::succeeded(name, ()).unwrap(),
        )
        .await;
        let events = WorkspaceEvents::grpc_of(version).endpoint(endpoint).build().unwrap();
        let created = events.create_subscription(&wanted()).await.unwrap().await.unwrap();
        assert_eq!(created, Subscription { name: "subscriptions/1".into(), ..wanted() });
        let delete = DeleteSubscriptionRequest { allow_missing: true, ..created.name.as_str().into() };
        events.delete_subscription(delete).await.unwrap().await.unwrap();
        assert!(events.delete_subscription("other/1").await.is_err());
    }
}

fn wanted() -> Subscription {
    Subscription { target_resource: "//chat.googleapis.com/spaces/s".into(), ..Default::default() }
}

fn received<M: Message + serde::de::DeserializeOwned>(message: &[u8]) -> M {
    Any::pack_protobuf(M::TYPE_NAME, message).decode().unwrap()
}

fn packed<M: Message>(message: &M) -> Any {
    Any::pack_protobuf(M::TYPE_NAME, &encode(message).unwrap())
}
