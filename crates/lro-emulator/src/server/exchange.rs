use std::convert::Infallible;

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use hyper::body::Incoming;

use super::{body_stream::BodyStream, handle::ConnectionHandle};
use crate::{
    protocol::Asked,
    reply::{Reply, ReplyKind},
    request::{call::Call, receive},
    service::Services,
    store::Store,
};

/// Replies to one request: records it, looks up the reply that is set for it, and sends that.
pub(super) async fn reply(
    services: &Services,
    handle: &ConnectionHandle,
    request: http::Request<Incoming>,
) -> Result<Response<BodyStream>, Infallible> {
    let (call, received) = receive(request).await;
    let method = call.method.clone();
    // Without the query, which may contain a key.
    let path = call.path.split('?').next().unwrap_or_default().to_owned();
    let asked = Asked::parse(received);
    let reply = pick(&services.store, call, asked.name());
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let answer = match reply.kind {
        ReplyKind::Close => {
            tracing::debug!(%method, path, "closed the connection");
            match handle.close().await {}
        }
        ReplyKind::Refuse(time) => {
            tracing::debug!(%method, path, "refuses connections");
            match handle.refuse_for(time).await {}
        }
        ReplyKind::Canned { status, content } => asked.canned(status, content, &reply.headers),
        ReplyKind::Usual => asked.usual(services, reply.lie).await,
    };
    tracing::debug!(%method, path, status = answer.status.as_u16(), "replied");
    if reply.goes_away {
        handle.go_away().await;
    }
    if let Some((at, how)) = reply.breaks {
        // A point past the end would lie in the next reply.
        handle.breaks(at.within(answer.body.len()), how);
    }
    let trailers = answer.trailers.or_else(|| (!reply.trailers.is_empty()).then(HeaderMap::new));
    let trailers = trailers.map(|trailers| with(trailers, reply.trailers));
    let body = BodyStream::new(answer.body, trailers, reply.cut_after, reply.declares_length);
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = with(answer.headers, reply.headers);
    Ok(response)
}

/// Sets headers in the place of those that have their names.
fn with(mut headers: HeaderMap, set: Vec<(HeaderName, HeaderValue)>) -> HeaderMap {
    // `extend` would leave two content types.
    set.into_iter().for_each(|(name, value)| drop(headers.insert(name, value)));
    headers
}

/// Records a call. Returns the reply that is set for the next call of all, or else by the script of the operation.
fn pick(store: &Store, call: Call, name: Option<String>) -> Reply {
    let mut state = store.state();
    state.calls.add(call);
    let scripted = name.and_then(|name| state.called(&name));
    state.next_reply().or(scripted).unwrap_or_default()
}
