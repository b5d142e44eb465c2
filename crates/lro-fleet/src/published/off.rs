//! The stand-in without the feature `metrics`: it records and publishes nothing.
#![allow(clippy::needless_pass_by_ref_mut, reason = "the signatures are those with the feature")]

use std::{sync::Arc, time::Duration};

use lro::{Code, Service, rules::Reply};

use crate::{book::End, clock::Time, shared::Shared};

#[derive(Debug, Default)]
pub(crate) struct Notes {}

#[derive(Debug)]
pub(crate) struct Publisher;

impl Notes {
    pub(crate) fn polled(&mut self, _: &Arc<str>, _: &Reply) {}

    pub(crate) fn ended(&mut self, _: &Arc<str>, _: &End, _: Duration, _: Option<Duration>) {}

    pub(crate) fn late(&mut self, _: Duration) {}

    pub(crate) fn listed(&mut self, _: Code) {}
}

impl Publisher {
    pub(crate) fn new(_: &Service) -> Self {
        Self
    }

    pub(crate) fn take(&mut self, _: &mut Notes) {}

    pub(crate) fn publish(&mut self, _: &Shared, _: Time) -> Time {
        Time::NEVER
    }
}
