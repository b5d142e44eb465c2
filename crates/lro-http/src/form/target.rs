//! The target of an operation that is done: the resource whose state is the response.

use http::Uri;
use lro::{Operation, Outcome};
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

use super::{
    Form,
    json::{field, text},
};
use crate::Endpoint;

impl Form {
    /// Returns the link to the target of an operation that has succeeded without a response in its reply.
    pub(crate) fn target_of(&self, operation: &Operation, reply: &[u8]) -> Option<String> {
        if self.target.is_empty() || !matches!(operation.outcome, Some(Outcome::Response(_))) {
            return None;
        }
        let reply: Box<RawValue> = lro::from_json(reply).ok()?;
        let has_response = field(&reply, &self.response).is_some_and(|response| response.get() != "null");
        if has_response { None } else { text(&reply, &self.target).filter(|link| !link.is_empty()) }
    }
}

/// Returns the path and the query of a link, behind the path of the endpoint. `None` if it has none that is safe.
///
/// The host is not used, so that a reply cannot lead a token to another one. Services of Google have links to
/// `www.googleapis.com` with the path that their own host has.
pub(crate) fn path_of(link: &str, endpoint: &Endpoint) -> Option<String> {
    let link: Uri = link.parse().ok()?;
    let path = percent_decode_str(link.path()).decode_utf8().ok()?;
    let is_safe = path.len() > 1 && path.split('/').all(|segment| !matches!(segment, "." | ".."));
    let whole = link.path_and_query()?.as_str().strip_prefix('/').filter(|_| is_safe)?;
    Some(endpoint.without_base(&link).map_or_else(|| format!("/{whole}"), str::to_owned))
}
