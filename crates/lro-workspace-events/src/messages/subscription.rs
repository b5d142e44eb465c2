use lro::wkt::{Duration, FieldMask, Timestamp};

lro::message! {
    /// A subscription to the events of a resource in Google Workspace.
    pub struct Subscription(
        "google.apps.events.subscriptions.v1.Subscription"
            | "google.apps.events.subscriptions.v1beta.Subscription"
    ) {
        /// How to treat a drive or a folder; from the v1beta proto, v1 has it over HTTP/JSON only.
        drive_options: Option<SubscriptionDriveOptions>,
        /// When it expires; one of `expire_time` and `ttl`.
        expire_time: Option<Timestamp>,
        /// How long it lives, 0 for the longest; only in requests, one of `expire_time` and `ttl`.
        ttl: Option<Duration>,
        /// The name, `subscriptions/{subscription}`.
        name: String,
        /// A unique id that the server assigns.
        uid: String,
        /// The resource to watch, such as `//chat.googleapis.com/spaces/{space}`; never changes.
        target_resource: String,
        /// The types of events to receive, such as `google.workspace.chat.message.v1.created`.
        event_types: Vec<String>,
        /// What an event contains.
        payload_options: Option<PayloadOptions>,
        /// Where events go; never changes.
        notification_endpoint: Option<NotificationEndpoint>,
        /// Whether it delivers events; only in responses.
        state: SubscriptionState,
        /// Why it is suspended, if it is; only in responses.
        suspension_reason: SubscriptionErrorType,
        /// The user who authorized it, `users/{user}`; only in responses.
        authority: String,
        /// When it was created; only in responses.
        create_time: Option<Timestamp>,
        /// When it was last changed; only in responses.
        update_time: Option<Timestamp>,
        /// Whether a change of it is under way; only in responses.
        reconciling: bool,
        /// A checksum: sent along, it lets a request fail if somebody else changed the subscription.
        etag: String,
    }

    /// How to treat a drive or a folder, `Subscription.DriveOptions` in v1beta.
    pub struct SubscriptionDriveOptions(
        "google.apps.events.subscriptions.v1beta.Subscription.DriveOptions"
    ) {
        /// Watches what is inside as well; never changes.
        include_descendants: bool,
    }

    /// What an event contains.
    pub struct PayloadOptions(
        "google.apps.events.subscriptions.v1.PayloadOptions"
            | "google.apps.events.subscriptions.v1beta.PayloadOptions"
    ) {
        /// The resource itself, not only its name; it limits how long a subscription may live.
        include_resource: bool,
        /// The fields of the resource to include; absent, all of them.
        field_mask: Option<FieldMask>,
    }

    /// Where events go.
    pub struct NotificationEndpoint(
        "google.apps.events.subscriptions.v1.NotificationEndpoint"
            | "google.apps.events.subscriptions.v1beta.NotificationEndpoint"
    ) {
        /// A topic, `projects/{project}/topics/{topic}`, the only kind of endpoint.
        pubsub_topic: Option<String>,
    }
}

lro::enumeration! {
    /// Whether a subscription delivers events, `Subscription.State`.
    #[non_exhaustive]
    pub enum SubscriptionState {
        /// The server does not say.
        "STATE_UNSPECIFIED" = 0 => Unspecified,
        /// It delivers events.
        "ACTIVE" = 1 => Active,
        /// It delivers nothing until it is reactivated.
        "SUSPENDED" = 2 => Suspended,
        /// It is deleted.
        "DELETED" = 3 => Deleted,
    }

    /// Why a subscription is suspended, `Subscription.ErrorType`.
    #[non_exhaustive]
    pub enum SubscriptionErrorType {
        /// The server does not say.
        "ERROR_TYPE_UNSPECIFIED" = 0 => Unspecified,
        /// The user took back the permission.
        "USER_SCOPE_REVOKED" = 1 => UserScopeRevoked,
        /// The resource is deleted.
        "RESOURCE_DELETED" = 2 => ResourceDeleted,
        /// The user may no longer see the resource.
        "USER_AUTHORIZATION_FAILURE" = 3 => UserAuthorizationFailure,
        /// The endpoint does not let the service publish.
        "ENDPOINT_PERMISSION_DENIED" = 4 => EndpointPermissionDenied,
        /// The endpoint does not exist.
        "ENDPOINT_NOT_FOUND" = 6 => EndpointNotFound,
        /// The endpoint's quota is used up.
        "ENDPOINT_RESOURCE_EXHAUSTED" = 7 => EndpointResourceExhausted,
        /// Something else.
        "OTHER" = 5 => Other,
    }
}
