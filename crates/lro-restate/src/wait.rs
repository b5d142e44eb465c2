use std::time::Duration;

use lro::{
    Any, LroTransport, Pacing, Status,
    pacing::{Finish, Moment},
    rules::{Age, Call, Ending, FailedCall, Known, Reply, Retry, Rules, Saved, Trouble, guard},
};
use serde::{Deserialize, Serialize};

use crate::Registration;

/// The wait for one operation, as the virtual object stores it. It holds neither metadata nor a response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub(crate) registration: Registration,
    /// The time of the registration, in milliseconds since 1970.
    pub(crate) since_ms: u64,
    /// The number of the poll that is due. A delayed call with another number is out of date.
    pub(crate) turn: u64,
    pub(crate) saved: Saved,
    /// The position of the operation in its pacing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cursor: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancel: Option<Cancel>,
}

/// A request to cancel the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cancel {
    Wanted,
    /// The service has accepted or refused it.
    Sent,
}

/// What decides about the polls of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) pacing: &'a Pacing,
    pub(crate) transport: &'a dyn LroTransport,
}

impl Wait {
    /// `turn` differs from that of any earlier wait for this operation.
    pub(crate) fn new(registration: Registration, since_ms: u64, turn: u64) -> Self {
        Self { registration, since_ms, turn, saved: Saved::default(), cursor: Vec::new(), cancel: None }
    }

    /// Returns the age of the wait. It does not decrease if the clock of another worker is behind.
    pub(crate) fn age(&self, now_ms: u64) -> Age {
        Duration::from_millis(now_ms.saturating_sub(self.since_ms)).max(self.saved.elapsed)
    }

    pub(crate) fn call(&self, asked: Age, ended: Age) -> Call {
        let registration = &self.registration;
        Call {
            deadline: registration.limit(),
            started: registration.was_started(),
            ..Call::new(asked, ended)
        }
    }

    /// Decides what follows a poll: the delay to the next one, or the end.
    pub(crate) fn polled(
        &mut self,
        judge: Judge<'_>,
        call: Call,
        reply: Reply,
        chance: f64,
    ) -> Result<Duration, Ending> {
        let Judge { rules, pacing, transport } = judge;
        let is_urgent = self.cancel == Some(Cancel::Wanted);
        let Self { registration, saved, cursor, .. } = self;
        let name = registration.name().map_err(Ending::GaveUp)?;
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let progress = |metadata| guard("the progress of the transport", || transport.progress(metadata));
            let moment = moment.with_progress(fresh.map(progress).transpose()?.flatten());
            let delay = guard(PACING, || pacing.stored().delay(cursor, &moment))?;
            Ok(if is_urgent { delay.map(|delay| delay.min(CANCEL_AGAIN)) } else { delay })
        };
        let mut metadata = None;
        let Saved { tally, trouble, .. } = saved;
        let known = Known { name: name.as_str(), tally, trouble, metadata: &mut metadata };
        let next = rules.step(known, call, reply, pace, chance).into_ending();
        saved.elapsed = call.ended;
        if serde_json::to_vec(saved).is_ok_and(|state| state.len() > LARGEST_STATE) {
            saved.trouble.iter_mut().for_each(Trouble::shorten_last);
        }
        let ending = match next {
            Ok(ending) => ending,
            Err(at) => return Ok(at.saturating_sub(call.ended)),
        };
        let done = matches!(ending, Ending::Done(_)).then(|| call.looked());
        let finish = Finish::new(saved.tally.running(), done, saved.tally.replies);
        // A panic of the pacing does not change the outcome.
        let _ = guard(PACING, || pacing.stored().finished(cursor, &finish));
        Err(ending)
    }

    /// Decides what follows a request to cancel: the delay to the next poll, or a poll at once.
    pub(crate) fn cancelled(
        &mut self,
        rules: &Rules,
        call: Call,
        reply: Result<(), Status>,
        chance: f64,
    ) -> Option<Duration> {
        let Err(status) = reply else {
            self.cancel = Some(Cancel::Sent);
            return Some(
                call.deadline.map_or(AFTER_CANCEL, |at| AFTER_CANCEL.min(at.saturating_sub(call.ended))),
            );
        };
        let failed = FailedCall { status, call, had_reply: self.saved.tally.replies > 0 };
        // The budget is that of the polls. Only a refusal ends the requests.
        let mut trouble = self.saved.trouble.clone().unwrap_or_default();
        if let Retry::Final(_) = rules.retry(&mut trouble, failed, chance) {
            self.cancel = Some(Cancel::Sent);
        }
        None
    }
}

const PACING: &str = "the pacing";
/// A request to cancel is urgent, and a service that is away must not be pressed.
const CANCEL_AGAIN: Duration = Duration::from_secs(5);
/// As the first delay of the default pacing: most services end a cancelled operation within a second.
const AFTER_CANCEL: Duration = Duration::from_millis(250);
/// The state is written with every poll. That of most waits takes some hundred bytes.
const LARGEST_STATE: usize = 64 << 10;
