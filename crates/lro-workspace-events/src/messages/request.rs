use lro::wkt::FieldMask;

use super::Subscription;

lro::message! {
    /// The request of `CreateSubscription`.
    pub struct CreateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.CreateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.CreateSubscriptionRequest"
    ) {
        /// The subscription to create.
        subscription: Subscription = 1,
        /// Validates the request and returns the outcome as a preview. Changes nothing.
        validate_only: bool = 2,
    }

    /// The request of `UpdateSubscription`.
    pub struct UpdateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.UpdateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.UpdateSubscriptionRequest"
    ) {
        /// The new values. The `name` selects the subscription.
        subscription: Subscription = 1,
        /// The fields to change. Default: the fields that are set. `"*"` replaces all fields.
        update_mask: Option<FieldMask> = 2,
        /// Validates the request and returns the outcome as a preview. Changes nothing.
        validate_only: bool = 3,
    }

    /// The request of `ReactivateSubscription`.
    pub struct ReactivateSubscriptionRequest(
        "google.apps.events.subscriptions.v1.ReactivateSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.ReactivateSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String = 1,
    }

    /// The request of `DeleteSubscription`.
    pub struct DeleteSubscriptionRequest(
        "google.apps.events.subscriptions.v1.DeleteSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.DeleteSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String = 1,
        /// Validates the request and returns the outcome as a preview. Changes nothing.
        validate_only: bool = 2,
        /// Makes the deletion of a missing subscription succeed.
        allow_missing: bool = 3,
        /// The expected checksum. The call fails with `ABORTED` if the checksum of the subscription differs.
        etag: String = 4,
    }

    /// The request of `GetSubscription`.
    pub struct GetSubscriptionRequest(
        "google.apps.events.subscriptions.v1.GetSubscriptionRequest"
            | "google.apps.events.subscriptions.v1beta.GetSubscriptionRequest"
    ) {
        /// The name, `subscriptions/{subscription}`.
        name: String = 1,
    }

    /// The request of `ListSubscriptions`.
    pub struct ListSubscriptionsRequest(
        "google.apps.events.subscriptions.v1.ListSubscriptionsRequest"
            | "google.apps.events.subscriptions.v1beta.ListSubscriptionsRequest"
    ) {
        /// The maximum number of subscriptions in the page, at most 100. 0 stands for 50.
        page_size: i32 = 1,
        /// The `next_page_token` of the previous page. Empty for the first page.
        page_token: String = 2,
        /// The filter, such as `event_types:"google.workspace.chat.message.v1.created"`. Required.
        filter: String = 3,
    }

    /// The response of `ListSubscriptions`: a page.
    pub struct ListSubscriptionsResponse(
        "google.apps.events.subscriptions.v1.ListSubscriptionsResponse"
            | "google.apps.events.subscriptions.v1beta.ListSubscriptionsResponse"
    ) {
        /// The subscriptions of the page.
        subscriptions: Vec<Subscription> = 1,
        /// The `page_token` of the next page. Empty in the last page.
        next_page_token: String = 2,
    }
}

/// A request to create this subscription.
impl From<Subscription> for CreateSubscriptionRequest {
    fn from(subscription: Subscription) -> Self {
        Self { subscription, validate_only: false }
    }
}

/// A request to create a copy of this subscription.
impl From<&Subscription> for CreateSubscriptionRequest {
    fn from(subscription: &Subscription) -> Self {
        subscription.clone().into()
    }
}

/// A request to reactivate the subscription of this name.
impl From<&str> for ReactivateSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}

/// A request to delete the subscription of this name.
impl From<&str> for DeleteSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// A request to get the subscription of this name.
impl From<&str> for GetSubscriptionRequest {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}
