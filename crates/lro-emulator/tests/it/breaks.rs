//! Connections break at a point of the reply, and each in its way.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{io, time::Duration};

use http::Method;
use lro_emulator::{Break, Emulator, Point, Reply, Script};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use super::{
    client::Client,
    emulator::starts_again,
    raw::{self, End, Http, Seen},
};

const BODY: &[u8] = br#"{"name":"operations/1"}"#;

const WAYS: [(Break, End); 3] = [
    (Break::Reset, End::Failed(io::ErrorKind::ConnectionReset)),
    (Break::Close, End::Closed),
    (Break::Stall, End::Open),
];

#[tokio::test]
async fn before_the_head_nothing_came() {
    for (http, how, end) in all() {
        assert_eq!(broken(http, Point::BeforeHead, how).await, (Seen::default(), end), "{http:?} {how:?}");
    }
}

#[tokio::test]
async fn within_the_head_a_part_of_it_came() {
    for (http, how, end) in all() {
        let (seen, ended) = broken(http, Point::InHead, how).await;
        assert_eq!(ended, end, "{http:?} {how:?}");
        assert!(seen.head > 0 && !seen.head_is_whole, "{http:?} {how:?}: {seen:?}");
    }
}

#[tokio::test]
async fn after_the_head_it_came_alone() {
    for (http, how, end) in all() {
        for point in [Point::AfterHead, Point::InBody(0)] {
            let (seen, ended) = broken(http, point, how).await;
            assert_eq!((ended, seen.head_is_whole, &*seen.body), (end, true, &b""[..]), "{http:?} {how:?}");
        }
    }
}

#[tokio::test]
async fn within_the_body_its_first_bytes_came() {
    for (http, how, end) in all() {
        for bytes in [1, 7, BODY.len(), 10_000] {
            let (seen, ended) = broken(http, Point::InBody(bytes), how).await;
            let body = &BODY[..bytes.min(BODY.len())];
            assert_eq!((ended, seen.head_is_whole, &*seen.body), (end, true, body), "{http:?} {how:?}");
        }
    }
}

#[tokio::test]
async fn a_head_without_a_body_breaks_too() {
    for (http, how, end) in all() {
        let emulator = Emulator::start().await.unwrap();
        emulator.reply_next(1, Reply::status(204).breaks(Point::InBody(3), how));
        let (seen, ended) = raw::get(emulator.address(), http, patience(how)).await;
        assert_eq!((ended, seen.head_is_whole, &*seen.body), (end, true, &b""[..]), "{http:?} {how:?}");
    }
}

#[tokio::test]
async fn a_reply_trickles_from_a_point_on() {
    let every = Duration::from_millis(1);
    for point in [Point::BeforeHead, Point::InBody(3)] {
        let emulator = Emulator::start().await.unwrap();
        for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
            let trickling = Reply::usual().breaks(point, Break::Trickle(every));
            emulator.operation("operations/1", Script::new().runs_for(Duration::MAX).call(1, trickling));
            let start = Instant::now();
            assert_eq!(client.get("/v1/operations/1").await.ok(), json!({"name": "operations/1"}));
            assert!(start.elapsed() >= every * (BODY.len() as u32 - 3), "{:?}", start.elapsed());
            client.get("/v1/operations/1").await.ok();
        }
    }
}

#[tokio::test]
async fn a_later_reply_of_a_connection_breaks_and_the_next_connection_is_good() {
    let emulator = Emulator::start().await.unwrap();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        for how in [Break::Reset, Break::Close] {
            let breaks = Reply::usual().breaks(Point::InBody(5), how);
            emulator.operation("operations/1", Script::new().call(3, breaks));
            client.get("/v1/operations/1").await.ok();
            client.get("/v1/operations/1").await.ok();
            client.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
            client.get("/v1/operations/1").await.ok();
        }
    }
}

#[tokio::test]
async fn a_large_body_breaks_far_in() {
    let emulator = Emulator::start().await.unwrap();
    for how in [Break::Reset, Break::Close] {
        let reply = Reply::usual().large_body(50_000_000).breaks(Point::InBody(5_000_000), how);
        emulator.reply_next(1, reply);
        let (seen, end) = raw::get(emulator.address(), Http::One, patience(how)).await;
        assert!(end != End::Open && seen.body.len() <= 5_000_000, "{end:?} {}", seen.body.len());
        assert!(how == Break::Reset || seen.body.len() == 5_000_000, "{}", seen.body.len());
    }
}

#[tokio::test]
async fn the_service_has_heard_of_a_call_whose_reply_broke() {
    let emulator = Emulator::start().await.unwrap();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        emulator.operation("operations/1", Script::new());
        emulator.reply_next(1, Reply::usual().breaks(Point::BeforeHead, Break::Reset));
        client.call(Method::DELETE, "/v1/operations/1", "").await.unwrap_err();
        client.get("/v1/operations/1").await.error(404);
    }
}

