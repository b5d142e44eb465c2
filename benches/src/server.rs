//! A loopback server whose reply depends only on the path.

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;

/// Starts a thread that answers every request with this body, until the process ends.
///
/// # Errors
///
/// If there is no free port, or no thread can be started.
pub fn spawn(body: Vec<u8>) -> std::io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let body = Bytes::from(body);
    std::thread::Builder::new()
        .name("server".into())
        .spawn(move || serve(listener, move |_| body.clone()))?;
    Ok(address)
}

/// Answers every request with the body for its path until the process ends.
///
/// # Errors
///
/// If the runtime cannot start.
pub fn serve(
    listener: std::net::TcpListener,
    answer: impl Fn(&str) -> Bytes + Clone + Send + 'static,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let response = Response::new(Full::new(answer(request.uri().path())));
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(async move {
                // A client that closes its connection ends it. That is not an error.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}
