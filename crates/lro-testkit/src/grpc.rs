//! A loopback server of gRPC that starts and finishes operations.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, body::Incoming, header, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lro_grpc_wire::{
    frame::{self, Decoder, Encoding},
    messages::{GetOperationRequest, Method, Operation},
    status,
};
use tokio::net::TcpListener;

/// Starts operations by what `start` returns for the path and the encoded message of a call, and answers a get by what `get`
/// returns for a name. Returns the endpoint.
pub async fn serve(
    start: impl Fn(&str, &HeaderMap, &[u8]) -> lro::Operation + Send + Sync + 'static,
    get: impl Fn(&str) -> lro::Operation + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answers = Arc::new((start, get));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Else a reply waits for the acknowledgement of its head.
            stream.set_nodelay(true).unwrap();
            let answers = answers.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answers = answers.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let operation = match head.uri.path() {
                        GetOperationRequest::PATH => {
                            let mut decoder = Decoder::new(Encoding::Identity, body.len());
                            decoder.push(body).unwrap();
                            (answers.1)(&decoder.finish::<GetOperationRequest>().unwrap().name)
                        }
                        path => (answers.0)(path, &head.headers, &body[5..]),
                    };
                    Ok::<_, Infallible>(reply(&operation))
                }
            });
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    endpoint
}

fn reply(
    operation: &lro::Operation,
) -> Response<impl hyper::body::Body<Data = Bytes, Error = Infallible> + use<>> {
    let frame = frame::encode(&Operation::try_from(operation).unwrap()).unwrap();
    let mut trailers = HeaderMap::new();
    status::write(Ok(()), &mut trailers);
    let mut response = Response::new(Full::new(frame).with_trailers(async { Some(Ok(trailers)) }));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/grpc"));
    response
}
