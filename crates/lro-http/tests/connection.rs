//! Connections: broken, refused, stalled and reused.

use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, Version, header};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use lro::{Capabilities, Code, LroTransport, Origin, pacing::Pacing, poll_until_done};
use lro_http::{Call, HttpClient, HttpTransport, Token};
use lro_testkit::ReservedPort;
use serde_json::{Value, json};
use tokio::net::TcpListener;

mod common;
use common::{
    RUNNING, RawServer, Recorded, Reply, SUCCEEDED, Server, Step, assert_clear, assert_survived, binding,
    block_until, failure, get, hasty, in_time, jobs, name, raw_reply, reply, running, say,
};

#[tokio::test]
async fn a_broken_connection_is_a_failed_call_that_names_the_endpoint_or_the_break() {
    // SPEC 26
    let head = || say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\":");
    let whole = |text: &str| vec![Step::Read, say(text)];
    for (what, script) in [
        ("a close before the head", vec![Step::Read]),
        ("a close before the request", vec![]),
        ("a reset before the head", vec![Step::Read, Step::Reset]),
        ("a close in the head", whole("HTTP/1.1 200 OK\r\ncontent-le")),
        ("a close in the body", vec![Step::Read, head()]),
        ("a reset in the body", vec![Step::Read, head(), Step::Reset]),
        ("no HTTP", whole("SSH-2.0-OpenSSH_9.6\r\n\r\n")),
        ("no chunk", whole("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")),
        ("half a chunk", whole("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n50\r\n{\"name\"")),
    ] {
        let server = RawServer::start([script]).await;
        let status = failure(&server.jobs()).await;
        assert_eq!(status.code(), Code::Unavailable, "{what}: {status}");
        let message = status.message();
        assert!(
            message.contains(&server.url()) || message.contains("in the middle of the reply"),
            "{what}: {status}"
        );
        assert_survived(&status);
        assert!(std::error::Error::source(&status).is_some(), "{what}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_failed_call_that_names_the_endpoint() {
    // SPEC 26
    let closed = ReservedPort::any();
    let url = closed.url();
    let status = failure(&jobs(HttpClient::builder(&url))).await;
    assert_clear(&status, Code::Unavailable, &format!("cannot connect to {url}"));
    assert_survived(&status);
}

#[tokio::test]
async fn a_stalled_reply_ends_with_the_attempt_and_the_next_one_is_good() {
    // SPEC 26, 45
    for stalled in [
        vec![Step::Stall],
        vec![Step::Read, Step::Stall],
        vec![Step::Read, say("HTTP/1.1 200 OK\r\nx: "), Step::Stall],
        vec![Step::Read, say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Step::Stall],
        vec![Step::Read, say("HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\n{"), Step::Stall],
    ] {
        let good = vec![Step::Read, Step::Send(raw_reply("", SUCCEEDED.as_bytes()))];
        let server = RawServer::start([stalled, good]).await;
        let jobs = server.jobs();
        let wait = poll_until_done::<Value>(&jobs, name()).tolerance(hasty()).attempt_timeout(ATTEMPT);
        let began = Instant::now();
        assert_eq!(in_time(wait.into_future()).await.unwrap()["answer"], 42);
        assert!(began.elapsed() >= ATTEMPT);
    }
}

#[tokio::test]
async fn a_reply_that_stalls_for_ever_ends_the_wait_as_a_failed_call() {
    // SPEC 27, 45
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    let server = RawServer::start([vec![Step::Read, say(head), Step::Stall]]).await;
    let jobs = server.jobs();
    let wait =
        poll_until_done::<Value>(&jobs, name()).tolerance(hasty().failures(2)).attempt_timeout(5 * ATTEMPT);
    let status = in_time(wait.into_future()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert_eq!(status.report().unwrap().polls, 3);
    // On a busy machine an attempt may end before its request is read.
    assert!((1..=3).contains(&server.heads().len()), "{:?}", server.heads());
    assert!(status.may_be_running());
}

#[tokio::test]
async fn a_call_that_is_no_poll_has_the_timeout_of_the_client_or_its_own() {
    let server = RawServer::start([vec![Step::Read, Step::Stall]]).await;
    let client = HttpClient::builder(server.url()).call_timeout(ATTEMPT).build().unwrap();
    let status = in_time(client.send::<Value>(Call::get("v1", "jobs/1", ""))).await.unwrap_err();
    assert_clear(&status, Code::DeadlineExceeded, &server.url());
    assert_eq!(status.origin(), Origin::CallFailed);

    let patient = HttpClient::builder(server.url()).build().unwrap();
    let call = Call::get("v1", "jobs/1", "").timeout(ATTEMPT);
    let status = in_time(patient.send::<Value>(call)).await.unwrap_err();
    assert_clear(&status, Code::DeadlineExceeded, "100ms");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_token_along() {
    // SPEC 43, 25
    let elsewhere = Server::always(200, SUCCEEDED).await;
    for http in [301, 302, 303, 307, 308] {
        let location = HeaderValue::try_from(format!("{}/v1/operations/1", elsewhere.url())).unwrap();
        let server = Server::start(move |_| {
            let mut reply = reply(http, "");
            reply.headers_mut().insert(header::LOCATION, location.clone());
            reply
        })
        .await;
        let status = failure(&jobs(server.client().credentials(Token::bearer("secret").unwrap()))).await;
        assert_clear(&status, Code::Unknown, &http.to_string());
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!((elsewhere.connections(), elsewhere.requests().len()), (0, 0));
}

#[tokio::test]
async fn polls_share_one_connection() {
    // SPEC 45
    for http2 in [false, true] {
        let polls = AtomicUsize::new(0);
        let server = Server::start(move |_| {
            let poll = polls.fetch_add(1, Ordering::SeqCst);
            reply(200, if poll < 9 { RUNNING } else { SUCCEEDED })
        })
        .await;
        let client = server.client();
        let jobs = jobs(if http2 { client.http2_only() } else { client });
        let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::from_millis(5)));
        assert_eq!(in_time(wait.into_future()).await.unwrap()["answer"], 42);
        let version = if http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        assert!(
            server.requests().iter().all(|request| request.version == version && request.connection == 1)
        );
        assert_eq!((server.requests().len(), server.connections()), (10, 1));
    }
}

#[tokio::test]
async fn a_failed_call_keeps_its_connection_too() {
    // SPEC 45
    let server = Server::in_turn([(503, "{}"), (404, "<html></html>"), (200, "{"), (200, RUNNING)]).await;
    let jobs = server.jobs();
    for _ in 0..3 {
        failure(&jobs).await;
    }
    get(&jobs).await.unwrap();
    assert_eq!((server.requests().len(), server.connections()), (4, 1));
}

#[tokio::test]
async fn many_waits_over_http2_share_one_connection() {
    // SPEC 45
    let server = Server::start(answer_by_name).await;
    let jobs = jobs(server.client().http2_only());
    get(&jobs).await.unwrap();
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..50 {
        let jobs = jobs.clone();
        waits
            .spawn(async move { jobs.get_operation(&format!("operations/{number}").parse().unwrap()).await });
    }
    for operation in in_time(waits.join_all()).await {
        operation.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (51, 1));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_anew() {
    // SPEC 45
    let close = raw_reply("connection: close\r\n", RUNNING.as_bytes());
    let server = RawServer::start([vec![Step::Read, Step::Send(close)]]).await;
    let jobs = server.jobs();
    for _ in 0..3 {
        assert_eq!(get(&jobs).await.unwrap(), running());
    }

    // Without the header, the client finds the close when it takes the connection from the pool.
    let silent = RawServer::sends(raw_reply("", RUNNING.as_bytes())).await;
    let jobs = silent.jobs();
    for _ in 0..3 {
        assert_eq!(get(&jobs).await.unwrap(), running());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_connection_that_was_idle_for_90_s_is_not_used_again() {
    // SPEC 45
    for http2 in [false, true] {
        let server = Server::always(200, RUNNING).await;
        let client = server.client();
        let jobs = jobs(if http2 { client.http2_only() } else { client });
        for (idle, connections) in [(0, 1), (75, 1), (75, 1), (91, 2), (75, 2)] {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(idle)).await;
            tokio::time::resume();
            get(&jobs).await.unwrap();
            assert_eq!(server.connections(), connections, "HTTP/2 {http2}, after {idle} s");
        }
    }
}

#[tokio::test]
async fn a_read_whose_new_connection_closes_is_a_failed_call() {
    // SPEC 53
    let server = RawServer::start([vec![Step::Read]]).await;
    assert_clear(&failure(&server.jobs()).await, Code::Unavailable, &server.url());
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn a_server_that_closes_after_each_reply_fails_no_read() {
    // SPEC 53; case n04
    let server = RawServer::sends(raw_reply("", RUNNING.as_bytes())).await;
    let jobs = server.jobs();
    for _ in 0..300 {
        assert_eq!(get(&jobs).await.unwrap(), running());
    }
}

#[tokio::test]
async fn a_kept_connection_that_closes_before_a_reply_costs_a_read_nothing() {
    // SPEC 53
    let answer = || Step::Send(raw_reply("", RUNNING.as_bytes()));
    for end in [vec![], vec![Step::Reset]] {
        let dies = [vec![Step::Read, answer(), Step::Read], end].concat();
        let server = RawServer::start([dies]).await;
        let jobs = server.jobs();
        for _ in 0..4 {
            assert_eq!(get(&jobs).await.unwrap(), running());
        }
        // The first connection served a call and read a second one, and so did the others.
        assert_eq!(server.heads().len(), 7);
    }
}

#[tokio::test]
async fn a_read_is_sent_again_on_a_new_connection() {
    // SPEC 53
    let answer = || Step::Send(raw_reply("", RUNNING.as_bytes()));
    let dies = vec![Step::Read, answer(), Step::Read];
    let server = RawServer::start([dies.clone(), dies, vec![Step::Read, answer()]]).await;
    let jobs = server.jobs();
    // Two connections are kept, of which none will answer again.
    let (one, two) = tokio::join!(get(&jobs), get(&jobs));
    assert_eq!((one.unwrap(), two.unwrap()), (running(), running()));
    assert_eq!(get(&jobs).await.unwrap(), running());
    assert_eq!(server.heads().len(), 4);
}

#[tokio::test]
async fn a_connection_that_closes_in_the_head_of_a_reply_is_a_failed_call() {
    // SPEC 53
    let answer = Step::Send(raw_reply("", RUNNING.as_bytes()));
    let server = RawServer::start([vec![Step::Read, answer, Step::Read, say("HTTP/1.1 20")]]).await;
    let jobs = server.jobs();
    get(&jobs).await.unwrap();
    assert_clear(&failure(&jobs).await, Code::Unavailable, &server.url());
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_start_is_not_sent_again_when_its_kept_connection_closes() {
    // SPEC 42, 53
    let answer = Step::Send(raw_reply("", RUNNING.as_bytes()));
    let server = RawServer::start([vec![Step::Read, answer, Step::Read]]).await;
    let jobs = server.jobs();
    get(&jobs).await.unwrap();
    let call = Call::post("v1", "jobs", ":start").body(&json!({"id": 1})).unwrap();
    let status = in_time(jobs.start(call)).await.unwrap_err();
    assert_clear(&status, Code::Unavailable, &server.url());
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_start_on_a_connection_that_has_closed_is_sent_on_a_new_one() {
    // SPEC 53; case n04
    let server = RawServer::sends(raw_reply("", RUNNING.as_bytes())).await;
    let jobs = server.jobs();
    for id in 0..20 {
        get(&jobs).await.unwrap();
        // The close arrives.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let call = Call::post("v1", "jobs", ":start").body(&json!({"id": id})).unwrap();
        in_time(jobs.start(call)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.heads().len(), 40);
}

#[cfg(any(feature = "ring", feature = "aws-lc"))]
#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_costs_the_connect_timeout() {
    // Case n11
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let tls = HttpClient::builder(format!("https://{address}")).no_proxy();
    let proxies = ["http", "https", "socks5", "socks5h"]
        .map(|scheme| HttpClient::builder("https://localhost:1").proxy(format!("{scheme}://{address}")));
    let http2 = HttpClient::builder(format!("http://{address}")).http2_only();
    let root = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    for client in [tls, http2].into_iter().chain(proxies) {
        let client = client.root_certificates(root.clone()).connect_timeout(ATTEMPT);
        let shown = format!("{client:?}");
        let began = Instant::now();
        let status = failure(&jobs(client)).await;
        assert_clear(&status, Code::Unavailable, "cannot connect to");
        assert!(status.message().ends_with("not connected within 100ms"), "{shown}: {status}");
        assert!(began.elapsed() >= ATTEMPT && began.elapsed() < Duration::from_secs(15), "{shown}");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_harms_no_other() {
    // SPEC 37
    let stalled = vec![Step::Read, say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Step::Stall];
    let good = vec![Step::Read, Step::Send(raw_reply("", RUNNING.as_bytes()))];
    let server = RawServer::start([stalled, good]).await;
    let jobs = server.jobs();
    let dropped = Arc::new(AtomicBool::new(false));
    let call = tokio::spawn({
        let (jobs, dropped) = (jobs.clone(), SetOnDrop(Arc::clone(&dropped)));
        async move {
            let _dropped = dropped;
            let _ = jobs.get_operation(&name()).await;
        }
    });
    while server.heads().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    let _ = call.await;
    assert!(dropped.load(Ordering::SeqCst));
    assert_eq!(get(&jobs).await.unwrap(), running());
}

const ATTEMPT: Duration = Duration::from_millis(100);

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn answer_by_name(request: &Recorded) -> Reply {
    reply(200, json!({"name": request.target.strip_prefix("/v1/")}).to_string())
}

#[tokio::test]
async fn bytes_that_came_after_a_reply_are_never_the_next_reply() {
    // SPEC 7, 26: they came while the thread of the client did something else.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let strays = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&strays);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, count) = (stream.unwrap(), Arc::clone(&count));
            thread::spawn(move || -> std::io::Result<()> {
                let mut request = [0; 4_096];
                while stream.read(&mut request)? > 0 {
                    stream.write_all(&raw_reply("", RUNNING.as_bytes()))?;
                    thread::sleep(Duration::from_millis(10));
                    stream.write_all(&raw_reply("", SUCCEEDED.as_bytes()))?;
                    count.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            });
        }
    });
    let jobs = jobs(HttpClient::builder(url));
    for call in 1..=10 {
        assert!(!get(&jobs).await.unwrap().is_done());
        block_until(|| strays.load(Ordering::SeqCst) >= call);
    }
}

#[tokio::test]
async fn a_body_without_bytes_is_empty_in_any_encoding() {
    // SPEC 39
    for head in ["HTTP/1.1 200 OK\r\ncontent-length: 0", "HTTP/1.1 204 No Content"] {
        let server = RawServer::sends(format!("{head}\r\ncontent-encoding: gzip\r\n\r\n")).await;
        let client = HttpClient::builder(server.url()).build().unwrap();
        let jobs = HttpTransport::new(client, binding(Capabilities::ALL));
        jobs.cancel_operation(&name()).await.unwrap();
        jobs.client().send::<()>(Call::put("v1", "jobs/7")).await.unwrap();
        assert!(server.heads()[1].starts_with("put /v1/jobs/7 "), "{head}");
    }
}

#[tokio::test]
async fn trailers_keep_a_connection_of_http2() {
    // SPEC 45
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::Relaxed);
            let service = service_fn(|_| async {
                let trailers = HeaderMap::from_iter([(header::SERVER, HeaderValue::from_static("gateway"))]);
                let body = Full::new(Bytes::from(RUNNING)).with_trailers(async { Some(Ok(trailers)) });
                Ok::<_, Infallible>(Response::new(body))
            });
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    let jobs = jobs(HttpClient::builder(url).http2_only());
    for _ in 0..5 {
        get(&jobs).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
