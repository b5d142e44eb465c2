//! The task of a fleet. It sleeps, makes the calls, and runs the code of the caller.

mod calls;
mod judge;
mod paces;

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use lro::{Attempt, pacing::PacingByKind, rules::Reply};
use tokio::time::{Sleep, sleep};

pub(crate) use self::{
    calls::{Answer, Ended, Refusal, answer},
    paces::Gone,
};
use self::{
    calls::{Calls, InFlight, Subject},
    judge::Judge,
};
use crate::{
    caller::{SUBSCRIBER, run},
    clock::{Source, Time},
    published::Publisher,
    shared::Shared,
    state::{Ask, Case, State, Target},
};

/// Ends all waits when the task of the fleet ends for any reason.
pub(crate) struct EndAll(pub(crate) Arc<Shared>);

/// Makes the calls of a fleet until the last handle is dropped. `end` is dropped with the task, also if the task never ran.
pub(crate) async fn drive(end: EndAll, pacing: Arc<dyn PacingByKind>, source: Source) {
    let mut driver = Driver {
        shared: &end.0,
        source,
        calls: Calls::new(end.0.clone()),
        judge: Judge::new(pacing, end.0.settings.clone()),
        cases: Vec::new(),
        publisher: Publisher::new(&end.0.settings.service),
        asks: Vec::new(),
        ended: Vec::new(),
        yields: false,
    };
    let mut timer = pin!(sleep(Duration::ZERO));
    poll_fn(|context| driver.poll(timer.as_mut(), context)).await;
}

struct Driver<'a> {
    shared: &'a Arc<Shared>,
    source: Source,
    calls: Calls,
    judge: Judge,
    cases: Vec<Case>,
    publisher: Publisher,
    asks: Vec<Ask>,
    ended: Vec<Ended>,
    yields: bool,
}

/// What follows a round.
enum After {
    /// There is more to do at this time.
    Wait(Time),
    /// There is more to do now.
    Again,
    /// All waits have ended.
    Stop,
}

impl Driver<'_> {
    fn poll(&mut self, mut timer: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<()> {
        self.yields = !self.yields;
        if self.yields {
            // Yields to the connections that are ready, so that one round takes all their replies.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut left = AT_ONCE;
        while left > 0 {
            self.calls.ended(self.source.now(), context, &mut self.ended);
            let next = match self.round(context) {
                After::Stop => return Poll::Ready(()),
                After::Wait(next) if self.ended.is_empty() && next > self.source.now() => next,
                After::Wait(_) | After::Again => {
                    left = left.saturating_sub(1 + self.ended.len());
                    continue;
                }
            };
            let Some(at) = self.source.instant(next.min(self.calls.earliest())) else {
                return Poll::Pending;
            };
            timer.as_mut().reset(at);
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            left -= 1;
        }
        // Yields to the other tasks of the thread.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Decides about the operations whose calls have ended, and makes the calls that are due.
    fn round(&mut self, context: &Context<'_>) -> After {
        let waker = context.waker().clone();
        let (ended, cases) = (&mut self.ended, &mut self.cases);
        let gone = self.shared.with(|state| state.take_out(ended, cases));
        gone.into_iter().for_each(|gone| self.judge.finish(gone));
        let verdicts: Vec<_> = self.cases.drain(..).map(|case| self.judge.decide(case)).collect();
        self.rank();
        let (asks, calls) = (&mut self.asks, &self.calls);
        let publisher = &mut self.publisher;
        let (after, hanging, given_up, metrics) = self.shared.with(|state| {
            // Read with the lock held, so that it is not earlier than what happened before.
            let now = state.now();
            verdicts.into_iter().for_each(|verdict| state.put_back(verdict, now));
            state.due(now, asks);
            let goes_on = state.shut_down() || state.has_more_to_take_out();
            let hanging = state.hanging(now, |sent| calls.sent_at(sent));
            state.set_driver(waker);
            state.hand_over(publisher);
            let after = match hanging {
                _ if state.is_closed() => After::Stop,
                Ok(_) => After::Again,
                Err(_) if goes_on => After::Again,
                Err(look) => After::Wait(state.next_wake().min(look)),
            };
            (after, hanging, state.take_given_up(), state.metrics_to_trace(now))
        });
        given_up.iter().for_each(|given_up| self.judge.report_given_up(given_up));
        if let Some(metrics) = metrics {
            run(SUBSCRIBER, || metrics.trace());
        }
        if let Ok(sent) = hanging {
            self.ended.extend(self.calls.cut_short(&sent, self.source.now()));
        }
        self.make_calls();
        let publish_again = self.publisher.publish(self.shared, self.source.now());
        match after {
            After::Wait(next) => After::Wait(next.min(publish_again)),
            After::Again | After::Stop => after,
        }
    }

    /// Orders the longest line by the rankings of the pacings, without the lock.
    fn rank(&mut self) {
        if !self.judge.ranks(self.source.now()) {
            return;
        }
        let Some(unranked) = self.shared.with(State::unranked) else {
            return;
        };
        let (key, ranking) = self.judge.rank(unranked);
        let _last = self.shared.with(|state| state.rank(key, ranking));
    }

    fn make_calls(&mut self) {
        for Ask { sent, target, until, limit } in self.asks.drain(..) {
            let mut attempt = Attempt::within(until.since(sent.at));
            let permit = self.shared.gates.permit(sent.key);
            if let Some(permit) = &permit {
                attempt = attempt.with_permit(permit.clone());
            }
            let (subject, call) = call(self.shared, target, attempt);
            self.ended.extend(self.calls.begin(InFlight { subject, call, sent, permit, until, limit }));
        }
    }
}

/// Returns the subject of a call, and its future.
fn call(shared: &Shared, target: Target, attempt: Attempt) -> (Subject, BoxFuture<'static, Answer>) {
    let transport = shared.transport.clone();
    match target {
        Target::Operation(id, name) => {
            let subject = Subject::Operation(id);
            let call = async move {
                let reply = answer(|| transport.get_operation_within(&name, &attempt)).await;
                Answer::Operation(id, Reply::Returned(reply))
            };
            (subject, Box::pin(call))
        }
        Target::Page(number, request) => {
            let settings = shared.settings.clone();
            let call = async move {
                let page = answer(|| transport.list_operations_within(&request, &attempt)).await;
                Answer::Page(number, page.map_err(|status| Refusal::new(status, &settings.rules.tolerance)))
            };
            (Subject::Page(number), Box::pin(call))
        }
    }
}

impl Drop for EndAll {
    fn drop(&mut self) {
        self.0.end_all("the task of the fleet has ended");
    }
}

/// The rounds, and the calls that are answered at once, before the task yields to others of the thread.
const AT_ONCE: usize = 256;
