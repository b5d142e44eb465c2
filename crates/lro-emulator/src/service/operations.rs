//! The calls about operations, whatever the protocol.

use std::time::Duration;

use lro::Status;
use tokio::time::Instant;

use crate::{
    api::error,
    store::{State, Store, job::Scope, view::View},
};

/// Returns an operation. A name is unique only within its service and version: `None` finds it under every version.
pub(crate) fn get(state: &mut State, version: Option<&str>, name: &str) -> Result<View, Status> {
    let job = state.operations.job(name)?;
    if version.is_none_or(|version| job.scope.has(version)) {
        Ok(job.view(name))
    } else {
        Err(error::not_found(name))
    }
}

/// Cancels an operation. The operation of a service has no such call: it is `unknown`.
pub(crate) fn cancel(store: &Store, name: &str, unknown: Status) -> Result<(), Status> {
    let mut state = store.state();
    require_every_call(&mut state, name, unknown)?;
    state.operations.job(name)?.cancel();
    store.changed.notify_waiters();
    Ok(())
}

/// Removes an operation. The operation of a service has no such call: it is `unknown`.
pub(crate) fn delete(store: &Store, name: &str, unknown: Status) -> Result<(), Status> {
    let mut state = store.state();
    require_every_call(&mut state, name, unknown)?;
    let removed = state.operations.remove(name);
    drop(state);
    // Its script has a closure of the caller, whose destructor may use the emulator. // SPEC 61
    drop(removed);
    store.changed.notify_waiters();
    Ok(())
}

/// Returns an operation when it is done, or when the deadline has passed. One that runs for a number of calls is returned at once. The
/// operation of a service has no such call: it is `unknown`.
pub(crate) async fn wait(
    store: &Store,
    name: &str,
    deadline: Instant,
    unknown: Status,
) -> Result<View, Status> {
    loop {
        let changed = store.changed.notified();
        let (view, ends, can_be_awaited) = {
            let mut state = store.state();
            require_every_call(&mut state, name, unknown.clone())?;
            let job = state.operations.job(name)?;
            (job.view(name), job.ends_at(), job.can_be_awaited())
        };
        if view.is_done() || !can_be_awaited || Instant::now() >= deadline {
            return Ok(view);
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(ends.unwrap_or(deadline).min(deadline)) => {}
        }
    }
}

/// Refuses the calls that the operations of services do not have.
fn require_every_call(state: &mut State, name: &str, unknown: Status) -> Result<(), Status> {
    match state.operations.job(name)?.scope {
        Scope::Every => Ok(()),
        Scope::Version(_) => Err(unknown),
    }
}

/// The longest time that a wait blocks, below the timeouts that clients have for a call.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(20);
