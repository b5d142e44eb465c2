//! The messages of Workspace Events, `google.apps.events.subscriptions`. Both versions use the same types.
//!
//! The name of a nested type joins the names of its path: `Subscription.State` is [`SubscriptionState`].

mod metadata;
mod request;
mod subscription;

pub use self::{metadata::*, request::*, subscription::*};
