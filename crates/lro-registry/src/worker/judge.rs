use std::{sync::Arc, time::Duration};

use lro::{
    Any, LroTransport, Status,
    pacing::{Finish, Moment},
    rules::{Age, Call, Ending, FailedCall, Known, Limit, Reply, Retry, Rules, Saved, Tally, Trouble, guard},
};
use tracing::warn;

use super::{encoded, paces::Paces, writer::Write};
use crate::{
    limits::{LARGEST_PAYLOAD, stored_error},
    store::{CancelStep, ClaimedRecord, Complete, Finished, GiveBack, Reschedule},
};

/// Decides what follows a call, by the rules of a wait.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) paces: Paces,
    pub(super) rules: Arc<Rules>,
    /// The number of this worker, by which it recognizes what it has stored itself.
    pub(super) worker: i64,
}

/// A claimed record, with its state decoded.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) record: ClaimedRecord,
    tally: Tally,
    trouble: Option<Trouble>,
    metadata: Option<Any>,
    cancel: CancelStep,
    error: Option<String>,
}

/// The times of a call, and whether its failure counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) asked: Age,
    pub(super) ended: Age,
    pub(super) counts: bool,
}

impl Subject {
    /// Decodes the state of a record.
    ///
    /// # Errors
    ///
    /// The claim is given back, if a later version of this crate stored the state. The record waits for a worker that reads it.
    pub(super) fn of(record: ClaimedRecord) -> Result<Self, Box<Write>> {
        let saved = if record.state.is_empty() {
            Ok(Saved::default())
        } else {
            serde_json::from_slice(&record.state)
        };
        match saved {
            Ok(Saved { tally, trouble, metadata, .. }) => {
                Ok(Self { record, tally, trouble, metadata, cancel: CancelStep::NotSeen, error: None })
            }
            Err(fault) => Err(Box::new(Write::GiveBack(GiveBack {
                fence: record.fence,
                delay: UNREADABLE_PAUSE,
                counts: false,
                error: Some(stored_error(&format!("a worker cannot read the state of the wait: {fault}"))),
            }))),
        }
    }

    /// Returns the number of consecutive failures.
    pub(super) fn failures(&self) -> u32 {
        self.trouble.as_ref().map_or(0, Trouble::setbacks)
    }

    /// Returns whether the next call requests the cancellation, if the record asks for it. After a failure, requests and polls take turns:
    /// the operation may end meanwhile. A claim raises the epoch.
    pub(super) fn is_turn_of_cancel(&self) -> bool {
        self.failures() == 0 || self.record.fence.epoch % 2 == 0
    }

    /// Notes that the request to cancel waits until after this poll.
    pub(super) fn postpone_cancel(&mut self) {
        self.cancel = CancelStep::Failed;
    }

    /// Notes that the service cannot cancel operations, so that the request is not reported again.
    pub(super) fn cannot_cancel(&mut self) {
        self.cancel = CancelStep::Sent;
        self.error = Some("the service does not cancel operations".to_owned());
    }

    fn call(&self, times: Times) -> Call {
        let Times { asked, ended, counts } = times;
        let ClaimedRecord { deadline, started, .. } = self.record;
        Call { deadline, started, counts, ..Call::new(asked, ended) }
    }

    fn reschedule(self, delay: Duration, elapsed: Age) -> Write {
        let failures = self.failures();
        let Self { record, tally, trouble, metadata, cancel, error } = self;
        Write::Reschedule(Reschedule {
            fence: record.fence,
            name: None,
            delay,
            state: saved(tally, trouble, metadata, elapsed),
            cursor: record.cursor,
            cancel,
            failures,
            error: error.map(|error| stored_error(&error)),
        })
    }
}

