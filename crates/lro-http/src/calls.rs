use std::time::Duration;

use http::Method;
use lro::{Capabilities, Status, wkt};
use serde::Serialize;

use crate::{
    Call, NameTemplate, Paths, WaitTimeout,
    refusal::refused,
    request::{Rule, tokens, unfit},
};

/// The paths of the calls of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    get: Vec<Rule>,
    list: Vec<Rule>,
    cancel: Vec<Rule>,
    delete: Vec<Rule>,
    wait: Vec<Rule>,
    wait_timeout: WaitTimeout,
}

/// A call for an operation by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Cancel,
    Delete,
    Wait,
}

impl Verb {
    /// Returns the word for the call in a message.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::Wait => "wait for",
        }
    }
}

impl Calls {
    /// The paths `/{version}/{name}`, `:cancel` and `:wait` behind it, and `/{version}/{parent}/operations`.
    pub(crate) fn standard(version: &str, names: &NameTemplate) -> Self {
        let rule = |method, verb| vec![Rule::standard(method, version, names, verb)];
        let any = const { NameTemplate::from_static("**") };
        Self {
            get: rule(Method::GET, ""),
            list: vec![
                Rule::fixed(format!("{version}/operations")),
                Rule::standard(Method::GET, version, &any, "/operations"),
            ],
            cancel: rule(Method::POST, ":cancel"),
            delete: rule(Method::DELETE, ""),
            wait: rule(Method::POST, ":wait"),
            wait_timeout: WaitTimeout::Body,
        }
    }

    pub(crate) fn parse(paths: &Paths) -> Result<Self, Status> {
        if let Some(form) = paths.names.iter().find(|form| form.contains("**")) {
            return Err(refused(format!(
                "not a form of a name: {form:?}: `**` does not say where the next variable begins"
            )));
        }
        let forms = paths.names.iter().map(|form| tokens(form)).collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<&str> = paths.names.iter().filter_map(|form| parent(form)).collect();
        let parents = parents.into_iter().map(tokens).collect::<Result<Vec<_>, _>>()?;
        let rules = |paths: &[String], method: Method, forms: &[_]| -> Result<Vec<Rule>, Status> {
            paths.iter().map(|path| Rule::parse(path, method.clone(), forms)).collect()
        };
        let get = rules(&paths.get, Method::GET, &forms)?;
        if let Some((_, path)) = get.iter().zip(&paths.get).find(|(rule, _)| rule.names().is_none()) {
            return Err(refused(format!(
                "not a path to get an operation: {path:?}: it has no variable for the name"
            )));
        }
        Ok(Self {
            get,
            list: rules(&paths.list, Method::GET, &parents)?,
            cancel: rules(&paths.cancel, Method::POST, &forms)?,
            delete: rules(&paths.delete, Method::DELETE, &forms)?,
            wait: rules(&paths.wait, Method::POST, &forms)?,
            wait_timeout: paths.wait_timeout,
        })
    }

    /// Returns the names that get takes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &NameTemplate> {
        self.get.iter().filter_map(Rule::names)
    }

    /// Returns the calls that can be made for a name that get takes.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let reaches = |rules: &[Rule]| {
            let mut names = rules.iter().filter_map(Rule::names);
            names.any(|names| self.names().any(|own| own.overlaps(names)))
        };
        Capabilities::default()
            .cancel(reaches(&self.cancel))
            .delete(reaches(&self.delete))
            .list(self.list.iter().any(|rule| self.names().any(|own| rule.lists(own))))
            .wait(reaches(&self.wait))
    }

    /// Whether each name that get takes has the call that waits.
    pub(crate) fn all_wait(&self) -> bool {
        self.names().all(|own| self.wait.iter().any(|rule| rule.names() == Some(own)))
    }

    /// Returns the call that gets an operation.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if no path of get has the name.
    pub(crate) fn get(&self, name: &str) -> Result<Call, Status> {
        let rule = Rule::first(&self.get, name).ok_or_else(|| unfit(self.names(), name))?;
        let call = rule.call(name);
        if call.method == Method::POST { call.body(&GetBody { operation_name: name }) } else { Ok(call) }
    }

    /// Whether a name is that of an operation of the service.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        Rule::first(&self.get, name).is_some()
    }

    /// Whether the end of a link is the name of an operation of the service, behind the rest of its path.
    pub(crate) fn is_own_link(&self, before: &str, name: &str) -> bool {
        self.get.iter().any(|rule| rule.matches(name) && (before.is_empty() || rule.follows(before)))
    }

    /// Returns another call for an operation, `None` if it has no path for a name that get takes.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub(crate) fn call(&self, verb: Verb, name: &str) -> Result<Option<Call>, Status> {
        if !self.is_own(name) {
            return Err(unfit(self.names(), name));
        }
        let rules = match verb {
            Verb::Cancel => &self.cancel,
            Verb::Delete => &self.delete,
            Verb::Wait => &self.wait,
        };
        Ok(Rule::first(rules, name).map(|rule| rule.call(name)))
    }

    /// Adds the timeout to the call that waits.
    pub(crate) fn with_timeout(&self, call: Call, timeout: Option<Duration>) -> Result<Call, Status> {
        let timeout = timeout.map(wkt::Duration::from);
        match self.wait_timeout {
            WaitTimeout::Body if call.method != Method::GET => call.body(&WaitBody { timeout }),
            WaitTimeout::Absent => Ok(call),
            _ => Ok(call.query("timeout", &timeout.map(|timeout| timeout.to_string()).unwrap_or_default())),
        }
    }

    /// Returns the call that lists the operations of a parent, which is empty for the only collection of a service.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if no path has the parent.
    pub(crate) fn list(&self, parent: &str) -> Result<Call, Status> {
        let name = if parent.is_empty() { "operations" } else { parent };
        let exact = self.list.iter().find(|rule| rule.matches(parent)).map(|rule| rule.call(parent));
        let exact =
            exact.or_else(|| self.list.iter().find(|rule| rule.matches(name)).map(|rule| rule.call(name)));
        let inside = || {
            self.list.iter().find_map(|rule| {
                let name = format!("{parent}/{}", rule.collection()?);
                let name = name.trim_start_matches('/');
                rule.matches(name).then(|| rule.call(name))
            })
        };
        exact.or_else(inside).ok_or_else(|| unfit(self.list.iter().filter_map(Rule::names), parent))
    }
}

/// Returns the form of the parent of a name: the form without its last two segments.
fn parent(form: &str) -> Option<&str> {
    let (collection, _) = form.rsplit_once('/')?;
    collection.rsplit_once('/').map(|(parent, _)| parent)
}

/// The body of a get that is a POST, such as `fetchPredictOperation` of Vertex AI.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GetBody<'a> {
    operation_name: &'a str,
}

#[derive(Serialize)]
struct WaitBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<wkt::Duration>,
}
