#![doc = include_str!("../README.md")]

mod options;
mod polls;
#[cfg(test)]
mod tests;
mod text;
mod workflow;

pub use lro::stored::{Driver, Ended, Registration};

pub use crate::{
    options::{options, start_options},
    polls::Polls,
    text::Text,
    workflow::{wait, wait_or_cancel},
};
