#![doc = include_str!("../README.md")]

mod polls;
mod registration;
#[cfg(test)]
mod tests;
mod text;
mod workflow;

pub use lro::stored::{Driver, Ended};

pub use crate::{polls::Polls, registration::Registration, text::Text, workflow::wait};
