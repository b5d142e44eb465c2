//! When connections end: stale, idle, unread, abandoned.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    io::{Read as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use lro_http::{Call, HttpClient, HttpClientBuilder};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    time::{sleep, timeout},
};

mod common;
#[path = "common/frames.rs"]
mod frames;

use common::{RUNNING, RawServer, Step, block_until, get, in_time, jobs, raw_reply, running};
use frames::FrameServer;

#[tokio::test]
async fn bytes_that_came_with_a_reply_are_never_the_next_reply() {
    // SPEC 7, 26
    let twice = [raw_reply("", RUNNING.as_bytes()), raw_reply("", b"{\"done\": true}")].concat();
    let server = RawServer::start([vec![Step::Read, Step::Send(twice), Step::Stall]]).await;
    let jobs = server.jobs();
    for _ in 0..10 {
        assert_eq!(get(&jobs).await.unwrap(), running());
    }
    assert_eq!(server.heads().len(), 10);
}

#[tokio::test]
async fn a_start_finds_a_close_that_came_while_its_thread_was_busy() {
    // SPEC 42, 53; case n04
    starts_after_closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_finds_a_close_on_any_thread() {
    // SPEC 42, 53; case n04
    starts_after_closes().await;
}

async fn starts_after_closes() {
    let (url, requests, closed) = closes_after_each_reply();
    let is_closed = || closed.load(Ordering::SeqCst) == requests.load(Ordering::SeqCst);
    let jobs = jobs(HttpClient::builder(url));
    for id in 0..20 {
        get(&jobs).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        // The runtime has no turn in which it could notice the close.
        block_until(is_closed);
        in_time(jobs.start(upload(id, 0))).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        block_until(is_closed);
    }
    assert_eq!(requests.load(Ordering::SeqCst), 40);
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closes_is_closed_at_once() {
    let (listener, url) = listen().await;
    let jobs = jobs(HttpClient::builder(url));
    let closing = async {
        let mut stream = answered(&listener).await;
        stream.shutdown().await.unwrap();
        stream.read(&mut [0]).await.unwrap()
    };
    let (polled, rest) = in_time(async { tokio::join!(get(&jobs), closing) }).await;
    assert_eq!((polled.unwrap(), rest), (running(), 0));
}

#[tokio::test]
async fn a_connection_is_closed_when_it_was_idle_for_90_s() {
    // SPEC 45
    for http2 in [false, true] {
        let (closed, seen) = oneshot::channel();
        let (url, client): (String, fn(HttpClientBuilder) -> HttpClientBuilder) = if http2 {
            let closed = std::sync::Mutex::new(Some(closed));
            let server = FrameServer::start(move |_, mut frames| {
                let closed = closed.lock().unwrap().take();
                async move {
                    frames.greet().await?;
                    let request = frames.request().await?;
                    frames.reply(request.stream, RUNNING).await?;
                    let _ = frames.ignore().await;
                    closed.unwrap().send(()).unwrap();
                    Ok(())
                }
            });
            // The server serves until the end of the test.
            let server = Box::leak(Box::new(server.await));
            (server.url(), HttpClientBuilder::http2_only)
        } else {
            let (listener, url) = listen().await;
            tokio::spawn(async move {
                let mut stream = answered(&listener).await;
                while stream.read(&mut [0; 99]).await.is_ok_and(|read| read > 0) {}
                closed.send(()).unwrap();
            });
            (url, |client| client)
        };
        let jobs = jobs(client(HttpClient::builder(url)));
        get(&jobs).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(75)).await;
        tokio::time::resume();
        let mut seen = seen;
        assert!(timeout(Duration::from_millis(50), &mut seen).await.is_err(), "HTTP/2 {http2}: too early");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(16)).await;
        tokio::time::resume();
        in_time(seen).await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_to_a_peer_that_does_not_read_ends_with_its_call_and_client() {
    // Windows of 2 GiB, for the stream and for the connection.
    let windows: [&[u8]; 2] = [
        &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF],
        &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7F, 0, 0, 0],
    ];
    for http2 in [false, true] {
        let (listener, url) = listen().await;
        let client = HttpClient::builder(url);
        let jobs = jobs(if http2 { client.http2_only() } else { client });
        let (stream, call) = tokio::join!(
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                if http2 {
                    stream.write_all(&windows.concat()).await.unwrap();
                }
                stream
            },
            timeout(Duration::from_millis(300), jobs.start(upload(1, UPLOAD)))
        );
        assert!(call.is_err());
        drop(jobs);
        sleep(Duration::from_millis(50)).await;
        let mut stream = stream;
        let (mut buffer, mut received) = (vec![0; 1 << 20], 0);
        while let Ok(read @ 1..) = in_time(stream.read(&mut buffer)).await {
            received += read;
        }
        assert!(received < UPLOAD, "HTTP/2 {http2}: the whole upload arrived");
    }
}

