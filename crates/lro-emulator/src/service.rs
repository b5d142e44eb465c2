mod longrunning;
pub(crate) mod message;
mod route_optimization;
pub(crate) mod workspace_events;

use http::Method;
use lro::Status;

use self::message::Message;
use crate::{request::Request, store::Store};

/// Finds whose a request is, and has it answered.
pub(crate) async fn handle(store: &Store, request: &Request) -> Result<Message, Status> {
    let path = &request.path;
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match (&*path.version, &*segments, path.verb.as_deref()) {
        ("v1" | "v1beta", ["subscriptions", ..], _) => workspace_events::handle(store, request),
        ("v1", ["projects", _] | ["projects", _, "locations", _], Some(verb)) if is_post(request) => {
            route_optimization::handle(store, request, verb).await
        }
        (version, [_, ..], _) if is_version(version) => longrunning::handle(store, request).await,
        _ => Err(request.unknown_method()),
    }
}

fn is_post(request: &Request) -> bool {
    request.method == Method::POST
}

/// `v1`, `v2beta3` and the like.
fn is_version(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('v')
        && letters.next().is_some_and(|digit| digit.is_ascii_digit())
        && letters.all(|letter| letter.is_ascii_alphanumeric())
}
