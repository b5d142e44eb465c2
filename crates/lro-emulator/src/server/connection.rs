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

/// Serves one connection until it ends or breaks. The first bytes of the client decide between HTTP/1 and HTTP/2.
pub(super) async fn serve(
    stream: TcpStream,
    services: Arc<Services>,
    refusals: mpsc::UnboundedSender<Refusal>,
) {
    // Without it small replies wait for one another, which is slower and not wrong.
    let _ = stream.set_nodelay(true);
    let stream = Arc::new(Mutex::new(stream));
    let how = reply_to_requests(Arc::clone(&stream), services, ConnectionHandle::new(refusals)).await;
    // The future that replied is dropped, and its reference to the stream.
    if let Some(Ok(stream)) = Arc::into_inner(stream).map(Mutex::into_inner) {
        end(stream, how).await;
    }
}

async fn reply_to_requests(
    stream: Arc<Mutex<TcpStream>>,
    services: Arc<Services>,
    (handle, mut commands): (ConnectionHandle, mpsc::UnboundedReceiver<Command>),
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
            Some(command) = commands.recv() => match command {
                Command::Break(how) => return how,
                Command::GoAway(begun) => {
                    serving.as_mut().graceful_shutdown();
                    // If the receiver is gone, so is the client.
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
    // The last bytes of the connection may be those after which it breaks.
    match commands.try_recv() {
        Ok(Command::Break(how)) => how,
        _ => Break::Close,
    }
}

/// Ends a connection. Errors are ignored: they mean that the client has closed it.
async fn end(mut stream: TcpStream, how: Break) {
    match how {
        Break::Reset => {
            let _ = stream.set_zero_linger();
            return;
        }
        Break::Close => drop(stream.shutdown().await),
        Break::Stall | Break::Trickle(_) => {}
    }
    // The system resets a connection that is closed with bytes left to read.
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await.is_ok_and(|read| read > 0) {}
}
