//! Await the long-running operations of Google's Route Optimization API, `v1`.
//!
//! [`RouteOptimization`] starts operations that plan tours and is the transport that polls them; [`messages`] has the
//! types, [`scopes`] what a credential must be good for.

pub mod kind;
pub mod messages;
mod route_optimization;
pub mod scopes;

pub use crate::route_optimization::RouteOptimization;
