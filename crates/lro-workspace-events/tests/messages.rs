//! The messages as JSON, against what the service sends and against tables made from its schemas.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use lro::{
    message::UnknownValue,
    wkt::{Empty, FieldMask},
};
use lro_testkit::{
    enumerations, message_types,
    messages::{
        Enumeration, Messages, enumerations_have_the_values_of, fields, metadata, read, response, written,
    },
};
use lro_workspace_events::messages::{
    self, CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata,
    DeleteSubscriptionRequest, GetSubscriptionRequest, ListSubscriptionsRequest, NotificationEndpoint,
    ReactivateSubscriptionMetadata, ReactivateSubscriptionRequest, Subscription, SubscriptionDriveOptions,
    SubscriptionErrorType, SubscriptionState, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
};
use serde_json::json;

#[test]
fn reads_the_subscription_of_an_operation() {
    let subscription: Subscription = response(include_str!("data/v1/update_done_suspended.json"));
    assert_eq!(subscription.state, SubscriptionState::Suspended);
    assert_eq!(subscription.suspension_reason, SubscriptionErrorType::EndpointPermissionDenied);
    assert_eq!(subscription.update_time.unwrap().subsec_nanos(), 123_456_789);
    let fields = subscription.payload_options.unwrap().field_mask.unwrap();
    assert_eq!(fields, FieldMask::new(["message.sender", "message.create_time"]));
}

#[test]
fn reads_both_versions_into_one_type() {
    let v1: Subscription = response(include_str!("data/v1/update_done.json"));
    let v1beta: Subscription = response(include_str!("data/v1beta/update_done.json"));
    assert_eq!(v1.drive_options, None);
    let drive_options = Some(SubscriptionDriveOptions { include_descendants: true });
    assert_eq!(v1beta, Subscription { drive_options, ..v1 });
}

#[test]
fn writes_a_subscription_as_the_service_sent_it() {
    for operation in SUBSCRIPTIONS {
        assert_eq!(written(&response::<Subscription>(operation)), fields(operation, "response"));
    }
}

#[test]
fn reads_metadata_without_fields() {
    for [create, update, reactivate, delete] in OPERATIONS {
        assert_eq!(metadata::<CreateSubscriptionMetadata>(create), Default::default());
        assert_eq!(metadata::<UpdateSubscriptionMetadata>(update), Default::default());
        assert_eq!(metadata::<ReactivateSubscriptionMetadata>(reactivate), Default::default());
        assert_eq!(metadata::<DeleteSubscriptionMetadata>(delete), Default::default());
        assert_eq!(response::<Empty>(delete), Empty {});
    }
}

#[test]
fn a_request_is_made_of_a_subscription_or_its_name() {
    let topic = NotificationEndpoint { pubsub_topic: Some("projects/p/topics/t".into()) };
    let subscription = Subscription { notification_endpoint: Some(topic), ..Subscription::default() };
    let request = CreateSubscriptionRequest::from(&subscription);
    assert_eq!(
        written(&request),
        json!({"subscription": {"notificationEndpoint": {"pubsubTopic": "projects/p/topics/t"}}})
    );
    assert_eq!(CreateSubscriptionRequest::from(subscription), request);

    let name = "subscriptions/chat-spaces-1";
    assert_eq!(written(&DeleteSubscriptionRequest::from(name)), json!({ "name": name }));
    assert_eq!(written(&ReactivateSubscriptionRequest::from(name)), json!({ "name": name }));
    assert_eq!(written(&GetSubscriptionRequest::from(name)), json!({ "name": name }));
}

#[test]
fn a_mask_goes_out_in_lower_camel_case() {
    let request = UpdateSubscriptionRequest {
        update_mask: Some(FieldMask::new(["expire_time", "payload_options.include_resource"])),
        ..UpdateSubscriptionRequest::default()
    };
    let mask = "expireTime,payloadOptions.includeResource";
    assert_eq!(written(&request), json!({"subscription": {}, "updateMask": mask}));
}

#[test]
fn a_ttl_of_zero_is_not_a_missing_one() {
    let longest: Subscription = read(json!({"ttl": "0s"}));
    assert_eq!(longest.ttl, Some(Default::default()));
    assert_eq!(written(&longest), json!({"ttl": "0s"}));
    assert_eq!(written(&Subscription::default()), json!({}));
}

#[test]
fn every_message_has_the_fields_of_the_schemas() {
    let is_in = |name: &str, field: &str| name.contains(".v1beta.") || field != "drive_options";
    every_message().have_the_fields_of(include_str!("data/fields.tsv"), is_in);
}

