//! The server itself: the calls that it records, the tokens that it accepts, how it breaks and stops.

use std::time::Duration;

use http::{Method, Version};
use lro::{Code, Status};
use lro_emulator::{Call, Emulator, Reply, Script};
use serde_json::json;
use tokio::time::Instant;

use super::client::Client;

#[tokio::test]
async fn records_calls_as_they_came() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http2(emulator.endpoint());
    client.call(Method::POST, "/v1/x%20y/z?b=%41&a", "{}").await.unwrap();
    let calls = emulator.calls();
    let [Call { method, path, version, body_len, body, .. }] = &*calls else {
        panic!("one call, not {calls:?}");
    };
    assert_eq!((method, &**path, *version), (&Method::POST, "/v1/x%20y/z?b=%41&a", Version::HTTP_2));
    assert_eq!((*body_len, &**body), (2, &b"{}"[..]));
    assert_eq!(calls[0].header("Content-Length"), Some("2"));
}

#[tokio::test]
async fn keeps_the_last_calls_and_counts_all() {
    let emulator = Emulator::builder().keeps_calls(2).start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    for id in 0..5 {
        client.get(&format!("/v1/operations/{id}")).await;
    }
    let paths: Vec<String> = emulator.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/v1/operations/3", "/v1/operations/4"]);
    assert_eq!(emulator.call_count(), 5);
}

#[tokio::test]
async fn unknown_paths_are_named() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    for path in [
        "/",
        "/v1",
        "/operations/1",
        "/v1/projects/p:sing",
        "/v1/subscriptions/a/b",
        "/v1beta/projects/p:optimizeTours",
    ] {
        let error = client.post(path, &json!({})).await.error(404);
        assert!(error["message"].as_str().unwrap().ends_with(path), "{error}");
    }
    let error = client.get("/v1/operations/none").await.error(404);
    assert_eq!(
        (&error["status"], error["message"].as_str().unwrap().contains("operations/none")),
        (&json!("NOT_FOUND"), true)
    );
    client.get("/v1/operations/%FF").await.error(400);
}

#[tokio::test]
async fn accepts_the_token_of_the_day_alone() {
    let emulator = Emulator::builder().require_token("monday").start().await.unwrap();
    emulator.operation("operations/1", Script::new());
    let anyone = Client::http1(emulator.endpoint());
    let someone = anyone.clone().with_token("monday");
    for (client, reason, old) in [
        (&anyone, "CREDENTIALS_MISSING", "required"),
        (&anyone.clone().with_token("sunday"), "ACCESS_TOKEN_TYPE_UNSUPPORTED", "authError"),
    ] {
        let error = client.get("/v1/operations/1").await.error(401);
        assert_eq!(
            (&error["status"], &error["details"][0]["reason"]),
            (&json!("UNAUTHENTICATED"), &json!(reason))
        );
        assert_eq!(
            (&error["errors"][0]["domain"], &error["errors"][0]["reason"]),
            (&json!("global"), &json!(old))
        );
    }
    someone.get("/v1/operations/1").await.ok();
    let shown = format!("{emulator:?} {:?}", emulator.calls());
    // SPEC 43
    assert!(!shown.contains("monday"), "{shown}");
    emulator.require_token("tuesday");
    someone.get("/v1/operations/1").await.error(401);
    emulator.require_token(None);
    anyone.get("/v1/operations/1").await.ok();
}

#[tokio::test]
async fn sends_the_replies_that_are_set_to_the_next_calls() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    emulator.operation("operations/1", Script::new().call(1, Reply::status(500)));
    let busy = Status::new(Code::ResourceExhausted, "slow down");
    emulator.reply_next(2, Reply::error(&busy));
    emulator.reply_next(1, Reply::status(502).header("content-type", "text/html").body("<html>"));
    for _ in 0..2 {
        let error = client.get("/v1/operations/1").await.error(429);
        assert_eq!(
            (&error["message"], &error["status"]),
            (&json!("slow down"), &json!("RESOURCE_EXHAUSTED"))
        );
    }
    let page = client.get("/v1/operations/1").await;
    assert_eq!((page.status.as_u16(), &*page.body), (502, &b"<html>"[..]));
    assert_eq!(page.headers.get_all("content-type").iter().collect::<Vec<_>>(), ["text/html"]);
    client.get("/v1/operations/1").await.ok();
}

#[tokio::test]
async fn breaks_connections_off_and_serves_the_next() {
    let emulator = Emulator::start().await.unwrap();
    for client in [Client::http1(emulator.endpoint()), Client::http2(emulator.endpoint())] {
        for reply in [Reply::close(), Reply::usual().cut_after(5), Reply::status(200).body("").cut_after(0)] {
            emulator.operation("operations/1", Script::new().call(1, reply.clone()));
            let broken = client.call(Method::GET, "/v1/operations/1", "").await;
            assert!(broken.is_err(), "{reply:?} gave {broken:?}");
            client.get("/v1/operations/1").await.ok();
        }
    }
}

#[tokio::test]
async fn a_lost_reply_is_of_a_call_that_was_heard() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    emulator.operation("operations/1", Script::new());
    emulator.reply_next(1, Reply::usual().cut_after(0));
    client.call(Method::DELETE, "/v1/operations/1", "").await.unwrap_err();
    client.get("/v1/operations/1").await.error(404);
}

#[tokio::test(start_paused = true)]
async fn keeps_a_call_waiting() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    emulator.operation("operations/1", Script::new().runs_for(Duration::from_secs(3)));
    emulator.reply_next(1, Reply::usual().after(Duration::from_secs(5)));
    let start = Instant::now();
    assert_eq!(client.get("/v1/operations/1").await.ok()["done"], true, "it is heard after the delay");
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn bodies_have_a_bound() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    let body = vec![b' '; 64 * 1024 * 1024 + 1];
    let reply = client.call(Method::POST, "/v1/projects/p:optimizeTours", body).await;
    // It replies without reading on, which a client may see as a broken connection.
    assert!(reply.map_or(true, |reply| reply.status == 400));
    client.get("/v1/operations/1").await.error(404);
}

#[tokio::test]
async fn stops_when_it_is_dropped_or_shut_down() {
    for is_shut_down in [true, false] {
        starts_again(async |emulator| {
            let client = Client::http1(emulator.endpoint());
            client.get("/v1/operations/1").await;
            let address = emulator.address();
            if is_shut_down {
                emulator.shutdown().await;
            } else {
                drop(emulator);
                while tokio::net::TcpStream::connect(address).await.is_ok() {
                    tokio::task::yield_now().await;
                }
            }
            client.call(Method::GET, "/v1/operations/1", "").await.is_err()
        })
        .await;
    }
}

/// Asserts that an emulator can be started at the port of one that stopped, which `stop` returns. Another test may take a
/// free port, so there are some attempts.
pub(crate) async fn starts_again(stop: impl AsyncFn(Emulator) -> bool) {
    for _ in 0..5 {
        let Ok(emulator) = Emulator::start().await else { continue };
        let address = emulator.address();
        if stop(emulator).await
            && let Ok(again) = Emulator::builder().port(address.port()).start().await
        {
            assert_eq!(again.address(), address);
            return;
        }
    }
    panic!("the emulator does not stop, or its port is not free");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let emulator = Emulator::start().await.unwrap();
    let port = emulator.address().port();
    let error = Emulator::builder().port(port).start().await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains(&port.to_string()), "{error}");
}
