//! Workspace Events: subscriptions, and the operations that change them.

mod change;
pub(crate) mod clock;
mod fields;
mod list;
mod subscription;
mod subscriptions;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lro::{Any, Empty, Operation, Status};
use serde::Serialize;
use tokio::time::Instant;

pub(crate) use self::subscriptions::Subscriptions;
use self::{change::Change, subscription::Subscription};
use super::message::Message;
use crate::{
    api::json,
    request::Request,
    store::{
        State, Store,
        job::{Ending, Owner, empty, outcome},
    },
};

/// The version of the API that a call and its operation are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiVersion {
    V1,
    V1Beta,
}

impl ApiVersion {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta => "v1beta",
        }
    }

    /// Packs one of this version's messages.
    fn pack(self, message: &str, value: &impl Serialize) -> Result<Any, Status> {
        Any::pack_as(&format!("google.apps.events.subscriptions.{}.{message}", self.as_str()), value)
    }
}

/// Answers a call at `/{version}/subscriptions`.
pub(crate) fn handle(store: &Store, request: &Request) -> Result<Message, Status> {
    let version = if request.path.version == "v1" { ApiVersion::V1 } else { ApiVersion::V1Beta };
    let name = request.name();
    let state = &mut *store.state();
    let change = match (request.method.as_str(), request.path.segments.len(), request.path.verb.as_deref()) {
        ("GET", 1, None) => return Ok(list::handle(&state.subscriptions, request)?.into()),
        ("GET", 2, None) => return Ok(json::encode(state.subscriptions.get(&name, Instant::now())?)?.into()),
        ("POST", 1, None) => Change::create(request)?,
        ("PATCH", 2, None) => Change::update(request, name)?,
        ("DELETE", 2, None) => Change::delete(request, name)?,
        ("POST", 2, Some("reactivate")) => Change::reactivate(name),
        _ => return Err(request.unknown_method()),
    };
    change.check(&state.subscriptions, Instant::now())?;
    let operation = if request.flag("validateOnly")? {
        preview(version, change, &mut state.subscriptions.clone())
    } else {
        start(version, change, state)
    };
    Ok(operation.into())
}

/// What would come of a change: an operation that is done at once and has no name.
fn preview(version: ApiVersion, change: Change, subscriptions: &mut Subscriptions) -> Operation {
    let metadata = version.pack(change.metadata_type(), &Empty::default());
    let outcome = outcome(apply(version, change, subscriptions, Instant::now()));
    Operation { metadata: metadata.ok(), outcome: Some(outcome), ..Operation::default() }
}

fn start(version: ApiVersion, change: Change, state: &mut State) -> Operation {
    let metadata = version.pack(change.metadata_type(), &Empty::default()).ok();
    // The name is a message in base64 whose first field is an id.
    let name = format!("operations/{}", BASE64_URL_SAFE_NO_PAD.encode(format!("\n${}", state.rng.uuid())));
    let work = move |subscriptions: &mut Subscriptions, at: Instant| {
        outcome(apply(version, change, subscriptions, at))
    };
    state.start(name, Owner::WorkspaceEvents(version), metadata, Ending::Work(Box::new(work)))
}

fn apply(
    version: ApiVersion,
    change: Change,
    subscriptions: &mut Subscriptions,
    at: Instant,
) -> Result<Any, Status> {
    match change.apply(subscriptions, at)? {
        Some(subscription) => version.pack("Subscription", &subscription),
        None => empty(),
    }
}
