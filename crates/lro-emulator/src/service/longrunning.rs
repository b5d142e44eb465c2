//! `google.longrunning.Operations` over HTTP/JSON: get for all operations, the other calls for those of tests.

use std::time::Duration;

use bytes::Bytes;
use lro::{Operation, Status, wkt};
use serde::Serialize;
use tokio::time::Instant;

use super::{message::Message, operations};
use crate::{
    api::json,
    request::Request,
    store::{Store, view::View},
};

/// Replies to a call about an operation or a collection of operations.
pub(crate) async fn handle(store: &Store, request: &Request) -> Result<Message, Status> {
    let (name, unknown) = (request.name(), request.unknown_method());
    match (request.method.as_str(), request.path.verb.as_deref()) {
        ("GET", None) => get_or_list(store, request, &name),
        ("DELETE", None) => operations::delete(store, &name, unknown).map(|()| EMPTY.into()),
        ("POST", Some("cancel")) => operations::cancel(store, &name, unknown).map(|()| EMPTY.into()),
        ("POST", Some("wait")) => {
            let deadline = Instant::now() + timeout(request)?;
            Ok(operations::wait(store, &name, deadline, unknown).await?.into())
        }
        _ => Err(unknown),
    }
}

/// Gets `operations/1`, or lists `operations`.
fn get_or_list(store: &Store, request: &Request, name: &str) -> Result<Message, Status> {
    let got = operations::get(&mut store.state(), Some(&request.path.version), name);
    if got.is_err() && store.state().operations.has_collection(name) {
        return Ok(list(store, request, name)?.into());
    }
    Ok(got?.into())
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

/// Returns the time that a wait may take.
fn timeout(request: &Request) -> Result<Duration, Status> {
    lro::message! {
        struct WaitOperationRequest("google.longrunning.WaitOperationRequest") {
            name: String,
            timeout: Option<wkt::Duration>,
        }
    }

    let wanted: WaitOperationRequest = request.message()?;
    let timeout = wanted.timeout.and_then(|timeout| Duration::try_from(timeout).ok());
    Ok(timeout.unwrap_or(operations::LONGEST_WAIT).min(operations::LONGEST_WAIT))
}

const EMPTY: Bytes = Bytes::from_static(b"{}");
