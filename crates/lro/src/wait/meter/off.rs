use super::{settings::Setup, step::End};
use crate::rules::{Age, Call, Reply, Tally};

/// Without the feature `metrics` nothing is published.
pub(super) struct Meter;

impl Meter {
    pub(super) fn begin(_: Setup<'_>) -> Self {
        Self
    }

    pub(super) fn set_kind(&self, _: Setup<'_>) {}

    pub(super) fn polled(&self, _: &Reply) {}

    pub(super) fn noticed(&self, _: &Call, _: &Tally) {}

    pub(super) fn ended(&self, _: &End, _: impl FnOnce() -> Age) {}
}
