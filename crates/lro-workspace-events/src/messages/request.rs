use lro::wkt::FieldMask;

use super::Subscription;

lro::message! {
    /// The request of `CreateSubscription`.
    pub struct CreateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.CreateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.CreateSubscriptionRequest"
    ) {
        /// What to create.
        subscription: Subscription,
        /// Checks the request only.
        validate_only: bool,
    }

    /// The request of `UpdateSubscription`.
    pub struct UpdateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.UpdateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.UpdateSubscriptionRequest"
    ) {
        /// The new values; the name says of which subscription.
        subscription: Subscription,
        /// The fields to change; absent, those that are set. `"*"` replaces everything.
        update_mask: Option<FieldMask>,
        /// Checks the request only.
        validate_only: bool,
    }

    /// The request of `ReactivateSubscription`.
    pub struct ReactivateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.ReactivateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.ReactivateSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String,
    }

    /// The request of `DeleteSubscription`.
    pub struct DeleteSubscriptionRequest(
        "google.apps.events.subscriptions.v1.DeleteSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.DeleteSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String,
        /// Checks the request only.
        validate_only: bool,
        /// Succeeds if there is no such subscription.
        allow_missing: bool,
        /// Fails with `ABORTED` if the checksum of the subscription is another.
        etag: String,
    }

    /// The request of `GetSubscription`.
    pub struct GetSubscriptionRequest(
        "google.apps.events.subscriptions.v1.GetSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.GetSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String,
    }

    /// The request of `ListSubscriptions`.
    pub struct ListSubscriptionsRequest(
        "google.apps.events.subscriptions.v1.ListSubscriptionsRequest"
            | "google.apps.events.subscriptions.v1beta.ListSubscriptionsRequest"
    ) {
        /// The most subscriptions of a page, at most 100; 50 if 0.
        page_size: i32,
        /// The page, as the one before told it.
        page_token: String,
        /// What to list, such as `event_types:"google.workspace.chat.message.v1.created"`; required.
        filter: String,
    }

    /// One page of subscriptions.
    pub struct ListSubscriptionsResponse(
        "google.apps.events.subscriptions.v1.ListSubscriptionsResponse"
            | "google.apps.events.subscriptions.v1beta.ListSubscriptionsResponse"
    ) {
        /// The subscriptions.
        subscriptions: Vec<Subscription>,
        /// The next page; empty after the last.
        next_page_token: String,
    }
}

/// Creates this subscription.
impl From<Subscription> for CreateSubscriptionRequest {
    fn from(subscription: Subscription) -> Self {
        Self { subscription, validate_only: false }
    }
}

/// Creates a subscription like this.
impl From<&Subscription> for CreateSubscriptionRequest {
    fn from(subscription: &Subscription) -> Self {
        subscription.clone().into()
    }
}

/// Reactivates the subscription of this name.
impl From<&str> for ReactivateSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}

/// Deletes the subscription of this name.
impl From<&str> for DeleteSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// Gets the subscription of this name.
impl From<&str> for GetSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}
