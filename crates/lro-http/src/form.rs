mod error;
mod json;
mod target;

use std::{collections::BTreeMap, fmt};

use http::HeaderMap;
use lro::{Any, Code, Operation, OperationName, OperationPage, Outcome, Report, Status};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::json::{field, is_object, items, text};
pub(crate) use self::target::path_of;
use crate::{Token, calls::Calls, listed::Listed, refusal::refused, reply::is_only_error};

/// How a service whose operations have a form of their own replies: where its JSON has what `google.longrunning` has.
///
/// A field is a path with dots, such as `properties.provisioningState`. An operation that is done without an error has the
/// response. The metadata is the whole reply, with its progress and its warnings.
///
/// A reply with an error status is a failed call, never a failed operation, as in every binding. A service that reports the
/// failure of an operation by the HTTP status of a poll needs an [`LroTransport`](lro::LroTransport) of its own.
///
/// ```
/// use lro_http::Binding;
///
/// let videos: Binding = serde_json::from_str(
///     r#"{
///         "service": "media.example.com",
///         "version": "2026-11-01",
///         "get": ["{name=videos/*}"],
///         "form": {
///             "state": "status",
///             "done": ["Succeeded"], "failed": ["Failed"], "cancelled": ["Canceled"],
///             "response": "result",
///             "links": ["operation-location"],
///             "query": {"api-version": "2026-11-01"}
///         }
///     }"#,
/// )?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Form {
    /// The field of the state. If it is empty, HTTP 202 means running, and another success means done.
    ///
    /// States are compared without regard to the case of ASCII letters: services that write them in several ways mean the same.
    pub state: String,
    /// The states of an operation that is done. One with an error has failed. Any state that is not listed is running.
    pub done: Vec<String>,
    /// The states of an operation that has failed.
    pub failed: Vec<String>,
    /// The states of an operation that was cancelled.
    pub cancelled: Vec<String>,
    /// The field of the error: an object with `code` and `message`, a list of those, or an object with such a list in
    /// `errors`. The code is a number of `google.rpc.Code`, or a text, which becomes the reason of an
    /// [`ErrorInfo`](lro::details::ErrorInfo). Default: `error`.
    pub error: String,
    /// The field of the HTTP status of the error.
    pub http_code: String,
    /// The field of the message of an error that has none.
    pub message: String,
    /// The field of the response. Empty, the default, for the whole reply, which is also the response if the field is absent.
    pub response: String,
    /// The field of the URL of the target, the resource that the operation works on, such as `targetLink` or
    /// `resourceLocation`. A transport that [reads targets](crate::HttpTransport::reading_targets) has its state as the
    /// response, unless the reply has a response.
    pub target: String,
    /// The headers and fields of a reply that have the URL of an operation. Only the end of its path is used, so that a
    /// reply cannot lead to another host. Its query is dropped: a signed link needs a transport of its own. An operation whose
    /// start was answered with such a URL in a header is running, unless the body has a state; headers come first.
    pub links: Vec<String>,
    /// The field of the operations in a list. Default: `operations`. The token of the next page is in `nextPageToken`.
    pub items: String,
    /// The query parameter of the size of a page. Default: `pageSize`.
    pub page_size: String,
    /// The query parameters of each call that gets an operation or waits for it. `Debug` omits their values. They are not for
    /// secrets, which [credentials](crate::HttpClientBuilder::credentials) keep out of errors.
    pub query: BTreeMap<String, String>,
}

/// What the headers of a reply link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Linked {
    /// The name of the operation, if the link is one of the service.
    pub(crate) own: Option<String>,
    /// Whether there is a link at all.
    pub(crate) any: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            state: String::new(),
            done: Vec::new(),
            failed: Vec::new(),
            cancelled: Vec::new(),
            error: "error".to_owned(),
            http_code: String::new(),
            message: String::new(),
            response: String::new(),
            target: String::new(),
            links: Vec::new(),
            items: "operations".to_owned(),
            page_size: "pageSize".to_owned(),
            query: BTreeMap::new(),
        }
    }
}

