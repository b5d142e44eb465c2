//! The paths, and the headers of every answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    html::{self, Site},
    request::{Form, Query},
    source::{Fault, Source},
    view::{
        fleet::{FleetList, FleetOperation},
        list::List,
        time::seconds,
    },
};

/// What every request works with.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) title: String,
    pub(crate) source: Source,
}

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/", get(overview))
        // A link leads here: `/ops/` is not the place of a router that is nested at `/ops`.
        .route("/overview", get(overview))
        .route("/list", get(list))
        .route("/operation", get(operation))
        .route("/api", get(overview))
        .route("/api/list", get(list))
        .route("/api/operation", get(operation))
        .fallback(async |asked: Asked| asked.fault(Fault::NoPage))
        .route("/page.css", get(|| async { asset("text/css; charset=utf-8", html::STYLE) }))
        .route("/page.js", get(|| async { asset("text/javascript; charset=utf-8", html::SCRIPT) }))
        .layer(middleware::map_response(with_headers))
        .with_state(state)
}

/// A request, as its path and headers show it, and what it is answered with.
struct Asked {
    state: Arc<State>,
    form: Form,
    /// `None` if it cannot be read.
    query: Option<Query>,
    /// The path from the page that is shown to the overview's folder.
    base: String,
}

impl FromRequestParts<Arc<State>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Infallible> {
        let Ok(OriginalUri(whole)) = OriginalUri::from_request_parts(parts, state).await;
        // The address within this router, which may be nested in another one.
        let uri = &parts.uri;
        let is_api = uri.path().split('/').nth(1) == Some("api");
        let form = if is_api { Form::Json } else { Form::accepted(&parts.headers) };
        let base = match whole.path().rsplit('/').next() {
            // At `/a`, the list is `a/list`. With the dot, a colon in it is not that of a scheme.
            Some(last) if uri.path() == "/" && !last.is_empty() => format!("./{last}/"),
            _ => "../".repeat(uri.path().matches('/').count().saturating_sub(1)),
        };
        Ok(Self { state: Arc::clone(state), form, query: Query::parse(uri.query()), base })
    }
}

impl Asked {
    fn site(&self) -> Site<'_> {
        let State { title, source } = &*self.state;
        Site { title, base: &self.base, is_fleet: matches!(source, Source::Fleet(_)) }
    }

    /// Reads the parameters.
    fn read<T>(&self, read: impl FnOnce(&Query) -> Option<T>) -> Result<T, Answer> {
        self.query.as_ref().and_then(read).ok_or_else(|| self.fault(Fault::Unreadable))
    }

    /// Answers while the first counts are made.
    fn counting(&self) -> Answer {
        match self.form {
            Form::Json => Answer::json(StatusCode::SERVICE_UNAVAILABLE, &Counting { is_counting: true }),
            Form::Html => Answer::html(StatusCode::OK, html::counting(&self.site())),
        }
    }

    /// Answers that something cannot be shown.
    fn fault(&self, fault: Fault) -> Answer {
        let (status, message) = match fault {
            Fault::NotFound => (StatusCode::NOT_FOUND, "there is no such operation".to_owned()),
            Fault::NoPage => (StatusCode::NOT_FOUND, "there is no such page".to_owned()),
            Fault::Unreadable => (StatusCode::BAD_REQUEST, "the address cannot be read".to_owned()),
            Fault::Late => (StatusCode::GATEWAY_TIMEOUT, "the store does not answer in time".to_owned()),
            Fault::Store(message) => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("the store failed: {message}"))
            }
        };
        match self.form {
            Form::Json => Answer::json(status, &serde_json::json!({ "fault": message })),
            Form::Html => Answer::html(status, html::fault(&self.site(), &message, status.is_server_error())),
        }
    }

    /// Answers with a view as JSON, or as HTML.
    fn answer(&self, view: &impl Serialize, html: impl FnOnce() -> String) -> Answer {
        match self.form {
            Form::Json => Answer::json(StatusCode::OK, view),
            Form::Html => Answer::html(StatusCode::OK, html()),
        }
    }
}

