//! Without the feature `metrics` nothing is published.
#![allow(clippy::needless_pass_by_ref_mut, reason = "the signatures are those with the feature")]

use lro::{
    Service,
    rules::{Call, Ending, Reply, Tally},
};
use tokio::time::Instant;

use crate::{Health, Registry, store::Claimed};

#[derive(Debug)]
pub(crate) struct Publisher;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended;

#[derive(Debug, Default)]
pub(crate) struct Stock {}

impl Publisher {
    pub(crate) fn new(_: Vec<Service>) -> Self {
        Self
    }

    pub(crate) fn claimed(&self, _: usize, _: &Claimed) {}

    pub(crate) fn polled(&mut self, _: usize, _: &str, _: &Reply) {}

    pub(crate) fn ended(&mut self, _: usize, _: &str, _: Ended) {}

    pub(crate) fn lost(&self, _: usize) {}

    pub(crate) fn show(&mut self, _: impl Fn(usize) -> [f64; 4], _: Instant) -> Option<Instant> {
        None
    }
}

impl Ended {
    pub(crate) fn new(_: &Ending, _: &Call, _: &Tally) -> Self {
        Self
    }
}

impl Stock {
    pub(crate) async fn publish(&mut self, _: &Registry, _: &Health) {}
}

pub(crate) fn registered(_: &Service) {}

pub(crate) fn delivered(_: &Service, _: u32) {}

pub(crate) fn acknowledged(_: &Service) {}

pub(crate) fn store_failed() {}
