//! A loopback server that answers every `GetOperation` over gRPC, and the least that a poll over gRPC costs by tonic.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    http::uri::PathAndQuery,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use lro_grpc_wire::{
    frame::{self, Decoder, Encoding},
    messages::{GetOperationRequest, Method, Operation},
    status,
};
use tokio::net::TcpListener;
use tonic::{client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::Fault;

/// Answers with a running operation of the requested name and this encoded metadata until the process ends.
///
/// # Errors
///
/// If the runtime cannot start.
pub fn serve(listener: std::net::TcpListener, metadata: Vec<u8>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let metadata = metadata.clone();
            let service = service_fn(move |request| answer(request, metadata.clone()));
            tokio::spawn(async move {
                // A client that goes away ends its connection, which is no news here.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

async fn answer(
    request: Request<Incoming>,
    metadata: Vec<u8>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Fault> {
    let mut decoder = Decoder::new(Encoding::Identity, 1 << 20);
    decoder.push(request.into_body().collect().await?.to_bytes())?;
    let GetOperationRequest { name } = decoder.finish()?;
    let operation = Operation { name, metadata: Some(metadata), ..Operation::default() };
    let mut trailers = HeaderMap::new();
    status::write(Ok(()), &mut trailers);
    let body = Full::new(frame::encode(&operation)?).with_trailers(async { Some(Ok(trailers)) });
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// A client of tonic, without anything of ours but the messages.
#[derive(Clone, Debug)]
pub struct Tonic(Grpc<Channel>);

impl Tonic {
    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong.
    pub async fn open(endpoint: &str) -> Result<Self, Fault> {
        Ok(Self(Grpc::new(Channel::from_shared(endpoint.to_owned())?.connect().await?)))
    }

    /// One call of `GetOperation`, its reply decoded.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong.
    pub async fn poll(&mut self, name: &str) -> Result<Operation, Fault> {
        self.0.ready().await?;
        let request = tonic::Request::new(GetOperationRequest { name: name.to_owned() });
        let path = PathAndQuery::from_static(GetOperationRequest::PATH);
        let codec = ProstCodec::<GetOperationRequest, Operation>::default();
        Ok(self.0.unary(request, path, codec).await?.into_inner())
    }
}
