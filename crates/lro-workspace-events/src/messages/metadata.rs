lro::message! {
    /// The metadata of `CreateSubscription`. It has no fields.
    pub struct CreateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.CreateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.CreateSubscriptionMetadata"
    ) {}

    /// The metadata of `UpdateSubscription`. It has no fields.
    pub struct UpdateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.UpdateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.UpdateSubscriptionMetadata"
    ) {}

    /// The metadata of `ReactivateSubscription`. It has no fields.
    pub struct ReactivateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.ReactivateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.ReactivateSubscriptionMetadata"
    ) {}

    /// The metadata of `DeleteSubscription`. It has no fields.
    pub struct DeleteSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.DeleteSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.DeleteSubscriptionMetadata"
    ) {}
}
