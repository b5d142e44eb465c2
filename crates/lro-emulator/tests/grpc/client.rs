//! A small gRPC client for the tests.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use lro::Status;
use lro_emulator::Emulator;
use lro_grpc_wire::{
    frame::{Decoder, Encoding, encode},
    messages::Method,
    status,
};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    endpoint: String,
    headers: HeaderMap,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// A reply whose stream ended without a reset.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Client {
    pub(crate) fn of(emulator: &Emulator) -> Self {
        let mut connector = HttpConnector::new();
        // The frames of a request are several writes, and without it the second waits for an acknowledgement.
        connector.set_nodelay(true);
        let http = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build(connector);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
        headers.insert("te", HeaderValue::from_static("trailers"));
        Self { endpoint: emulator.endpoint(), headers, http }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// Makes a call with this frame.
    pub(crate) async fn exchange(&self, path: &str, frame: Bytes) -> Result<Reply, Error> {
        let mut request = Request::post(format!("{}{path}", self.endpoint)).body(Full::new(frame))?;
        *request.headers_mut() = self.headers.clone();
        let (head, body) = self.http.request(request).await?.into_parts();
        let body = body.collect().await?;
        let trailers = body.trailers().cloned();
        Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes(), trailers })
    }

    /// Makes a call and returns its whole reply.
    pub(crate) async fn reply<M: Method>(&self, message: &M) -> Reply {
        self.exchange(M::PATH, encode(message).unwrap()).await.unwrap()
    }

    /// Makes a call and returns its message, or its status.
    pub(crate) async fn call<M: Method>(&self, message: &M) -> Result<M::Reply, Status> {
        self.reply(message).await.message::<M>()
    }
}

impl Reply {
    /// The message of a reply that follows the protocol, or its status.
    pub(crate) fn message<M: Method>(&self) -> Result<M::Reply, Status> {
        assert_eq!(
            (self.status, &self.headers["content-type"]),
            (StatusCode::OK, &"application/grpc".parse().unwrap())
        );
        let Some(trailers) = &self.trailers else {
            assert!(self.body.is_empty(), "a message without trailers");
            return Err(self.status());
        };
        assert!(!self.headers.contains_key("grpc-status"));
        status::read(trailers).unwrap()?;
        let mut decoder = Decoder::new(Encoding::of(&self.headers), 1 << 22);
        decoder.push(self.body.clone()).unwrap();
        Ok(decoder.finish().unwrap())
    }

    /// The status of a reply whose stream ends with its headers.
    pub(crate) fn status(&self) -> Status {
        assert_eq!((self.body.len(), &self.trailers), (0, &None));
        assert!(!self.headers.contains_key("content-length"));
        status::read(&self.headers).unwrap().unwrap_err()
    }
}
