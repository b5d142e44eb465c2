use std::{
    collections::BTreeMap,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;

/// A collector of OTLP over HTTP/JSON that keeps the spans. Real ones are the OpenTelemetry Collector, Jaeger and Tempo.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
}

/// The spans that have arrived. `Display` shows them as trees.
pub(crate) struct Trace(Vec<Span>);

/// The parts of a `Span` of OTLP that are shown.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Span {
    span_id: String,
    #[serde(default)]
    parent_span_id: String,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    #[serde(flatten)]
    named: Named,
    #[serde(default)]
    events: Vec<Named>,
}

/// A span or an event: a name and attributes.
#[derive(Clone, Deserialize)]
pub(crate) struct Named {
    name: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Clone, Deserialize)]
struct Attribute {
    key: String,
    /// Such as `{"stringValue": "OK"}`.
    value: BTreeMap<String, Value>,
}

/// The `ExportTraceServiceRequest` of OTLP.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    spans: Vec<Span>,
}

impl Collector {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, spans) = (listener.local_addr()?, Arc::default());
        let routes = Router::new().route("/v1/traces", post(receive)).with_state(Arc::clone(&spans));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, spans })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }

    pub(crate) fn trace(&self) -> Trace {
        Trace(self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

async fn receive(State(kept): State<Arc<Mutex<Vec<Span>>>>, body: Bytes) -> (StatusCode, &'static str) {
    let Ok(Request { resource_spans }) = serde_json::from_slice(&body) else {
        return (StatusCode::BAD_REQUEST, "{}");
    };
    let spans =
        resource_spans.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
    kept.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    (StatusCode::OK, "{}")
}

impl Trace {
    pub(crate) fn find(&self, name: &str) -> Option<&Span> {
        self.0.iter().find(|span| span.named.name == name)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, parent: &str, indent: usize) -> fmt::Result {
        let mut children: Vec<_> = self.0.iter().filter(|span| span.parent_span_id == parent).collect();
        children.sort_by_key(|span| &span.start_time_unix_nano);
        for span in children {
            writeln!(f, "{:indent$}{} {:.1?}", "", span.named, span.lasted())?;
            for event in &span.events {
                writeln!(f, "{:indent$}  - {event}", "")?;
            }
            self.write(f, &span.span_id, indent + 4)?;
        }
        Ok(())
    }
}

impl Span {
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        self.named.attribute(key)
    }

    pub(crate) fn event(&self, name: &str) -> Option<&Named> {
        self.events.iter().find(|event| event.name == name)
    }

    fn lasted(&self) -> Duration {
        let nanos = |time: &str| time.parse().unwrap_or(0_u64);
        Duration::from_nanos(
            nanos(&self.end_time_unix_nano).saturating_sub(nanos(&self.start_time_unix_nano)),
        )
    }
}

impl Named {
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        self.attributes.iter().find(|attribute| attribute.key == key).map(Attribute::text)
    }
}

impl Attribute {
    fn text(&self) -> String {
        let value = self.value.values().next().unwrap_or(&Value::Null);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "", 0)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.attributes.iter().try_for_each(|attribute| write!(f, " {}={}", attribute.key, attribute.text()))
    }
}
