lro::message! {
    /// The metadata of `CreateSubscription`, which tells nothing.
    pub struct CreateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.CreateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.CreateSubscriptionMetadata"
    ) {}

    /// The metadata of `UpdateSubscription`, which tells nothing.
    pub struct UpdateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.UpdateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.UpdateSubscriptionMetadata"
    ) {}

    /// The metadata of `ReactivateSubscription`, which tells nothing.
    pub struct ReactivateSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.ReactivateSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.ReactivateSubscriptionMetadata"
    ) {}

    /// The metadata of `DeleteSubscription`, which tells nothing.
    pub struct DeleteSubscriptionMetadata(
        "google.apps.events.subscriptions.v1.DeleteSubscriptionMetadata"
            | "google.apps.events.subscriptions.v1beta.DeleteSubscriptionMetadata"
    ) {}
}
