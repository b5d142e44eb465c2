use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::body::Incoming;
use lro::Status;

use super::{body_stream::BodyStream, handle::ConnectionHandle};
use crate::{
    api::{error, json},
    reply::{Lie, Reply, ReplyKind},
    request::{Request, call::Call},
    service::Services,
    store::Store,
};

/// Replies to one request: records it, looks up the reply that is set for it, and sends that.
pub(super) async fn reply(
    services: &Services,
    handle: &ConnectionHandle,
    request: http::Request<Incoming>,
) -> Result<Response<BodyStream>, Infallible> {
    let (call, request) = Request::read(request).await;
    let method = call.method.clone();
    // Without the query, which may contain a key.
    let path = call.path.split('?').next().unwrap_or_default().to_owned();
    let reply = pick(&services.store, call, request.as_ref().ok());
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let (status, body) = match reply.kind {
        ReplyKind::Close => {
            tracing::debug!(%method, path, "closed the connection");
            match handle.close().await {}
        }
        ReplyKind::Refuse(time) => {
            tracing::debug!(%method, path, "refuses connections");
            match handle.refuse_for(time).await {}
        }
        ReplyKind::Canned { status, body } => (status, body),
        ReplyKind::Usual => match usual(services, request, reply.lie).await {
            Ok(body) => (StatusCode::OK, body.into()),
            Err((status, body)) => (status, body.into()),
        },
    };
    tracing::debug!(%method, path, status = status.as_u16(), "replied");
    if reply.goes_away {
        handle.go_away().await;
    }
    if let Some((at, how)) = reply.breaks {
        // A point past the end would lie in the next reply.
        handle.breaks(at.within(body.len()), how);
    }
    let mut response = Response::new(BodyStream::new(body, reply.cut_after, reply.declares_length));
    *response.status_mut() = status;
    *response.headers_mut() = headers(reply.headers);
    Ok(response)
}

/// Records a call. Returns the reply that is set for the next call of all, or else by the script of the operation.
fn pick(store: &Store, call: Call, request: Option<&Request>) -> Reply {
    let mut state = store.state();
    state.calls.add(call);
    let scripted = request.and_then(|request| state.called(&request.name()));
    state.replies.pop_front().or(scripted).unwrap_or_default()
}

/// The body of the service's reply, or the HTTP status and the body of its error.
async fn usual(
    services: &Services,
    request: Result<Request, Status>,
    lie: Lie,
) -> Result<Bytes, (StatusCode, Bytes)> {
    let failed = |failure: Status| {
        let status = error::http_status(failure.code());
        (status, error::body(&failure, status))
    };
    let request = request.map_err(failed)?;
    let wanted = services.store.state().token.clone();
    if wanted.is_some() && request.token() != wanted.as_deref() {
        let refused = request.token().map(|_| "ACCESS_TOKEN_TYPE_UNSUPPORTED");
        return Err(error::unauthenticated(refused));
    }
    services.handle(&request).await.and_then(|message| message.body(lie)).map_err(failed)
}

fn headers(set: Vec<(http::HeaderName, HeaderValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json::CONTENT_TYPE));
    // `extend` would leave two content types.
    set.into_iter().for_each(|(name, value)| drop(headers.insert(name, value)));
    headers
}