impl Form {
    /// Refuses a form whose operations can never succeed, or whose states contradict each other.
    pub(crate) fn check(&self) -> Result<(), Status> {
        if !self.state.is_empty() && self.done.is_empty() {
            return Err(refused("not a form: it has a `state`, and no value of it in `done`"));
        }
        let also_done = self.failed.iter().chain(&self.cancelled).find(|state| is_in(&self.done, state));
        match also_done.or_else(|| self.cancelled.iter().find(|state| is_in(&self.failed, state))) {
            Some(twice) => Err(refused(format!("not a form: the state {twice:?} is listed twice"))),
            None => Ok(()),
        }
    }

    /// Reads the reply for an operation. `is_accepted` is whether the HTTP status is 202.
    pub(crate) fn operation(&self, name: &str, body: &[u8], is_accepted: bool) -> Result<Operation, Status> {
        if body.trim_ascii().is_empty() && (is_accepted || self.state.is_empty()) {
            let outcome = (!is_accepted).then_some(Outcome::Neither);
            return Ok(Operation { outcome, ..Operation::running(name) });
        }
        let reply: Box<RawValue> = lro::from_json(body)?;
        let is_absent = field(&reply, &self.state).is_none();
        if text(&reply, &self.state).is_some() || is_absent && (self.state.is_empty() || is_accepted) {
            return self.read(name, &reply, is_accepted);
        }
        Err(Status::in_reply(body).unwrap_or_else(|| {
            Status::malformed(format!("the reply has no text in {:?}, which has the state", self.state))
        }))
    }

    /// Returns what the headers of a reply link.
    pub(crate) fn linked(&self, headers: &HeaderMap, token: Option<&Token>, calls: &Calls) -> Linked {
        let mut values = self.links.iter().flat_map(|link| headers.get_all(link)).peekable();
        let any = values.peek().is_some();
        let own = values.find_map(|value| {
            let link = value.to_str().ok()?.to_owned();
            let link = match token {
                Some(token) => token.hidden_in(link),
                None => link,
            };
            own_end(&link, calls)
        });
        Linked { own, any }
    }

    /// Reads the reply to a starting call, whose headers may link the operation.
    ///
    /// What has a link has started, so that it is running unless the body has a state or nothing but an error. A resource without any
    /// link and state was made at once.
    pub(crate) fn started(
        &self,
        Linked { own: linked, any: has_link }: Linked,
        body: &[u8],
        is_accepted: bool,
        calls: &Calls,
    ) -> Result<Operation, Status> {
        let reply: Box<RawValue> = lro::from_json(body).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let link_in_body = || self.links.iter().find_map(|link| own_end(&text(&reply, link)?, calls));
        let Some(name) = linked.or_else(link_in_body) else {
            let has_link = has_link || self.links.iter().any(|link| text(&reply, link).is_some());
            let is_error = self.error(&reply).is_some() || Status::in_reply(body).is_some();
            let has_state = self.state.is_empty() || field(&reply, &self.state).is_some();
            let is_resource = is_object(&reply) && !has_state && !is_error && !self.links.is_empty();
            if is_resource && !has_link && !is_accepted {
                return Ok(Operation::running("").with_outcome(Ok(Any::from_value(&reply)?)));
            }
            let operation = self.operation("", body, is_accepted)?;
            if operation.is_done() {
                return Ok(operation);
            }
            let links = self.links.join(", ");
            return Err(Status::malformed(format!(
                "the started operation has no link that is one of the service in {links:?}"
            )));
        };
        if body.trim_ascii().is_empty() {
            return Ok(Operation::running(&name));
        }
        self.operation(&name, body, is_accepted).or_else(|fault| match is_only_error(body) {
            true => Err(named(fault, &name)),
            false => {
                let metadata = is_object(&reply).then(|| Any::from_value(&reply)).transpose()?;
                Ok(Operation { metadata, ..Operation::running(&name) })
            }
        })
    }

