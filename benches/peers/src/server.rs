//! A server of operations that never end. Its reply has the name of the request.

use std::{convert::Infallible, net::TcpListener};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

use crate::{Fault, metadata::METADATA};

/// Prints its address, and answers until the process is ended.
///
/// # Errors
///
/// If there is no free port, or the runtime cannot be built.
pub fn serve() -> Result<(), Fault> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let service = service_fn(async |request| Ok::<_, Infallible>(pending(&request)));
            tokio::spawn(async move {
                // A client that closes its connection ends it. That is not an error.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

fn pending(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let name = request.uri().path().trim_start_matches("/v1/");
    let body = format!(r#"{{"name":"{name}","metadata":{METADATA},"done":false}}"#);
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
