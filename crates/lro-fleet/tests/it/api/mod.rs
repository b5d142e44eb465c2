//! What a caller does with a fleet beyond waiting, on a paused clock.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cancel;
mod completions;
mod drain;
mod forget;
mod handles;
mod jobs;
mod pending;
mod settings;
mod started;