#[tokio::test]
async fn dropping_young_calls_keeps_a_connection_of_http_2() {
    // SPEC 52
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        loop {
            let request = frames.request().await?;
            sleep(Duration::from_millis(5)).await;
            frames.reply(request.stream, RUNNING).await?;
        }
    })
    .await;
    let jobs = jobs(HttpClient::builder(server.url()).http2_only());
    get(&jobs).await.unwrap();
    let mut allowed = 1;
    for _ in 0..50 {
        let began = Instant::now();
        let _ = timeout(Duration::from_millis(1), get(&jobs)).await;
        // A busy machine may leave a call undropped until it is no longer young.
        if began.elapsed() >= Duration::from_millis(50) {
            get(&jobs).await.unwrap();
            allowed += 1;
        }
    }
    get(&jobs).await.unwrap();
    assert!(server.connections() <= allowed, "{} connections of {allowed}", server.connections());
}

#[test]
fn a_call_whose_connection_is_opened_in_a_stopped_runtime_opens_its_own() {
    let other = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (address, served) = std::sync::mpsc::channel();
    thread::spawn(move || {
        other().block_on(async move {
            let server = FrameServer::start(|number, mut frames| async move {
                if number == 0 {
                    return frames.ignore().await;
                }
                frames.greet().await?;
                loop {
                    let request = frames.request().await?;
                    frames.reply(request.stream, RUNNING).await?;
                }
            });
            let server = server.await;
            address.send(server.url()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let client = HttpClient::builder(served.recv().unwrap()).http2_only();
    let jobs = jobs(client.connect_timeout(Duration::from_secs(5)));
    let (stopped, running) = (other(), other());
    let mut first = Box::pin(get(&jobs));
    stopped.block_on(async { timeout(Duration::from_millis(50), &mut first).await.unwrap_err() });
    let began = Instant::now();
    running.block_on(async { in_time(get(&jobs)).await.unwrap() });
    assert!(began.elapsed() < Duration::from_secs(30));
}

/// A call with a body of at least so many bytes.
fn upload(id: u64, bytes: usize) -> Call {
    Call::post("v1", "jobs", ":start").body(&json!({"id": id, "padding": "x".repeat(bytes)})).unwrap()
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Answers one request on a connection and returns the connection.
async fn answered(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(&raw_reply("", RUNNING.as_bytes())).await.unwrap();
    stream
}

/// Starts a server on a thread of its own. Returns its URL, the number of requests that it has read, and that of the
/// connections that it has closed after one.
fn closes_after_each_reply() -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let closed = Arc::new(AtomicUsize::new(0));
    let (count, closes) = (Arc::clone(&requests), Arc::clone(&closed));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The requests of this test are small and arrive at once.
            if stream.read(&mut [0; 4_096]).unwrap() > 0 {
                count.fetch_add(1, Ordering::SeqCst);
                stream.write_all(&raw_reply("", RUNNING.as_bytes())).unwrap();
                thread::sleep(Duration::from_millis(20));
                drop(stream);
                closes.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (url, requests, closed)
}

/// More than the buffers of a socket hold.
const UPLOAD: usize = 24 << 20;