#[tokio::test]
async fn every_call_on_the_connection_breaks() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http2(emulator.endpoint());
    emulator.operation("operations/1", Script::new());
    client.get("/v1/operations/1").await.ok();
    emulator.reply_next(1, Reply::usual().after(Duration::from_secs(60)));
    emulator.reply_next(1, Reply::usual().breaks(Point::AfterHead, Break::Reset));
    let call = || client.call(Method::GET, "/v1/operations/1", "");
    let (first, second) = tokio::join!(call(), call());
    assert!(first.is_err() && second.is_err(), "{first:?} {second:?}");
    client.get("/v1/operations/1").await.ok();
}

#[tokio::test]
async fn a_stalled_connection_does_not_keep_the_server_from_stopping() {
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, Reply::usual().breaks(Point::BeforeHead, Break::Stall));
    let address = emulator.address();
    let client = Client::http1(emulator.endpoint());
    let stalled = tokio::spawn(async move { client.call(Method::GET, "/v1/operations/1", "").await });
    while emulator.call_count() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    emulator.shutdown().await;
    stalled.await.unwrap().unwrap_err();
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_client_is_told_to_go_away_with_a_good_reply() {
    let emulator = Emulator::start().await.unwrap();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        emulator.operation("operations/1", Script::new().call(2, Reply::usual().goaway()));
        for _ in 0..4 {
            client.get("/v1/operations/1").await.ok();
        }
    }
}

#[tokio::test]
async fn going_away_is_seen_on_the_wire() {
    let emulator = Emulator::start().await.unwrap();
    emulator.operation("operations/1", Script::new());
    for http in [Http::One, Http::Two] {
        emulator.reply_next(1, Reply::usual().goaway());
        let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
        stream.write_all(&raw::request(http)).await.unwrap();
        let (bytes, end) = raw::read(&mut stream, Duration::from_millis(500)).await;
        match http {
            Http::One => {
                assert_eq!(end, End::Closed);
                assert!(bytes.windows(17).any(|text| text == b"connection: close"));
            }
            // The end comes when the client has answered the ping between the two GOAWAY.
            Http::Two => assert!(raw::frames(&bytes).iter().any(|(kind, ..)| *kind == 7)),
        }
    }
}

#[tokio::test]
async fn connections_are_refused_for_a_time_and_then_served_at_the_same_address() {
    let emulator = Emulator::start().await.unwrap();
    let address = emulator.address();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        emulator.operation("operations/1", Script::new());
        client.get("/v1/operations/1").await.ok();
        emulator.refuse_for(Duration::from_secs(60)).await;
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        client.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
        pass(Duration::from_secs(30)).await;
        client.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
        back(&client).await;
        assert_eq!(emulator.address(), address);
    }
}

#[tokio::test]
async fn a_call_can_have_connections_refused() {
    let emulator = Emulator::start().await.unwrap();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        let refuses = Reply::refuse_for(Duration::from_secs(60));
        emulator.operation("operations/1", Script::new().call(2, refuses));
        let bystander = Client::http1(emulator.endpoint());
        bystander.get("/v1/operations/1").await.ok();
        client.call(Method::DELETE, "/v1/operations/1", "").await.unwrap_err();
        bystander.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
        // It is there still.
        back(&client).await;
    }
}

#[tokio::test]
async fn a_server_that_refuses_can_be_stopped() {
    starts_again(async |emulator| {
        emulator.refuse_for(Duration::MAX).await;
        emulator.shutdown().await;
        true
    })
    .await;
}

/// Lets time pass at once, and then the server have its turn.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Calls until the server is back, and lets time pass meanwhile.
async fn back(client: &Client) {
    while client.call(Method::GET, "/v1/operations/1", "").await.map(|reply| reply.ok()).is_err() {
        pass(Duration::from_secs(5)).await;
    }
}

fn all() -> impl Iterator<Item = (Http, Break, End)> {
    [Http::One, Http::Two].into_iter().flat_map(|http| WAYS.map(|(how, end)| (http, how, end)))
}

/// How long to wait for the end: what stalls has none.
fn patience(how: Break) -> Duration {
    if how == Break::Stall { Duration::from_millis(250) } else { Duration::from_secs(30) }
}

/// What comes of a usual reply that breaks.
async fn broken(http: Http, point: Point, how: Break) -> (Seen, End) {
    let emulator = Emulator::start().await.unwrap();
    let script = Script::new().runs_for(Duration::MAX).call(1, Reply::usual().breaks(point, how));
    emulator.operation("operations/1", script);
    raw::get(emulator.address(), http, patience(how)).await
}
