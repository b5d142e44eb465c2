//! Why a call has no reply.

use std::{error::Error, fmt, sync::Arc};

use super::tunnel::Unopened;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A call that got no reply, or a connection that could not be opened. Waiting calls share the latter.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    is_connect: bool,
    source: Arc<dyn Error + Send + Sync>,
}

impl Fault {
    pub(crate) fn connect(source: impl Into<BoxError>) -> Self {
        Self { is_connect: true, source: source.into().into() }
    }

    pub(crate) fn reply(source: impl Into<BoxError>) -> Self {
        Self { is_connect: false, source: source.into().into() }
    }

    /// Returns whether the next connection will not be opened either.
    pub(crate) fn is_final(&self) -> bool {
        self.source.downcast_ref().is_some_and(|unopened: &Unopened| unopened.is_final)
    }

    /// Returns whether no connection could be opened.
    pub(crate) fn is_connect(&self) -> bool {
        self.is_connect
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_connect { "cannot connect" } else { "no reply" })
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Why a connection returned no reply, and whether the request may be sent again.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) error: BoxError,
    pub(crate) resend: Resend,
}

/// Whether a request may be sent again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resend {
    /// The server did not process the request.
    Unprocessed,
    /// A connection that had served a call before closed without a byte of the reply: only a read may be sent again.
    ClosedEarly,
    /// The server may have processed the request.
    No,
}

impl Unanswered {
    pub(crate) fn unprocessed(error: impl Into<BoxError>) -> Self {
        Self { error: error.into(), resend: Resend::Unprocessed }
    }
}
