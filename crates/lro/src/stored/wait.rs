use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Any, LroTransport, OperationName, Pacing, Status,
    pacing::{Finish, Moment},
    rules::{Age, Call, Ending, FailedCall, Known, Limit, Next, Reply, Retry, Rules, Saved, Trouble, guard},
    telemetry::{self, About, Observer},
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
#[non_exhaustive]
pub enum Cancel {
    /// There is none.
    #[default]
    Unwanted,
    /// It is to be sent.
    Wanted,
    /// It has failed, and is to be sent again after the next poll.
    Postponed,
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
    /// The call failed.
    Failed {
        /// The failure.
        status: Status,
        /// The request is sent again after this delay.
        delay: Duration,
    },
}

impl StoredWait {
    /// Stores the result of a poll, and decides what follows.
    ///
    /// `pace` is the step of the pacing: it gets the position, which it changes. `chance` is uniform in `0.0..1.0`.
    /// While the operation is to be cancelled, the next call is due when the request is sent again at the latest. After the service has
    /// accepted a request, [`Pacing::default`] counts from then, because the pacing knows nothing of an operation that is being cancelled.
    pub fn polled(
        &mut self,
        rules: &Rules,
        transport: &dyn LroTransport,
        polled: Polled<'_>,
        pace: impl FnOnce(&mut Vec<u8>, &Moment) -> Result<Option<Duration>, Status>,
        chance: f64,
    ) -> Next {
        let Polled { name, call, reply } = polled;
        let longest = self.is_cancel_wanted().then(|| self.pause_of_requests(rules));
        if self.cancel == Cancel::Postponed {
            self.cancel = Cancel::Wanted;
        }
        let Self {
            saved: Saved { tally, trouble, metadata, elapsed, floor, requests, .. }, position, ..
        } = self;
        let accepted = requests.as_ref().and_then(|requests| requests.accepted);
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let progress = |metadata| guard("the progress of the transport", || transport.progress(metadata));
            let moment = moment.with_progress(fresh.map(progress).transpose()?.flatten());
            let delay = match accepted {
                Some((from, replies)) => {
                    let elapsed = moment.elapsed.saturating_sub(from);
                    let moment = Moment { elapsed, polls: moment.polls.saturating_sub(replies), ..moment };
                    Pacing::default().stored().delay(&mut Vec::new(), &moment)
                }
                None => pace(position, &moment)?,
            };
            Ok(delay.map(|delay| delay.min(longest.unwrap_or(Duration::MAX))))
        };
        *elapsed = call.ended;
        *floor = rules.floor(call, &reply);
        let known = Known { name: name.as_str(), tally, trouble, metadata };
        rules.step(known, call, reply, pace, chance)
    }

    /// Returns for how long after this call the server wants no poll, as it said in the reply to the last poll. At most until the
    /// deadline.
    pub fn hint_after(&self, call: Call) -> Duration {
        self.saved.floor.min(call.deadline.unwrap_or(Duration::MAX)).saturating_sub(call.ended)
    }

    /// Stores the result of a request to cancel. Only a refusal ends the requests, and a second refusal of the credential.
    pub fn cancelled(
        &mut self,
        rules: &Rules,
        call: Call,
        reply: Result<Result<(), Status>, Limit>,
        chance: f64,
    ) -> Requested {
        self.saved.elapsed = call.ended;
        let status = match reply {
            Ok(Ok(())) => {
                self.accepted(call.ended);
                return Requested::Accepted;
            }
            Ok(Err(status)) => status.of_a_call(),
            Err(_) => Status::unanswered(call.ended.saturating_sub(call.asked)),
        };
        let rules = Rules { tolerance: rules.tolerance.clone().failures(None), ..rules.clone() };
        let call = Call { counts: true, ..call };
        let failed = FailedCall { status: status.clone(), call, had_reply: self.saved.tally.replies > 0 };
        let requests = self.saved.requests.get_or_insert_default();
        match rules.retry(&mut requests.trouble, failed, chance) {
            Retry::After(delay) => {
                self.cancel = Cancel::Postponed;
                Requested::Failed { status, delay: delay.max(CANCEL_AGAIN) }
            }
            Retry::Exhausted(status) | Retry::Final(status) => {
                self.cancel = Cancel::Answered;
                Requested::Refused(status)
            }
        }
    }

    /// Stores that the request to cancel is not sent, because the service has no such call.
    pub fn cannot_cancel(&mut self, status: &Status) {
        self.saved.requests.get_or_insert_default().trouble.keep_failed(status);
        self.cancel = Cancel::Answered;
    }

    /// Has a request to cancel sent before the next poll. Returns `false` if there was one already.
    pub fn request_cancel(&mut self) -> bool {
        let is_new = self.cancel.is_unwanted();
        if is_new {
            self.cancel = Cancel::Wanted;
        }
        is_new
    }

    /// Returns whether the operation is to be cancelled, and the service has neither accepted nor refused that.
    pub fn is_cancel_wanted(&self) -> bool {
        matches!(self.cancel, Cancel::Wanted | Cancel::Postponed)
    }

    /// Returns what a pacing learns from the end of the wait after the call.
    ///
    /// The duration of the work of an operation that was to be cancelled remains unknown.
    pub fn finish(&self, ending: &Ending, call: Call) -> Finish {
        let Saved { tally, requests, .. } = &self.saved;
        match requests.as_ref().and_then(|requests| requests.accepted) {
            Some((at, replies)) => Finish::new(tally.running().min(at), None, replies),
            None => {
                let done = matches!(ending, Ending::Done(_)).then(|| call.looked());
                Finish::new(tally.running(), done, tally.replies)
            }
        }
    }

    /// Reports the call after [`polled`](Self::polled) has judged it, and the end of the wait.
    pub fn report(&self, about: &About<'_>, observer: Option<&dyn Observer>, call: Call, next: &Next) {
        let pause = next.pause(call.ended);
        telemetry::called(about, observer, (call, next), self.saved.trouble.as_ref(), pause);
        telemetry::ended_by(about, observer, next);
    }

    /// Returns the number of consecutive polls that failed.
    pub fn failures(&self) -> u32 {
        self.saved.trouble.as_ref().map_or(0, Trouble::setbacks)
    }

    /// Returns the number of requests to cancel that failed.
    pub fn failed_requests(&self) -> u32 {
        self.saved.requests.as_ref().map_or(0, |requests| requests.trouble.setbacks())
    }

    /// The acceptance counts as a successful reply: the operation exists, and the budget of failures is restored.
    fn accepted(&mut self, at: Age) {
        self.cancel = Cancel::Answered;
        self.position.clear();
        let Saved { tally, trouble, requests, .. } = &mut self.saved;
        tally.replies = tally.replies.saturating_add(1);
        trouble.iter_mut().for_each(Trouble::refill);
        requests.get_or_insert_default().accepted = Some((at, tally.replies));
    }

    /// Returns the delay from one request that fails to the next.
    fn pause_of_requests(&self, rules: &Rules) -> Duration {
        rules.delay_after(self.failed_requests(), 1.0).max(CANCEL_AGAIN)
    }

    /// Shortens what an engine writes with every poll: metadata are left out, a long failure is cut, and a position that is no
    /// position is forgotten.
    pub(super) fn shorten(&mut self) {
        self.saved.drop_metadata();
        self.shorten_failures();
        if self.position.len() > LARGEST_POSITION {
            self.position.clear();
        }
    }

    /// Shortens what an engine writes at the end: as [`shorten`](Self::shorten), but metadata that are small stay.
    pub(super) fn shorten_end(&mut self) {
        self.shorten_failures();
        if is_larger(&self.saved.metadata, LARGEST_METADATA) {
            self.saved.drop_metadata();
        }
    }

    fn shorten_failures(&mut self) {
        let Saved { trouble, requests, .. } = &mut self.saved;
        for trouble in trouble.iter_mut().chain(requests.as_mut().map(|requests| &mut requests.trouble)) {
            if is_larger(trouble, LARGEST_TROUBLE) {
                trouble.shorten_last();
            }
        }
    }
}

