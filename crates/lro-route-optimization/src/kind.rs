//! The kinds of operations, each named for the method that starts it.
//!
//! Operations of a kind take a similar time, and a pacing that learns plans each kind by its own history. A starting call
//! sets the kind of its wait, and the handle stores it. A wait for an operation by name needs it from the caller, see
//! [`Wait::kind`](lro::Wait::kind).
//!
//! ```
#![doc = include_str!("example.txt")]
//! let started = routes.optimize_tours_long_running(&request).await?;
//! let name = started.name().cloned().ok_or("it has no name")?;
//! let wait = poll_until_done::<OptimizeToursResponse>(&routes, name).kind(kind::OPTIMIZE_TOURS_LONG_RUNNING);
//! assert_eq!(wait.handle(), started.handle());
//! let tours = wait.await?;
//! # Ok(()) }
//! ```

/// The kind of [`optimize_tours_long_running`](crate::RouteOptimization::optimize_tours_long_running).
pub const OPTIMIZE_TOURS_LONG_RUNNING: &str = "routeoptimization.googleapis.com/OptimizeToursLongRunning";
/// The kind of [`optimize_tours_uri`](crate::RouteOptimization::optimize_tours_uri).
pub const OPTIMIZE_TOURS_URI: &str = "routeoptimization.googleapis.com/OptimizeToursUri";
/// The kind of [`batch_optimize_tours`](crate::RouteOptimization::batch_optimize_tours).
pub const BATCH_OPTIMIZE_TOURS: &str = "routeoptimization.googleapis.com/BatchOptimizeTours";
