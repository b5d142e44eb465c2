use std::time::Duration;

use lro::{Status, wkt, wkt::Timestamp};

use super::{clock::later, events};
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
    /// Refuses a subscription that cannot be, now that it is this time.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Status> {
        let mut violations: Vec<Violation> = Vec::new();
        let mut check = |holds: bool, field: &str, what: String| {
            if !holds {
                violations.push((format!("subscription.{field}"), what));
            }
        };
        let applications = events::applications(&self.target_resource);
        let target = "It must be the full resource name of a resource that has events.";
        check(applications.is_some(), "target_resource", target.to_owned());
        check(!self.event_types.is_empty(), "event_types", "It is required.".to_owned());
        for event_type in &self.event_types {
            let exists = applications.is_none_or(|applications| events::exists(event_type, applications));
            check(exists, "event_types", format!("The target has no events of the type {event_type:?}."));
        }
        let is_topic = matches!(
            self.topic().split('/').collect::<Vec<_>>()[..],
            ["projects", project, "topics", topic] if !project.is_empty() && !topic.is_empty()
        );
        let topic = "It must be projects/{project}/topics/{topic}.";
        check(is_topic, "notification_endpoint.pubsub_topic", topic.to_owned());
        let longest = self.longest_life();
        let life = format!("The subscription must not live longer than {} hours.", longest.as_secs() / 3_600);
        let ttl = self.ttl.map_or(Ok(Duration::ZERO), Duration::try_from);
        check(ttl.is_ok_and(|ttl| ttl <= longest), "ttl", life.clone());
        let expires = self.expire_time.unwrap_or(now);
        check(now <= expires && expires <= later(now, longest), "expire_time", life);
        error::refuse(violations)
    }

    /// Returns the topic of its events.
    pub(super) fn topic(&self) -> &str {
        self.notification_endpoint.as_ref().map_or("", |endpoint| &endpoint.pubsub_topic)
    }

    /// Returns the longest life, which is also the default.
    pub(super) fn longest_life(&self) -> Duration {
        let hours = match &self.payload_options {
            Some(options) if options.include_resource => 4,
            _ => 7 * 24,
        };
        Duration::from_secs(hours * 3_600)
    }
}
