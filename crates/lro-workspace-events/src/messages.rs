//! The messages of Workspace Events, `google.apps.events.subscriptions`, v1 and v1beta alike.
//!
//! A nested type joins the names on its path: `Subscription.State` is [`SubscriptionState`].

mod metadata;
mod request;
mod subscription;

pub use self::{metadata::*, request::*, subscription::*};
