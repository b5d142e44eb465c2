use std::{
    future::poll_fn,
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{future::BoxFuture, task::AtomicWaker};
use lro::{
    Code, OperationPage, Status, Tolerance,
    rules::{Limit, Reply, guard_call},
};

use crate::{
    clock::Time,
    gate::CallPermit,
    lanes::{Flight, Sent},
    lock::lock,
    shared::Shared,
};

/// The calls in flight, driven by one task. A slot and its waker are reused for the next call.
pub(super) struct Calls {
    shared: Arc<Shared>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    woken: Arc<Woken>,
    /// No call has to be cut before this time.
    earliest: Time,
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) flight: Flight,
    pub(crate) answer: Answer,
}

/// The result of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    Operation(u32, Reply),
    Page(usize, Result<OperationPage, Refusal>),
}

/// Why a collection could not be listed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    /// Whether another list may succeed soon.
    pub(crate) may_pass: bool,
}

/// The subject of a call.
#[derive(Debug)]
pub(super) enum Subject {
    Operation(u32),
    Page(usize),
}

struct Slot {
    call: Option<InFlight>,
    waker: Waker,
    bell: Arc<Bell>,
}

/// A call in flight, and its limit.
pub(super) struct InFlight {
    pub(super) subject: Subject,
    pub(super) call: BoxFuture<'static, Answer>,
    pub(super) sent: Sent,
    pub(super) permit: Option<Arc<CallPermit>>,
    pub(super) until: Time,
    pub(super) limit: Limit,
}

/// The waker of a slot.
#[derive(Debug)]
struct Bell {
    slot: u32,
    rung: AtomicBool,
    woken: Arc<Woken>,
}

/// The slots that were woken, and the task that drives them.
#[derive(Debug, Default)]
struct Woken {
    slots: Mutex<Vec<u32>>,
    driver: AtomicWaker,
}