#[test]
fn every_message_keeps_every_field() {
    every_message().keep_every_field();
}

#[test]
fn every_message_has_the_binary_form_of_the_schema() {
    every_message().are_encoded_as(include_str!("data/encoded.tsv"));
}

#[test]
fn every_message_takes_names_in_snake_case() {
    every_message().take_names_in_snake_case();
}

#[test]
fn every_message_takes_null_as_absent() {
    // A subscription that is absent from an update is encoded as an empty one.
    every_message().take_null_as_absent(|message| (message.rewrite)(json!({})).unwrap());
}

#[test]
fn every_message_passes_over_what_it_does_not_know() {
    every_message().skip_a_field("serviceAccountAuthority");
}

#[test]
fn every_field_refuses_a_wrong_type() {
    every_message().refuse_a_wrong_type();
}

#[test]
fn every_enumeration_has_the_values_of_the_schemas() {
    let enumerations: Vec<Enumeration> = enumerations!(messages: SubscriptionState SubscriptionErrorType);
    enumerations_have_the_values_of(include_str!("data/enums.tsv"), &enumerations);
}

#[test]
fn keeps_a_value_that_an_enumeration_does_not_know() {
    let suspended: Subscription = read(json!({"state": 9, "suspensionReason": "APP_SCOPE_REVOKED"}));
    assert_eq!(suspended.state, SubscriptionState::Unknown(UnknownValue::Number(9)));
    let reason = UnknownValue::Name("APP_SCOPE_REVOKED".into());
    assert_eq!(suspended.suspension_reason, SubscriptionErrorType::Unknown(reason));
    assert_eq!(written(&suspended), json!({"state": 9, "suspensionReason": "APP_SCOPE_REVOKED"}));
}

#[test]
fn a_page_size_is_a_number_or_a_string_and_a_whole_one() {
    for page_size in [json!(50), json!("50"), json!(50.0)] {
        let request: ListSubscriptionsRequest = read(json!({ "pageSize": page_size }));
        assert_eq!(written(&request), json!({"pageSize": 50}));
    }
    for page_size in [json!(0.5), json!("NaN"), json!("Infinity"), json!(2_147_483_648_i64), json!("")] {
        let request = json!({ "pageSize": page_size });
        assert!(serde_json::from_value::<ListSubscriptionsRequest>(request.clone()).is_err(), "{request}");
    }
}

#[test]
fn refuses_a_time_or_a_list_element_that_is_none() {
    for subscription in [
        json!({"expireTime": "2026-11-24"}),
        json!({"expireTime": 1}),
        json!({"ttl": "1h"}),
        json!({"eventTypes": [null]}),
        json!({"eventTypes": "google.workspace.chat.message.v1.created"}),
        json!([]),
    ] {
        assert!(serde_json::from_value::<Subscription>(subscription.clone()).is_err(), "{subscription}");
    }
}

fn every_message() -> Messages {
    let types = message_types!(messages:
        CreateSubscriptionMetadata CreateSubscriptionRequest DeleteSubscriptionMetadata
        DeleteSubscriptionRequest GetSubscriptionRequest ListSubscriptionsRequest ListSubscriptionsResponse
        NotificationEndpoint PayloadOptions ReactivateSubscriptionMetadata ReactivateSubscriptionRequest
        Subscription SubscriptionDriveOptions UpdateSubscriptionMetadata UpdateSubscriptionRequest
    );
    Messages::new(types, include_str!("data/samples.tsv"))
}

/// An operation of each method, in v1 and in v1beta.
const OPERATIONS: [[&str; 4]; 2] = [
    [
        include_str!("data/v1/create_pending.json"),
        include_str!("data/v1/update_done.json"),
        include_str!("data/v1/reactivate_done.json"),
        include_str!("data/v1/delete_done.json"),
    ],
    [
        include_str!("data/v1beta/create_pending.json"),
        include_str!("data/v1beta/update_done.json"),
        include_str!("data/v1beta/reactivate_done.json"),
        include_str!("data/v1beta/delete_done.json"),
    ],
];

const SUBSCRIPTIONS: [&str; 6] = [
    include_str!("data/v1/update_done.json"),
    include_str!("data/v1/update_done_suspended.json"),
    include_str!("data/v1/reactivate_done.json"),
    include_str!("data/v1beta/update_done.json"),
    include_str!("data/v1beta/update_done_suspended.json"),
    include_str!("data/v1beta/reactivate_done.json"),
];
