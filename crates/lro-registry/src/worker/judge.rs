use std::{mem, sync::Arc, time::Duration};

use super::{encoded, paces::Paces, writer::Write};
use crate::{
    limits::{LARGEST_PAYLOAD, stored_error},
    published::Ended,
    store::{CancelStep, ClaimedRecord, Complete, Finished, GiveBack, Reschedule, saved},
};
use lro::{
    LroTransport, Service, Status,
    pacing::{Finish, Moment},
    rules::{Age, Call, Ending, Limit, Reply, Rules, Saved, Trouble},
    stored::{Cancel, Polled, Requested, StoredWait},
    telemetry::{self, About, Observer},
};

/// Decides what follows a call, by the rules of a wait.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) paces: Paces,
    pub(super) rules: Arc<Rules>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    /// The number of this worker, by which it recognizes what it has stored itself.
    pub(super) worker: i64,
}

/// A claimed record, with its state decoded.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) record: ClaimedRecord,
    wait: StoredWait,
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
    pub(super) fn of(mut record: ClaimedRecord) -> Result<Self, Box<Write>> {
        match saved(&record.state) {
            Ok(saved) => {
                let mut wait = StoredWait::default();
                (wait.saved, wait.position) = (saved, mem::take(&mut record.cursor));
                wait.cancel = if record.cancel { Cancel::Wanted } else { Cancel::Unwanted };
                Ok(Self { record, wait, cancel: CancelStep::NotSeen, error: None })
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
        self.wait.failures()
    }

    /// Returns whether the next call requests the cancellation, if the record asks for it. After a failure, requests and polls take turns:
    /// the operation may end meanwhile. A claim raises the epoch.
    pub(super) fn is_turn_of_cancel(&self) -> bool {
        self.wait.failed_requests() == 0 || self.record.fence.epoch % 2 == 0
    }

    /// Notes that the request to cancel waits until after this poll.
    pub(super) fn postpone_cancel(&mut self) {
        self.cancel = CancelStep::Failed;
    }

    /// Notes that the service cannot cancel operations, so that the request is not reported again.
    pub(super) fn cannot_cancel(&mut self) {
        let unsupported = Status::unimplemented("the service does not cancel operations");
        self.wait.cannot_cancel(&unsupported);
        self.cancel = CancelStep::Sent;
        self.error = Some(unsupported.message().to_owned());
    }

    fn call(&self, times: Times) -> Call {
        let Times { asked, ended, counts } = times;
        let ClaimedRecord { deadline, started, .. } = self.record;
        Call { deadline, started, counts, ..Call::new(asked, ended) }
    }

    /// Returns what an event of a call is about.
    fn about<'a>(&'a self, service: &'a Service, call: Call) -> About<'a> {
        let (service, kind) = (service.key(), &*self.record.kind);
        let kind = Some(kind).filter(|kind| *kind != service);
        let polls = self.wait.saved.tally.polls;
        About { operation: &self.record.name, service, kind, polls, elapsed: call.ended }
    }

    fn reschedule(self, delay: Duration) -> Write {
        let failures = self.failures();
        let Self { record, wait: StoredWait { saved, position, .. }, cancel, error } = self;
        Write::Reschedule(Reschedule {
            fence: record.fence,
            name: None,
            delay,
            state: state(saved),
            cursor: position,
            cancel,
            failures,
            error: error.map(|error| stored_error(&error)),
        })
    }
}

impl Judge {
    /// Decides what follows a poll. If the wait has ended, also returns how, to be published when that is stored.
    pub(super) fn polled(
        &mut self,
        transport: &dyn LroTransport,
        service: &Service,
        mut subject: Subject,
        reply: Reply,
        times: Times,
    ) -> (Write, Option<Ended>) {
        let call = subject.call(times);
        let failure = match &reply {
            Reply::Returned(Err(status)) => Some(status.to_string()),
            _ => None,
        };
        let Self { paces, rules, observer, .. } = self;
        let observer = observer.as_deref();
        let ClaimedRecord { kind, name, .. } = &subject.record;
        let pace = |position: &mut Vec<u8>, moment: &Moment| paces.delay(kind, position, moment);
        let polled = Polled { name, call, reply };
        let next = subject.wait.polled(rules, transport, polled, pace, fastrand::f64());
        subject.wait.report(&subject.about(service, call), observer, call, &next);
        match next.into_ending() {
            Ok(ending) => {
                let ended = Ended::new(&ending, &call, &subject.wait.saved.tally);
                (self.complete(subject, ending, call), Some(ended))
            }
            Err(at) => {
                subject.error = subject.error.or(failure);
                (subject.reschedule(at.saturating_sub(call.ended)), None)
            }
        }
    }

    /// Decides what follows a request to cancel.
    pub(super) fn cancelled(
        &self,
        service: &Service,
        mut subject: Subject,
        reply: Result<Result<(), Status>, Limit>,
        times: Times,
    ) -> Write {
        let call = subject.call(times);
        let requested = subject.wait.cancelled(&self.rules, call, reply, fastrand::f64());
        telemetry::cancel_requested(&subject.about(service, call), requested.failure().map_or(Ok(()), Err));
        (subject.cancel, subject.error) = match &requested {
            Requested::Accepted => (CancelStep::Sent, None),
            Requested::Refused(status) => {
                (CancelStep::Sent, Some(format!("the service refused to cancel the operation: {status}")))
            }
            Requested::Failed { status, .. } => {
                (CancelStep::Failed, Some(format!("the request to cancel failed: {status}")))
            }
        };
        let delay = requested.delay().max(subject.wait.hint_after(call));
        subject.reschedule(delay)
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

    fn complete(&mut self, subject: Subject, ending: Ending, call: Call) -> Write {
        let finish = subject.wait.finish(&ending, call);
        let Subject { record, wait: StoredWait { saved, position, .. }, .. } = subject;
        self.paces.finished(&record.kind, &position, &finish);
        let outcome = outcome(&ending);
        Write::Complete(Complete {
            fence: record.fence,
            name: None,
            outcome,
            state: state(saved),
            finished: Some(Finished {
                worker: self.worker,
                kind: record.kind,
                running: finish.running,
                done: finish.done,
                polls: finish.polls,
            }),
        })
    }
}

/// Encodes the state of a wait. If it is large, the last failure is shortened, and then the metadata is left out: they would be written
/// with every poll.
pub(crate) fn state(mut saved: Saved) -> Vec<u8> {
    let state = encoded(&saved);
    if state.len() <= LARGEST_STATE {
        return state;
    }
    saved.trouble.iter_mut().for_each(Trouble::shorten_last);
    let state = encoded(&saved);
    if state.len() <= LARGEST_STATE {
        return state;
    }
    saved.drop_metadata();
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

/// A worker that reads the state may be deployed meanwhile.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// With a million records of this size a database has 64 GB. The state of most waits takes some hundred bytes.
const LARGEST_STATE: usize = 64 << 10;
