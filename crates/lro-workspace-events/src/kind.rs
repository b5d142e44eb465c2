//! The kinds of operations, each named for the method that starts it.
//!
//! Operations of a kind take a similar time, and a pacing that learns plans each kind by its own history. A starting call
//! sets the kind of its wait, and the handle stores it. A wait for an operation by name needs it from the caller, see
//! [`Wait::kind`](lro::Wait::kind). Both versions of the API have the same kinds.
//!
//! ```
#![doc = include_str!("example.txt")]
//! let started = events.create_subscription(&wanted).await?;
//! let name = started.name().cloned().ok_or("it has no name")?;
//! let wait = poll_until_done::<Subscription>(&events, name).kind(kind::CREATE_SUBSCRIPTION);
//! assert_eq!(wait.handle(), started.handle());
//! let created = wait.await?;
//! # Ok(()) }
//! ```

/// The kind of [`create_subscription`](crate::WorkspaceEvents::create_subscription).
pub const CREATE_SUBSCRIPTION: &str = "workspaceevents.googleapis.com/CreateSubscription";
/// The kind of [`update_subscription`](crate::WorkspaceEvents::update_subscription).
pub const UPDATE_SUBSCRIPTION: &str = "workspaceevents.googleapis.com/UpdateSubscription";
/// The kind of [`delete_subscription`](crate::WorkspaceEvents::delete_subscription).
pub const DELETE_SUBSCRIPTION: &str = "workspaceevents.googleapis.com/DeleteSubscription";
/// The kind of [`reactivate_subscription`](crate::WorkspaceEvents::reactivate_subscription).
pub const REACTIVATE_SUBSCRIPTION: &str = "workspaceevents.googleapis.com/ReactivateSubscription";