    /// Reads a page of a list.
    pub(crate) fn page(&self, parent: &str, body: &[u8], calls: &Calls) -> Result<OperationPage, Status> {
        let reply: Box<RawValue> = lro::from_json(body)?;
        let may_be_empty = || is_object(&reply) && field(&reply, "error").is_none();
        let items = match field(&reply, &self.items) {
            None if may_be_empty() => Vec::new(),
            Some(list) if list.get() == "null" && may_be_empty() => Vec::new(),
            list => list.and_then(|list| items(list, OperationPage::MOST_PARTS + 1)).ok_or_else(|| {
                let fault = || Status::malformed(format!("the reply has no list in {:?}", self.items));
                Status::in_reply(body).unwrap_or_else(fault)
            })?,
        };
        let operation = |item: &RawValue| {
            let link = self.links.iter().find_map(|link| own_end(&text(item, link)?, calls));
            let id = || text(item, "name").or_else(|| text(item, "id")).filter(|id| !id.is_empty());
            let name = link.or_else(|| Some(format!("{parent}/operations/{}", id()?)));
            let name = name
                .ok_or_else(|| Status::malformed("an operation of the list has neither a link nor a name"))?;
            self.read(&name, item, false)
        };
        let mut operations = Listed::default();
        items.into_iter().try_for_each(|item| operations.push(operation(item)?))?;
        Ok(OperationPage::new(operations.items)
            .next_page_token(text(&reply, "nextPageToken").unwrap_or_default()))
    }

    fn read(&self, name: &str, reply: &RawValue, is_accepted: bool) -> Result<Operation, Status> {
        let operation = Operation::running(name).with_metadata(Any::from_value(reply)?);
        let state = text(reply, &self.state);
        let is = |states: &[String]| state.as_ref().is_some_and(|state| is_in(states, state));
        if is(&self.cancelled) {
            let error = self
                .error(reply)
                .unwrap_or_else(|| Status::new(Code::Cancelled, "the operation was cancelled"));
            let message = error.message().to_owned();
            return Ok(operation.with_outcome(Err(Status::new(Code::Cancelled, message))));
        }
        if is(&self.failed) {
            let unknown = || Status::new(Code::Unknown, "the operation failed without an error");
            return Ok(operation.with_outcome(Err(self.error(reply).unwrap_or_else(unknown))));
        }
        if !is(&self.done) && (!self.state.is_empty() || is_accepted) {
            return Ok(operation);
        }
        match self.error(reply) {
            Some(error) => Ok(operation.with_outcome(Err(error))),
            None => {
                let response = field(reply, &self.response).unwrap_or(reply);
                Ok(operation.with_outcome(Ok(Any::from_value(response)?)))
            }
        }
    }
}

/// Omits the values of the query, which may be secrets of the caller.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("state", &self.state)
            .field("done", &self.done)
            .field("failed", &self.failed)
            .field("cancelled", &self.cancelled)
            .field("error", &self.error)
            .field("http_code", &self.http_code)
            .field("message", &self.message)
            .field("response", &self.response)
            .field("target", &self.target)
            .field("links", &self.links)
            .field("items", &self.items)
            .field("page_size", &self.page_size)
            .field("query", &self.query.keys())
            .finish()
    }
}

/// Adds the name of the operation that a failed start left behind, so that the caller can ask for it.
fn named(status: Status, name: &str) -> Status {
    let mut report = Report::default();
    report.name = OperationName::parse(name).ok();
    status.with_report(report)
}

fn is_in(states: &[String], state: &str) -> bool {
    states.iter().any(|listed| listed.eq_ignore_ascii_case(state))
}

/// Returns the longest end of the path of a URL that is the name of an operation of the service.
fn own_end(link: &str, calls: &Calls) -> Option<String> {
    let path = link.split_once("://").map_or(link, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let ends = path.match_indices('/').map(|(at, _)| path.split_at(at + 1));
    let ends = (!link.contains("://")).then_some(("", &*path)).into_iter().chain(ends);
    let is_own =
        |(before, end): &(&str, &str)| calls.is_own_link(before, end) && OperationName::parse(end).is_ok();
    ends.into_iter().find(is_own).map(|(_, end)| end.to_owned())
}
