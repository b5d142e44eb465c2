use std::{
    mem,
    time::{Duration, SystemTime},
};

use super::after;
use crate::{
    Record, RecordState,
    store::{
        CancelRequested, CancelState, CancelStep, ClaimId, ClaimRequest, ClaimedRecord, Complete,
        DeliveryRequest, Entry, Fence, GiveBack, Reschedule, Undelivered, Written,
    },
};

/// A record, with what [`Record`] does not show.
///
/// Its fields `age` and `is_claimed` are set when it is read.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) record: Record,
    pub(super) acknowledged: Option<SystemTime>,
    claim: Option<ClaimId>,
    started: bool,
    cursor: Vec<u8>,
}

impl Row {
    pub(super) fn new(now: SystemTime, entry: &Entry) -> Self {
        let state = if entry.intent.is_some() { RecordState::Intent } else { RecordState::Pending };
        let mut record = Record::new(&entry.key, entry.service.clone(), state, now);
        record.name = entry.name.clone();
        record.kind = entry.kind.clone();
        record.fingerprint = entry.fingerprint.clone();
        record.deadline = entry.deadline;
        record.due = Some(after(now, entry.intent.map_or(entry.delay, |intent| intent.lease)));
        record.epoch = i64::from(entry.intent.is_some());
        record.tag = entry.tag.clone();
        record.saved = entry.state.clone();
        let claim = entry.intent.map(|intent| intent.claim);
        Self { record, acknowledged: None, claim, started: entry.started, cursor: Vec::new() }
    }

    /// Replaces an intent with a record that has a name. A requested cancellation is sent at once.
    pub(super) fn resolve_by(&mut self, now: SystemTime, entry: &Entry) -> Record {
        let Self { record: intent, .. } = mem::replace(self, Self::new(now, entry));
        self.record.epoch = intent.epoch + 1;
        self.record.cancel = intent.cancel;
        if intent.cancel == CancelState::Requested {
            self.record.due = Some(now);
        }
        self.note(intent.error.as_ref());
        self.read(now, false)
    }

    /// Returns the record as a caller sees it.
    pub(super) fn read(&self, now: SystemTime, payloads: bool) -> Record {
        let mut record = if payloads { self.record.clone() } else { without_payloads(&self.record) };
        record.age = self.age(now);
        record.is_claimed = self.claim.is_some();
        record
    }

    pub(super) fn is_held_by(&self, fence: &Fence) -> bool {
        self.record.epoch == fence.epoch && self.claim == Some(fence.claim)
    }

    /// Leases the record to a worker. `None` if it is set aside instead.
    pub(super) fn claim(&mut self, now: SystemTime, request: &ClaimRequest) -> Option<ClaimedRecord> {
        let record = &mut self.record;
        let Some(name) = record.name.clone().filter(|_| record.claims < request.most_claims) else {
            record.state = RecordState::SetAside;
            record.due = None;
            self.claim = None;
            record
                .error
                .get_or_insert_with(|| format!("{} claims have ended without a result", record.claims));
            return None;
        };
        record.claims += 1;
        record.due = Some(after(now, request.lease));
        let fence = self.lease(request.claim);
        Some(ClaimedRecord {
            fence,
            name,
            kind: self.record.kind.clone(),
            age: self.age(now),
            deadline: self.record.deadline,
            started: self.started,
            cancel: self.record.cancel == CancelState::Requested,
            claims: self.record.claims,
            state: self.record.saved.clone(),
            cursor: self.cursor.clone(),
        })
    }

    pub(super) fn reschedule(&mut self, now: SystemTime, write: &Reschedule) -> Written {
        if !self.resolve(now, write.name.as_ref()) {
            return Written::Fenced;
        }
        let record = &mut self.record;
        record.state = RecordState::Pending;
        record.due = Some(after(now, write.delay));
        record.claims = 0;
        record.failures = write.failures;
        record.saved = write.state.clone();
        match (record.cancel, write.cancel) {
            (CancelState::Requested, CancelStep::NotSeen) => record.due = Some(now),
            (_, CancelStep::Sent) => record.cancel = CancelState::Sent,
            _ => {}
        }
        self.cursor = write.cursor.clone();
        self.note(write.error.as_ref())
    }

    pub(super) fn complete(&mut self, now: SystemTime, write: &Complete) -> Written {
        if !self.resolve(now, write.name.as_ref()) {
            return Written::Fenced;
        }
        let record = &mut self.record;
        record.state = RecordState::Finished;
        record.due = Some(now);
        record.claims = 0;
        record.saved = write.state.clone();
        record.outcome = Some(write.outcome.clone());
        record.error = None;
        record.deliveries = 0;
        Written::Stored
    }

