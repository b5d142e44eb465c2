use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::body::Incoming;
use lro::{Code, Status};

use super::{body_stream::BodyStream, handle::ConnectionHandle};
use crate::{
    api::{error, json},
    reply::{Reply, ReplyKind},
    request::{Request, call::Call},
    service::{Services, message::Message},
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
        ReplyKind::Usual => {
            match usual(services, request).await.and_then(|message| message.body(reply.lie)) {
                Ok(body) => (StatusCode::OK, body.into()),
                Err(failure) => {
                    let status = error::http_status(failure.code());
                    (status, error::body(&failure, status).into())
                }
            }
        }
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

async fn usual(services: &Services, request: Result<Request, Status>) -> Result<Message, Status> {
    let request = request?;
    let wanted = services.store.state().token.clone();
    if wanted.is_some() && request.token() != wanted.as_deref() {
        return Err(Status::new(
            Code::Unauthenticated,
            "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        ));
    }
    services.handle(&request).await
}

fn headers(set: Vec<(http::HeaderName, HeaderValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json::CONTENT_TYPE));
    // `extend` would leave two content types.
    set.into_iter().for_each(|(name, value)| drop(headers.insert(name, value)));
    headers
}
