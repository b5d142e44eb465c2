//! The protocols: a request that was read becomes an answer.

mod json;

use http::{HeaderMap, StatusCode};
use lro::Status;

use crate::{
    reply::{Body, Content, Lie},
    request::{Received, Request},
    service::Services,
};

/// A request in its protocol.
#[derive(Debug)]
pub(crate) enum Asked {
    Json(Result<Request, Status>),
}

/// A reply as a protocol makes it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Asked {
    pub(crate) fn parse(received: Received) -> Self {
        Self::Json(Request::parse(received))
    }

    /// The name of the resource that the call is about. `None` if the request cannot be parsed.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Json(request) => Some(request.as_ref().ok()?.name()),
        }
    }

    /// The answer of the service.
    pub(crate) async fn usual(self, services: &Services, lie: Lie) -> Answer {
        match self {
            Self::Json(request) => json::usual(services, request, lie).await,
        }
    }

    /// An answer in the place of the service.
    pub(crate) fn canned(self, status: StatusCode, content: Content) -> Answer {
        match self {
            Self::Json(_) => json::canned(status, content),
        }
    }
}
