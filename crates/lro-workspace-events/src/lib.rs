//! Await the long-running operations of Google's Workspace Events API, `v1` and `v1beta`.
//!
//! [`WorkspaceEvents`] starts operations on subscriptions and is the transport that polls them; [`messages`] has the
//! types, [`scopes`] what a credential must be good for.

pub mod kind;
pub mod messages;
pub mod scopes;
mod workspace_events;

pub use crate::workspace_events::{Version, WorkspaceEvents};