impl Calls {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, slots: Vec::new(), free: Vec::new(), woken: Arc::default(), earliest: Time::NEVER }
    }

    /// Returns a lower bound of the time at which a call has to be cut.
    pub(super) fn earliest(&self) -> Time {
        self.earliest
    }

    /// Begins a call. Returns it if it has ended at once.
    pub(super) fn begin(&mut self, in_flight: InFlight) -> Option<Ended> {
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        let until = in_flight.until;
        self.slots[slot as usize].call = Some(in_flight);
        let ended = self.poll_slot(slot);
        if ended.is_none() {
            self.earliest = self.earliest.min(until);
        }
        ended
    }

    /// Returns when a call in flight was sent. `None` if it waits for its permit.
    pub(super) fn sent_at(&self, sent: &Sent) -> Option<Time> {
        let in_flight = self.slots.iter().filter_map(|slot| slot.call.as_ref());
        let call = in_flight.into_iter().find(|call| call.sent == *sent)?;
        self.shared.gates.sent_at(call.permit.as_deref(), sent.at)
    }

    /// Adds the calls that have ended by `now`, with a reply or at their limit.
    pub(super) fn ended(&mut self, now: Time, context: &Context<'_>, ended: &mut Vec<Ended>) {
        self.woken.driver.register(context.waker());
        let woken = mem::take(&mut *lock(&self.woken.slots));
        ended.extend(woken.iter().filter_map(|slot| self.poll_slot(*slot)));
        self.give_back(woken);
        if self.earliest <= now {
            self.cut(now, ended);
        }
    }

    fn cut(&mut self, now: Time, ended: &mut Vec<Ended>) {
        let is_over = |slot: &Slot| slot.call.as_ref().is_some_and(|call| call.until <= now);
        let over: Vec<u32> =
            (0..).zip(&self.slots).filter(|(_, slot)| is_over(slot)).map(|(at, _)| at).collect();
        for slot in over {
            // A reply that has arrived at the limit counts.
            let answered = self.poll_slot(slot);
            ended.extend(answered.or_else(|| self.drop_call(slot)));
        }
        let untils = self.slots.iter().filter_map(|slot| Some(slot.call.as_ref()?.until));
        self.earliest = untils.min().unwrap_or(Time::NEVER);
    }

    /// Cuts a call that hangs. `None` if it has ended.
    pub(super) fn cut_short(&mut self, sent: &Sent, now: Time) -> Option<Ended> {
        let is_it = |slot: &Slot| slot.call.as_ref().is_some_and(|call| call.sent == *sent);
        let slot = self.slots.iter().position(is_it)? as u32;
        if let Some(ended) = self.poll_slot(slot) {
            return Some(ended);
        }
        let (flight, subject, _) = self.take_call(slot, true)?;
        let status = Status::unanswered(now.since(flight.sent_at.unwrap_or(sent.at)));
        let answer = match subject {
            Subject::Operation(id) => Answer::Operation(id, Reply::Returned(Err(status))),
            Subject::Page(number) => Answer::Page(number, Err(self.refusal(status))),
        };
        Some(Ended { flight, answer })
    }

    fn drop_call(&mut self, slot: u32) -> Option<Ended> {
        let (flight, subject, limit) = self.take_call(slot, false)?;
        let answer = match subject {
            Subject::Operation(id) => Answer::Operation(id, Reply::Cut(limit)),
            Subject::Page(number) => {
                let status = Status::new(Code::DeadlineExceeded, "a list was not answered in time");
                Answer::Page(number, Err(self.refusal(status)))
            }
        };
        Some(Ended { flight, answer })
    }

    fn refusal(&self, status: Status) -> Refusal {
        Refusal::new(status, &self.shared.settings.rules.tolerance)
    }

    fn poll_slot(&mut self, number: u32) -> Option<Ended> {
        let slot = self.slots.get_mut(number as usize)?;
        slot.bell.rung.store(false, Ordering::Release);
        let in_flight = slot.call.as_mut()?;
        let Poll::Ready(answer) = in_flight.call.as_mut().poll(&mut Context::from_waker(&slot.waker)) else {
            return None;
        };
        let (flight, ..) = self.take_call(number, false)?;
        Some(Ended { flight, answer })
    }

    /// Drops a call, and frees its slot.
    fn take_call(&mut self, slot: u32, hangs: bool) -> Option<(Flight, Subject, Limit)> {
        let InFlight { subject, call, sent, permit, limit, .. } = self.slots[slot as usize].call.take()?;
        self.free.push(slot);
        let sent_at = self.shared.gates.sent_at(permit.as_deref(), sent.at);
        discard(call);
        Some((Flight { sent, sent_at, hangs }, subject, limit))
    }

    fn grow(&mut self) -> u32 {
        let slot = self.slots.len() as u32;
        let bell = Arc::new(Bell { slot, rung: AtomicBool::new(false), woken: self.woken.clone() });
        self.slots.push(Slot { call: None, waker: bell.clone().into(), bell });
        slot
    }

    /// Returns an empty list, whose memory is reused.
    fn give_back(&self, mut emptied: Vec<u32>) {
        emptied.clear();
        let mut slots = lock(&self.woken.slots);
        if slots.is_empty() {
            *slots = emptied;
        }
    }
}

impl Refusal {
    /// Asks the predicate of the tolerance. It is code of the caller, so the lock must not be held. // SPEC 61
    pub(super) fn new(status: Status, tolerance: &Tolerance) -> Self {
        let status = status.of_a_call();
        let may_pass = tolerance.is_survivable(&status) || status.code() == Code::Unauthenticated;
        Self { status, may_pass }
    }
}

/// Makes a call of a transport.
///
/// If the transport panics, the call fails, and the other waits of the fleet go on. Its future is dropped when the thread does not
/// unwind, also after a panic.
pub(crate) async fn answer<'f, T>(
    call: impl FnOnce() -> BoxFuture<'f, Result<T, Status>>,
) -> Result<T, Status> {
    let mut call = guard_call(TRANSPORT, call)?;
    let answer = poll_fn(|context| {
        let polled = guard_call(TRANSPORT, || call.as_mut().poll(context));
        polled.unwrap_or_else(|panicked| Poll::Ready(Err(panicked)))
    });
    let answer = answer.await;
    discard(call);
    answer
}

/// Drops a call. A panic of its destructor changes nothing.
fn discard<T>(call: BoxFuture<'_, T>) {
    let _ = guard_call(TRANSPORT, || drop(call));
}

/// The destructors of the calls in flight are code of the caller, and may panic.
impl Drop for Calls {
    fn drop(&mut self) {
        let in_flight = self.slots.iter_mut().filter_map(|slot| slot.call.take());
        in_flight.for_each(|in_flight| discard(in_flight.call));
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            lock(&self.woken.slots).push(self.slot);
            self.woken.driver.wake();
        }
    }
}

const TRANSPORT: &str = "the transport";