    pub(super) fn give_back(&mut self, now: SystemTime, write: &GiveBack) -> Written {
        let record = &mut self.record;
        record.due = Some(after(now, write.delay));
        match record.state {
            RecordState::Intent | RecordState::Finished => {}
            RecordState::Pending if write.counts => {}
            RecordState::Pending => {
                record.claims = record.claims.saturating_sub(1);
                if record.cancel == CancelState::Requested {
                    record.due = Some(now);
                }
            }
            _ => return Written::Fenced,
        }
        self.claim = None;
        self.note(write.error.as_ref())
    }

    /// Leases the outcome to a consumer.
    pub(super) fn deliver(&mut self, now: SystemTime, request: &DeliveryRequest) -> Option<Undelivered> {
        let outcome = self.record.outcome.clone()?;
        let deliveries = self.record.deliveries.saturating_add(1);
        self.record.deliveries = deliveries;
        self.record.due = Some(after(now, request.lease.saturating_add(pause(request, deliveries))));
        let fence = self.lease(request.claim);
        Some(Undelivered {
            fence,
            service: self.record.service.clone(),
            name: self.record.name.clone(),
            kind: self.record.kind.clone(),
            tag: self.record.tag.clone(),
            age: self.age(now),
            deliveries,
            error: self.record.error.clone(),
            outcome,
            state: self.record.saved.clone(),
        })
    }

    pub(super) fn acknowledge(&mut self, now: SystemTime) -> Written {
        if self.record.state != RecordState::Finished {
            return Written::Fenced;
        }
        self.record.state = RecordState::Acknowledged;
        self.record.due = None;
        self.acknowledged = Some(now);
        self.claim = None;
        Written::Stored
    }

    pub(super) fn request_cancel(&mut self, now: SystemTime) -> CancelRequested {
        let record = &mut self.record;
        if matches!(record.state, RecordState::Finished | RecordState::Acknowledged) {
            return CancelRequested::Ended;
        }
        if record.cancel != CancelState::None {
            return CancelRequested::Already;
        }
        record.cancel = CancelState::Requested;
        if record.state == RecordState::Pending && self.claim.is_none() {
            record.due = Some(now);
        }
        CancelRequested::Requested
    }

    pub(super) fn take_back(&mut self, now: SystemTime) -> bool {
        let record = &mut self.record;
        match record.state {
            RecordState::SetAside => {}
            RecordState::Finished | RecordState::Acknowledged if record.name.is_some() => {
                record.created = now;
                record.deliveries = 0;
                record.failures = 0;
                record.error = None;
                record.outcome = None;
                record.saved.clear();
                self.cursor.clear();
                self.claim = None;
                self.acknowledged = None;
            }
            _ => return false,
        }
        record.state = RecordState::Pending;
        record.due = Some(now);
        record.claims = 0;
        true
    }

    pub(super) fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.record.created).unwrap_or_default()
    }

    /// Returns whether the record is due sooner than a write with this delay asks for.
    pub(super) fn is_due_before(&self, now: SystemTime, delay: Duration) -> bool {
        self.record.due.is_some_and(|due| due < after(now, delay))
    }

    fn lease(&mut self, claim: ClaimId) -> Fence {
        self.record.epoch += 1;
        self.claim = Some(claim);
        Fence { key: self.record.key.clone(), epoch: self.record.epoch, claim }
    }

    /// Ends the claim of a worker or of a starting call. Returns whether there is one.
    fn resolve(&mut self, now: SystemTime, name: Option<&lro::OperationName>) -> bool {
        let record = &mut self.record;
        match record.state {
            RecordState::Intent => record.created = now,
            RecordState::Pending => {}
            _ => return false,
        }
        if let Some(name) = name {
            record.name = Some(name.clone());
        }
        self.claim = None;
        true
    }

    fn note(&mut self, error: Option<&String>) -> Written {
        if let Some(error) = error {
            self.record.error = Some(error.clone());
        }
        Written::Stored
    }
}

/// The pause after a delivery, as [`DeliveryRequest`] defines it.
fn pause(request: &DeliveryRequest, deliveries: u32) -> Duration {
    let Some(doublings) = deliveries.checked_sub(2) else { return Duration::ZERO };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    request.first_pause.saturating_mul(factor).min(request.longest_pause)
}

fn without_payloads(record: &Record) -> Record {
    let mut copy = Record::new(&record.key, record.service.clone(), record.state, record.created);
    copy.name = record.name.clone();
    copy.kind = record.kind.clone();
    copy.fingerprint = record.fingerprint.clone();
    copy.deadline = record.deadline;
    copy.due = record.due;
    copy.epoch = record.epoch;
    copy.claims = record.claims;
    copy.failures = record.failures;
    copy.cancel = record.cancel;
    copy.deliveries = record.deliveries;
    copy.error = record.error.clone();
    copy
}
