use std::{
    pin::pin,
    sync::{Arc, Mutex},
};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::{
    exchange::reply,
    handle::{Command, ConnectionHandle},
    refusal::Refusal,
    stream::BreakingStream,
};
use crate::{reply::Break, service::Services};

/// Serves one connection, HTTP/1 or HTTP/2 as the client begins, until it ends or is to break.
pub(super) async fn serve(
    stream: TcpStream,
    services: Arc<Services>,
    refusals: mpsc::UnboundedSender<Refusal>,
) {
    // Small replies are not to wait for one another; if it cannot be had, they do.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(Mutex::new(stream));
    let how = reply_to_requests(Arc::clone(&stream), services, ConnectionHandle::new(refusals)).await;
    // What answered them is dropped, and its part in the stream.
    if let Some(Ok(stream)) = Arc::into_inner(stream).map(Mutex::into_inner) {
        end(stream, how).await;
    }
}

async fn reply_to_requests(
    stream: Arc<Mutex<TcpStream>>,
    services: Arc<Services>,
    (handle, mut given): (ConnectionHandle, mpsc::UnboundedReceiver<Command>),
) -> Break {
    let stream = BreakingStream::new(stream, handle.clone());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (services, handle) = (Arc::clone(&services), handle.clone());
        async move { reply(&services, &handle, request).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            Some(command) = given.recv() => match command {
                Command::Break(how) => return how,
                Command::GoAway(begun) => {
                    serving.as_mut().graceful_shutdown();
                    // If nobody waits for it, the client has left.
                    let _ = begun.send(());
                }
            },
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                break;
            }
        }
    }
    // It may have ended by the very bytes after which it is to break.
    match given.try_recv() {
        Ok(Command::Break(how)) => how,
        _ => Break::Close,
    }
}

/// Ends a connection. That it fails means that the client was faster.
async fn end(mut stream: TcpStream, how: Break) {
    match how {
        Break::Reset => {
            let _ = stream.set_zero_linger();
            return;
        }
        Break::Close => drop(stream.shutdown().await),
        Break::Stall | Break::Trickle(_) => {}
    }
    // With anything left to be read the system would reset the connection.
    let mut unheard = [0; 1024];
    while stream.read(&mut unheard).await.is_ok_and(|read| read > 0) {}
}
