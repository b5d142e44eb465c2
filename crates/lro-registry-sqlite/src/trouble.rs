//! Reports that the file accepts no writes, once and not at each try.

use std::time::{Duration, Instant};

use lro_registry::{StoreError, StoreErrorKind};

use crate::fault::Faults;

/// What is wrong with the file at present.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Option<(StoreErrorKind, Instant)>);

/// How long after the last fault a write counts as the end of it. On a full disk, small writes succeed between large ones that
/// fail: each of them would be a change.
const QUIET: Duration = Duration::from_secs(10);

impl Trouble {
    pub(crate) fn begins(&mut self, error: &StoreError) {
        let kind = error.kind();
        if kind == StoreErrorKind::Invalid {
            return;
        }
        if self.0.is_none_or(|(known, _)| known != kind) {
            tracing::warn!(error = %error, "the registry's file accepts no writes");
        }
        self.0 = Some((kind, Instant::now()));
    }

    pub(crate) fn ends(&mut self, faults: &Faults) {
        if self.0.is_some_and(|(_, last)| last.elapsed() >= QUIET) {
            self.0 = None;
            tracing::info!(path = %faults.path().display(), "the registry's file accepts writes again");
        }
    }
}
