//! What a request asks for.

use axum::http::{HeaderMap, header};
use lro::Service;
use lro_registry::ListRequest;
use percent_encoding::percent_decode_str;

use crate::view::{parts::Parts, state};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Html,
    Json,
}

impl Form {
    /// Returns the form that a client prefers. A browser accepts HTML first.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let accept = accept.to_ascii_lowercase();
        match (accept.find("application/json"), accept.find("text/html")) {
            (Some(json), Some(html)) if json < html => Self::Json,
            (Some(_), None) => Self::Json,
            _ => Self::Html,
        }
    }
}

/// The parameters of a request. The first one of a name counts.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what is after the question mark. `None` if it is not UTF-8.
    pub(crate) fn parse(query: Option<&str>) -> Option<Self> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }

    /// Returns a parameter. An empty one, as a form sends it, is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.exact(name).filter(|value| !value.is_empty())
    }

    /// Returns a parameter, which may be empty.
    pub(crate) fn exact(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| &**value)
    }

    /// Returns which parts of its tables the overview shows. `None` if a number is none.
    pub(crate) fn parts(&self) -> Option<Parts> {
        let from = |name| self.get(name).map_or(Some(0), |from| from.parse().ok());
        Some(Parts {
            services: from("services")?,
            buckets: from("buckets")?,
            kinds: from("kinds")?,
            quota_keys: from("quota_keys")?,
        })
    }

    /// Returns the service of `service` and `version`, or the one of `of`, which has both in one parameter for a form.
    fn service(&self) -> Option<Option<Service>> {
        match (self.get("service"), self.get("version"), self.get("of")) {
            (Some(key), version, _) => Some(Some(Service::owned(key, version.unwrap_or_default()))),
            (None, Some(_), _) => None,
            (None, None, None) => Some(None),
            (None, None, Some(of)) => {
                let (key, version) = of.split_once('/')?;
                Some(Some(Service::owned(plain(key)?, plain(version)?)))
            }
        }
    }

    /// Returns what the list shows. `None` if a state or a number is none, or if there is a version without its service.
    pub(crate) fn list(&self) -> Option<ListRequest> {
        let state = match self.get("state") {
            Some(name) => Some(state::named(name)?),
            None => None,
        };
        let service = self.service()?;
        let most = match self.get("most") {
            Some(most) => most.parse::<usize>().ok()?.clamp(1, MOST),
            None => PAGE,
        };
        let overdue = self.get("overdue").is_some_and(|overdue| overdue != "0");
        let after = self.exact("after").map(str::to_owned);
        Some(ListRequest { state, service, overdue, after, most, payloads: false })
    }
}

fn decode(text: &str) -> Option<String> {
    plain(&text.replace('+', " "))
}

fn plain(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// The records of a page: some screens.
pub(crate) const PAGE: usize = 50;
/// The most that a program may ask for at a time.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use lro_registry::RecordState;

    use super::*;

    #[test]
    fn parameters_are_decoded_and_a_form_leaves_some_empty() {
        let query = Query::parse(Some("state=&key=a%2Fb%00+c%2B&key=second&x&&=y")).unwrap();
        assert_eq!((query.get("state"), query.get("key")), (None, Some("a/b\0 c+")));
        assert_eq!((query.exact("x"), query.get("none")), (Some(""), None));
        assert!(Query::parse(Some("key=%ff")).is_none());
        assert_eq!(query.list(), Some(ListRequest { most: PAGE, ..ListRequest::default() }));
    }

    #[test]
    fn lists_are_checked() {
        let list = |query| Query::parse(Some(query)).unwrap().list();
        assert!(list("state=lost").is_none() && list("most=many").is_none() && list("version=v1").is_none());
        let request = list("state=set_aside&service=a&version=v1&overdue=1&after=k&most=9999").unwrap();
        assert_eq!((request.state, request.most), (Some(RecordState::SetAside), MOST));
        assert_eq!((request.service, request.overdue), (Some(Service::new("a", "v1")), true));
        assert_eq!(request.after.as_deref(), Some("k"));
    }

    #[test]
    fn a_form_has_a_service_and_its_version_in_one_parameter() {
        let service = |query| Query::parse(Some(query)).unwrap().list().map(|list| list.service);
        assert_eq!(service("of=a%252F%2520b%2Fv1&service=&version="), Some(Some(Service::new("a/ b", "v1"))));
        assert_eq!(service("of=a%2F"), Some(Some(Service::new("a", ""))));
        assert_eq!(service("of=a%2Fv1&service=typed&version=v2"), Some(Some(Service::new("typed", "v2"))));
        assert_eq!([service("of="), service("of=a"), service("of=%25ff%2F")], [Some(None), None, None]);
    }

    #[test]
    fn parts_begin_at_numbers() {
        let parts = |query| Query::parse(Some(query)).unwrap().parts();
        assert_eq!(parts("services=100&buckets="), Some(Parts { services: 100, ..Parts::default() }));
        assert_eq!(parts("quota_keys=-1"), None);
    }
}
