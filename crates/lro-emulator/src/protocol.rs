//! The protocols. They convert a request that was read to an answer.

#[cfg(feature = "grpc")]
mod grpc;
mod json;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lro::Status;

use crate::{
    reply::{Body, Content, Lie},
    request::{Received, Request},
    service::Services,
};

/// A request, by its protocol.
#[derive(Debug)]
pub(crate) enum Asked {
    Json(Result<Request, Status>),
    #[cfg(feature = "grpc")]
    Grpc(grpc::Request),
}

/// A reply as a protocol makes it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Asked {
    pub(crate) fn parse(received: Received) -> Self {
        #[cfg(feature = "grpc")]
        if grpc::Request::is(&received.0.headers) {
            return Self::Grpc(grpc::Request::parse(received));
        }
        Self::Json(Request::parse(received))
    }

    /// Returns the name of the resource that the call is about. `None` if the request cannot be parsed.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Json(request) => Some(request.as_ref().ok()?.name()),
            #[cfg(feature = "grpc")]
            Self::Grpc(request) => request.name().map(str::to_owned),
        }
    }

    /// Returns the answer of the service.
    pub(crate) async fn usual(self, services: &Services, lie: Lie) -> Answer {
        match self {
            Self::Json(request) => json::usual(services, request, lie).await,
            #[cfg(feature = "grpc")]
            Self::Grpc(request) => grpc::usual(&services.store, request, lie).await,
        }
    }

    /// Returns an answer that replaces that of the service. The headers are set later.
    pub(crate) fn canned(
        self,
        status: StatusCode,
        content: Content,
        #[cfg_attr(
            not(feature = "grpc"),
            expect(unused_variables, reason = "only gRPC reads `retry-after`")
        )]
        headers: &[(HeaderName, HeaderValue)],
    ) -> Answer {
        match self {
            Self::Json(_) => json::canned(status, content),
            #[cfg(feature = "grpc")]
            Self::Grpc(request) => grpc::canned(&request, status, content, headers),
        }
    }
}
