//! The page as a browser and as a program see it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod browser;
mod common;
mod escaping;
mod faults;
mod fleet;
mod lists;
mod overview;
mod parts;
mod serving;
mod store;
