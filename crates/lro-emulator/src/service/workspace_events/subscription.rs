use std::time::Duration;

use lro::{Status, wkt, wkt::Timestamp};

use crate::api::error::{self, Violation};

lro::message! {
    /// A subscription, as both versions of the API have it.
    pub(crate) struct Subscription(
        "google.apps.events.subscriptions.v1.Subscription" | "google.apps.events.subscriptions.v1beta.Subscription"
    ) {
        name: String,
        uid: String,
        target_resource: String,
        event_types: Vec<String>,
        payload_options: Option<PayloadOptions>,
        drive_options: Option<DriveOptions>,
        notification_endpoint: Option<NotificationEndpoint>,
        state: String,
        suspension_reason: String,
        authority: String,
        create_time: Option<Timestamp>,
        update_time: Option<Timestamp>,
        expire_time: Option<Timestamp>,
        ttl: Option<wkt::Duration>,
        reconciling: bool,
        etag: String,
    }

    pub(crate) struct PayloadOptions("google.apps.events.subscriptions.v1.PayloadOptions") {
        include_resource: bool,
        field_mask: Option<wkt::FieldMask>,
    }

    pub(crate) struct DriveOptions("google.apps.events.subscriptions.v1beta.Subscription.DriveOptions") {
        include_descendants: bool,
    }

    pub(crate) struct NotificationEndpoint("google.apps.events.subscriptions.v1.NotificationEndpoint") {
        pubsub_topic: String,
    }
}

impl Subscription {
    /// Checks the required fields.
    pub(super) fn check(&self) -> Result<(), Status> {
        let mut violations: Vec<Violation> = Vec::new();
        let mut require = |is_there: bool, field: &str| {
            if !is_there {
                violations.push((format!("subscription.{field}"), "it is required".to_owned()));
            }
        };
        require(self.target_resource.starts_with("//"), "target_resource");
        require(!self.event_types.is_empty(), "event_types");
        require(!self.topic().is_empty(), "notification_endpoint.pubsub_topic");
        if self.ttl.is_some_and(|ttl| ttl < wkt::Duration::default()) {
            violations.push(("subscription.ttl".to_owned(), "it is negative".to_owned()));
        }
        error::refuse(violations)
    }

    /// The topic of its events.
    pub(super) fn topic(&self) -> &str {
        self.notification_endpoint.as_ref().map_or("", |endpoint| &endpoint.pubsub_topic)
    }

    /// The longest life, which is also the default.
    pub(super) fn longest_life(&self) -> Duration {
        let hours = match &self.payload_options {
            Some(options) if options.include_resource => 4,
            _ => 7 * 24,
        };
        Duration::from_secs(hours * 3_600)
    }
}
