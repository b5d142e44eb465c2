//! What an observer and a subscriber see of a wait.

use std::time::Duration;

use super::{progress::Progress, settings::Setup, step::End};
use crate::{
    OperationName,
    rules::Trouble,
    telemetry::{self, About, Observer},
};

impl Progress {
    /// Reports the end of the wait.
    pub(crate) fn trace_end(&self, name: &OperationName, setup: Setup<'_>, end: &End) {
        self.report(name, setup, |about, observer| telemetry::ended(about, observer, end.as_ref()));
    }

    pub(super) fn trace_failure(&self, name: &OperationName, setup: Setup<'_>, pause: Option<Duration>) {
        if let Some(failure) = self.trouble.as_ref().and_then(Trouble::last_failure) {
            self.trace(name, setup, |about, observer| telemetry::failed(about, observer, failure, pause));
        }
    }

    /// Reports an event of a call, if somebody wants it.
    pub(super) fn trace(
        &self,
        name: &OperationName,
        setup: Setup<'_>,
        report: impl FnOnce(&About<'_>, Option<&dyn Observer>),
    ) {
        if self.span.in_scope(|| telemetry::is_wanted(setup.observer())) {
            self.report(name, setup, report);
        }
    }

    fn report(
        &self,
        name: &OperationName,
        setup: Setup<'_>,
        report: impl FnOnce(&About<'_>, Option<&dyn Observer>),
    ) {
        let service = setup.transport.service();
        let about = About {
            operation: name,
            service: service.key(),
            kind: setup.kind,
            polls: self.tally.polls,
            elapsed: self.elapsed,
        };
        self.span.in_scope(|| report(&about, setup.observer()));
    }
}
