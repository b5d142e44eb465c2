mod longrunning;
pub(crate) mod message;
pub(crate) mod operations;
mod route_optimization;
mod workspace_events;

use http::Method;
use lro::Status;

use self::{message::Message, workspace_events::WorkspaceEvents};
use crate::{request::Request, rng::Rng, store::Store};

/// The emulated services, and the store of operations that they share.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) store: Store,
    workspace_events: WorkspaceEvents,
}

impl Services {
    pub(crate) fn new(store: Store, rng: Rng) -> Self {
        Self { store, workspace_events: WorkspaceEvents::new(rng) }
    }

    /// Suspends a subscription of Workspace Events; `false` if there is none of this name.
    pub(crate) fn suspend(&self, subscription: &str, reason: &str) -> bool {
        self.workspace_events.suspend(&self.store, subscription, reason)
    }

    /// Passes a request on to the service of its path.
    pub(crate) async fn handle(&self, request: &Request) -> Result<Message, Status> {
        let path = &request.path;
        let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        match (&*path.version, &*segments, path.verb.as_deref()) {
            ("v1" | "v1beta", ["subscriptions", ..], _) => self.workspace_events.handle(&self.store, request),
            ("v1", ["projects", _] | ["projects", _, "locations", _], Some(verb)) if is_post(request) => {
                route_optimization::handle(&self.store, request, verb).await
            }
            (version, [_, ..], _) if is_version(version) => longrunning::handle(&self.store, request).await,
            _ => Err(request.unknown_method()),
        }
    }
}

fn is_post(request: &Request) -> bool {
    request.method == Method::POST
}

/// Returns whether a segment is a version, such as `v1` and `v2beta3`.
fn is_version(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('v')
        && letters.next().is_some_and(|digit| digit.is_ascii_digit())
        && letters.all(|letter| letter.is_ascii_alphanumeric())
}
