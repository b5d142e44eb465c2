//! `google.longrunning.Operations`: get for all operations, the other calls for those of tests.

use std::time::Duration;

use bytes::Bytes;
use lro::{Operation, Status, wkt};
use serde::Serialize;
use tokio::time::Instant;

use super::message::Message;
use crate::{
    api::{error, json},
    request::Request,
    store::{State, Store, job::Scope, view::View},
};

/// Replies to a call about an operation or a collection of operations.
pub(crate) async fn handle(store: &Store, request: &Request) -> Result<Message, Status> {
    let name = request.name();
    match (request.method.as_str(), request.path.verb.as_deref()) {
        ("GET", None) => get_or_list(store, request, &name),
        ("DELETE", None) => {
            let state = &mut *store.state();
            require_every_call(state, request, &name)?;
            state.operations.remove(&name);
            store.changed.notify_waiters();
            Ok(EMPTY.into())
        }
        ("POST", Some("cancel")) => {
            let state = &mut *store.state();
            require_every_call(state, request, &name)?;
            state.operations.job(&name)?.cancel();
            store.changed.notify_waiters();
            Ok(EMPTY.into())
        }
        ("POST", Some("wait")) => Ok(wait(store, request, &name).await?.into()),
        _ => Err(request.unknown_method()),
    }
}

/// Gets `operations/1`, or lists `operations`.
fn get_or_list(store: &Store, request: &Request, name: &str) -> Result<Message, Status> {
    let got = get(&mut store.state(), request, name);
    if got.is_err() && store.state().operations.has_collection(name) {
        return Ok(list(store, request, name)?.into());
    }
    Ok(got?.into())
}

fn get(state: &mut State, request: &Request, name: &str) -> Result<View, Status> {
    let job = state.operations.job(name)?;
    // A name is unique only within its service and version.
    if job.scope.has(&request.path.version) { Ok(job.view(name)) } else { Err(error::not_found(name)) }
}

/// Refuses the calls that the operations of services do not have.
fn require_every_call(state: &mut State, request: &Request, name: &str) -> Result<(), Status> {
    match state.operations.job(name)?.scope {
        Scope::Every => Ok(()),
        Scope::Version(_) => Err(request.unknown_method()),
    }
}

fn list(store: &Store, request: &Request, collection: &str) -> Result<Bytes, Status> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        operations: Vec<Operation>,
        #[serde(skip_serializing_if = "String::is_empty")]
        next_page_token: String,
    }

    let (views, next_page_token) = store.state().operations.list(
        collection,
        request.param("filter"),
        request.number("pageSize")?,
        request.param("pageToken"),
    )?;
    json::encode(&Page { operations: views.into_iter().map(View::read).collect(), next_page_token })
}

/// Returns the operation when it is done, or when the timeout has passed.
async fn wait(store: &Store, request: &Request, name: &str) -> Result<View, Status> {
    lro::message! {
        struct WaitOperationRequest("google.longrunning.WaitOperationRequest") {
            name: String,
            timeout: Option<wkt::Duration>,
        }
    }

    let wanted: WaitOperationRequest = request.message()?;
    let timeout = wanted.timeout.and_then(|timeout| Duration::try_from(timeout).ok());
    let deadline = Instant::now() + timeout.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    loop {
        let changed = store.changed.notified();
        let (view, ends) = {
            let mut state = store.state();
            require_every_call(&mut state, request, name)?;
            let job = state.operations.job(name)?;
            (job.view(name), job.ends_at())
        };
        if view.is_done() || Instant::now() >= deadline {
            return Ok(view);
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(ends.unwrap_or(deadline).min(deadline)) => {}
        }
    }
}

const EMPTY: Bytes = Bytes::from_static(b"{}");

/// The longest time that a wait blocks, below the timeouts that clients have for a call.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
