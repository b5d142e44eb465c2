//! The messages as JSON, against what the service sends and against tables made from its schemas.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::collections::BTreeMap;

use lro::{
    Operation, Outcome,
    message::{Message, UnknownValue},
    wkt::{Empty, FieldMask},
};
use lro_workspace_events::messages::{
    self, CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata,
    DeleteSubscriptionRequest, GetSubscriptionRequest, ListSubscriptionsRequest, NotificationEndpoint,
    ReactivateSubscriptionMetadata, ReactivateSubscriptionRequest, Subscription, SubscriptionDriveOptions,
    SubscriptionErrorType, SubscriptionState, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

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
        assert_eq!(written(&response::<Subscription>(operation)), fields_of_response(operation));
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
    let mut schema: BTreeMap<_, _> = table(include_str!("data/fields.tsv")).collect();
    for message in every_message() {
        for name in message.names() {
            let declared = message.fields.iter().map(|(snake, _)| *snake);
            let declared: Vec<_> =
                declared.filter(|field| name.contains(".v1beta.") || *field != "drive_options").collect();
            assert_eq!(schema.remove(name), Some(&*declared.join(",")), "{name}");
        }
    }
    assert!(schema.is_empty(), "not declared: {schema:?}");
}

#[test]
fn every_message_keeps_every_field() {
    for (message, sample) in every_sample() {
        assert_eq!((message.rewrite)(sample.clone()).unwrap(), sample, "{}", message.type_names);
    }
}

#[test]
fn every_message_takes_names_in_snake_case() {
    for (message, sample) in every_sample() {
        let renamed: Map<_, _> = message
            .fields
            .iter()
            .filter_map(|(snake, camel)| Some(((*snake).to_owned(), sample.get(camel)?.clone())))
            .collect();
        assert_eq!((message.rewrite)(renamed.into()).unwrap(), sample, "{}", message.type_names);
    }
}

#[test]
fn every_message_takes_null_as_absent() {
    for message in every_message() {
        let nulls: Map<_, _> =
            message.fields.iter().map(|(_, camel)| ((*camel).to_owned(), Value::Null)).collect();
        let absent = (message.rewrite)(json!({})).unwrap();
        assert_eq!((message.rewrite)(nulls.into()).unwrap(), absent, "{}", message.type_names);
    }
}

#[test]
fn every_message_passes_over_what_it_does_not_know() {
    for (message, sample) in every_sample() {
        let mut newer = sample.clone();
        newer["serviceAccountAuthority"] = json!([{"deep": [null, 1e300]}]);
        assert_eq!((message.rewrite)(newer).unwrap(), sample, "{}", message.type_names);
    }
}

#[test]
fn every_field_refuses_a_wrong_type() {
    for (message, sample) in every_sample() {
        for (field, value) in sample.as_object().unwrap() {
            let wrong = if value.is_boolean() { json!("true") } else { json!(true) };
            let error = (message.rewrite)(json!({ field: wrong })).unwrap_err().to_string();
            assert!(error.starts_with("invalid type"), "{}.{field}: {error}", message.type_names);
        }
    }
}

#[test]
fn every_enumeration_has_the_values_of_the_schemas() {
    for (name, values) in table(include_str!("data/enums.tsv")) {
        let rewrite = match rust_name(name).as_str() {
            "SubscriptionState" => rewrite::<SubscriptionState>,
            "SubscriptionErrorType" => rewrite::<SubscriptionErrorType>,
            other => panic!("not declared: {other}"),
        };
        for value in values.split(',') {
            let (wire, number) = value.split_once('=').unwrap();
            let number: i32 = number.parse().unwrap();
            assert_eq!(rewrite(json!(wire)).unwrap(), wire, "{name}");
            assert_eq!(rewrite(json!(number)).unwrap(), wire, "{name}");
        }
    }
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

#[derive(Clone, Copy)]
struct Subject {
    type_names: &'static str,
    fields: &'static [(&'static str, &'static str)],
    rewrite: Rewrite,
}

impl Subject {
    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.type_names.split('|')
    }
}

/// Reads a type and writes it again.
type Rewrite = fn(Value) -> serde_json::Result<Value>;

fn rewrite<T: DeserializeOwned + Serialize>(json: Value) -> serde_json::Result<Value> {
    serde_json::from_value::<T>(json).and_then(serde_json::to_value)
}

fn subject<M: Message + DeserializeOwned + Serialize>(declared_as: &str) -> Subject {
    let subject = Subject { type_names: M::TYPE_NAMES, fields: M::FIELDS, rewrite: rewrite::<M> };
    assert!(subject.names().all(|name| rust_name(name) == declared_as), "{declared_as}");
    subject
}

fn every_sample() -> impl Iterator<Item = (Subject, Value)> {
    every_message().into_iter().flat_map(|message| {
        let samples: Vec<_> = table(include_str!("data/samples.tsv"))
            .filter(|(name, _)| message.names().any(|own| own == *name))
            .collect();
        assert!(!samples.is_empty(), "no sample of {}", message.type_names);
        samples.into_iter().map(move |(_, json)| (message, serde_json::from_str(json).unwrap()))
    })
}

fn table(tsv: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    tsv.lines().map(|line| line.split_once('\t').unwrap())
}

/// A name in the schema without its package and its dots.
fn rust_name(name: &str) -> String {
    name.split('.').filter(|part| part.starts_with(char::is_uppercase)).collect()
}

fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn response<R: DeserializeOwned>(operation: &str) -> R {
    let operation: Operation = serde_json::from_str(operation).unwrap();
    let Some(Outcome::Response(response)) = operation.outcome else {
        panic!("no response: {operation:?}");
    };
    response.decode().unwrap()
}

fn metadata<M: DeserializeOwned>(operation: &str) -> M {
    serde_json::from_str::<Operation>(operation).unwrap().metadata.unwrap().decode().unwrap()
}

/// What the response of an operation holds beside its type.
fn fields_of_response(operation: &str) -> Value {
    let mut operation: Value = serde_json::from_str(operation).unwrap();
    let mut response = operation["response"].take();
    response.as_object_mut().unwrap().remove("@type").unwrap();
    response
}

macro_rules! subjects {
    ($($name:ident)*) => { vec![$( subject::<messages::$name>(stringify!($name)) ),*] };
}

fn every_message() -> Vec<Subject> {
    subjects! {
        CreateSubscriptionMetadata CreateSubscriptionRequest DeleteSubscriptionMetadata
        DeleteSubscriptionRequest GetSubscriptionRequest ListSubscriptionsRequest ListSubscriptionsResponse
        NotificationEndpoint PayloadOptions ReactivateSubscriptionMetadata ReactivateSubscriptionRequest
        Subscription SubscriptionDriveOptions UpdateSubscriptionMetadata UpdateSubscriptionRequest
    }
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
