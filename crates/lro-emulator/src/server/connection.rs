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
    exchange::answer,
    handle::{Line, Order},
    refusal::Refusal,
    stream::Wire,
};
use crate::{reply::breaks::Break, store::Shared};

/// Serves one connection, HTTP/1 or HTTP/2 as the client begins, until it ends or is to break.
pub(crate) async fn serve(stream: TcpStream, shared: Arc<Shared>, refusals: mpsc::UnboundedSender<Refusal>) {
    // Small replies are not to wait for one another; if it cannot be had, they do.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(Mutex::new(stream));
    let how = answer_requests(Arc::clone(&stream), shared, Line::new(refusals)).await;
    // What answered them is dropped, and its part in the stream.
    if let Some(Ok(stream)) = Arc::into_inner(stream).map(Mutex::into_inner) {
        end(stream, how).await;
    }
}

async fn answer_requests(
    stream: Arc<Mutex<TcpStream>>,
    shared: Arc<Shared>,
    (line, mut given): (Line, mpsc::UnboundedReceiver<Order>),
) -> Break {
    let wire = Wire::new(stream, line.clone());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (shared, line) = (Arc::clone(&shared), line.clone());
        async move { answer(&shared, &line, request).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut serving = pin!(builder.serve_connection(TokioIo::new(wire), service));
    loop {
        tokio::select! {
            Some(order) = given.recv() => match order {
                Order::Break(how) => return how,
                Order::GoAway(begun) => {
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
        Ok(Order::Break(how)) => how,
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
