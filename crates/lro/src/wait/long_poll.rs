use std::time::Duration;

use crate::{
    Code, Status,
    rules::{Age, Call, Limit, Reply},
};

/// Decides whether a wait uses the wait call of the server. It has neither a clock nor a transport.
#[derive(Debug, Default)]
pub(super) struct LongPolls {
    /// Whether the wait uses no more wait calls.
    is_over: bool,
    /// Whether the next call is a get, because the last wait call was refused or unanswered.
    is_get_next: bool,
    /// Whether a get found the operation.
    is_found: bool,
    /// Wait calls that did not find an operation that a get had found.
    not_found: u8,
    /// Consecutive wait calls without a reply.
    unanswered: u8,
    /// The last delay that the pacing returned, in milliseconds.
    pause: u32,
}

/// What a wait call without a usable reply shows. A get follows in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    /// The wait makes another wait call later.
    Get,
    /// The server has no wait call.
    Missing,
}

impl LongPolls {
    /// Returns whether the server may hold the next call.
    pub(super) fn is_on(&self) -> bool {
        !self.is_over && !self.is_get_next
    }

    /// Returns how long the server may hold a call of a wait whose snapshots the caller reads, so that they arrive as
    /// often as by get. `None` before the first reply.
    pub(super) fn pause(&self) -> Option<Duration> {
        (self.pause > 0).then(|| Duration::from_millis(self.pause.into()))
    }

    /// Stores the delay from a call that succeeded to the next, which is due at `due`.
    pub(super) fn paused(&mut self, call: &Call, due: Age) {
        let pause = due.saturating_sub(if call.held { call.asked } else { call.ended });
        self.pause = u32::try_from(pause.as_millis()).unwrap_or(u32::MAX);
    }

    /// Stores the result of a call. `None` means that the rules decide about it.
    pub(super) fn replied(&mut self, call: &Call, reply: &Reply) -> Option<Fallback> {
        if !call.held {
            self.is_get_next = false;
            self.is_found |= matches!(reply, Reply::Returned(Ok(_)));
            return None;
        }
        let fallback = match reply {
            Reply::Returned(Ok(_)) => {
                (self.not_found, self.unanswered) = (0, 0);
                return None;
            }
            Reply::Returned(Err(status)) => self.refused(status)?,
            Reply::Cut(Limit::Attempt) => {
                self.unanswered += 1;
                self.is_over = self.unanswered == ENOUGH;
                Fallback::Get
            }
            Reply::Cut(_) => return None,
        };
        self.is_get_next = true;
        Some(fallback)
    }

    fn refused(&mut self, status: &Status) -> Option<Fallback> {
        // 408 maps to FAILED_PRECONDITION too, and is transient.
        if status.transient() == Some(true) {
            return None;
        }
        match status.code() {
            // HTTP 405 maps to FAILED_PRECONDITION.
            Code::Unimplemented | Code::FailedPrecondition => self.is_over = true,
            // A missing method and a missing operation have the same status. The get distinguishes the two.
            Code::NotFound => {
                self.not_found += u8::from(self.is_found);
                self.is_over = self.not_found == ENOUGH;
            }
            _ => return None,
        }
        Some(if self.is_over { Fallback::Missing } else { Fallback::Get })
    }
}

/// One such result may be due to chance: a replica that is behind, a connection that died. Each further one delays the
/// outcome by a call.
const ENOUGH: u8 = 2;
