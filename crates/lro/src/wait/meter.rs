use std::sync::Arc;

use super::{settings::Setup, step::End};
use crate::{
    metrics::driver::{EndLabels, Gauge, Series, Share},
    rules::{Age, Call, Reply, Tally},
};

/// Publishes the metrics of a wait that has begun.
pub(super) struct Meter {
    series: Series,
    pending: Share,
}

impl Meter {
    pub(super) fn begin(setup: Setup<'_>) -> Self {
        let mut pending = Share::new(Gauge::PendingOperations, &setup.transport.service());
        pending.set(1.0);
        Self { series: series(setup), pending }
    }

    /// Adopts the kind of the operation that is now in force.
    pub(super) fn set_kind(&mut self, setup: Setup<'_>) {
        self.series = series(setup);
    }

    pub(super) fn polled(&mut self, reply: &Reply) {
        // A recorder may have been installed since the last call.
        self.pending.set(1.0);
        if let Some(code) = Series::code(reply) {
            self.series.polled(code, 1);
        }
    }

    pub(super) fn noticed(&self, call: &Call, tally: &Tally) {
        if !call.held {
            self.series.noticed(call.looked().saturating_sub(tally.running()) / 2);
        }
    }

    pub(super) fn ended(&self, end: &End, age: impl FnOnce() -> Age) {
        self.series.ended(EndLabels::of(end.as_ref()), age());
    }
}

fn series(setup: Setup<'_>) -> Series {
    Series::new(&setup.transport.service(), setup.kind.map(Arc::from))
}
