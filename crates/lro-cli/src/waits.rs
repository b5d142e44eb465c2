//! Waits for operations: a stream of what is noticed of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream, stream::BoxStream};
use lro::{Any, AtDeadline, Handle, Operation, Outcome, Snapshot, Status, Wait, pacing::PacingByKind};
use lro_fleet::{Completion, Fleet, Rate, Registration};

use crate::{
    args::Waiting,
    exit::Failure,
    pacing::AtOnce,
    service::{Target, Transport},
};

/// What is noticed of an operation.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is running.
    Running(Arc<Handle>, View),
    /// The wait has ended: with the operation, or before it.
    Ended(Arc<Handle>, Result<Operation, Status>, View),
}

/// An operation at one reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) metadata: Option<Any>,
    pub(crate) progress: Option<f64>,
    pub(crate) polls: u32,
    pub(crate) elapsed: Duration,
    pub(crate) next_poll: Option<Duration>,
}

pub(crate) type Events = BoxStream<'static, Event>;

impl<M> From<&Snapshot<M>> for View {
    fn from(snapshot: &Snapshot<M>) -> Self {
        Self {
            metadata: snapshot.raw_metadata().cloned(),
            progress: snapshot.progress(),
            polls: snapshot.polls(),
            elapsed: snapshot.elapsed(),
            next_poll: snapshot.next_poll(),
        }
    }
}

/// Waits for operations by their names: for one by a wait, for several by a fleet for each host.
///
/// A fleet does not cancel at a deadline, so each operation has a wait of its own then.
pub(crate) fn by_name(
    target: &Target,
    handles: &[Handle],
    waiting: &Waiting,
    pacing: &AtOnce,
) -> Result<Events, Failure> {
    let is_fleet = handles.len() > 1 && waiting.at_deadline.0 == AtDeadline::Leave;
    let mut hosts: BTreeMap<String, (Transport, Vec<Handle>)> = BTreeMap::new();
    for handle in handles {
        let name = handle.name_for(handle.service())?;
        let host = target.host_for(&name);
        if !hosts.contains_key(&host) {
            let transport = target.connect(Some(&name))?;
            if waiting.at_deadline.0 != AtDeadline::Leave && !transport.capabilities().cancel {
                let service = target.service();
                return Err(Failure::usage(format!(
                    "{service} has no call to cancel: leave out --at-deadline"
                )));
            }
            hosts.insert(host.clone(), (transport, Vec::new()));
        }
        if let Some((_, handles)) = hosts.get_mut(&host) {
            handles.push(handle.clone());
        }
    }
    let mut all = Vec::new();
    for (transport, handles) in hosts.into_values() {
        if is_fleet {
            all.push(fleet(transport, &handles, waiting, pacing)?);
            continue;
        }
        for handle in handles {
            let wait = Wait::<()>::resumed(transport.clone(), &handle)?;
            let pacing = pacing.pacing(kind_of(&handle));
            all.push(one(with(wait, waiting).pacing(pacing), handle));
        }
    }
    Ok(stream::select_all(all).boxed())
}

/// Returns the kind of a handle: without one, operations of a service are of one kind.
pub(crate) fn kind_of(handle: &Handle) -> &str {
    handle.kind().unwrap_or_else(|| handle.service().key())
}

/// Sets what the command line says of a wait.
pub(crate) fn with<'a, R, M>(wait: Wait<'a, R, M>, waiting: &Waiting) -> Wait<'a, R, M> {
    wait.deadline(waiting.deadline).at_deadline(waiting.at_deadline.0).attempt_timeout(waiting.call_timeout)
}

/// Waits for one operation.
pub(crate) fn one<R, M>(wait: Wait<'static, R, M>, handle: Handle) -> Events
where
    R: Send + 'static,
    M: Send + 'static,
{
    let handle = Arc::new(handle);
    stream::unfold(Some((wait, View::default())), move |state| {
        let handle = Arc::clone(&handle);
        async move {
            let (mut wait, last) = state?;
            match wait.next().await {
                Some(Ok(snapshot)) if !snapshot.is_done() => {
                    let view = View::from(&snapshot);
                    Some((Event::Running(handle, view.clone()), Some((wait, view))))
                }
                Some(Ok(snapshot)) => {
                    Some((Event::Ended(handle, wait.into_operation(), View::from(&snapshot)), None))
                }
                Some(Err(status)) => {
                    let view = seen_at_end(last, &status);
                    Some((Event::Ended(handle, Err(status), view), None))
                }
                None => None,
            }
        }
    })
    .boxed()
}

/// Waits for several operations at one host.
fn fleet(
    transport: Transport,
    handles: &[Handle],
    waiting: &Waiting,
    pacing: &AtOnce,
) -> Result<Events, Failure> {
    let fleet = Fleet::builder(transport)
        .pacing(pacing.clone())
        .deadline(waiting.deadline)
        .attempt_timeout(waiting.call_timeout)
        .rate(waiting.rate.map(Rate::per_second))
        .start();
    let (mut snapshots, mut by_name) = (Vec::new(), HashMap::new());
    for handle in handles {
        let handle = Arc::new(handle.clone());
        let name = handle.name_for(handle.service())?;
        let registration = Registration::new(name.clone()).kind(kind_of(&handle));
        fleet.register_with(registration.clone())?;
        let watch = fleet.watch_with::<()>(registration).into_stream();
        by_name.insert(name, Arc::clone(&handle));
        snapshots.push(
            watch
                .filter_map(move |snapshot| {
                    let running = snapshot.ok().filter(|snapshot| !snapshot.is_done());
                    let event =
                        running.map(|snapshot| Event::Running(Arc::clone(&handle), View::from(&snapshot)));
                    async move { event }
                })
                .boxed(),
        );
    }
    fleet.drain();
    let ends = fleet.completions().filter_map(move |completion| {
        let ended = by_name.remove(completion.name()).map(|handle| ended(handle, completion));
        async move { ended }
    });
    snapshots.push(ends.boxed());
    Ok(stream::select_all(snapshots).boxed())
}

fn ended(handle: Arc<Handle>, completion: Completion) -> Event {
    let report = completion.report();
    let view = View {
        metadata: report.last_metadata.clone(),
        progress: None,
        polls: report.polls,
        elapsed: report.elapsed,
        next_poll: None,
    };
    let (name, metadata) = (completion.name().clone(), view.metadata.clone());
    let operation = completion.into_outcome().map(|outcome: Outcome| Operation {
        metadata,
        outcome: Some(outcome),
        ..Operation::running(name.as_str())
    });
    Event::Ended(handle, operation, view)
}

/// Returns the last view of a wait that ended before its operation.
fn seen_at_end(last: View, status: &Status) -> View {
    match status.report() {
        Some(report) => View { polls: report.polls, elapsed: report.elapsed, next_poll: None, ..last },
        None => View { next_poll: None, ..last },
    }
}
