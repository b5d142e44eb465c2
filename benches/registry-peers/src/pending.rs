//! What the bench of the registry alone has as well. A dependency on it would bring `rusqlite` into this workspace.

#![allow(unreachable_pub, reason = "these files belong to a library")]

#[path = "../../registry/src/pending/bare/postgres.rs"]
pub(crate) mod bare;
#[path = "../../registry/src/pending/cost.rs"]
pub(crate) mod cost;
#[path = "../../registry/src/pending/usage.rs"]
pub(crate) mod usage;
