//! HTTP/2: connections that fall silent, and requests that the server surely did not process.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    collections::{HashMap, HashSet},
    future::pending,
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use lro::{Code, LroTransport, Pacing, Status, poll_until_done};
use lro_http::{Call, HttpClient, HttpTransport};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};

mod common;
#[path = "common/frames.rs"]
mod frames;

use common::{
    RUNNING, RawServer, SUCCEEDED, Server, assert_clear, failure, get, hasty, in_time, jobs, name, reply, say,
};
use frames::{FrameServer, Frames, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Received};

#[tokio::test]
async fn a_connection_that_falls_silent_costs_one_attempt() {
    // SPEC 52; case n01
    let silences =
        [Silence::AfterAReply, Silence::InABody, Silence::FromTheFirstCall, Silence::ExceptForPings];
    all(silences.into_iter(), |silence| async move {
        let attempt = Duration::from_secs(1);
        let server = FrameServer::start(move |number, mut frames| async move {
            frames.greet().await?;
            if number > 0 {
                return serve(frames, SUCCEEDED).await;
            }
            if silence != Silence::FromTheFirstCall {
                let first = frames.request().await?;
                frames.reply(first.stream, RUNNING).await?;
            }
            if silence == Silence::InABody {
                let second = frames.request().await?;
                frames.head(second.stream).await?;
                frames.part(second.stream, "{").await?;
            }
            if silence != Silence::ExceptForPings {
                return frames.ignore().await;
            }
            loop {
                frames.request().await?;
            }
        })
        .await;
        let client = HttpClient::builder(server.url()).http2_only();
        let often = silence == Silence::ExceptForPings;
        let pings = if often { attempt / 10 } else { Duration::from_secs(30) };
        let jobs = jobs(client.http2_keep_alive_interval(pings));
        let pace = Pacing::fixed(Duration::from_millis(5));
        let wait = poll_until_done::<Value>(&jobs, name()).pacing(pace);
        let wait = wait.tolerance(hasty()).attempt_timeout(attempt);
        let began = Instant::now();
        assert_eq!(wait.await.unwrap()["answer"], 42);
        let elapsed = began.elapsed();
        assert!((attempt..20 * attempt).contains(&elapsed), "{silence:?}: {elapsed:?}");
        // Each attempt that a busy machine makes too long costs another one.
        let attempts = elapsed.div_duration_f64(attempt) as usize;
        assert!((2..=1 + attempts).contains(&server.connections()), "{silence:?}: {}", server.connections());
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_a_connection_that_answers_others() {
    // SPEC 52
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        loop {
            // A start is never answered, and a read at once.
            let request = frames.request().await?;
            if request.body.is_empty() {
                frames.reply(request.stream, RUNNING).await?;
            }
        }
    })
    .await;
    let jobs = over_http2(&server);
    get(&jobs).await.unwrap();
    for id in 0..20 {
        let others = async {
            sleep(Duration::from_millis(1)).await;
            get(&jobs).await.unwrap();
            // The call is not young when it is dropped.
            sleep(Duration::from_millis(50)).await;
        };
        tokio::select! {
            biased;
            answered = start(&jobs, id) => panic!("answered: {answered:?}"),
            () = others => {}
        }
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn many_unanswered_calls_cost_one_new_connection() {
    // SPEC 52
    let server = FrameServer::start(|number, mut frames| async move {
        frames.greet().await?;
        if number > 0 {
            return serve(frames, RUNNING).await;
        }
        let first = frames.request().await?;
        frames.reply(first.stream, RUNNING).await?;
        frames.ignore().await
    })
    .await;
    let jobs = over_http2(&server);
    get(&jobs).await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let jobs = jobs.clone();
        calls.spawn(async move { timeout(ATTEMPT, jobs.get_operation(&name())).await.is_err() });
    }
    assert!(in_time(calls.join_all()).await.into_iter().all(|unanswered| unanswered));
    let again = (0..200).map(|_| jobs.clone());
    for answered in all(again, |jobs| async move { get(&jobs).await }).await {
        answered.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_ping_without_an_answer_ends_a_call_before_its_timeout() {
    // SPEC 52; case n02
    let server = FrameServer::start(|number, mut frames| async move {
        frames.greet().await?;
        if number > 0 {
            return serve(frames, SUCCEEDED).await;
        }
        let first = frames.request().await?;
        frames.reply(first.stream, RUNNING).await?;
        frames.ignore().await
    })
    .await;
    let client = HttpClient::builder(server.url()).http2_only();
    let client = client.http2_keep_alive_interval(ATTEMPT).http2_keep_alive_timeout(ATTEMPT);
    let jobs = jobs(client);
    let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::from_millis(5)));
    let began = Instant::now();
    assert_eq!(in_time(wait.into_future()).await.unwrap()["answer"], 42);
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_call_that_takes_long_is_kept_while_pings_are_answered() {
    // SPEC 52
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        let slow = frames.request().await?;
        // It answers pings meanwhile.
        let _ = timeout(5 * ATTEMPT, frames.request()).await;
        frames.reply(slow.stream, RUNNING).await?;
        frames.ignore().await
    })
    .await;
    let client = HttpClient::builder(server.url()).http2_only();
    let client = client.http2_keep_alive_interval(ATTEMPT / 4).http2_keep_alive_timeout(4 * ATTEMPT);
    get(&jobs(client)).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_goaway_leaves_out_is_sent_again_and_nothing_is_processed_twice() {
    // SPEC 53; case n03
    for reason in [NO_ERROR, INTERNAL_ERROR] {
        let processed: Processed = Arc::default();
        let record = Arc::clone(&processed);
        let server =
            FrameServer::start(move |number, frames| halves(frames, number, reason, Arc::clone(&record)))
                .await;
        let jobs = over_http2(&server);
        for round in 0..20 {
            let calls = (0..64).map(|number| (jobs.clone(), round * 64 + number));
            for started in all(calls, |(jobs, id)| async move { start(&jobs, id).await }).await {
                started.unwrap();
            }
            let calls = (0..64).map(|_| jobs.clone());
            for read in all(calls, |jobs| async move { get(&jobs).await }).await {
                read.unwrap();
            }
        }
        assert_each_once(&processed, 20 * 64);
        // 40 on an idle machine. On a busy one the server may answer before all 64 have arrived.
        assert!(server.connections() >= 4, "{} connections", server.connections());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_leaves_while_requests_are_written_fails_none() {
    // SPEC 53
    let processed: Processed = Arc::default();
    let record = Arc::clone(&processed);
    let server = FrameServer::start(move |_, mut frames| {
        let record = Arc::clone(&record);
        async move {
            frames.greet().await?;
            let mut answered = 0;
            // The first 24 streams, whatever the order of their bodies.
            while answered < 24 {
                let request = frames.request().await?;
                if request.stream < 48 {
                    answer(&mut frames, [request].into_iter(), &record).await?;
                    answered += 1;
                }
            }
            frames.go_away(47, NO_ERROR).await?;
            frames.linger().await
        }
    })
    .await;
    let jobs = over_http2(&server);
    let callers = (0..8).map(|caller| (jobs.clone(), caller * 240));
    let calls = all(callers, |(jobs, first)| async move {
        for id in first..first + 240 {
            start(&jobs, id).await?;
        }
        Ok::<_, Status>(())
    });
    for finished in calls.await {
        finished.unwrap();
    }
    assert_each_once(&processed, 8 * 240);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_refused_is_sent_again_and_nothing_is_processed_twice() {
    // SPEC 53
    let processed: Processed = Arc::default();
    let record = Arc::clone(&processed);
    let server = FrameServer::start(move |_, mut frames| {
        let record = Arc::clone(&record);
        async move {
            frames.greet().await?;
            // Each start is refused once. Reads look alike, so the first three are: one call survives three refusals.
            let (mut refused, mut reads) = (HashSet::new(), 0);
            loop {
                let request = frames.request().await?;
                let refuse = if request.body.is_empty() {
                    reads += 1;
                    reads <= 3
                } else {
                    refused.insert(request.body.clone())
                };
                if refuse {
                    frames.reset(request.stream, REFUSED_STREAM).await?;
                } else {
                    note(&record, &request);
                    frames.reply(request.stream, RUNNING).await?;
                }
            }
        }
    })
    .await;
    let jobs = over_http2(&server);
    for round in 0..40 {
        let calls = (0..32).map(|number| (jobs.clone(), round * 32 + number));
        for (started, read) in
            all(calls, |(jobs, id)| async move { (start(&jobs, id).await, get(&jobs).await) }).await
        {
            started.unwrap();
            read.unwrap();
        }
    }
    assert_each_once(&processed, 40 * 32);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_request_that_is_always_refused_is_sent_four_times() {
    // SPEC 53
    let requests = Arc::new(Mutex::new(0));
    let count = Arc::clone(&requests);
    let server = FrameServer::start(move |_, mut frames| {
        let count = Arc::clone(&count);
        async move {
            frames.greet().await?;
            loop {
                let request = frames.request().await?;
                *count.lock().unwrap() += 1;
                frames.reset(request.stream, REFUSED_STREAM).await?;
            }
        }
    })
    .await;
    let status = start(&over_http2(&server), 1).await.unwrap_err();
    assert_eq!((status.code(), *requests.lock().unwrap()), (Code::Unavailable, 4));
}

#[tokio::test]
async fn a_start_that_may_have_been_processed_is_not_sent_again() {
    // SPEC 53
    for end in [End::Close, End::GoAwayBeyond, End::Reset] {
        let processed: Processed = Arc::default();
        let record = Arc::clone(&processed);
        let server = FrameServer::start(move |_, mut frames| {
            let record = Arc::clone(&record);
            async move {
                frames.greet().await?;
                // A read makes the connection one that is kept.
                let read = frames.request().await?;
                frames.reply(read.stream, RUNNING).await?;
                let request = frames.request().await?;
                note(&record, &request);
                match end {
                    End::Close => {}
                    End::GoAwayBeyond => frames.go_away(request.stream, NO_ERROR).await?,
                    End::Reset => frames.reset(request.stream, INTERNAL_ERROR).await?,
                }
                Ok(())
            }
        })
        .await;
        let jobs = over_http2(&server);
        get(&jobs).await.unwrap();
        let status = in_time(start(&jobs, 7)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{end:?}: {status}");
        assert_each_once(&processed, 0);
        assert_eq!(processed.lock().unwrap().get(&7), Some(&1), "{end:?}");
    }
}

#[tokio::test]
async fn a_read_is_sent_again_once_when_its_kept_connection_closes() {
    // SPEC 53
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        let first = frames.request().await?;
        frames.reply(first.stream, RUNNING).await?;
        // It closes with the second request unanswered.
        frames.request().await.map(drop)
    })
    .await;
    let jobs = over_http2(&server);
    for _ in 0..10 {
        get(&jobs).await.unwrap();
    }
    assert_eq!(server.connections(), 10);
}

#[tokio::test]
async fn a_read_whose_new_connection_closes_is_a_failed_call() {
    // SPEC 53
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        frames.request().await.map(drop)
    })
    .await;
    assert_eq!(get(&over_http2(&server)).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_large_request_and_a_large_reply_pass_the_windows() {
    // SPEC 45
    let text = "x".repeat(8 << 20);
    let answer = json!({"name": "operations/1", "metadata": {"text": text}}).to_string();
    let server = Server::start(move |_| reply(200, answer.clone())).await;
    let jobs = jobs(server.client().http2_only());
    for _ in 0..2 {
        let call = Call::post("v1", "jobs", ":start").body(&json!({"text": text})).unwrap();
        let operation = in_time(jobs.start(call)).await.unwrap();
        let metadata: Value = operation.metadata.unwrap().decode().unwrap();
        assert_eq!(metadata["text"].as_str().unwrap().len(), text.len());
    }
    let requests = server.requests();
    let length = (text.len() + r#"{"text":""}"#.len()).to_string();
    assert!(requests.iter().all(|request| request.headers["content-length"] == *length));
    assert!(requests.iter().all(|request| request.body.len().to_string() == length));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn no_interval_of_pings_takes_the_thread() {
    let server = Server::always(200, RUNNING).await;
    for extreme in [Duration::ZERO, Duration::MAX] {
        let client = server.client().http2_only();
        let client = client.http2_keep_alive_interval(extreme).http2_keep_alive_timeout(Duration::MAX);
        let jobs = jobs(client);
        for _ in 0..3 {
            get(&jobs).await.unwrap();
            sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn concurrent_calls_open_one_connection() {
    let server = Server::start(|_| reply(200, RUNNING)).await;
    let jobs = jobs(server.client().http2_only());
    for answered in all((0..100).map(|_| jobs.clone()), |jobs| async move { get(&jobs).await }).await {
        answered.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_caller_that_gives_up_while_it_connects_strands_no_other() {
    let server = FrameServer::start(|number, mut frames| async move {
        if number == 0 {
            return pending().await;
        }
        frames.greet().await?;
        serve(frames, RUNNING).await
    })
    .await;
    let jobs = over_http2(&server);
    let first = tokio::spawn({
        let jobs = jobs.clone();
        async move { timeout(ATTEMPT, get(&jobs)).await.is_err() }
    });
    while server.connections() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    for answered in all((0..10).map(|_| jobs.clone()), |jobs| async move { get(&jobs).await }).await {
        answered.unwrap();
    }
    assert!(first.await.unwrap());
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn calls_that_wait_for_a_connection_share_its_failure() {
    let server = FrameServer::start(|_, frames| async move {
        let _open = frames;
        pending().await
    })
    .await;
    let client = HttpClient::builder(server.url()).http2_only().connect_timeout(ATTEMPT);
    let jobs = jobs(client);
    let began = Instant::now();
    for failed in all((0..50).map(|_| jobs.clone()), |jobs| async move { get(&jobs).await }).await {
        let message = failed.unwrap_err().message().to_owned();
        assert!(message.contains("cannot connect to") && message.contains("200ms"), "{message}");
    }
    // One after the other they would take 10 s.
    assert!(began.elapsed() < 40 * ATTEMPT);
    assert_eq!(server.connections(), 1);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    AfterAReply,
    InABody,
    FromTheFirstCall,
    ExceptForPings,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    /// The last id says that the stream may have been processed.
    GoAwayBeyond,
    Reset,
}

/// How often each start was processed.
type Processed = Arc<Mutex<HashMap<u64, u32>>>;

fn note(processed: &Processed, request: &Received) {
    if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
        *processed.lock().unwrap().entry(body["id"].as_u64().unwrap()).or_default() += 1;
    }
}

/// Asserts that at least so many starts were processed, and none of them twice.
#[track_caller]
fn assert_each_once(processed: &Processed, starts: usize) {
    let processed = processed.lock().unwrap();
    assert!(processed.values().all(|times| *times == 1), "{processed:?}");
    assert!(processed.len() >= starts, "{} processed", processed.len());
}

/// Processes the first half of 64 requests and leaves the others out by a GOAWAY, before or after its replies. Fewer
/// requests are processed once no more arrive.
async fn halves(mut frames: Frames, number: usize, reason: u32, processed: Processed) -> io::Result<()> {
    frames.greet().await?;
    let mut received = Vec::new();
    loop {
        match timeout(Duration::from_millis(30), frames.request()).await {
            Ok(request) => received.push(request?),
            Err(_) => answer(&mut frames, received.drain(..), &processed).await?,
        }
        if received.len() == 64 {
            // Their bodies may have arrived in another order.
            received.sort_by_key(|request| request.stream);
            let last = received[31].stream;
            if number.is_multiple_of(2) {
                frames.go_away(last, reason).await?;
            }
            answer(&mut frames, received.drain(..32), &processed).await?;
            if !number.is_multiple_of(2) {
                frames.go_away(last, reason).await?;
            }
            return frames.linger().await;
        }
    }
}

async fn answer(
    frames: &mut Frames,
    requests: impl Iterator<Item = Received>,
    processed: &Processed,
) -> io::Result<()> {
    for request in requests {
        note(processed, &request);
        frames.reply(request.stream, RUNNING).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_of_http_1_is_named_and_so_is_the_option() {
    for reply in ["HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.0 505 \r\nconnection: close\r\n\r\n<html>"] {
        let server = RawServer::start([vec![say(reply)]]).await;
        let status = failure(&jobs(HttpClient::builder(server.url()).http2_only())).await;
        let expected = format!("cannot connect to {}: the server does not speak HTTP/2", server.url());
        assert_clear(&status, Code::Unavailable, &expected);
        assert!(status.message().contains("`http2_only`"), "{status}");
    }
}

#[tokio::test]
async fn a_server_that_floods_a_connection_costs_no_more_than_the_timeout_of_a_call() {
    // SPEC 26, 60
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let endless_head = [frame(1, 0, 1, &[0x88]), frame(9, 0, 1, &[0x40, 1, b'x', 1, b'y'])];
    for (what, first, repeated) in [
        ("pings", vec![], frame(6, 0, 0, &[7; 8])),
        ("settings", vec![], frame(4, 0, 0, &[0, 3, 0, 0, 0, 9])),
        ("empty settings", vec![], frame(4, 0, 0, &[])),
        ("continuations", endless_head[0].clone(), endless_head[1].clone()),
        ("empty continuations", endless_head[0].clone(), frame(9, 0, 1, &[])),
        ("informational heads", vec![], frame(1, 4, 1, &[0x48, 3, b'1', b'0', b'3'])),
        ("empty data", frame(1, 4, 1, &[0x88]), frame(0, 0, 1, &[])),
        ("window updates", vec![], frame(8, 0, 0, &[0, 0, 0, 1])),
        ("unknown frames", vec![], frame(77, 0, 0, &[1])),
        ("priorities", vec![], frame(2, 0, 1, &[0, 0, 0, 0, 1])),
        ("resets of another stream", vec![], frame(3, 0, 3, &[0, 0, 0, 8])),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                let (mut read, mut write) = stream.into_split();
                let (first, repeated) = (first.clone(), repeated.repeat(100));
                tokio::spawn(
                    async move { while read.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {} },
                );
                tokio::spawn(async move {
                    write.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
                    sleep(Duration::from_millis(20)).await;
                    write.write_all(&first).await?;
                    while write.write_all(&repeated).await.is_ok() {}
                    io::Result::Ok(())
                });
            }
            #[allow(unreachable_code, reason = "the type of the block")]
            io::Result::Ok(())
        });
        let client = HttpClient::builder(url).http2_only().call_timeout(ATTEMPT).build().unwrap();
        let began = Instant::now();
        let call = Call::post("v1", "jobs", ":start").body(&json!({"id": 1})).unwrap();
        let status = in_time(client.send::<Value>(call)).await.unwrap_err();
        let codes = [Code::Unavailable, Code::DeadlineExceeded];
        assert!(codes.contains(&status.code()), "{what}: {status}");
        assert!(began.elapsed() < ATTEMPT + Duration::from_secs(15), "{what}: {:?}", began.elapsed());
        server.abort();
    }
}

#[tokio::test]
async fn a_window_of_zero_costs_a_start_its_timeout_and_a_read_nothing() {
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet_with(&[0, 4, 0, 0, 0, 0]).await?;
        serve(frames, RUNNING).await
    })
    .await;
    let client = HttpClient::builder(server.url()).http2_only().call_timeout(ATTEMPT);
    let jobs = jobs(client);
    get(&jobs).await.unwrap();
    assert_clear(&start(&jobs, 1).await.unwrap_err(), Code::DeadlineExceeded, &server.url());
    get(&jobs).await.unwrap();
}

/// Answers every request with this body.
async fn serve(mut frames: Frames, body: &str) -> io::Result<()> {
    loop {
        let request = frames.request().await?;
        frames.reply(request.stream, body).await?;
    }
}

fn over_http2(server: &FrameServer) -> HttpTransport {
    jobs(HttpClient::builder(server.url()).http2_only())
}

/// Starts an operation, by a POST with its number.
async fn start(jobs: &HttpTransport, id: u64) -> Result<(), Status> {
    let call = Call::post("v1", "jobs", ":start").body(&json!({"id": id}))?;
    in_time(jobs.start(call)).await.map(drop)
}

/// Makes calls at the same time.
async fn all<I, F>(inputs: impl Iterator<Item = I>, call: impl Fn(I) -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    in_time(inputs.map(call).collect::<JoinSet<_>>().join_all()).await
}

/// Long enough for a busy machine to answer on loopback.
const ATTEMPT: Duration = Duration::from_millis(200);