fn is_larger(value: &impl Serialize, most: usize) -> bool {
    serde_json::to_vec(value).is_ok_and(|stored| stored.len() > most)
}

impl Requested {
    /// Returns why the request was not accepted.
    pub fn failure(&self) -> Option<&Status> {
        match self {
            Self::Accepted => None,
            Self::Refused(status) | Self::Failed { status, .. } => Some(status),
        }
    }

    /// Returns the delay to the next call of a driver that makes one call at a time, regardless of [`StoredWait::hint_after`].
    pub fn delay(&self) -> Duration {
        match self {
            Self::Accepted => AFTER_CANCEL,
            Self::Refused(_) => Duration::ZERO,
            Self::Failed { delay, .. } => *delay,
        }
    }
}

impl Cancel {
    fn is_unwanted(&self) -> bool {
        *self == Self::Unwanted
    }
}

/// A request is urgent, and a service that is away must not be pressed. The delay grows with the failures.
const CANCEL_AGAIN: Duration = Duration::from_secs(5);
/// As the first delay of the default pacing: most services end a cancelled operation within a second.
const AFTER_CANCEL: Duration = Duration::from_millis(250);
/// Most failures take 200 bytes, and one with the page of a proxy some kilobytes.
const LARGEST_TROUBLE: usize = 8 << 10;
/// The positions of the pacings of this library take 40 bytes at most.
const LARGEST_POSITION: usize = 4 << 10;
/// Metadata are stored once, beside an outcome. Those of most services take some hundred bytes.
const LARGEST_METADATA: usize = 64 << 10;
