//! Connections that break, fall silent or leave out calls.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    collections::HashMap,
    future::Future,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use lro::{Code, LroTransport, Operation, Pacing, Status, poll_until_done};
use lro_grpc::{GrpcCall, GrpcTransport, Proto};
use lro_grpc_wire::{frame, messages};
use lro_testkit::ReservedPort;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

mod common;
#[path = "../../lro-http/tests/common/frames.rs"]
mod frames;

use common::{Job, client, failure, get, in_time, is_survived, name, running, succeeded};
use frames::{
    DATA, END_HEADERS, END_STREAM, FrameServer, Frames, HEADERS, NO_ERROR, REFUSED_STREAM, RST_STREAM,
    Received, frame as frame_of,
};

#[tokio::test]
async fn a_fault_of_the_connection_is_no_word_of_the_server() {
    // SPEC 26: each server answers its first connection so, and the next ones well.
    for (what, fault, said, connections) in [
        ("a close before the head", Fault::Close, "broken pipe", 2),
        ("a TCP reset before the head", Fault::Abort, "connection reset", 2),
        ("a close after the head", Fault::HeadClose, "broken pipe", 2),
        ("a close after the data", Fault::DataClose, "broken pipe", 2),
        ("a TCP reset after the data", Fault::DataAbort, "connection reset", 2),
        ("a GOAWAY at the call, then a close", Fault::GoAwayClose(1, NO_ERROR), "broken pipe", 2),
        ("a GOAWAY beyond the call, then a close", Fault::GoAwayClose(0x7fff_ffff, 2), "broken pipe", 2),
        (
            "a head without a status line",
            Fault::Head(&[]),
            "the reply is malformed, or its headers are larger than",
            1,
        ),
        ("a broken block of headers", Fault::Head(&[0xff, 0xff, 0xff]), "protocol error", 2),
        ("data before a head", Fault::Data, "protocol error", 2),
    ] {
        let server = breaks_once(fault).await;
        let jobs = jobs(&server);
        let status = failure(&jobs).await;
        assert_eq!(status.code(), Code::Unavailable, "{what}: {status}");
        assert!(is_survived(&status), "{what}: {status}");
        assert!(
            status.message().contains(&server.url()) && status.message().contains(said),
            "{what}: {status}"
        );
        assert_eq!(get(&jobs).await.unwrap(), succeeded(), "{what}");
        assert_eq!(server.connections(), connections, "{what}");
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_costs_its_call_alone() {
    // SPEC 26, 53: no code of a reset is the status of a call.
    for reason in (0..=14).chain([255, u32::MAX]) {
        for at in [At::Start, At::Head, At::Data] {
            if (reason, at) == (REFUSED_STREAM, At::Start) {
                continue;
            }
            let server = resets_once(reason, at, Duration::ZERO).await;
            let jobs = jobs(&server);
            let status = failure(&jobs).await;
            assert_eq!(status.code(), Code::Unavailable, "{reason} {at:?}: {status}");
            assert!(is_survived(&status) && status.message().contains(&server.url()), "{status}");
            assert_eq!(get(&jobs).await.unwrap(), succeeded(), "{reason} {at:?}");
            assert_eq!(server.connections(), 1, "{reason} {at:?}");
        }
    }
}

#[tokio::test]
async fn a_late_reset_leaves_its_connection_to_other_calls() {
    // SPEC 52: the server has answered.
    for at in [At::Start, At::Head, At::Data] {
        let server = resets_once(8, at, ATTEMPT / 2).await;
        let jobs = jobs(&server);
        assert_eq!(failure(&jobs).await.code(), Code::Unavailable, "{at:?}");
        assert_eq!(get(&jobs).await.unwrap(), succeeded(), "{at:?}");
        assert_eq!(server.connections(), 1, "{at:?}");
    }
}

#[tokio::test]
async fn a_reset_after_the_whole_reply_takes_nothing_from_it() {
    // RFC 9113, 8.1: a server that needs no more of the request resets the stream with NO_ERROR after its reply.
    for (what, window, is_failure) in [
        ("a failure", None, true),
        ("a success", None, false),
        ("a failure before the request was read", Some(0), true),
        ("a success before the request was read", Some(0), false),
    ] {
        let server = FrameServer::start(move |_, mut frames| async move {
            match window {
                None => frames.greet().await?,
                Some(size) => frames.greet_with(&[&[0, 4], &u32::to_be_bytes(size)[..]].concat()).await?,
            }
            loop {
                let stream = match window {
                    None => frames.request().await?.stream,
                    Some(_) => frames.request_head().await?,
                };
                let reset = frame_of(RST_STREAM, 0, stream, &NO_ERROR.to_be_bytes());
                if is_failure {
                    let head =
                        [&[0x88], &literal("content-type", "application/grpc")[..], &failed(5)].concat();
                    let head = frame_of(HEADERS, END_HEADERS | END_STREAM, stream, &head);
                    frames.write(&[head, reset].concat()).await?;
                } else {
                    frames.write(&[reply_of(stream, &succeeded()), reset].concat()).await?;
                }
            }
        })
        .await;
        let jobs = jobs(&server);
        for _ in 0..3 {
            match get(&jobs).await {
                Ok(operation) => assert!(!is_failure && operation == succeeded(), "{what}: {operation:?}"),
                Err(status) => {
                    assert!(is_failure, "{what}: {status}");
                    assert_eq!((status.code(), status.message()), (Code::NotFound, "gone"), "{what}");
                }
            }
        }
        assert_eq!(server.connections(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_goaway_does_not_end_the_calls_that_it_lets_finish() {
    // SPEC 53
    for reason in [NO_ERROR, 2, 11] {
        let server = FrameServer::start(move |_, mut frames| async move {
            frames.greet().await?;
            let request = frames.request().await?;
            frames.go_away(request.stream, reason).await?;
            sleep(Duration::from_millis(20)).await;
            reply(&mut frames, request.stream, &succeeded()).await?;
            frames.linger().await
        })
        .await;
        let jobs = jobs(&server);
        for number in 1..4 {
            assert_eq!(get(&jobs).await.unwrap(), succeeded());
            assert_eq!(server.connections(), number);
        }
    }
}

#[tokio::test]
async fn a_goaway_between_two_calls_costs_nothing() {
    // SPEC 53
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        let request = frames.request().await?;
        reply(&mut frames, request.stream, &running()).await?;
        frames.go_away(request.stream, NO_ERROR).await?;
        frames.linger().await
    })
    .await;
    let jobs = jobs(&server);
    for id in 0..10 {
        start(&jobs, id).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_leaves_in_two_steps_fails_no_start() {
    // SPEC 53: as servers of gRPC do at the greatest age of a connection.
    let processed = Processed::default();
    let record = processed.clone();
    let server = FrameServer::start(move |_, mut frames| {
        let record = record.clone();
        async move {
            frames.greet().await?;
            let (mut answered, mut last) = (0, 0);
            while answered < 20 {
                let request = frames.request().await?;
                last = last.max(request.stream);
                answer(&mut frames, [request].into_iter(), &record).await?;
                answered += 1;
            }
            frames.go_away(0x7fff_ffff, NO_ERROR).await?;
            loop {
                match timeout(Duration::from_millis(50), frames.request()).await {
                    Ok(request) => {
                        let request = request?;
                        last = last.max(request.stream);
                        answer(&mut frames, [request].into_iter(), &record).await?;
                        answered += 1;
                    }
                    // The body of a request is on its way.
                    Err(_) if frames.heads() > answered => {}
                    Err(_) => break,
                }
            }
            frames.go_away(last, NO_ERROR).await?;
            frames.linger().await
        }
    })
    .await;
    let jobs = jobs(&server);
    for round in 0..20 {
        let ids = (0..40).map(|number| round * 40 + number);
        for started in all(&jobs, ids, |jobs, id| async move { start(&jobs, id).await }).await {
            started.unwrap();
        }
    }
    processed.assert_each_once(20 * 40);
    assert!(server.connections() > 10, "{} connections", server.connections());
}

#[tokio::test]
async fn calls_beyond_the_streams_of_a_server_wait_for_their_turn() {
    // `SETTINGS_MAX_CONCURRENT_STREAMS` is 1.
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet_with(&[0, 3, 0, 0, 0, 1]).await?;
        serve(frames, &running()).await
    })
    .await;
    let jobs = jobs(&server);
    for started in all(&jobs, 0..50, |jobs, id| async move { start(&jobs, id).await }).await {
        started.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_call_that_a_server_holds_for_minutes_sends_few_pings() {
    // SPEC 40: a server of gRPC closes a connection at the third ping within 5 minutes each.
    for (interval, pings) in [(None, 0..=1), (Some(Duration::from_secs(30)), 5..=20)] {
        let server = FrameServer::start(|_, mut frames| async move {
            frames.greet().await?;
            let first = frames.request().await?;
            reply(&mut frames, first.stream, &running()).await?;
            loop {
                frames.request().await?;
            }
        })
        .await;
        let client = client(&server.url());
        let client =
            interval.into_iter().fold(client, |client, interval| client.http2_keep_alive_interval(interval));
        let jobs = client.build().unwrap().with_capabilities(lro::Capabilities::ALL);
        get(&jobs).await.unwrap();
        let held = tokio::spawn(async move { jobs.wait_operation(&name(), None).await });
        sleep(Duration::from_millis(50)).await;
        for _ in 0..20 {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(20)).await;
            tokio::time::resume();
            sleep(Duration::from_millis(5)).await;
        }
        assert!(pings.contains(&server.pings()), "{interval:?}: {} pings", server.pings());
        assert!(!held.is_finished());
        held.abort();
    }
}

#[tokio::test]
async fn an_informational_head_is_skipped() {
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        loop {
            let Received { stream, .. } = frames.request().await?;
            // `:status` 103
            frames.send(HEADERS, END_HEADERS, stream, &[0x48, 3, b'1', b'0', b'3']).await?;
            reply(&mut frames, stream, &running()).await?;
        }
    })
    .await;
    let jobs = jobs(&server);
    for _ in 0..2 {
        assert_eq!(get(&jobs).await.unwrap(), running());
    }
}

#[tokio::test]
async fn a_reply_that_stops_costs_one_attempt() {
    // SPEC 45, 52
    let mut waits = JoinSet::new();
    for stall in [
        Stall::Nothing,
        Stall::Head,
        Stall::Data,
        Stall::PartOfTheData,
        Stall::NothingButPings,
        Stall::DataButPings,
    ] {
        waits.spawn(costs_one_attempt(stall));
    }
    in_time(waits.join_all()).await;
}

async fn costs_one_attempt(stall: Stall) {
    let attempt = Duration::from_secs(1);
    let server = FrameServer::start(move |number, mut frames| async move {
        frames.greet().await?;
        if number > 0 {
            return serve(frames, &succeeded()).await;
        }
        let first = frames.request().await?;
        reply(&mut frames, first.stream, &running()).await?;
        let Received { stream, .. } = frames.request().await?;
        match stall {
            Stall::Nothing | Stall::NothingButPings => {}
            Stall::Head => head(&mut frames, stream).await?,
            Stall::Data | Stall::DataButPings => {
                head(&mut frames, stream).await?;
                frames.send(DATA, 0, stream, &message(&succeeded())).await?;
            }
            Stall::PartOfTheData => {
                head(&mut frames, stream).await?;
                frames.send(DATA, 0, stream, &message(&succeeded())[..9]).await?;
            }
        }
        match stall {
            Stall::NothingButPings | Stall::DataButPings => loop {
                frames.request().await?;
            },
            _ => frames.ignore().await,
        }
    })
    .await;
    let often = matches!(stall, Stall::NothingButPings | Stall::DataButPings);
    let pings = if often { attempt / 10 } else { Duration::from_secs(30) };
    let jobs = client(&server.url()).http2_keep_alive_interval(pings).build().unwrap();
    let wait = poll_until_done::<Proto<Job>>(&jobs, name()).pacing(Pacing::fixed(Duration::from_millis(5)));
    let wait = wait.tolerance(hasty()).attempt_timeout(attempt);
    let began = Instant::now();
    assert_eq!(wait.await.unwrap(), Proto(Job::poster()), "{stall:?}");
    let elapsed = began.elapsed();
    assert!((attempt..20 * attempt).contains(&elapsed), "{stall:?}: {elapsed:?}");
    // Each attempt that a busy machine makes too long costs another one.
    let attempts = elapsed.div_duration_f64(attempt) as usize;
    assert!((2..=1 + attempts).contains(&server.connections()), "{stall:?}: {}", server.connections());
}

#[tokio::test]
async fn other_calls_have_the_timeout_of_the_client() {
    // SPEC 45
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        frames.ignore().await
    })
    .await;
    let jobs = client(&server.url()).call_timeout(ATTEMPT).build().unwrap();
    for status in [
        in_time(jobs.cancel_operation(&name())).await.unwrap_err(),
        in_time(jobs.delete_operation(&name())).await.unwrap_err(),
        in_time(jobs.list_operations(&lro::ListOperationsRequest::default())).await.unwrap_err(),
        start(&jobs, 1).await.unwrap_err(),
    ] {
        let expected =
            format!("no reply from {} within 200ms; the server may have processed the call", server.url());
        assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, &*expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_goaway_leaves_out_is_sent_again_and_nothing_is_processed_twice() {
    // SPEC 42, 53
    for reason in [NO_ERROR, 2] {
        let processed = Processed::default();
        let record = processed.clone();
        let server =
            FrameServer::start(move |number, frames| halves(frames, number, reason, record.clone())).await;
        let jobs = jobs(&server);
        for round in 0..20 {
            let starts = (0..64).map(|number| round * 64 + number);
            for started in all(&jobs, starts, |jobs, id| async move { start(&jobs, id).await }).await {
                started.unwrap();
            }
            for read in all(&jobs, 0..64, |jobs, _| async move { get(&jobs).await }).await {
                read.unwrap();
            }
        }
        processed.assert_each_once(20 * 64);
        // 40 on an idle machine. On a busy one the server may answer before all 64 have arrived.
        assert!(server.connections() >= 4, "{} connections", server.connections());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_are_never_processed_twice_whatever_the_server_does() {
    // SPEC 42, 53: each connection serves some calls, and ends in one of several ways.
    let processed = Processed::default();
    let record = processed.clone();
    let server = FrameServer::start(move |number, mut frames| {
        let record = record.clone();
        async move {
            frames.greet().await?;
            for turn in 0..40 {
                let request = frames.request().await?;
                let stream = request.stream;
                match (number + turn) % 10 {
                    // Not processed.
                    1 => frames.reset(stream, REFUSED_STREAM).await?,
                    // Processed, and not answered.
                    3 => {
                        record.note(&request);
                        frames.reset(stream, 2).await?;
                    }
                    5 => {
                        record.note(&request);
                        head(&mut frames, stream).await?;
                        frames.reset(stream, REFUSED_STREAM).await?;
                    }
                    _ => {
                        record.note(&request);
                        reply(&mut frames, stream, &running()).await?;
                    }
                }
            }
            let request = frames.request().await?;
            match number % 4 {
                0 => {}
                1 => record.note(&request),
                2 => {
                    record.note(&request);
                    frames.go_away(request.stream, 11).await?;
                }
                _ => frames.go_away(request.stream.saturating_sub(2), NO_ERROR).await?,
            }
            Ok(())
        }
    })
    .await;
    let jobs = jobs(&server);
    let (mut started, mut unknown) = (0, 0);
    for round in 0..500 {
        let ids = (0..6).map(|number| round * 6 + number);
        for outcome in all(&jobs, ids, |jobs, id| async move { start(&jobs, id).await }).await {
            match outcome {
                Ok(_) => started += 1,
                Err(status) => {
                    assert_eq!(status.code(), Code::Unavailable, "{status}");
                    unknown += 1;
                }
            }
        }
    }
    processed.assert_each_once(started);
    assert!(started > 1_500 && unknown > 100, "{started} started, {unknown} unknown");
}

#[tokio::test]
async fn a_call_that_is_always_refused_is_sent_four_times() {
    // SPEC 53
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let server = FrameServer::start(move |_, mut frames| {
        let count = Arc::clone(&count);
        async move {
            frames.greet().await?;
            loop {
                let request = frames.request().await?;
                count.fetch_add(1, Ordering::SeqCst);
                frames.reset(request.stream, REFUSED_STREAM).await?;
            }
        }
    })
    .await;
    let jobs = jobs(&server);
    let status = start(&jobs, 1).await.unwrap_err();
    assert_eq!((status.code(), requests.swap(0, Ordering::SeqCst)), (Code::Unavailable, 4));
    let status = failure(&jobs).await;
    assert_eq!((status.code(), requests.load(Ordering::SeqCst)), (Code::Unavailable, 4));
}

#[tokio::test]
async fn a_read_is_sent_again_once_when_its_kept_connection_closes() {
    // SPEC 53
    let server = FrameServer::start(|_, mut frames| async move {
        frames.greet().await?;
        let first = frames.request().await?;
        reply(&mut frames, first.stream, &running()).await?;
        // It closes with the second request unanswered.
        frames.request().await.map(drop)
    })
    .await;
    let jobs = jobs(&server);
    for _ in 0..10 {
        get(&jobs).await.unwrap();
    }
    assert_eq!(server.connections(), 10);
    // A cancel is no read.
    let status = in_time(jobs.cancel_operation(&name())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let closed = ReservedPort::any();
    let url = closed.url();
    let status = failure(&client(&url).build().unwrap()).await;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().starts_with(&format!("cannot connect to {url}: ")), "{status}");
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Close,
    Abort,
    HeadClose,
    DataClose,
    DataAbort,
    GoAwayClose(u32, u32),
    Head(&'static [u8]),
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    Head,
    Data,
}

#[derive(Clone, Copy, Debug)]
enum Stall {
    Nothing,
    Head,
    Data,
    PartOfTheData,
    NothingButPings,
    DataButPings,
}

/// A server whose first connection breaks at its first call.
async fn breaks_once(fault: Fault) -> FrameServer {
    FrameServer::start(move |number, mut frames| async move {
        frames.greet().await?;
        if number > 0 {
            return serve(frames, &succeeded()).await;
        }
        let Received { stream, .. } = frames.request().await?;
        if matches!(fault, Fault::HeadClose | Fault::DataClose | Fault::DataAbort) {
            head(&mut frames, stream).await?;
        }
        match fault {
            Fault::Close | Fault::HeadClose => Ok(()),
            Fault::Abort => frames.abort().await,
            Fault::DataClose => frames.send(DATA, 0, stream, &message(&succeeded())).await,
            Fault::DataAbort => {
                frames.send(DATA, 0, stream, &message(&succeeded())).await?;
                frames.abort().await
            }
            Fault::GoAwayClose(last, reason) => frames.go_away(last, reason).await,
            Fault::Head(block) => {
                frames.send(HEADERS, END_HEADERS, stream, block).await?;
                serve(frames, &succeeded()).await
            }
            Fault::Data => {
                frames.send(DATA, 0, stream, &message(&succeeded())).await?;
                serve(frames, &succeeded()).await
            }
        }
    })
    .await
}

/// A server that resets its first call, and serves the next ones.
async fn resets_once(reason: u32, at: At, delay: Duration) -> FrameServer {
    FrameServer::start(move |number, mut frames| async move {
        frames.greet().await?;
        if number == 0 {
            let Received { stream, .. } = frames.request().await?;
            if at != At::Start {
                head(&mut frames, stream).await?;
            }
            if at == At::Data {
                frames.send(DATA, 0, stream, &message(&succeeded())).await?;
            }
            sleep(delay).await;
            frames.reset(stream, reason).await?;
        }
        serve(frames, &succeeded()).await
    })
    .await
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
        processed.note(&request);
        reply(frames, request.stream, &running()).await?;
    }
    Ok(())
}

/// Replies to every request with this operation.
async fn serve(mut frames: Frames, operation: &Operation) -> io::Result<()> {
    loop {
        let request = frames.request().await?;
        reply(&mut frames, request.stream, operation).await?;
    }
}

async fn reply(frames: &mut Frames, stream: u32, operation: &Operation) -> io::Result<()> {
    frames.write(&reply_of(stream, operation)).await
}

fn reply_of(stream: u32, operation: &Operation) -> Vec<u8> {
    let data = frame_of(DATA, 0, stream, &message(operation));
    let trailers = frame_of(HEADERS, END_HEADERS | END_STREAM, stream, &literal("grpc-status", "0"));
    [head_of(stream), data, trailers].concat()
}

async fn head(frames: &mut Frames, stream: u32) -> io::Result<()> {
    frames.write(&head_of(stream)).await
}

fn head_of(stream: u32) -> Vec<u8> {
    let block = [&[0x88], &literal("content-type", "application/grpc")[..]].concat();
    frame_of(HEADERS, END_HEADERS, stream, &block)
}

fn message(operation: &Operation) -> Vec<u8> {
    frame::encode(&messages::Operation::try_from(operation).unwrap()).unwrap().to_vec()
}

fn failed(code: u8) -> Vec<u8> {
    [literal("grpc-status", &code.to_string()), literal("grpc-message", "gone")].concat()
}

/// A header of HPACK that is not indexed.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// How often each start was processed.
#[derive(Clone, Default)]
struct Processed(Arc<Mutex<HashMap<u32, u32>>>);

impl Processed {
    fn note(&self, request: &Received) {
        // A start is the message of its number, and a read has a path.
        if let Some(Job { title, pages }) =
            request.body.get(5..).and_then(|body| prost::Message::decode(body).ok())
            && title == "start"
        {
            *self.0.lock().unwrap().entry(pages).or_default() += 1;
        }
    }

    /// Asserts that at least so many starts were processed, and none of them twice.
    #[track_caller]
    fn assert_each_once(&self, starts: usize) {
        let processed = self.0.lock().unwrap();
        assert!(processed.values().all(|times| *times == 1), "{processed:?}");
        assert!(processed.len() >= starts, "{} of {starts} processed", processed.len());
    }
}

fn jobs(server: &FrameServer) -> GrpcTransport {
    client(&server.url()).build().unwrap()
}

async fn start(jobs: &GrpcTransport, id: u32) -> Result<Operation, Status> {
    let job = Job { title: "start".to_owned(), pages: id };
    in_time(jobs.start(GrpcCall::new("printer.v1.Printer/Print", prost::Message::encode_to_vec(&job)))).await
}

/// Makes calls at the same time.
async fn all<F>(
    jobs: &GrpcTransport,
    inputs: impl Iterator<Item = u32>,
    call: impl Fn(GrpcTransport, u32) -> F,
) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    in_time(inputs.map(|input| call(jobs.clone(), input)).collect::<JoinSet<_>>().join_all()).await
}

fn hasty() -> lro::Tolerance {
    lro::Tolerance::default().delay(Duration::from_millis(1), Duration::from_millis(2))
}

/// Long enough for a busy machine to answer on loopback.
const ATTEMPT: Duration = Duration::from_millis(200);
