//! The one task of a fleet.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use lro::{
    Attempt, Code, LroTransport, Service,
    rules::{Limit, Reply},
};
use tokio::time::{Sleep, sleep};
use tracing::debug;

use crate::{
    calls::{Answer, Asking, Calls, Ended},
    shared::Shared,
    state::{Ask, State, Subject},
    time::{Clock, Time},
};

/// Asks about the operations of a fleet until nobody wants to know any more.
pub(crate) async fn drive(shared: Arc<Shared>, clock: Clock) {
    let _end = EndAll(&shared);
    let mut driver = Driver {
        shared: &shared,
        service: shared.transport.service(),
        clock,
        calls: Calls::new(),
        asks: Vec::new(),
        ended: Vec::new(),
    };
    let mut timer = pin!(sleep(Duration::ZERO));
    poll_fn(|context| driver.poll(timer.as_mut(), context)).await;
}

struct Driver<'a> {
    shared: &'a Arc<Shared>,
    service: Service,
    clock: Clock,
    calls: Calls,
    asks: Vec<Ask>,
    ended: Vec<Ended>,
}

/// A task that ends, however that comes, leaves nobody waiting.
struct EndAll<'a>(&'a Shared);

impl Driver<'_> {
    fn poll(&mut self, mut timer: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<()> {
        let mut left = AT_ONCE;
        while left > 0 {
            let now = self.clock.now();
            self.calls.ended(now, context, &mut self.ended);
            let Some(next) = self.round(now, context) else {
                return Poll::Ready(());
            };
            if !self.ended.is_empty() || next <= now {
                left = left.saturating_sub(1 + self.ended.len());
                continue;
            }
            let Some(at) = self.clock.instant(next.min(self.calls.earliest())) else {
                return Poll::Pending;
            };
            timer.as_mut().reset(at);
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            left -= 1;
        }
        // The other tasks of the thread have their turn.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Keeps what has ended, and makes the calls that are due. Returns when more is to be done; `None` at the end.
    fn round(&mut self, now: Time, context: &Context<'_>) -> Option<Time> {
        // Who listens to the events may call the fleet, or be slow: not with the lock.
        self.ended.iter().for_each(|ended| trace(&self.service, ended));
        let (ended, asks) = (&mut self.ended, &mut self.asks);
        let (next, metrics) = self.shared.with(|state| {
            let known = state.take_driver();
            ended.drain(..).for_each(|ended| commit(state, ended, now));
            state.due(now, asks);
            state.shut_down();
            state.set_driver(known, context.waker());
            (!state.is_closed()).then(|| (state.next_wake(), state.metrics_to_tell(now)))
        })?;
        if let Some(metrics) = metrics {
            metrics.trace();
        }
        for Ask { subject, until, limit } in self.asks.drain(..) {
            let attempt = Attempt::within(until.since(now));
            let call = call(&self.shared.transport, subject, attempt);
            self.ended.extend(self.calls.begin(call, now, until, limit));
        }
        Some(next)
    }
}

fn commit(state: &mut State, ended: Ended, now: Time) {
    let Ended { asked, answer } = ended;
    match answer {
        Answer::Operation(id, name, reply) => state.commit(id, name.as_str(), asked, reply, now),
        Answer::Page(number, page) => state.commit_page(number, asked, page, now),
    }
}

fn trace(service: &Service, ended: &Ended) {
    let Answer::Operation(_, name, reply) = &ended.answer else {
        return;
    };
    let code = match reply {
        Reply::Returned(Err(status)) => status.code().number(),
        Reply::Cut(Limit::Attempt) => Code::DeadlineExceeded.number(),
        Reply::Returned(Ok(_)) | Reply::Cut(Limit::Deadline | Limit::Grace) => Code::Ok.number(),
    };
    debug!(
        lro.operation = name.as_str(),
        lro.service = %service,
        rpc.service = "google.longrunning.Operations",
        rpc.method = "GetOperation",
        rpc.grpc.status_code = code,
        "operation polled"
    );
}

fn call(transport: &Arc<dyn LroTransport>, subject: Subject, attempt: Attempt) -> Asking {
    let transport = transport.clone();
    match subject {
        Subject::Operation(id, name) => {
            let asked = name.clone();
            Asking::Operation(
                id,
                name,
                Box::pin(async move { transport.get_operation_within(&asked, &attempt).await }),
            )
        }
        Subject::Page(number, request) => Asking::Page(
            number,
            Box::pin(async move { transport.list_operations_within(&request, &attempt).await }),
        ),
    }
}

impl Drop for EndAll<'_> {
    fn drop(&mut self) {
        self.0.with(|state| state.end_all("the task of the fleet has ended"));
    }
}

/// The rounds, and the calls answered at once, before the other tasks of the thread have their turn.
const AT_ONCE: usize = 256;
