//! What an observer and a subscriber see of a wait.

use super::{progress::Progress, settings::Setup, step::End};
use crate::{
    OperationName,
    telemetry::{self, About, Observer},
};

impl Progress {
    /// Reports the end of the wait.
    pub(crate) fn trace_end(&self, name: &OperationName, setup: Setup<'_>, end: &End) {
        telemetry::record_end(&self.span, self.tally.polls, end.as_ref());
        self.report(name, setup, |about, observer| telemetry::ended(about, observer, end.as_ref()));
    }

    /// Reports an event of a call, if somebody wants it.
    pub(super) fn trace(
        &self,
        name: &OperationName,
        setup: Setup<'_>,
        report: impl FnOnce(&About<'_>, Option<&dyn Observer>),
    ) {
        if telemetry::within(&self.span, || telemetry::is_wanted(setup.observer())) {
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
        telemetry::within(&self.span, || report(&about, setup.observer()));
    }
}
