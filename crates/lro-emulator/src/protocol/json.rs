//! HTTP/JSON.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lro::Status;

use super::Answer;
use crate::{
    api::{error, json},
    reply::{Content, Lie},
    request::{Request, bearer_token},
    service::Services,
};

/// Returns the answer of the service: its message, or its error in Google's form.
pub(super) async fn usual(services: &Services, request: Result<Request, Status>, lie: Lie) -> Answer {
    let (status, body) = match reply(services, request, lie).await {
        Ok(body) => (StatusCode::OK, body),
        Err(failed) => failed,
    };
    canned(status, Content::Body(body))
}

/// Returns an answer that replaces that of the service.
pub(super) fn canned(status: StatusCode, content: Content) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json::CONTENT_TYPE));
    if content.is_gzip() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Answer { status, headers, body: content.body(), trailers: None }
}

/// Returns the body of the service's reply, or the HTTP status and the body of its error.
async fn reply(
    services: &Services,
    request: Result<Request, Status>,
    lie: Lie,
) -> Result<Bytes, (StatusCode, Bytes)> {
    let failed = |failure: Status| {
        let status = error::http_status(failure.code());
        (status, error::body(&failure, status))
    };
    let request = request.map_err(failed)?;
    let token = bearer_token(&request.headers);
    if let Err(reason) = services.store.state().require_token(token) {
        return Err((StatusCode::UNAUTHORIZED, error::unauthenticated_body(reason)));
    }
    services.handle(&request).await.and_then(|message| message.body(lie)).map_err(failed)
}
