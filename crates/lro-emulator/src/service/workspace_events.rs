//! Workspace Events: subscriptions, and the operations that change them.

mod change;
mod clock;
mod events;
mod fields;
mod list;
mod subscription;
mod subscriptions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lro::{Any, Empty, Operation, Status};
use serde::Serialize;
use tokio::time::Instant;

use self::{change::Change, clock::Clock, subscriptions::Subscriptions};
use super::message::Message;
use crate::{
    api::json,
    request::Request,
    rng::Rng,
    store::{
        State, Store,
        job::{Ending, Scope, empty, outcome},
        view::View,
    },
};

/// The subscriptions, of both versions of the API.
///
/// Lock order: the store, then the subscriptions. An operation changes the subscriptions as it ends, while the store is
/// locked.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceEvents {
    subscriptions: Arc<Mutex<Subscriptions>>,
}

/// The version of the API that a call and its operation are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApiVersion {
    V1,
    V1Beta,
}

impl WorkspaceEvents {
    pub(crate) fn new(rng: Rng) -> Self {
        Self { subscriptions: Arc::new(Mutex::new(Subscriptions::new(Clock::start(), rng))) }
    }

    /// Replies to a call at `/{version}/subscriptions`.
    pub(super) fn handle(&self, store: &Store, request: &Request) -> Result<Message, Status> {
        let version = if request.path.version == "v1" { ApiVersion::V1 } else { ApiVersion::V1Beta };
        let name = request.name();
        let state = &mut *store.state();
        let change =
            match (request.method.as_str(), request.path.segments.len(), request.path.verb.as_deref()) {
                ("GET", 1, None) => return Ok(list::handle(&self.subscriptions(), request)?.into()),
                ("GET", 2, None) => {
                    return Ok(json::encode(self.subscriptions().get(&name, Instant::now())?)?.into());
                }
                ("POST", 1, None) => Change::create(request)?,
                ("PATCH", 2, None) => Change::update(request, name)?,
                ("DELETE", 2, None) => Change::delete(request, name)?,
                ("POST", 2, Some("reactivate")) => Change::reactivate(name),
                _ => return Err(request.unknown_method()),
            };
        change.check(&self.subscriptions(), Instant::now())?;
        let view = if request.flag("validateOnly")? {
            preview(version, change, self.subscriptions().clone()).into()
        } else {
            self.start(version, change, state)
        };
        Ok(view.into())
    }

    /// Suspends the subscription of this name, if there is one.
    pub(crate) fn suspend(&self, store: &Store, name: &str, reason: &str) -> bool {
        // Operations that are due change the subscriptions first.
        let _state = store.state();
        self.subscriptions().suspend(name, reason)
    }

    fn start(&self, version: ApiVersion, change: Change, state: &mut State) -> View {
        let metadata = version.pack(change.metadata_type(), &Empty::default()).ok();
        // The name is a message in base64 whose first field is an id.
        let id = BASE64_URL_SAFE_NO_PAD.encode(format!("\n${}", state.rng.uuid()));
        let service = self.clone();
        let work = move |at: Instant| outcome(apply(version, change, &mut service.subscriptions(), at));
        let scope = Scope::Version(version.as_str());
        state.start(format!("operations/{id}"), scope, metadata, Ending::Work(Box::new(work)))
    }

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ApiVersion {
    fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta => "v1beta",
        }
    }

    /// Packs a message of this version.
    fn pack(self, message: &str, value: &impl Serialize) -> Result<Any, Status> {
        Any::pack_as(&format!("google.apps.events.subscriptions.{}.{message}", self.as_str()), value)
    }
}

/// Returns the result of a change without the change: an operation that is done at once and has no name.
fn preview(version: ApiVersion, change: Change, mut subscriptions: Subscriptions) -> Operation {
    let metadata = version.pack(change.metadata_type(), &Empty::default());
    let outcome = outcome(apply(version, change, &mut subscriptions, Instant::now()));
    Operation { metadata: metadata.ok(), outcome: Some(outcome), ..Operation::default() }
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
