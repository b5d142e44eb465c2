use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use super::cancel::AtDeadline;
use crate::{Any, LroTransport, Pacing, rules::Rules};

/// How to wait, as the caller chose.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `None` leaves it to the transport, or to the default.
    pub(crate) pacing: Option<Pacing>,
    /// `None` for the key of the service.
    pub(crate) kind: Option<Cow<'static, str>>,
    pub(crate) share: Option<Share>,
    pub(crate) rules: Rules,
    pub(crate) deadline: Option<Duration>,
    pub(crate) at_deadline: AtDeadline,
    pub(crate) long_poll: bool,
    pub(crate) first_poll_after: Duration,
    pub(crate) seed: Option<u64>,
    /// What the server asked for when it started the operation.
    pub(crate) hint: Option<Duration>,
}

/// Reads the share of the work that is done, from 0 to 1, out of the metadata.
#[derive(Clone)]
pub(crate) struct Share(pub(crate) Arc<ShareOf>);

type ShareOf = dyn Fn(&Any) -> Option<f64> + Send + Sync;

impl Settings {
    pub(crate) fn pacing(&self, transport: &dyn LroTransport) -> Pacing {
        let default = || match &self.kind {
            Some(kind) => transport.default_pacing(kind),
            None => transport.default_pacing(transport.service().key()),
        };
        self.pacing.clone().or_else(default).unwrap_or_default()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pacing: None,
            kind: None,
            share: None,
            rules: Rules::default(),
            deadline: None,
            at_deadline: AtDeadline::default(),
            long_poll: true,
            first_poll_after: Duration::ZERO,
            seed: None,
            hint: None,
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}
