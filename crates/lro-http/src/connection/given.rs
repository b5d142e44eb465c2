//! A client that the builder was given in place of connections of its own.

use std::{
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::Pin,
};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Body;
use lro::Attempt;
use tower_service::Service;

use super::{BoxError, body::ReplyBody};

/// A client of HTTP, whatever its types.
pub(crate) trait Exchange: Send + Sync {
    /// Sends the request that `request` builds once the attempt has its permit.
    fn exchange<'a>(&'a self, attempt: &'a Attempt, request: Build<'a>) -> Exchanging<'a>;
}

pub(crate) type Build<'a> = &'a (dyn Fn() -> Request<Bytes> + Sync);

pub(crate) type Exchanging<'a> =
    Pin<Box<dyn Future<Output = Result<Response<ReplyBody>, BoxError>> + Send + 'a>>;

/// A service that takes bodies of the type `B`.
pub(crate) struct Given<S, B> {
    service: S,
    body: PhantomData<fn(B)>,
}

impl<S, B> Given<S, B> {
    pub(crate) fn new(service: S) -> Self {
        Self { service, body: PhantomData }
    }
}

impl<S, B, R> Exchange for Given<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: From<Bytes> + Send,
    R: Body + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn exchange<'a>(&'a self, attempt: &'a Attempt, request: Build<'a>) -> Exchanging<'a> {
        // A service is ready for its own next call only, so each call has a clone.
        let mut service = self.service.clone();
        Box::pin(async move {
            poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
            attempt.permit().await;
            let reply = service.call(request().map(B::from)).await.map_err(Into::into)?;
            Ok(reply.map(|body| {
                let body =
                    body.map_frame(|frame| frame.map_data(|mut data| data.copy_to_bytes(data.remaining())));
                ReplyBody::Given(body.map_err(Into::into).boxed_unsync())
            }))
        })
    }
}