async fn overview(asked: Asked) -> Result<Answer, Answer> {
    let parts = asked.read(Query::parts)?;
    let site = asked.site();
    Ok(match &asked.state.source {
        Source::Registry(registry) => {
            let Some(counted) = registry.overview().await else { return Ok(asked.counting()) };
            let counts = &counted.value.part(parts);
            let counted = Counted::new(counted.age(), counted.took, counts);
            let html = || html::registry(&site, &counted);
            let Some(fault) = &counts.fault else { return Ok(asked.answer(&counted, html)) };
            let fault = serde_json::json!({ "fault": fault, "workers": counts.workers });
            Answer { status: StatusCode::SERVICE_UNAVAILABLE, ..asked.answer(&fault, html) }
        }
        Source::Fleet(fleet) => {
            let Some(counted) = fleet.overview().await else { return Ok(asked.counting()) };
            let counts = &counted.value.part(parts);
            let counted = Counted::new(counted.age(), counted.took, counts);
            asked.answer(&counted, || html::fleet(&site, &counted))
        }
    })
}

async fn list(asked: Asked) -> Result<Answer, Answer> {
    let request = asked.read(Query::list)?;
    let site = asked.site();
    Ok(match &asked.state.source {
        Source::Registry(registry) => {
            let records = registry.list(&request).await.map_err(|fault| asked.fault(fault))?;
            let list = List::new(&request, &records);
            let counted = if asked.form == Form::Html { registry.last_overview().await } else { None };
            asked.answer(&list, || html::list(&site, &list, counted.as_ref().map(|counted| &counted.value)))
        }
        Source::Fleet(fleet) => {
            let from = asked.read(|query| query.get("after").map_or(Some(0), |after| after.parse().ok()))?;
            let (pending, next) = fleet.list(from, request.most);
            let list = FleetList::new(&pending, next);
            asked.answer(&list, || html::fleet_list(&site, &list))
        }
    })
}

async fn operation(asked: Asked) -> Result<Answer, Answer> {
    let key = asked.read(|query| query.exact("key").map(str::to_owned))?;
    let fault = |fault| asked.fault(fault);
    let site = asked.site();
    Ok(match &asked.state.source {
        Source::Registry(registry) => {
            let operation = registry.operation(&key).await.map_err(fault)?;
            asked.answer(&operation, || html::operation(&site, &operation))
        }
        Source::Fleet(fleet) => {
            let (name, snapshot) = fleet.operation(&key).map_err(fault)?;
            let operation = FleetOperation::new(&name, &snapshot);
            asked.answer(&operation, || html::fleet_operation(&site, &operation))
        }
    })
}

/// Counts with their age.
#[derive(Debug, Serialize)]
pub(crate) struct Counted<'a, T> {
    pub(crate) age_seconds: f64,
    pub(crate) took_seconds: f64,
    #[serde(flatten)]
    pub(crate) counts: &'a T,
}

#[derive(Serialize)]
struct Counting {
    is_counting: bool,
}

impl<'a, T> Counted<'a, T> {
    fn new(age: Duration, took: Duration, counts: &'a T) -> Self {
        Self { age_seconds: seconds(age), took_seconds: seconds(took), counts }
    }
}

/// An answer in one of the forms.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    form: Form,
    body: String,
}

impl Answer {
    fn json(status: StatusCode, view: &impl Serialize) -> Self {
        // A view has no map, whose keys could be no strings.
        let body = serde_json::to_string(view).unwrap_or_default();
        Self { status, form: Form::Json, body }
    }

    fn html(status: StatusCode, body: String) -> Self {
        Self { status, form: Form::Html, body }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = match self.form {
            Form::Html => "text/html; charset=utf-8",
            Form::Json => "application/json",
        };
        (self.status, [(header::CONTENT_TYPE, kind)], self.body).into_response()
    }
}

fn asset(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Nothing but the script and the style of the page is loaded or run, by nobody else's page, and nothing is kept.
async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
