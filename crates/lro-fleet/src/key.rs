use crate::{gate::Gate, rate::Rate, ready::Ready, time::Time};

/// The operations under one quota.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) gate: Gate,
    /// Those that are due.
    pub(crate) ready: Ready,
    /// The collections that are worth a sweep, or are being swept.
    pub(crate) sweepable: Vec<usize>,
    /// Whether it is in a line of those that have calls to make.
    pub(crate) queued: bool,
    pub(crate) entries: usize,
}

impl Key {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            gate: Gate::new(rate),
            ready: Ready::default(),
            sweepable: Vec::new(),
            queued: false,
            entries: 0,
        }
    }

    /// Whether there is nothing to be remembered of it.
    pub(crate) fn is_idle(&self, now: Time) -> bool {
        self.entries == 0 && !self.queued && self.sweepable.is_empty() && self.gate.is_idle(now)
    }
}
