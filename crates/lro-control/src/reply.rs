use std::time::Duration;

use lro::{Code, Origin, Status};

/// What came of a call, as far as the service is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// The service answered.
    ///
    /// An error about this operation alone (`NOT_FOUND`, `PERMISSION_DENIED`, `INVALID_ARGUMENT`) is an answer as well.
    Good,
    /// The service asks for fewer calls: `RESOURCE_EXHAUSTED`, HTTP 429, or any failure with a `Retry-After` or `RetryInfo`.
    Refused {
        /// How long the service asks to wait.
        hint: Option<Duration>,
    },
    /// Any other failure that may pass, `UNAVAILABLE` without a hint included.
    Failed,
    /// No reply came within the timeout of the call.
    TimedOut,
    /// The caller cut the call short, at the time that [`Control::cut_at`](crate::Control::cut_at) returned.
    Cut,
}

impl Reply {
    /// What a failed call says of the service. `hint` is how long the service asks to wait, zero if it does not.
    ///
    /// An error about the operation alone is an answer.
    pub fn of_failed(status: &Status, hint: Duration) -> Self {
        if status.code() == Code::ResourceExhausted || !hint.is_zero() {
            return Self::Refused { hint: (!hint.is_zero()).then_some(hint) };
        }
        let is_down = matches!(
            status.code(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::Aborted
        );
        if status.origin() != Origin::MalformedReply && is_down { Self::Failed } else { Self::Good }
    }

    /// Whether the service answered.
    pub fn is_good(self) -> bool {
        self == Self::Good
    }

    /// Whether no reply came at all.
    pub fn hung(self) -> bool {
        matches!(self, Self::TimedOut | Self::Cut)
    }

    /// How long the service asks to wait. A hint of zero is none.
    pub fn hint(self) -> Option<Duration> {
        match self {
            Self::Refused { hint } => hint.filter(|hint| !hint.is_zero()),
            _ => None,
        }
    }

    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_has_a_hint() {
        let second = Duration::from_secs(1);
        assert_eq!(Reply::Refused { hint: Some(second) }.hint(), Some(second));
        assert_eq!(Reply::Refused { hint: Some(Duration::ZERO) }.hint(), None);
        for reply in [Reply::Good, Reply::Failed, Reply::TimedOut, Reply::Cut, Reply::Refused { hint: None }]
        {
            assert_eq!(reply.hint(), None, "{reply:?}");
        }
    }
}
