use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Any, LroTransport, OperationName, Status,
    pacing::{Finish, Moment},
    rules::{Age, Call, Ending, FailedCall, Known, Limit, Reply, Retry, Rules, Saved, Trouble, guard},
};

/// The state of a wait between two calls.
///
/// Deserialization rejects the state of a later version, see [`Saved`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredWait {
    /// The counters, the failures and the last metadata.
    pub saved: Saved,
    /// The position in the pacing, see [`StoredSchedule`](crate::pacing::StoredSchedule).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub position: Vec<u8>,
    /// The request to cancel the operation.
    #[serde(default, skip_serializing_if = "Cancel::is_unwanted")]
    pub cancel: Cancel,
}

/// A request to cancel the operation of a stored wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancel {
    /// There is none.
    #[default]
    Unwanted,
    /// It is to be sent.
    Wanted,
    /// The service has accepted or refused it.
    Answered,
}

/// A call for the state of an operation that has ended.
#[derive(Clone, Debug)]
pub struct Polled<'a> {
    /// The name that the call asked for.
    pub name: &'a OperationName,
    /// The times of the call.
    pub call: Call,
    /// Its result.
    pub reply: Reply,
}

/// The result of a request to cancel.
#[derive(Clone, Debug, PartialEq)]
pub enum Requested {
    /// The service has accepted it.
    Accepted,
    /// The service has refused it. It is not sent again, and the next poll shows whether the operation is done.
    Refused(Status),
    /// The call failed. It is sent again.
    Failed(Status),
}

impl StoredWait {
    /// Stores the result of a poll, and decides what follows: the age at which the next call is due, or the end.
    ///
    /// `pace` is the step of the pacing: it gets the position, which it changes. `chance` is uniform in `0.0..1.0`.
    ///
    /// # Errors
    ///
    /// How the wait ends.
    pub fn polled(
        &mut self,
        rules: &Rules,
        transport: &dyn LroTransport,
        polled: Polled<'_>,
        pace: impl FnOnce(&mut Vec<u8>, &Moment) -> Result<Option<Duration>, Status>,
        chance: f64,
    ) -> Result<Age, Ending> {
        let Polled { name, call, reply } = polled;
        let is_urgent = self.cancel == Cancel::Wanted;
        let Self { saved: Saved { tally, trouble, metadata, elapsed, .. }, position, .. } = self;
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let progress = |metadata| guard("the progress of the transport", || transport.progress(metadata));
            let progress = fresh.map(progress).transpose()?.flatten();
            let delay = pace(position, &moment.with_progress(progress))?;
            Ok(if is_urgent { delay.map(|delay| delay.min(CANCEL_AGAIN)) } else { delay })
        };
        *elapsed = call.ended;
        let known = Known { name: name.as_str(), tally, trouble, metadata };
        match rules.step(known, call, reply, pace, chance).into_ending() {
            Ok(ending) => Err(ending),
            Err(at) => Ok(at),
        }
    }

    /// Stores the result of a request to cancel. Only a refusal ends the requests.
    ///
    /// The failures do not count against the budget, which is that of the polls.
    pub fn cancelled(
        &mut self,
        rules: &Rules,
        call: Call,
        reply: Result<Result<(), Status>, Limit>,
        chance: f64,
    ) -> Requested {
        let status = match reply {
            Ok(Ok(())) => {
                self.cancel = Cancel::Answered;
                return Requested::Accepted;
            }
            Ok(Err(status)) => status.of_a_call(),
            Err(_) => Status::unanswered(call.ended.saturating_sub(call.asked)),
        };
        let call = Call { counts: false, ..call };
        let failed = FailedCall { status: status.clone(), call, had_reply: self.saved.tally.replies > 0 };
        let mut trouble = self.saved.trouble.clone().unwrap_or_default();
        match rules.retry(&mut trouble, failed, chance) {
            Retry::After(_) | Retry::Exhausted(_) => {
                self.saved.trouble = Some(trouble);
                Requested::Failed(status)
            }
            Retry::Final(status) => {
                self.cancel = Cancel::Answered;
                Requested::Refused(status)
            }
        }
    }

    /// Returns what a pacing learns from the end of the wait after the call.
    pub fn finish(&self, ending: &Ending, call: Call) -> Finish {
        let done = matches!(ending, Ending::Done(_)).then(|| call.looked());
        Finish::new(self.saved.tally.running(), done, self.saved.tally.replies)
    }

    /// Removes what an engine should not write with every poll: the metadata, and most of a long failure.
    pub(super) fn shorten(&mut self) {
        self.saved.metadata = None;
        if let Some(trouble) = &mut self.saved.trouble
            && serde_json::to_vec(trouble).is_ok_and(|stored| stored.len() > LARGEST_TROUBLE)
        {
            trouble.shorten_last();
        }
    }

    /// Returns the number of consecutive failed calls.
    pub fn failures(&self) -> u32 {
        self.saved.trouble.as_ref().map_or(0, Trouble::setbacks)
    }
}

impl Requested {
    /// Returns the delay to the next call of a driver that makes one call at a time.
    pub fn delay(&self) -> Duration {
        match self {
            Self::Accepted => AFTER_CANCEL,
            Self::Refused(_) => Duration::ZERO,
            Self::Failed(_) => CANCEL_AGAIN,
        }
    }
}

impl Cancel {
    fn is_unwanted(&self) -> bool {
        *self == Self::Unwanted
    }
}

/// A request is urgent, and a service that is away must not be pressed.
const CANCEL_AGAIN: Duration = Duration::from_secs(5);
/// As the first delay of the default pacing: most services end a cancelled operation within a second.
const AFTER_CANCEL: Duration = Duration::from_millis(250);
/// Most failures take 200 bytes, and one with the page of a proxy some kilobytes. The rest of the state takes some hundred bytes.
const LARGEST_TROUBLE: usize = 15 << 10;
