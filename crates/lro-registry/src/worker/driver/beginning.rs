//! Which calls begin, and when one makes room for another.

use lro::rules::guard;
use tokio::time::Instant;
use tracing::warn;

use super::{
    super::{
        calls::Beginning,
        claims::{ClaimReply, Leased},
        judge::Subject,
    },
    Driver,
};
use crate::store::ClaimedRecord;

impl Driver {
    /// Cuts the oldest call of a lane that is due and has no slot, if it hangs. Returns when to look again.
    pub(super) fn cut_oldest(&mut self, lane: usize, now: Instant) -> Option<Instant> {
        let (call, sent) = self.calls.oldest(self.claims.sharing(lane))?;
        let cut_at = self.claims.cut_at(lane, sent, now)?;
        if cut_at > now {
            return Some(cut_at);
        }
        self.calls.cut_short(call);
        None
    }

    /// Begins the calls of the records that a claim returned.
    pub(super) fn claimed(&mut self, reply: ClaimReply) {
        let now = Instant::now();
        self.claims.keep(&reply, now);
        let ClaimReply { lane, sent_at, claimed, .. } = reply;
        let Ok(claimed) = claimed else {
            return;
        };
        self.published.claimed(lane, &claimed);
        for key in claimed.set_aside {
            warn!(
                key,
                "an operation is set aside: its claims ended without a result too often; its record has the last error"
            );
        }
        let begins_by = sent_at + self.settings.lease.saturating_sub(self.rules.attempt_timeout);
        let used_by =
            self.claims.lane(lane).permits_for().map_or(begins_by, |permits_for| sent_at + permits_for);
        let suspected_from = self.settings.most_claims.min(SUSPECTED_FROM);
        let is_suspect = |record: &ClaimedRecord| record.claims >= suspected_from;
        let (suspects, others): (Vec<_>, Vec<_>) = claimed.records.into_iter().partition(is_suspect);
        let suspects = suspects.into_iter().map(|record| Leased { lane, record, used_by, begins_by });
        for (lane, give_back) in self.isolation.isolate(suspects.collect(), now) {
            self.writer.push_suspect(lane, give_back);
        }
        // The calls that have waited for a permission take those of this claim.
        let waiting = self.calls.waiting(self.claims.sharing(lane));
        let taken = waiting.len().min(others.len());
        waiting.into_iter().take(taken).for_each(|call| self.calls.renew(call, used_by, now));
        let given = others.len() - taken;
        for (place, record) in others.into_iter().enumerate() {
            let used_by = if place < given { used_by } else { now };
            self.begin(Leased { lane, record, used_by, begins_by }, now);
        }
    }

    /// Polls a suspect, when no other is held.
    pub(super) fn isolate(&mut self, now: Instant) {
        let Some(suspect) = self.isolation.next(self.writer.holds_suspects()) else {
            return;
        };
        if suspect.begins_by <= now {
            return self.give_back(suspect.lane, suspect.record.fence);
        }
        if let Some(call) = self.begin(suspect, now) {
            self.isolation.begins(call, now);
        }
    }

    /// Begins the call of a record. Returns its number, unless the state of the record cannot be read.
    fn begin(&mut self, leased: Leased, now: Instant) -> Option<u64> {
        let Leased { lane, record, used_by, begins_by } = leased;
        let mut subject = match Subject::of(record) {
            Ok(subject) => subject,
            Err(unreadable) => {
                self.writer.push(lane, *unreadable, None);
                return None;
            }
        };
        let transport = self.claims.lane(lane).transport.clone();
        let mut cancels = subject.record.cancel;
        if cancels && !guard("the transport", || transport.capabilities().cancel).unwrap_or(false) {
            cancels = false;
            subject.cannot_cancel();
        } else if cancels && !subject.is_turn_of_cancel() {
            cancels = false;
            subject.postpone_cancel();
        }
        let sent = self.claims.sent(lane, subject.failures(), now);
        Some(self.calls.begin(Beginning { lane, subject, transport, cancels, sent, used_by, begins_by }, now))
    }
}

/// Two claims end without a result by two deploys. From the third on a crash may be the fault of the record.
const SUSPECTED_FROM: u32 = 3;
