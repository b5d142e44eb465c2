use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use super::cancel::AtDeadline;
use crate::{
    Any, LroTransport, Pacing, Status,
    rules::{Rules, guard},
    telemetry::Observer,
};

/// The settings of a wait.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `None` selects the default of the transport, or else [`Pacing::default`].
    pub(crate) pacing: Option<Pacing>,
    pub(crate) share: Option<Share>,
    pub(crate) rules: Rules,
    pub(crate) deadline: Option<Duration>,
    pub(crate) at_deadline: AtDeadline,
    pub(crate) long_poll: bool,
    /// No poll is made before this age.
    pub(crate) not_before: Duration,
    pub(crate) seed: Option<u64>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// A closure from the metadata to the share of the work that is done, from 0 to 1.
#[derive(Clone)]
pub(crate) struct Share(pub(crate) Arc<ShareOf>);

type ShareOf = dyn Fn(&Any) -> Option<f64> + Send + Sync;

/// The parts of a wait that its steps do not change.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'s> {
    pub(crate) settings: &'s Settings,
    pub(crate) transport: &'s dyn LroTransport,
    /// The kind of the operation. `None` stands for the key of the service.
    pub(crate) kind: Option<&'s str>,
}

impl Setup<'_> {
    /// Returns the pacing in force: that of the caller, or of the transport, or the default.
    pub(crate) fn pacing(&self) -> Pacing {
        let default = || match self.kind {
            Some(kind) => self.transport.default_pacing(kind),
            None => self.transport.default_pacing(self.transport.service().key()),
        };
        self.settings.pacing.clone().or_else(default).unwrap_or_default()
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.settings.observer.as_deref()
    }

    /// Returns the share of the work that is done: by the closure of the caller, or else by the transport.
    ///
    /// # Errors
    ///
    /// As [`guard`]: both may panic.
    pub(crate) fn progress(&self, metadata: &Any) -> Result<Option<f64>, Status> {
        match &self.settings.share {
            Some(Share(share)) => guard("the progress closure", || share(metadata)),
            None => guard("the progress of the transport", || self.transport.progress(metadata)),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pacing: None,
            share: None,
            rules: Rules::default(),
            deadline: None,
            at_deadline: AtDeadline::default(),
            long_poll: true,
            not_before: Duration::ZERO,
            seed: None,
            observer: None,
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}

/// Returns the settings, or the defaults if there are none.
pub(super) fn in_force(settings: &Option<Box<Settings>>) -> &Settings {
    settings.as_deref().unwrap_or(&DEFAULTS)
}

pub(super) fn setup<'s>(
    settings: &'s Option<Box<Settings>>,
    transport: &'s dyn LroTransport,
    kind: &'s Option<Cow<'static, str>>,
) -> Setup<'s> {
    Setup { settings: in_force(settings), transport, kind: kind.as_deref() }
}

static DEFAULTS: LazyLock<Settings> = LazyLock::new(Settings::default);
