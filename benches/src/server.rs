//! A loopback server that knows one body.

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;

/// Answers every request with this body, on a thread of its own, for as long as the process lives.
///
/// # Errors
///
/// If no port or thread can be had.
pub fn spawn(body: Vec<u8>) -> std::io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    std::thread::Builder::new().name("server".into()).spawn(move || serve(listener, Bytes::from(body)))?;
    Ok(address)
}

/// Answers every request with this body until the process ends.
///
/// # Errors
///
/// If the runtime cannot start.
pub fn serve(listener: std::net::TcpListener, body: Bytes) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let body = body.clone();
            let service = service_fn(move |_: Request<Incoming>| {
                let response = Response::new(Full::new(body.clone()));
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(async move {
                // A client that goes away ends its connection, which is no news here.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}
