#![doc = include_str!("../README.md")]

mod ended;
mod polls;
mod registration;
#[cfg(test)]
mod tests;
mod workflow;

pub use crate::{ended::Ended, polls::Polls, registration::Registration, workflow::wait};