impl Judge {
    /// Decides what follows a poll.
    pub(super) fn polled(
        &mut self,
        transport: &dyn LroTransport,
        mut subject: Subject,
        reply: Reply,
        times: Times,
    ) -> Write {
        let call = subject.call(times);
        let failure = match &reply {
            Reply::Returned(Err(status)) => Some(status.to_string()),
            _ => None,
        };
        let is_urgent = subject.cancel == CancelStep::Failed;
        let Self { paces, rules, .. } = self;
        let Subject { record, tally, trouble, metadata, .. } = &mut subject;
        let ClaimedRecord { kind, cursor, name, .. } = record;
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let progress = match fresh {
                Some(metadata) => guard(PROGRESS, || transport.progress(metadata))?,
                None => None,
            };
            let delay = paces.delay(kind, cursor, &moment.with_progress(progress))?;
            Ok(if is_urgent { delay.map(|delay| delay.min(CANCEL_AGAIN)) } else { delay })
        };
        let known = Known { name: name.as_str(), tally, trouble, metadata };
        let next = rules.step(known, call, reply, pace, fastrand::f64());
        let ending = match next.into_ending() {
            Ok(ending) => ending,
            Err(at) => {
                subject.error = subject.error.or(failure);
                return subject.reschedule(at.saturating_sub(times.ended), times.ended);
            }
        };
        let done = matches!(ending, Ending::Done(_)).then(|| call.looked());
        self.complete(subject, ending, done, times.ended)
    }

    /// Decides what follows a request to cancel.
    pub(super) fn cancelled(
        &self,
        mut subject: Subject,
        reply: Result<Result<(), Status>, Limit>,
        times: Times,
    ) -> Write {
        let status = match reply {
            Ok(Ok(())) => {
                subject.cancel = CancelStep::Sent;
                return subject.reschedule(AFTER_CANCEL, times.ended);
            }
            Ok(Err(status)) => status.of_a_call(),
            Err(_) => Status::unanswered(times.ended.saturating_sub(times.asked)),
        };
        // The budget is that of the polls.
        let call = Call { counts: false, ..subject.call(times) };
        let had_reply = subject.tally.replies > 0;
        let failed = FailedCall { status, call, had_reply };
        // Only a refusal ends the requests.
        let mut trouble = subject.trouble.clone().unwrap_or_default();
        let (delay, what, status) = match self.rules.retry(&mut trouble, failed, fastrand::f64()) {
            Retry::After(_) | Retry::Exhausted(_) => {
                subject.cancel = CancelStep::Failed;
                let last = trouble.last_failure().cloned();
                subject.trouble = Some(trouble);
                (CANCEL_AGAIN, "the request to cancel failed", last)
            }
            // The next poll shows whether the operation is done.
            Retry::Final(status) => {
                subject.cancel = CancelStep::Sent;
                (Duration::ZERO, "the service refused to cancel the operation", Some(status))
            }
        };
        subject.error = Some(status.map_or_else(|| what.to_owned(), |status| format!("{what}: {status}")));
        subject.reschedule(delay, times.ended)
    }

    /// Ends a claim whose call panicked. It counts, so that the record is set aside if that goes on.
    pub(super) fn panicked(&self, subject: Subject, panicked: &str) -> Write {
        let delay = self.rules.delay_after(subject.record.claims, fastrand::f64());
        let error = Some(stored_error(panicked));
        Write::GiveBack(GiveBack { fence: subject.record.fence, delay, counts: true, error })
    }

    /// Takes over what other workers have seen.
    pub(super) fn learn(&mut self, finished: &[(i64, Finished)]) {
        for (_, Finished { worker, kind, running, done, polls }) in finished {
            if *worker != self.worker {
                self.paces.finished(kind, &[], &Finish::new(*running, *done, *polls));
            }
        }
    }

    fn complete(&mut self, subject: Subject, ending: Ending, done: Option<Age>, elapsed: Age) -> Write {
        let Subject { record, tally, trouble, metadata, .. } = subject;
        if let Ending::GaveUp(status) = &ending {
            let (key, name) = (&record.fence.key, &record.name);
            warn!(key, %name, %status, "a wait was given up; the operation may still be running");
        }
        let finish = Finish::new(tally.running(), done, tally.replies);
        self.paces.finished(&record.kind, &record.cursor, &finish);
        let outcome = outcome(&ending);
        Write::Complete(Complete {
            fence: record.fence,
            name: None,
            outcome,
            state: saved(tally, trouble, metadata, elapsed),
            finished: Some(Finished {
                worker: self.worker,
                kind: record.kind,
                running: finish.running,
                done,
                polls: finish.polls,
            }),
        })
    }
}

/// Encodes the state of a wait. If it is large, the last failure is shortened, and then the metadata is left out: they would be written
/// with every poll.
pub(crate) fn saved(tally: Tally, trouble: Option<Trouble>, metadata: Option<Any>, elapsed: Age) -> Vec<u8> {
    let mut saved = Saved::new(tally, trouble, metadata).with_elapsed(elapsed);
    let state = encoded(&saved);
    if state.len() <= LARGEST_STATE {
        return state;
    }
    saved.trouble.iter_mut().for_each(Trouble::shorten_last);
    let state = encoded(&saved);
    if state.len() <= LARGEST_STATE {
        return state;
    }
    saved.metadata = None;
    encoded(&saved)
}

/// Encodes how a wait ended. An outcome beyond the limit is replaced by one that says so.
pub(crate) fn outcome(ending: &Ending) -> Vec<u8> {
    let outcome = encoded(ending);
    match outcome.len() {
        0..=LARGEST_PAYLOAD => outcome,
        size => encoded(&ending.clone().too_large(size, LARGEST_PAYLOAD)),
    }
}

const PROGRESS: &str = "the progress of the transport";
/// A worker that reads the state may be deployed meanwhile.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// A request is urgent, and a service that is away must not be pressed.
const CANCEL_AGAIN: Duration = Duration::from_secs(5);
/// As the first delay of the default pacing: most services end a cancelled operation within a second.
const AFTER_CANCEL: Duration = Duration::from_millis(250);
/// With a million records of this size a database has 64 GB. The state of most waits takes some hundred bytes.
const LARGEST_STATE: usize = 64 << 10;
