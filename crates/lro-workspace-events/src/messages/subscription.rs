use lro::wkt::{Duration, FieldMask, Timestamp};

lro::message! {
    /// A subscription to the events of a resource in Google Workspace.
    pub struct Subscription(
        "google.apps.events.subscriptions.v1.Subscription"
            | "google.apps.events.subscriptions.v1beta.Subscription"
    ) {
        /// The options for a shared drive or a folder.
        /// The proto of v1 lacks this field, but v1 supports it over HTTP/JSON.
        drive_options: Option<SubscriptionDriveOptions> = 20,
        /// The time at which the subscription expires. Set either `expire_time` or `ttl`.
        expire_time: Option<Timestamp> = 13,
        /// The time to live. 0 stands for the maximum. Input only. Set either `expire_time` or `ttl`.
        ttl: Option<Duration> = 14,
        /// The name, `subscriptions/{subscription}`.
        name: String = 1,
        /// The unique id that the server assigns.
        uid: String = 2,
        /// The resource to watch, such as `//chat.googleapis.com/spaces/{space}`. Required. Immutable.
        target_resource: String = 4,
        /// The types of events to receive, such as `google.workspace.chat.message.v1.created`. Required.
        event_types: Vec<String> = 5,
        /// The contents of an event.
        payload_options: Option<PayloadOptions> = 6,
        /// The endpoint that receives the events. Required. Immutable.
        notification_endpoint: Option<NotificationEndpoint> = 7,
        /// The state. Output only.
        state: SubscriptionState = 8,
        /// The reason for a suspension. Output only.
        suspension_reason: SubscriptionErrorType = 18,
        /// The user that authorized the subscription, `users/{user}`. Output only.
        authority: String = 10,
        /// The time of creation. Output only.
        create_time: Option<Timestamp> = 11,
        /// The time of the last change. Output only.
        update_time: Option<Timestamp> = 12,
        /// Whether a change is in progress. Output only.
        reconciling: bool = 15,
        /// The checksum of the subscription. A request that contains it fails if the subscription has changed since.
        etag: String = 17,
    }

    /// The options for a shared drive or a folder, `Subscription.DriveOptions` in v1beta.
    pub struct SubscriptionDriveOptions(
        "google.apps.events.subscriptions.v1beta.Subscription.DriveOptions"
    ) {
        /// Includes the events of all files and folders inside. Immutable.
        include_descendants: bool = 1,
    }

    /// The contents of an event.
    pub struct PayloadOptions(
        "google.apps.events.subscriptions.v1.PayloadOptions"
            | "google.apps.events.subscriptions.v1beta.PayloadOptions"
    ) {
        /// Includes the resource, in addition to its name. This shortens the maximum time to live.
        include_resource: bool = 1,
        /// The fields of the resource to include. Default: all fields.
        field_mask: Option<FieldMask> = 2,
    }

    /// The endpoint that receives events.
    pub struct NotificationEndpoint(
        "google.apps.events.subscriptions.v1.NotificationEndpoint"
            | "google.apps.events.subscriptions.v1beta.NotificationEndpoint"
    ) {
        /// A Pub/Sub topic, `projects/{project}/topics/{topic}`. This is the only kind of endpoint.
        pubsub_topic: Option<String> = 1,
    }
}

lro::enumeration! {
    /// The state of a subscription, `Subscription.State`.
    #[non_exhaustive]
    pub enum SubscriptionState {
        /// Unspecified.
        "STATE_UNSPECIFIED" = 0 => Unspecified,
        /// The subscription delivers events.
        "ACTIVE" = 1 => Active,
        /// The subscription delivers no events until it is reactivated.
        "SUSPENDED" = 2 => Suspended,
        /// The subscription is deleted.
        "DELETED" = 3 => Deleted,
    }

    /// The reason for a suspension, `Subscription.ErrorType`.
    #[non_exhaustive]
    pub enum SubscriptionErrorType {
        /// Unspecified.
        "ERROR_TYPE_UNSPECIFIED" = 0 => Unspecified,
        /// The user revoked the scope.
        "USER_SCOPE_REVOKED" = 1 => UserScopeRevoked,
        /// The resource was deleted.
        "RESOURCE_DELETED" = 2 => ResourceDeleted,
        /// The user has lost access to the resource.
        "USER_AUTHORIZATION_FAILURE" = 3 => UserAuthorizationFailure,
        /// The service has no permission to publish to the endpoint.
        "ENDPOINT_PERMISSION_DENIED" = 4 => EndpointPermissionDenied,
        /// The endpoint does not exist.
        "ENDPOINT_NOT_FOUND" = 6 => EndpointNotFound,
        /// The quota of the endpoint is exhausted.
        "ENDPOINT_RESOURCE_EXHAUSTED" = 7 => EndpointResourceExhausted,
        /// Another reason.
        "OTHER" = 5 => Other,
    }
}
